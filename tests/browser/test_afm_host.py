"""The built front end in a host that is not Jupyter: frames, errors, views, theme and layout."""

import pytest
from playwright.sync_api import Page

from tests.browser.afm import BUFFERS, HEIGHT, ONE_PAIR, WIDTH, AfmHost, picture, shown
from tests.browser.view import SCREENSHOTS

pytestmark = pytest.mark.browser


@pytest.fixture
def host(page: Page) -> AfmHost:
    """A widget with its first picture."""
    return shown(page)


@pytest.mark.parametrize(
    ("buffer", "kind"), list(zip(BUFFERS, ("webp", "jpeg", "png"), strict=True))
)
def test_a_frame_is_drawn_and_acknowledged(page: Page, buffer: str, kind: str) -> None:
    host = AfmHost(page)
    host.render()
    image = picture((200, 30, 40), kind)
    host.send_frame(image, buffer=buffer, mime=f"image/{kind}", seq=7, step=3)
    assert host.pixel((60, 50)) == pytest.approx([200, 30, 40, 255], abs=4)
    assert host.pixel((2, 2)) == pytest.approx([255, 255, 255, 255], abs=4)
    assert host.hook("frames") == "1"
    host.wait_until("host.sent.some((message) => message.k === 'ack')")
    (hello,) = host.sent("hello")
    number = hello.pop("n")
    ack = {"k": "ack", "seq": 7, "shown": True, "visible": True, "page": number}
    assert host.sent("ack") == [ack]
    plain = {"k": "hello", "v": 1, "dpr": 1, "loopback": False, "visible": True, "state_rev": 0}
    assert hello == plain | {"page": number}


def test_the_picture_fills_the_stage_in_its_own_shape(host: AfmHost) -> None:
    box = host.canvas().bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (512, 512 * HEIGHT / WIDTH)


def test_late_and_damaged_frames_are_acknowledged_but_not_drawn(host: AfmHost) -> None:
    host.send_frame(picture((10, 200, 10)), seq=9)
    host.send_frame(picture((10, 10, 200)), seq=8, wait=False)
    host.send_frame(b"no picture", seq=10, wait=False)
    host.wait_until("host.sent.some((message) => message.seq === 10)")
    assert host.pixel((60, 50)) == pytest.approx([10, 200, 10, 255], abs=4)
    assert host.hook("frames") == "2"
    assert [(each["seq"], each["shown"]) for each in host.sent("ack")] == [
        (1, True),
        (9, True),
        (8, False),
        (10, False),
    ]


def test_of_a_burst_of_frames_the_newest_is_drawn(host: AfmHost) -> None:
    for number in range(30):
        host.send_frame(picture((number * 8, 0, 0)), wait=False)
    host.wait_for("seq", 31)
    assert host.pixel((60, 50)) == pytest.approx([232, 0, 0, 255], abs=4)
    assert int(host.hook("frames") or 0) < 31
    host.wait_until("host.sent.at(-1).seq === 31")


def test_an_error_is_shown_until_it_is_dismissed(host: AfmHost) -> None:
    error = {"seq": 1, "message": "Expected a point, got a cat.", "details": "Traceback"}
    host.update(status="failed", error=error)
    banner = host.view().get_by_role("alert")
    assert banner.locator("p").inner_text() == "Expected a point, got a cat."
    # The blank page is no secure context, so that the text is marked for the keyboard instead.
    banner.get_by_role("button", name="Copy the details").click()
    host.wait_until("getSelection().toString() === 'Traceback'")
    banner.get_by_role("button", name="Dismiss").click()
    assert not banner.is_visible()
    host.click((20, 30))
    host.click((60, 35))
    host.confirm()
    host.press("Enter")
    host.wait_until("host.sent.at(-1).k === 'cmd'")
    host.reply(host.sent("cmd")[0], "The mask lets nothing move; paint some of it.")
    assert banner.locator("p").inner_text() == "The mask lets nothing move; paint some of it."


def test_two_views_share_the_points_but_not_the_mode(host: AfmHost) -> None:
    host.render()
    host.wait_for("seq", 1, index=1)
    assert len(host.sent("hello")) == 2
    host.click((20, 30), index=1)
    host.click((60, 35), index=1)
    assert host.hook("handles") == host.hook("handles", 1) != "[]"
    host.press("m")
    assert (host.hook("mode"), host.hook("mode", 1)) == ("mask", "points")
    host.send_frame(picture((1, 2, 250)))
    for index in (0, 1):
        assert host.pixel((60, 50), index=index) == pytest.approx([1, 2, 250, 255], abs=4)


def test_cleanup_leaves_nothing_behind(page: Page) -> None:
    host = shown(page, **ONE_PAIR, running=True, status="running")
    host.render()
    host.press("Escape")
    page.evaluate("() => views.forEach((view) => view.cleanup())")
    assert host.sent("ack")[-1]["visible"] is False
    page.evaluate("() => host.end()")
    assert page.evaluate("() => host.listeners()") == 0
    assert page.evaluate("() => host.leftovers") == {"listeners": 0, "observers": 0, "timers": 0}
    assert page.locator(".dgw").count() == 0
    sent = len(host.sent("poll"))
    page.wait_for_timeout(400)
    assert len(host.sent("poll")) == sent


def test_a_view_out_of_sight_stops_the_frames(host: AfmHost) -> None:
    host.page.evaluate("() => { document.body.style.marginTop = '5000px'; }")
    host.wait_until("host.sent.at(-1).visible === false")
    host.page.evaluate("() => { document.body.style.marginTop = '0'; }")
    host.wait_until("host.sent.at(-1).visible === true")


def test_a_page_that_does_not_paint_still_acknowledges(host: AfmHost) -> None:
    host.page.evaluate("() => { window.requestAnimationFrame = () => 0; }")
    host.send_frame(picture((9, 9, 9)))
    host.wait_until("host.sent.some((message) => message.k === 'ack' && message.seq === 2)")
    assert host.pixel((60, 50)) == pytest.approx([9, 9, 9, 255], abs=4)


def test_a_frame_that_does_not_come_is_asked_for(page: Page) -> None:
    host = AfmHost(page, {"status": "loading", "busy_text": "Loading the generator ..."})
    host.render()
    assert host.status() == "Loading the generator ..."
    host.wait_until("host.sent.some((message) => message.k === 'poll')")
    (hello,) = host.sent("hello")
    number = {"n": hello["n"] + 1, "page": hello["page"]}
    first = {"k": "poll", "have": 0, "state_rev": 0, "seen": 0} | number
    first |= {"replies": [], "answers": []}
    assert host.sent("poll")[0] == first
    assert hello["n"] == hello["page"] > 0
    host.click((20, 30))
    assert host.status() == "Loading the generator ..."


def test_a_dead_comm_is_named_and_forgiven(page: Page) -> None:
    host = shown(page, **ONE_PAIR)
    page.evaluate("() => { host.dead = true; }")
    host.button("Run").click()
    assert host.hook("status") == "no_answer"
    assert host.status() == "No answer from the kernel; what you change is sent when it is back"
    page.evaluate("() => { host.dead = false; }")
    host.send_frame()
    assert host.hook("status") == "idle"


def test_the_theme_is_that_of_the_host_or_else_of_the_system(page: Page) -> None:
    host = shown(page)

    def colour() -> str:
        """Return the colour of the card."""
        style = "getComputedStyle(document.querySelector('.dgw-card')).backgroundColor"
        found: str = page.evaluate(f"() => {style}")
        return found

    def say(attribute: str, value: str) -> None:
        """Name a theme as a host does."""
        page.evaluate("(pair) => document.body.setAttribute(...pair)", [attribute, value])

    page.emulate_media(color_scheme="light")
    host.wait_for("theme", "light")
    assert colour() == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    host.wait_for("theme", "dark")
    assert colour() == "rgb(22, 25, 31)"
    say("data-jp-theme-light", "true")
    host.wait_for("theme", "light")
    say("data-jp-theme-light", "false")
    page.emulate_media(color_scheme="light")
    host.wait_for("theme", "dark")
    page.evaluate("() => document.body.removeAttribute('data-jp-theme-light')")
    host.wait_for("theme", "light")
    say("class", "vscode-dark")
    host.wait_for("theme", "dark")


def test_a_view_that_is_drawn_before_it_is_on_the_page_has_the_theme_of_the_page(
    page: Page,
) -> None:
    page.emulate_media(color_scheme="light")
    host = AfmHost(page)
    page.evaluate("() => { document.body.dataset.jpThemeLight = 'false'; }")
    host.render(detached=True)
    host.wait_for("theme", "dark")


def test_nothing_is_cut_off_in_narrow_and_wide_cells(page: Page) -> None:
    host = shown(page, **ONE_PAIR, can_undo=True)
    for mode in ("points", "mask"):
        assert host.hook("mode") == mode
        for width in (320, 480, 900):
            page.set_viewport_size({"width": width, "height": 900})
            beyond = page.evaluate(
                """() => {
                  const card = document.querySelector(".dgw-card").getBoundingClientRect();
                  return [...document.querySelectorAll(".dgw button, .dgw input, .dgw-stage")]
                    .filter((node) => node.getClientRects().length > 0)
                    .filter((node) => node.getBoundingClientRect().right > card.right)
                    .map((node) => node.getAttribute("aria-label"));
                }"""
            )
            assert beyond == [], f"beyond the card at {width} px"
            page.screenshot(path=SCREENSHOTS / f"afm_{mode}_{width}.png")
        host.press("m")


def test_a_size_of_nothing_is_waited_out(page: Page) -> None:
    host = AfmHost(page)
    host.render("display: none")
    host.send_frame()
    page.evaluate("() => { views[0].style.display = ''; }")
    host.wait_until("document.querySelector('.dgw-picture').width === 512")
    assert host.pixel((60, 50)) == pytest.approx([200, 30, 40, 255], abs=4)
