"""What the built front end shows at the pointer: a magnifier for fingers, words for the mouse, the picture ahead of its frames."""

import io
import json
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page

from tests.browser.afm import HEIGHT, ONE_PAIR, WIDTH, AfmHost, Point, shown
from tests.browser.looking import DOT_PX, Fingers, canvas, centre_of_red, dotted, on_a_phone

pytestmark = pytest.mark.browser


@pytest.fixture
def host(page: Page) -> AfmHost:
    """A widget that follows pulls, with its first picture."""
    return shown(page, auto_run=True)


@pytest.fixture
def phone(browser: Browser) -> Iterator[AfmHost]:
    """The same on a phone."""
    yield from on_a_phone(browser)


def test_a_magnifier_shows_what_the_finger_covers_and_never_for_the_mouse(phone: AfmHost) -> None:
    phone.send_frame(dotted(((64, 60), "red")), final=True)
    loupe = phone.view().locator(".dgw-loupe")
    fingers = Fingers(phone)
    fingers.press((64, 60))
    phone.wait_until("getComputedStyle(document.querySelector('.dgw-loupe')).opacity === '1'")
    seen, stage = loupe.bounding_box(), phone.canvas().bounding_box()
    assert seen is not None
    assert stage is not None
    x, y = phone.place((64, 60))
    assert seen["x"] + seen["width"] / 2 == pytest.approx(x, abs=1)
    assert seen["y"] + seen["height"] < y - 20
    pixels = canvas(phone, "loupe")
    red = (pixels[..., 0] > 190) & (pixels[..., 1] < 60) & (pixels[..., 2] < 60)
    across = np.ptp(np.nonzero(red.any(axis=0))[0]) / 2
    plain = 2 * DOT_PX * stage["width"] / WIDTH
    assert across == pytest.approx(2.5 * plain, rel=0.25)
    # The mark that was put down is in its middle.
    middle = pixels[pixels.shape[0] // 2 - 12, pixels.shape[1] // 2, :3]
    assert middle[0] > 180
    assert middle[1] < 110
    fingers.move((64, 5))
    fingers.move((64, 2))
    seen = loupe.bounding_box()
    assert seen is not None
    assert seen["y"] >= stage["y"] - 1
    assert abs(seen["x"] + seen["width"] / 2 - x) > seen["width"] / 2
    fingers.lift()
    phone.wait_until("!document.querySelector('.dgw-loupe').hasAttribute('data-shown')")
    phone.page.mouse.move(*phone.place((30, 30)))
    phone.page.mouse.down()
    phone.page.mouse.move(*phone.place((60, 30)), steps=3)
    assert loupe.get_attribute("data-shown") is None
    phone.page.mouse.up()


def test_a_caption_and_the_pointer_say_what_a_press_would_do(page: Page) -> None:
    host = shown(page, auto_run=True, **ONE_PAIR)
    caption = host.view().locator(".dgw-caption")

    def says(text: str, cursor: str) -> None:
        host.wait_until(
            "document.querySelector('.dgw-caption').hasAttribute('data-shown') &&"
            f" document.querySelector('.dgw-caption').textContent === {json.dumps(text)}"
        )
        assert host.canvas().get_attribute("data-cursor") == cursor

    page.mouse.move(*host.place((80, 40)))
    says("drag the target", "take")
    page.mouse.move(*host.place((40, 40)))
    says("pull on", "take")
    page.mouse.move(*host.place((60, 70)))
    assert caption.get_attribute("data-shown") is None
    says("pull: the picture follows", "place")
    page.keyboard.down("Shift")
    page.mouse.move(*host.place((61, 70)))
    says("click: pin this place", "pin")
    page.keyboard.up("Shift")
    host.canvas().focus()
    page.keyboard.down("Space")
    says("drag: the picture moves", "pan")
    page.keyboard.up("Space")
    page.mouse.move(*host.place((127, 4)))
    says("pull: the picture follows", "place")
    inside, stage = caption.bounding_box(), host.canvas().bounding_box()
    assert inside is not None
    assert stage is not None
    assert inside["x"] + inside["width"] <= stage["x"] + stage["width"]
    page.mouse.down()
    page.mouse.move(*host.place((100, 80)), steps=2)
    assert caption.get_attribute("data-shown") is None
    page.mouse.up()


DOT = (40.0, 40.0)


def pull_dot(host: AfmHost, *path: Point) -> None:
    """Press on the dot of a picture and pull it along."""
    host.send_frame(dotted((DOT, "red")), final=True)
    host.page.mouse.move(*host.place(DOT))
    host.page.mouse.down()
    for point in path:
        host.page.mouse.move(*host.place(point), steps=3)
    host.wait_until("host.sent.some(({k}) => k === 'pull')")
    host.page.wait_for_timeout(60)


def follow(host: AfmHost, handle: Point, target: Point) -> None:
    """Send the picture in which the handle is somewhere, and that follows the newest pull."""
    pull = host.sent("pull")[-1]["seq"]
    host.send_frame(dotted((handle, "red")), pairs={1: (handle, target)}, pull=pull)


def test_what_is_pulled_stays_under_the_pointer_until_the_true_picture_comes(
    host: AfmHost,
) -> None:
    assert host.hook("seq") == "1"
    pull_dot(host, (44, 42))
    assert centre_of_red(host) == pytest.approx((44, 42), abs=1)
    host.confirm()
    follow(host, (43, 41.5), (44, 42))
    assert centre_of_red(host) == pytest.approx((44, 42), abs=1)
    follow(host, (44, 42), (44, 42))
    assert centre_of_red(host) == pytest.approx((44, 42), abs=0.4)
    # Far from the pointer nothing was touched.
    assert host.pixel((100, 80)) == pytest.approx([128, 128, 128, 255], abs=1)
    host.page.mouse.up()


def test_a_handle_that_does_not_follow_is_shown_where_it_is(host: AfmHost) -> None:
    pull_dot(host, (70, 40))
    ahead, _ = centre_of_red(host)
    assert DOT[0] + 3 < ahead <= DOT[0] + HEIGHT / 15 + 0.7
    host.confirm()
    for _ in range(7):
        follow(host, DOT, (70, 40))
    assert centre_of_red(host) == pytest.approx(DOT, abs=0.3)
    host.page.mouse.up()


def test_what_may_not_move_stays_ahead_of_the_frames_too(host: AfmHost) -> None:
    mask = Image.new("L", (WIDTH, HEIGHT), 0)
    ImageDraw.Draw(mask).rectangle((WIDTH // 2, 0, WIDTH, HEIGHT), fill=255)
    encoded = io.BytesIO()
    mask.save(encoded, "png")
    host.update_mask(encoded.getvalue())
    host.wait_until(
        "document.querySelector('.dgw-canvas').getContext('2d')"
        ".getImageData(20, 20, 1, 1).data[3] > 60"
    )
    pull_dot(host, (44, 42))
    assert centre_of_red(host) == pytest.approx(DOT, abs=0.3)
    host.page.mouse.up()


def test_a_pull_that_is_taken_back_and_one_that_nobody_answers_leave_no_warp(
    host: AfmHost,
) -> None:
    pull_dot(host, (44, 42))
    host.page.keyboard.press("Escape")
    host.page.wait_for_timeout(60)
    assert centre_of_red(host) == pytest.approx(DOT, abs=0.3)
    host.page.mouse.up()
    host.update(handle_points=[], target_points=[], point_ids=[], points_rev=9)
    pull_dot(host, (44, 42))
    host.page.mouse.up()
    host.page.wait_for_timeout(700)
    assert centre_of_red(host) == pytest.approx(DOT, abs=0.3)


def test_nothing_is_shown_ahead_to_who_wants_less_motion(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    host = shown(page, auto_run=True)
    pull_dot(host, (44, 42))
    assert centre_of_red(host) == pytest.approx(DOT, abs=0.3)
    host.page.mouse.up()
