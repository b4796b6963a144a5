"""The built front end as a person uses it, in a real browser, with the test in the kernel's place."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.afm import BUFFERS, HEIGHT, WIDTH, AfmHost, mask_of, picture
from tests.browser.conftest import SCREENSHOTS

pytestmark = pytest.mark.browser

ONE_PAIR = {
    "handle_points": [[40, 40]],
    "target_points": [[80, 40]],
    "point_ids": [1],
    "point_edit": {"rev": 1, "ids": [1], "placed": []},
    "points_rev": 1,
}


@pytest.fixture
def host(page: Page) -> AfmHost:
    """A widget with its first picture."""
    return shown(page)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages with their own screen: touch, size, theme, pixel ratio."""
    contexts = []

    def opened(**options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


def shown(page: Page, **traits: Any) -> AfmHost:
    """Return a widget with its first picture and some traits."""
    host = AfmHost(page, traits)
    host.render()
    host.send_frame()
    return host


@pytest.mark.parametrize("buffer", BUFFERS)
@pytest.mark.parametrize(("mime", "kind"), [("image/webp", "webp"), ("image/jpeg", "jpeg")])
def test_a_frame_is_drawn_and_acknowledged(page: Page, buffer: str, mime: str, kind: str) -> None:
    host = AfmHost(page)
    host.render()
    host.send_frame(picture((200, 30, 40), kind), buffer=buffer, mime=mime, seq=7, step=3)
    assert host.pixel((60, 50)) == pytest.approx([200, 30, 40, 255], abs=4)
    assert host.pixel((2, 2)) == pytest.approx([255, 255, 255, 255], abs=4)
    assert host.hook("frames") == "1"
    host.wait_until("host.sent.some((message) => message.k === 'ack')")
    assert host.sent("ack") == [{"k": "ack", "seq": 7, "shown": True, "visible": True}]
    assert host.sent("hello") == [
        {"k": "hello", "v": 1, "dpr": 1, "loopback": False, "visible": True}
    ]


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


def test_two_clicks_make_a_pair(host: AfmHost) -> None:
    assert host.status() == "Click a point of the picture, then where it should go"
    host.click((20, 30))
    assert host.status() == "Now click where it should go"
    assert host.saved() == []
    host.click((60, 35))
    assert host.last_saved("point_edit") == {"rev": 1, "ids": [1], "placed": [1]}
    assert host.last_saved("handle_points") == [pytest.approx([20, 30])]
    assert host.last_saved("target_points") == [pytest.approx([60, 35])]
    assert host.status() == "Ready: 1 point, 40.3 px to go"


def test_press_and_pull_makes_a_pair_and_starts_the_run(page: Page) -> None:
    host = shown(page, auto_run=True)
    host.drag((20, 30), (50, 40), (60, 35))
    assert host.last_saved("target_points")[0] == pytest.approx([60, 35])
    assert host.commands() == []
    host.confirm()
    host.wait_until("host.sent.at(-1).k === 'cmd'")
    assert host.commands() == ["run"]
    host.update(running=True, status="running")
    host.reply(host.sent("cmd")[0])
    host.send_frame(pairs={1: ((30, 32), (60, 35))}, step=4)
    assert host.hook("handles") == "[[30,32]]"
    assert host.hook("step") == "4"
    assert host.status() == "Dragging: step 4, 0.5 px to go"
    assert host.button("Stop").is_visible()


def test_marks_are_moved_by_dragging(page: Page) -> None:
    host = shown(page, **ONE_PAIR)
    host.drag((80, 40), (90, 50))
    assert host.last_saved("target_points")[0] == pytest.approx([90, 50])
    assert host.last_saved("point_edit")["placed"] == []
    host.drag((40, 40), (45, 60))
    host.wait_until("host.saved.at(-1).point_edit.placed.length === 1")
    assert host.last_saved("handle_points")[0] == pytest.approx([45, 60])


def test_a_late_echo_moves_no_mark_from_under_the_finger(page: Page) -> None:
    host = shown(page, **ONE_PAIR, running=True, status="running")
    host.page.mouse.move(*host.place((40, 40)))
    host.page.mouse.down()
    host.page.mouse.move(*host.place((50, 60)), steps=4)
    host.send_frame(pairs={1: ((41, 40), (80, 40))})
    host.update(handle_points=[[41, 40]], points_rev=1)
    assert host.hook("handles") == "[[50,60]]"
    host.page.mouse.up()
    host.last_saved("point_edit")
    host.send_frame(pairs={1: ((42, 40), (80, 40))})
    assert host.hook("handles") == "[[50,60]]"
    host.confirm()
    host.send_frame(pairs={1: ((51, 60), (80, 40))})
    assert host.hook("handles") == "[[51,60]]"


@pytest.mark.parametrize(
    "remove",
    [
        lambda host: host.click((80, 40), button="right"),
        lambda host: (host.click((80, 40)), host.press("Delete")),
        lambda host: (host.click((80, 40)), host.press("Backspace")),
        lambda host: host.button("Remove all points").click(),
    ],
    ids=["right click", "Delete", "Backspace", "button"],
)
def test_pairs_are_removed(page: Page, remove: Callable[[AfmHost], object]) -> None:
    host = shown(page, **ONE_PAIR)
    remove(host)
    if host.commands() == ["clear_points"]:
        return
    assert host.last_saved("point_ids") == []


def test_the_cross_beside_a_hovered_mark_removes_its_pair(page: Page) -> None:
    host = shown(page, **ONE_PAIR)
    x, y = host.place((80, 40))
    host.page.mouse.move(x, y)
    host.page.mouse.move(x + 15, y - 15, steps=3)
    assert host.canvas().get_attribute("data-cursor") == "remove"
    host.page.mouse.click(x + 15, y - 15)
    assert host.last_saved("point_ids") == []


def test_a_pair_is_set_and_run_with_keys_alone(host: AfmHost) -> None:
    host.press("n", "ArrowLeft", "Shift+ArrowUp", "Enter", "Shift+ArrowRight", "Enter")
    assert host.last_saved("handle_points") == [[62.5, 37.5]]
    assert host.last_saved("target_points") == [[85.3, 37.5]]
    host.confirm()
    host.press("Enter")
    host.wait_until("host.sent.at(-1).k === 'cmd'")
    assert host.commands() == ["run"]
    host.update(running=True, status="running")
    host.press("Escape")
    assert host.commands() == ["run", "stop"]


def test_tab_visits_the_marks_and_leaves_the_picture_after_the_last(page: Page) -> None:
    host = shown(page, **ONE_PAIR)
    host.canvas().focus()
    spoken = host.view().get_by_role("status")
    page.keyboard.press("Tab")
    assert spoken.inner_text() == "Handle 1 at 40, 40"
    page.keyboard.press("Tab")
    assert spoken.inner_text() == "Target 1 at 80, 40"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Run"


def test_no_key_reaches_the_notebook(host: AfmHost) -> None:
    host.page.evaluate(
        "() => document.addEventListener('keydown', (event) => (window.heard ??= []).push(event.key))"
    )
    host.click((20, 30))
    host.press("m", "m", "r", "z", "Control+z", "x", "d", "Enter", "ArrowDown", "Escape")
    assert host.page.evaluate("() => window.heard") is None
    assert host.hook("lm-suppress-shortcuts") == "true"
    host.page.evaluate("() => document.activeElement.blur()")
    host.page.keyboard.press("d")
    assert host.page.evaluate("() => window.heard") == ["d"]


def test_commands_and_their_keys_and_buttons(page: Page) -> None:
    host = shown(page, **ONE_PAIR, can_undo=True, can_redo=True)
    host.press("z", "Shift+z", "Control+z", "Control+Shift+z", "Control+y", "r", "s")
    for name in ("Undo", "Redo", "Back to the start", "One step"):
        host.button(name).click()
    host.view().get_by_role("spinbutton", name="Seed").fill("42")
    host.page.keyboard.press("Enter")
    assert host.commands() == [
        *("undo", "redo", "undo", "redo", "redo", "reset", "step"),
        *("undo", "redo", "reset", "step", "sample"),
    ]
    assert host.sent("cmd")[-1]["args"] == {"seed": 42}
    host.button("New animal by chance").click()
    assert 0 <= host.sent("cmd")[-1]["args"]["seed"] < 100_000
    host.button("Start as soon as a pair is set").click()
    assert host.last_saved("auto_run") is True


def test_a_finger_taps_and_pulls(open_page: Callable[..., Page]) -> None:
    page = open_page(has_touch=True, viewport={"width": 400, "height": 800}, device_scale_factor=2)
    host = shown(page)
    page.touchscreen.tap(*host.place((20, 30)))
    assert host.status() == "Now tap where it should go"
    page.touchscreen.tap(*host.place((60, 35)))
    assert host.last_saved("target_points")[0] == pytest.approx([60, 35], abs=0.3)
    box = host.canvas().bounding_box()
    assert box is not None
    assert page.evaluate("() => document.querySelector('.dgw-canvas').width") == 2 * box["width"]
    touch = page.context.new_cdp_session(page)

    def at(point: tuple[float, float]) -> dict[str, Any]:
        x, y = host.place(point)
        return {"touchPoints": [{"x": x, "y": y}]}

    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", **at((30, 70))})
    for x in (40, 60, 90):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", **at((x, 72))})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    host.wait_until("host.saved.at(-1).point_ids.length === 2")
    assert host.last_saved("handle_points")[1] == pytest.approx([30, 70], abs=0.3)
    assert host.last_saved("target_points")[1] == pytest.approx([90, 72], abs=0.3)


def test_a_brush_stroke_becomes_a_grey_png(host: AfmHost) -> None:
    host.button("Mask: where the picture may move").click()
    host.drag((30, 40), (70, 40))
    mask = mask_of(host.last_saved("mask"))
    assert (mask.mode, mask.size, mask.format) == ("L", (WIDTH, HEIGHT), "PNG")
    assert sorted(set(mask.tobytes())) == [0, 255]
    assert [mask.getpixel(point) for point in ((30, 40), (70, 44), (50, 40))] == [255] * 3
    assert [mask.getpixel(point) for point in ((5, 5), (50, 60), (100, 40))] == [0] * 3
    assert host.hook("handles") == "[]"
    assert host.pixel((50, 40), "canvas")[3] == 0
    assert host.pixel((110, 80), "canvas")[3] > 80
    host.press("e")
    host.drag((50, 30), (50, 50))
    host.wait_until("host.saved.length === 2")
    assert mask_of(host.last_saved("mask")).getpixel((50, 40)) == 0
    host.button("Remove the mask: all may move").click()
    host.wait_until("host.saved.length === 3")
    assert host.last_saved("mask") is None


def test_the_mask_of_the_kernel_is_shown(host: AfmHost) -> None:
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    mask.paste(255, (0, 0, WIDTH // 2, HEIGHT))
    png = io.BytesIO()
    mask.save(png, "png")
    host.update_mask(png.getvalue())
    canvas = "document.querySelector('.dgw-canvas').getContext('2d')"
    host.wait_until(f"{canvas}.getImageData(500, 20, 1, 1).data[3] > 60")
    assert host.pixel((20, 60), "canvas")[3] == 0
    assert host.saved() == []


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
    assert host.sent("poll")[0] == {"k": "poll", "have": 0}
    host.click((20, 30))
    assert host.status() == "Loading the generator ..."


def test_a_dead_comm_is_named_and_forgiven(page: Page) -> None:
    host = shown(page, **ONE_PAIR)
    page.evaluate("() => { host.dead = true; }")
    host.button("Run").click()
    assert host.hook("status") == "no_answer"
    assert host.status() == "No answer from the kernel; it may be busy"
    page.evaluate("() => { host.dead = false; }")
    host.send_frame()
    assert host.hook("status") == "idle"


@pytest.mark.parametrize(
    ("attribute", "system", "theme"),
    [
        (None, "light", "light"),
        (None, "dark", "dark"),
        (("data-jp-theme-light", "false"), "light", "dark"),
        (("data-jp-theme-light", "true"), "dark", "light"),
        (("class", "vscode-dark"), "light", "dark"),
    ],
)
def test_the_theme_is_that_of_the_host(
    page: Page, attribute: tuple[str, str] | None, system: Any, theme: str
) -> None:
    page.emulate_media(color_scheme=system)
    host = shown(page)
    if attribute:
        page.evaluate("([name, value]) => document.body.setAttribute(name, value)", attribute)
    host.wait_for("theme", theme)
    colour = page.evaluate(
        "() => getComputedStyle(document.querySelector('.dgw-card')).backgroundColor"
    )
    assert colour == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 25, 31)"}[theme]


@pytest.mark.parametrize("width", [320, 480, 900])
def test_nothing_is_cut_off(open_page: Callable[..., Page], width: int) -> None:
    host = shown(open_page(viewport={"width": width, "height": 900}), **ONE_PAIR, can_undo=True)
    for mode in ("points", "mask"):
        assert host.hook("mode") == mode
        beyond = host.page.evaluate(
            """() => { const card = document.querySelector(".dgw-card").getBoundingClientRect();
              return [...document.querySelectorAll(".dgw button, .dgw input, .dgw-stage")]
                .filter((node) => node.getClientRects().length > 0)
                .filter((node) => node.getBoundingClientRect().right > card.right)
                .map((node) => node.getAttribute("aria-label")); }"""
        )
        assert beyond == []
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        host.page.screenshot(path=SCREENSHOTS / f"afm_{mode}_{width}.png")
        host.press("m")


def test_a_size_of_nothing_is_waited_out(page: Page) -> None:
    host = AfmHost(page)
    host.render("display: none")
    host.send_frame()
    page.evaluate("() => { views[0].style.display = ''; }")
    host.wait_until("document.querySelector('.dgw-picture').width === 512")
    assert host.pixel((60, 50)) == pytest.approx([200, 30, 40, 255], abs=4)


def test_the_list_of_shortcuts_takes_the_focus_and_gives_it_back(host: AfmHost) -> None:
    host.press("?")
    dialog = host.view().get_by_role("dialog", name="Shortcuts")
    assert dialog.is_visible()
    assert dialog.get_by_role("button", name="Close").evaluate(
        "(node) => node === document.activeElement"
    )
    host.page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert host.canvas().evaluate("(node) => node === document.activeElement")
