"""The widget for everyone: whole screen, narrow page, keyboard alone, forced colours, and the list of keys."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.afm import ONE_PAIR, AfmHost, shown
from tests.browser.looking import touch_page
from tests.browser.view import SCREENSHOTS

pytestmark = pytest.mark.browser

WIDE, NARROW = 1280, 320
SETTLED_MS = 500
STAGE = "document.querySelector('.dgw-stage').getBoundingClientRect()"
FOCUSED = """() => {
  const node = document.activeElement;
  const ring = (each) => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const name = node.getAttribute("aria-label") ?? node.textContent;
  return [name, ring(node) || ring(node.closest(".dgw-stage") ?? node)];
}"""
"""The name of what has the focus, and whether a ring shows it."""


@pytest.fixture
def host(page: Page) -> AfmHost:
    """A widget with a pair of points."""
    return shown(page, **ONE_PAIR, can_undo=True, can_redo=True)


@pytest.fixture
def phone(browser: Browser) -> Iterator[AfmHost]:
    """A widget on a page of 320 px that takes fingers."""
    with touch_page(browser, {"width": NARROW, "height": 640}) as page:
        yield shown(page, **ONE_PAIR)


def test_the_picture_keeps_its_room_on_the_whole_screen_beside_all_that_opens(
    host: AfmHost,
) -> None:
    page = host.page
    page.set_viewport_size({"width": WIDE, "height": 720})
    host.press("f")
    host.wait_until("document.fullscreenElement?.matches('.dgw')")
    host.press("h", "g")
    assert page.evaluate(f"() => {STAGE}.height") > 0.4 * 720
    more = host.button("More seeds")
    more.scroll_into_view_if_needed()
    box = more.bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= 720 - box["height"]


def test_the_picture_fills_the_screen_and_escape_gives_it_back(host: AfmHost) -> None:
    page = host.page
    page.set_viewport_size({"width": WIDE, "height": 700})
    host.press("f")
    host.wait_until("document.fullscreenElement?.matches('.dgw')")
    host.wait_until(f"{STAGE}.height > 500")
    box = page.evaluate(f"() => {STAGE}.toJSON()")
    assert box["width"] / box["height"] == pytest.approx(128 / 96, rel=0.01)
    assert box["bottom"] < 700
    page.screenshot(path=SCREENSHOTS / "afm-full-screen.png")
    host.click((20, 30))
    page.keyboard.press("Escape")
    assert page.evaluate("() => document.fullscreenElement !== null")
    page.keyboard.press("Escape")
    host.wait_until("document.fullscreenElement === null")
    host.wait_until(f"{STAGE}.width <= 512")
    host.button("Fill the screen").click()
    host.wait_until("document.fullscreenElement !== null")
    host.button("Leave the full screen").click()
    host.wait_until("document.fullscreenElement === null")


def test_tab_goes_through_every_control_and_each_shows_its_ring(host: AfmHost) -> None:
    page = host.page
    page.mouse.click(1200, 900)
    page.keyboard.press("Tab")
    visited: list[str] = []
    while (focused := page.evaluate(FOCUSED))[0] not in visited and len(visited) < 60:
        name, ringed = focused
        if page.evaluate("() => document.activeElement === document.body"):
            break
        assert ringed, f"{name} has no ring"
        visited.append(name)
        if name == "Picture to drag":
            # The marks are visited inside the picture.
            for _ in range(2):
                page.keyboard.press("Tab")
        page.keyboard.press("Tab")
    assert visited[0] == "Points: what moves where"
    assert visited.index("Picture to drag") < visited.index("Run") < visited.index("Seed")
    controls = page.evaluate(
        """() => [...document.querySelectorAll(".dgw button, .dgw input")]
          .filter((node) => node.getClientRects().length > 0)
          .map((node) => node.getAttribute("aria-label"))"""
    )
    assert set(controls) <= set(visited)
    assert all(controls), "a control has no name"


def test_every_button_names_its_key_in_its_tooltip(host: AfmHost) -> None:
    titles = {
        name: host.button(name).get_attribute("title")
        for name in ("Fill the screen", "Speed", "Run", "Undo", "Shortcuts")
    }
    assert titles == {
        "Fill the screen": "Fill the screen (F)",
        "Speed": "Speed (I)",
        "Run": "Run (Enter)",
        "Undo": "Undo (Z)",
        "Shortcuts": "Shortcuts (?)",
    }
    host.press("m")
    for name, key in (("Brush: may move", "B"), ("Lasso: draw around what may move", "L")):
        assert (host.button(name).get_attribute("title") or "").endswith(f"({key})")


def test_the_list_of_keys_has_two_columns_where_there_is_room_and_scrolls_where_not(
    host: AfmHost,
) -> None:
    page = host.page
    lefts = """() => new Set([...document.querySelectorAll(".dgw-help-group")]
      .map((node) => Math.round(node.getBoundingClientRect().left))).size"""
    host.press("?")
    assert page.evaluate(lefts) == 2
    headings = host.view().locator(".dgw-help h3").all_inner_texts()
    assert [heading.lower() for heading in headings] == [
        "points",
        "run",
        "picture",
        "mask",
        "view",
    ]
    page.set_viewport_size({"width": NARROW, "height": 640})
    assert page.evaluate(lefts) == 1
    scroll = "document.querySelector('.dgw-help-scroll')"
    assert page.evaluate(f"() => {scroll}.scrollHeight > {scroll}.clientHeight")
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    host.wait_until(f"{scroll}.scrollTop > 0")
    page.keyboard.press("Escape")
    assert not host.view().get_by_role("dialog").is_visible()


def test_a_pull_on_the_list_of_keys_marks_no_text_and_scrolls_nothing(host: AfmHost) -> None:
    page = host.page
    page.set_viewport_size({"width": WIDE, "height": 400})
    host.press("?")
    box = host.view().get_by_role("dialog").bounding_box()
    assert box is not None
    tops = "() => [...document.querySelectorAll('*')].map((node) => node.scrollTop)"
    before = page.evaluate(tops)
    x, y = box["x"] + box["width"] / 4, box["y"] + 80
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 100, y + 150)
    page.mouse.move(x + 100, 800)
    page.wait_for_timeout(SETTLED_MS)  # a browser scrolls as long as the pointer is outside
    page.mouse.up()
    assert page.evaluate("() => getSelection().toString()") == ""
    assert page.evaluate(tops) == before


@pytest.mark.parametrize("mode", ["points", "mask"])
def test_on_a_narrow_page_all_is_inside_and_large_enough_for_a_finger(
    phone: AfmHost, mode: str
) -> None:
    if mode == "mask":
        phone.button("Mask: where the picture may move").tap()
    phone.button("Speed").tap()
    small = phone.page.evaluate(
        """() => {
          const card = document.querySelector(".dgw-card").getBoundingClientRect();
          return [...document.querySelectorAll(".dgw button")]
            .filter((node) => node.getClientRects().length > 0)
            .map((node) => [node.getAttribute("aria-label"), node.getBoundingClientRect()])
            .filter(([, box]) => box.right > card.right || box.left < card.left
              || box.width < 40 || box.height < 36)
            .map(([name]) => name);
        }"""
    )
    coarse = phone.page.evaluate("() => matchMedia('(pointer: coarse)').matches")
    assert small == [] or not coarse
    assert phone.page.evaluate("() => document.documentElement.scrollWidth") <= NARROW


def test_forced_colours_keep_marks_rims_and_what_is_on(page: Page) -> None:
    host = shown(page, **ONE_PAIR)
    page.emulate_media(forced_colors="active", color_scheme="dark")
    page.screenshot(path=SCREENSHOTS / "afm-forced-colors.png")
    edge = "getComputedStyle(document.querySelector('.dgw-stage')).borderTopStyle"
    assert page.evaluate(f"() => {edge}") == "solid"
    pressed, free = (
        host.button(name).evaluate("(node) => getComputedStyle(node).borderTopWidth")
        for name in ("Points: what moves where", "Mask: where the picture may move")
    )
    assert (pressed, free) == ("3px", "1px")


def test_what_is_said_is_polite_and_does_not_chatter(page: Page) -> None:
    host = shown(page, **ONE_PAIR, running=True, status="running")
    regions = page.locator(".dgw [aria-live]")
    assert [each.get_attribute("aria-live") for each in regions.all()] == ["polite"]
    page.evaluate(
        """() => {
          window.said = 0;
          new MutationObserver(() => window.said += 1)
            .observe(document.querySelector(".dgw-spoken"), {childList: true, characterData: true, subtree: true});
        }"""
    )
    for step in range(6):
        host.send_frame(step=step, pairs={1: ((40 + step, 40), (80, 40))})
    assert page.evaluate("() => window.said") == 0
    host.update(running=False, status="arrived", status_text="Arrived after 6 steps")
    host.wait_until("window.said > 0")
    assert re.fullmatch("Arrived after 6 steps", host.view().get_by_role("status").inner_text())


def test_marks_differ_in_shape_and_lightness_and_not_only_in_hue(page: Page) -> None:
    host = shown(page, **ONE_PAIR)

    def lightness(point: tuple[float, float]) -> float:
        """Return how light the marks are at a pixel of the image, 0 .. 255."""
        red, green, blue, _ = host.pixel(point, "canvas")
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    # The handle is a disc, filled beside its number; the target a ring, open between rim and cross.
    assert host.pixel((41.4, 40), "canvas")[3] > 200
    assert host.pixel((81.6, 41.4), "canvas")[3] < 60
    assert abs(lightness((41.5, 40)) - lightness((83, 40))) > 15
