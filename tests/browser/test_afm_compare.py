"""The start and now, compared in the built front end by key, button and divider."""

import pytest
from playwright.sync_api import Page

from tests.browser.afm import HEIGHT, ONE_PAIR, WIDTH, AfmHost, picture, shown
from tests.browser.looking import wait_for_colour

pytestmark = pytest.mark.browser


START, NOW, TRUE_START = (200, 30, 40), (20, 160, 60), (30, 40, 200)


@pytest.fixture
def dragged(page: Page) -> AfmHost:
    """A widget that was red at first and is green now."""
    host = shown(page)
    host.send_frame(picture(START), final=True)
    host.update(status="arrived", can_undo=True)
    host.send_frame(picture(NOW), final=True)
    return host


def answer(host: AfmHost, image: bytes) -> None:
    """Answer the newest question with a picture."""
    host.wait_until("host.sent.some(({k}) => k === 'ask')")
    ask = host.sent("ask")[-1]
    assert (ask["name"], ask["args"]) == ("picture", {"of": "start"})
    host.answer(ask, image, mime="image/webp", w=WIDTH, h=HEIGHT)


def test_a_key_shows_the_start_while_it_is_held(dragged: AfmHost) -> None:
    dragged.canvas().focus()
    dragged.page.keyboard.down("c")
    dragged.wait_until("document.querySelector('.dgw-side-start').offsetWidth > 0")
    wait_for_colour(dragged, (64, 48), START)
    # Only the kernel knows for sure.
    answer(dragged, picture(TRUE_START))
    wait_for_colour(dragged, (64, 48), TRUE_START)
    dragged.page.keyboard.up("c")
    dragged.wait_until("document.querySelector('.dgw-side-start').offsetWidth === 0")
    wait_for_colour(dragged, (64, 48), NOW)


def test_a_button_shows_the_start_while_it_is_pressed_by_pointer_and_by_key(
    dragged: AfmHost,
) -> None:
    hold = dragged.button("Hold to see the start")
    box = hold.bounding_box()
    assert box is not None
    dragged.page.mouse.move(box["x"] + 8, box["y"] + 8)
    dragged.page.mouse.down()
    dragged.wait_until("document.querySelector('.dgw-side-start').offsetWidth > 0")
    wait_for_colour(dragged, (64, 48), START)
    assert hold.get_attribute("aria-pressed") == "true"
    dragged.page.mouse.up()
    dragged.wait_until("document.querySelector('.dgw-side-start').offsetWidth === 0")
    hold.focus()
    dragged.page.keyboard.down("Enter")
    assert hold.get_attribute("aria-pressed") == "true"
    dragged.page.keyboard.up("Enter")
    assert hold.get_attribute("aria-pressed") == "false"


def test_a_divider_shows_the_start_on_its_left_and_is_moved_by_pointer_and_keys(
    dragged: AfmHost,
) -> None:
    dragged.update(**ONE_PAIR)
    dragged.press("Shift+C")
    divider = dragged.view().get_by_role("slider", name="Divider between the start and now")
    assert divider.evaluate("(node) => node === document.activeElement")
    dragged.wait_until("document.querySelector('.dgw-divider').offsetHeight > 0")
    wait_for_colour(dragged, (40, 80), START)
    wait_for_colour(dragged, (100, 80), NOW)
    # Marks let the picture through.
    assert 0 < dragged.pixel((41, 40), "canvas")[3] < 160
    dragged.page.mouse.move(*dragged.place((64, 20)))
    dragged.page.mouse.down()
    dragged.page.mouse.move(*dragged.place((31.5, 20)), steps=3)
    dragged.page.mouse.up()
    assert divider.get_attribute("aria-valuenow") == "25"
    wait_for_colour(dragged, (40, 80), NOW)
    wait_for_colour(dragged, (20, 80), START)
    assert dragged.saved() == []
    divider.press("ArrowRight")
    assert divider.get_attribute("aria-valuenow") == "27"
    divider.press("End")
    assert divider.get_attribute("aria-valuenow") == "98"
    divider.press("Escape")
    assert not divider.is_visible()
    assert dragged.canvas().evaluate("(node) => node === document.activeElement")
    wait_for_colour(dragged, (20, 80), NOW)


def test_a_new_seed_has_another_start(dragged: AfmHost) -> None:
    dragged.update(seed=5, status="idle")
    dragged.send_frame(picture(TRUE_START), final=True)
    dragged.update(status="arrived")
    dragged.send_frame(picture(NOW), final=True)
    dragged.canvas().focus()
    dragged.page.keyboard.down("c")
    wait_for_colour(dragged, (64, 48), TRUE_START)
    dragged.page.keyboard.up("c")
