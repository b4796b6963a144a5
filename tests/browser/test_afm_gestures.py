"""The built front end under the hands of a person: mouse, finger and keyboard, with the test as the kernel."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.afm import HEIGHT, ONE_PAIR, WIDTH, AfmHost, mask_of, shown
from tests.browser.looking import touch_page

pytestmark = pytest.mark.browser


@pytest.fixture
def host(page: Page) -> AfmHost:
    """A widget with its first picture."""
    return shown(page)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """The page of a phone."""
    with touch_page(browser) as page:
        yield page


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


def test_a_second_click_starts_the_run(page: Page) -> None:
    host = shown(page, auto_run=True)
    host.click((20, 30))
    host.click((60, 35))
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


def test_a_pull_is_told_while_it_lasts_and_its_marks_go_along_at_once(page: Page) -> None:
    host = shown(page, auto_run=True)
    assert host.status() == "Press on the picture and pull"
    host.page.mouse.move(*host.place((20, 30)))
    host.page.mouse.down()
    host.page.mouse.move(*host.place((24, 32)))
    host.page.mouse.move(*host.place((50, 40)), steps=4)
    assert host.hook("handles") == "[[20,30]]"
    assert host.hook("targets") == "[[50,40]]"
    assert host.status() == "Pull: the picture follows"
    assert host.canvas().get_attribute("data-cursor") == "move"
    host.wait_until("host.sent.at(-1).k === 'pull' && host.sent.at(-1).x === 50")
    assert host.last_saved("point_edit") == {"rev": 1, "ids": [1], "placed": [1]}
    host.confirm()
    host.update(running=True, status="running")
    host.send_frame(pairs={1: ((48, 39), (50, 40))}, step=4, pull=2)
    assert host.hook("handles") == "[[48,39]]"
    host.page.mouse.up()
    pulls = host.sent("pull")
    assert [pull["seq"] for pull in pulls] == list(range(1, len(pulls) + 1))
    assert len(pulls) <= 6
    assert host.sent("release") == [{"k": "release", "id": 1, "end": "settle"}]
    assert host.last_saved("point_edit") == {"rev": 2, "ids": [1], "placed": []}
    assert host.commands() == []


def test_escape_takes_a_pull_back(page: Page) -> None:
    host = shown(page, auto_run=True, **ONE_PAIR)
    host.page.mouse.move(*host.place((80, 40)))
    host.page.mouse.down()
    host.page.mouse.move(*host.place((90, 50)), steps=4)
    host.page.keyboard.press("Escape")
    host.page.mouse.move(*host.place((20, 20)), steps=2)
    host.page.mouse.up()
    assert host.sent("release") == [{"k": "release", "id": 1, "end": "undo"}]
    assert host.sent("pull")[-1]["x"] == pytest.approx(90)
    assert host.saved() == []


def test_shift_and_a_click_pin_a_point(page: Page) -> None:
    host = shown(page, auto_run=True)
    host.page.keyboard.down("Shift")
    host.click((20, 30))
    host.page.keyboard.up("Shift")
    assert host.last_saved("handle_points") == host.last_saved("target_points") == [[20, 30]]
    assert host.commands() == []


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
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Speed"


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
    host.button("Live: the picture follows a pull, and a pair starts at once").click()
    assert host.last_saved("auto_run") is True


def test_a_finger_taps_and_pulls(phone: Page) -> None:
    page = phone
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


def test_a_finger_pulls_live(phone: Page) -> None:
    host = shown(phone, auto_run=True)
    touch = phone.context.new_cdp_session(phone)

    def at(point: tuple[float, float]) -> dict[str, Any]:
        x, y = host.place(point)
        return {"touchPoints": [{"x": x, "y": y}]}

    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", **at((30, 70))})
    for x in (40, 60, 90):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", **at((x, 72))})
    host.wait_until("host.sent.some((each) => each.k === 'pull' && each.x > 89)")
    assert host.status() == "Pull: the picture follows"
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    host.wait_until("host.sent.at(-1).k === 'release'")
    assert host.last_saved("target_points")[0] == pytest.approx([90, 72], abs=0.3)


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
