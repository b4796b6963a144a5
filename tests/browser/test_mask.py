"""The mask under the hands of a person: brush, eraser and lasso by mouse, pen, finger, wheel and keys."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.browser.afm import ONE_PAIR, WIDTH, AfmHost, Point, mask_of, picture, shown
from tests.browser.looking import touch_page

pytestmark = pytest.mark.browser

BRUSH_PX = 0.08 * 96
"""Radius of the brush that suits the picture."""

LOOP = ((40, 20), (80, 20), (84, 60), (40, 64))


@pytest.fixture
def host(page: Page) -> AfmHost:
    """A widget in mask mode."""
    host = shown(page)
    host.button("Mask: where the picture may move").click()
    return host


@pytest.fixture
def tablet(browser: Browser) -> Iterator[AfmHost]:
    """A widget in mask mode on a page that takes fingers."""
    with touch_page(browser, {"width": 700, "height": 800}, device_scale_factor=1) as page:
        host = shown(page)
        host.button("Mask: where the picture may move").tap()
        yield host


def masks(host: AfmHost, count: int) -> NDArray[np.bool_]:
    """Wait until so many masks were written, and return the newest, True where the picture may move."""
    written = "host.saved.filter((each) => each.mask)"
    host.wait_until(f"{written}.length >= {count}")
    assert host.page.evaluate(f"() => {written}.length") == count
    return np.asarray(mask_of(host.last_saved("mask"))) > 0


def radius(host: AfmHost) -> float:
    """Return the radius of the brush, by a dab of it."""
    count = host.page.evaluate("() => host.saved.filter((each) => each.mask).length + 1")
    host.click((64, 48))
    across = masks(host, count)[48].sum()
    host.button("Remove the mask: all may move").click()
    return float(across / 2)


def test_each_stroke_is_one_write_and_the_second_modifiers_erase(host: AfmHost) -> None:
    host.drag((20, 40), (50, 40), (90, 40))
    assert masks(host, 1)[40, 20:90].all()
    for count, modifier in ((2, "Shift"), (3, "Control")):
        host.page.keyboard.down(modifier)
        host.click((30 * count, 40))
        host.page.keyboard.up(modifier)
        assert not masks(host, count)[40, 30 * count]
    host.click((30, 40), button="right")
    mask = masks(host, 4)
    assert not mask[40, 30]
    assert mask[40, 45]


def test_escape_takes_a_stroke_back_before_it_is_told(host: AfmHost) -> None:
    page = host.page
    page.mouse.move(*host.place((20, 40)))
    page.mouse.down()
    page.mouse.move(*host.place((60, 40)), steps=4)
    page.keyboard.press("Escape")
    page.mouse.up()
    host.wait_until(
        "document.querySelector('.dgw-canvas').getContext('2d').getImageData(440, 320, 1, 1)"
        ".data[3] === 0"
    )
    assert host.saved() == []


def test_a_lasso_fills_what_it_goes_around_when_it_is_let_go(host: AfmHost) -> None:
    host.press("l")
    assert host.status() == "Draw around what may move; Shift takes away instead"
    assert not host.view().get_by_role("slider", name="Brush size").is_visible()
    host.drag(*LOOP)
    mask = masks(host, 1)
    assert mask[22:60, 42:80].all()
    assert not mask[:18].any()
    assert not mask[:, 90:].any()
    host.page.keyboard.down("Shift")
    host.drag((50, 30), (60, 30), (60, 40), (50, 40))
    host.page.keyboard.up("Shift")
    assert not masks(host, 2)[32:38, 52:58].any()
    host.click((20, 20))
    host.drag((20, 20), (30, 30))
    host.press("b")
    host.click((20, 20))
    assert masks(host, 3)[20, 20]


def test_the_wheel_and_the_keys_change_the_brush_and_show_its_size(host: AfmHost) -> None:
    assert radius(host) == pytest.approx(BRUSH_PX, abs=1)
    host.page.mouse.move(*host.place((64, 48)))
    host.page.mouse.wheel(0, -400)
    larger = BRUSH_PX * np.exp(0.6)
    assert radius(host) == pytest.approx(larger, abs=1)
    host.press("[")
    assert radius(host) == pytest.approx(larger / 1.25, abs=1)
    host.page.mouse.move(*host.place((64, 48)))
    host.page.wait_for_timeout(1000)
    plain = host.pixel((64, 48), "canvas")
    host.page.mouse.wheel(0, 1)
    host.wait_until(
        "document.querySelector('.dgw-canvas').getContext('2d').getImageData(256, 196, 1, 1)"
        f".data[3] !== {plain[3]}"
    )
    host.page.wait_for_timeout(1100)
    assert host.pixel((64, 48), "canvas") == plain


def test_the_wheel_scrolls_the_page_where_there_is_no_brush_to_change(host: AfmHost) -> None:
    host.page.evaluate("() => { document.body.style.height = '3000px'; }")
    moved = "window.scrollY"
    host.page.mouse.move(*host.place((64, 48)))
    host.page.mouse.wheel(0, 60)
    host.page.wait_for_timeout(150)
    assert host.page.evaluate(moved) == 0
    host.button("Points: what moves where").click()
    host.page.mouse.move(*host.place((64, 48)))
    host.page.mouse.wheel(0, 60)
    host.wait_until(f"{moved} > 0")


def test_the_slider_shows_the_brush_in_the_middle_of_the_picture(host: AfmHost) -> None:
    slider = host.view().get_by_role("slider", name="Brush size")
    host.page.mouse.move(2, 2)
    assert host.pixel((64, 48), "canvas")[3] == 0
    slider.focus()
    host.page.keyboard.press("ArrowRight")
    host.wait_until(
        "document.querySelector('.dgw-canvas').getContext('2d').getImageData(250, 180, 1, 1).data[3] > 0"
    )


def test_a_finger_paints(tablet: AfmHost) -> None:
    touch = tablet.page.context.new_cdp_session(tablet.page)

    def at(point: Point) -> dict[str, Any]:
        """Return a finger on a pixel of the image."""
        x, y = tablet.place(point)
        return {"touchPoints": [{"x": x, "y": y}]}

    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", **at((20, 40))})
    for x in (40, 60, 90):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", **at((x, 40))})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert masks(tablet, 1)[40, 20:90].all()
    tablet.wait_until("document.querySelector('.dgw').dataset.mode === 'mask'")


@pytest.mark.parametrize(("button", "paints"), [("left", True), ("right", False)])
def test_a_pen_paints_with_its_tip_and_erases_with_its_button(
    host: AfmHost, button: str, paints: bool
) -> None:
    pen = host.page.context.new_cdp_session(host.page)
    held = {"left": 1, "right": 2}[button]
    for kind, x in (("Pressed", 20), ("Moved", 50), ("Moved", 90), ("Released", 90)):
        place = host.place((x, 40))
        pen.send(
            "Input.dispatchMouseEvent",
            {
                "type": f"mouse{kind}",
                "x": place[0],
                "y": place[1],
                "button": button,
                "buttons": 0 if kind == "Released" else held,
                "clickCount": 1,
                "pointerType": "pen",
                "force": 0.5,
            },
        )
    mask = masks(host, 1)
    assert mask[40, 20:90].all() == paints
    assert mask[80, 10] != paints


def test_the_veil_is_soft_light_along_its_rim_and_lighter_while_the_picture_moves(
    page: Page,
) -> None:
    host = shown(page, **ONE_PAIR)
    host.press("m", "l")
    host.drag((64, 1), (126, -20), (160, 48), (126, 120), (64, 94))
    host.press("m")
    masks(host, 1)
    alphas = [host.pixel((x, 80), "canvas")[3] for x in range(58, 70)]
    assert alphas[0] > 90
    assert max(abs(np.diff(alphas))) < 60
    inside = [host.pixel((x, 80), "canvas") for x in (65, 66)]
    assert max(rgba[0] for rgba in inside) > 200
    assert host.pixel((100, 80), "canvas")[3] == 0
    at_rest = host.pixel((20, 80), "canvas")[3]
    host.update(running=True, status="running")
    host.send_frame(picture())
    assert 0 < host.pixel((20, 80), "canvas")[3] < 0.5 * at_rest


def test_the_mask_can_be_made_and_unmade_with_keys_alone(page: Page) -> None:
    host = shown(page, can_undo=True)
    host.canvas().focus()
    host.press("m", "]", "e", "l", "b")
    assert host.button("Brush: may move").get_attribute("aria-pressed") == "true"
    assert host.hook("mode") == "mask"
    host.click((WIDTH / 2, 48))
    masks(host, 1)
    host.press("z")
    assert host.commands() == ["undo"]
