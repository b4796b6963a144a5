"""Zoom and pan of the built front end, by wheel, mouse, keys, buttons and two fingers."""

import io
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.afm import HEIGHT, ONE_PAIR, WIDTH, AfmHost, shown
from tests.browser.looking import Fingers, camera, canvas, on_a_phone, wheel

pytestmark = pytest.mark.browser


@pytest.fixture
def host(page: Page) -> AfmHost:
    """A widget that follows pulls, with its first picture."""
    return shown(page, auto_run=True)


@pytest.fixture
def phone(browser: Browser) -> Iterator[AfmHost]:
    """The same on a phone."""
    yield from on_a_phone(browser)


def test_the_wheel_zooms_at_the_pointer_with_a_key_and_scrolls_the_page_without(
    host: AfmHost,
) -> None:
    wheel(host, (32, 24), -120)
    zoom, x, y = camera(host)
    assert 1.2 < zoom < 1.6
    # What lies under the pointer stays there.
    at_x, at_y = 32.5 / WIDTH, 24.5 / HEIGHT
    assert x + (at_x - 0.5) / zoom == pytest.approx(at_x, abs=2e-3)
    assert y + (at_y - 0.5) / zoom == pytest.approx(at_y, abs=2e-3)
    host.page.evaluate("document.body.style.height = '4000px'")
    wheel(host, (32, 24), 200, key=None)
    host.wait_until("window.scrollY > 0")
    assert camera(host) == (zoom, x, y)


def test_points_are_put_down_where_the_pointer_is_at_any_zoom_and_between_pixels(
    host: AfmHost,
) -> None:
    host.update(auto_run=False)
    for _ in range(12):
        wheel(host, (40, 30), -120)
    assert camera(host)[0] == 16
    box = host.canvas().bounding_box()
    assert box is not None
    scale = 16 * box["width"] / WIDTH
    x, y = host.place((40, 30))
    host.page.mouse.click(x, y)
    host.page.mouse.click(x + 0.37 * scale, y - 0.58 * scale)
    assert host.last_saved("handle_points")[0] == pytest.approx([40, 30], abs=0.02)
    assert host.last_saved("target_points")[0] == pytest.approx([40.37, 29.42], abs=0.02)


def test_a_pull_keeps_the_fractions_of_the_pointer(host: AfmHost) -> None:
    x, y = host.place((20, 30))
    host.page.mouse.move(x + 0.3, y)
    host.page.mouse.down()
    host.page.mouse.move(x + 20.3, y + 10.6)
    host.wait_until("host.sent.some(({k}) => k === 'pull')")
    host.page.mouse.up()
    box = host.canvas().bounding_box()
    assert box is not None
    scale = box["width"] / WIDTH
    pull = host.sent("pull")[-1]
    assert pull["x"] == pytest.approx(20 + 20.3 / scale, abs=0.006)
    assert pull["y"] == pytest.approx(30 + 10.6 / scale, abs=0.006)
    assert host.last_saved("handle_points")[0] == pytest.approx([20 + 0.3 / scale, 30], abs=0.006)


@pytest.mark.parametrize(
    "take",
    [
        lambda page, move: (
            page.mouse.down(button="middle"),
            move(),
            page.mouse.up(button="middle"),
        ),
        lambda page, move: (
            page.keyboard.down("Space"),
            page.mouse.down(),
            move(),
            page.mouse.up(),
            page.keyboard.up("Space"),
        ),
    ],
    ids=["middle button", "space"],
)
def test_the_picture_is_moved_by(
    take: Callable[[Page, Callable[[], None]], object], page: Page
) -> None:
    host = shown(page, auto_run=True, **ONE_PAIR)
    for _ in range(4):
        wheel(host, (64, 48), -120)
    zoom, x, _ = camera(host)
    host.canvas().focus()
    page.mouse.move(*host.place((64, 48)))

    def move() -> None:
        page.mouse.move(*host.place((64 - 16, 48)), steps=4)
        assert host.canvas().get_attribute("data-cursor") == "panning"

    take(page, move)
    assert camera(host)[0] == zoom
    assert camera(host)[1] == pytest.approx(x + 16 / WIDTH / zoom, abs=1e-3)
    assert host.saved() == []
    assert host.commands() == []


def test_space_alone_still_goes_on_as_enter_does(page: Page) -> None:
    host = shown(page, **ONE_PAIR)
    host.press("Space")
    assert host.commands() == ["run"]


def test_a_double_click_does_not_zoom(host: AfmHost) -> None:
    host.page.mouse.dblclick(*host.place((30, 30)))
    assert camera(host)[0] == 1


def test_keys_and_buttons_zoom_and_arrows_move_what_is_seen(host: AfmHost) -> None:
    host.press("+", "+")
    assert camera(host) == (2, 0.5, 0.5)
    host.press("ArrowRight")
    assert camera(host)[1] == pytest.approx(0.55, abs=1e-4)
    host.press("-")
    assert camera(host)[0] == pytest.approx(2**0.5, abs=1e-3)
    host.page.get_by_text("Zoomed 1.4×").wait_for(state="attached")
    host.press("0")
    assert camera(host) == (1, 0.5, 0.5)
    host.page.mouse.move(*host.place((64, 48)))
    host.button("Zoom in").click()
    assert camera(host)[0] == pytest.approx(2**0.5, abs=1e-3)
    host.button("Show all of the picture").click()
    assert camera(host)[0] == 1
    assert host.button("Zoom out").get_attribute("aria-disabled") == "true"


def test_the_buttons_on_the_picture_show_on_hover_focus_or_zoom_and_hide_while_it_is_pulled(
    host: AfmHost,
) -> None:
    bar = ".dgw-viewbar"

    def opacity(value: str) -> None:
        host.wait_until(f"getComputedStyle(document.querySelector('{bar}')).opacity === '{value}'")

    host.page.mouse.move(5, 900)
    opacity("0")
    host.page.mouse.move(*host.place((30, 30)))
    opacity("1")
    host.page.mouse.down()
    host.page.mouse.move(*host.place((50, 30)), steps=3)
    opacity("0")
    host.page.mouse.up()
    host.page.mouse.move(5, 900)
    opacity("0")
    host.canvas().focus()
    host.press("Escape")
    host.page.keyboard.press("Shift+Tab")
    opacity("1")
    host.press("Escape", "+")
    opacity("1")


def test_from_near_pixels_are_squares_with_a_grid_between_them(host: AfmHost) -> None:
    stripes = Image.new("RGB", (WIDTH, HEIGHT))
    stripes.putdata(
        [(255, 255, 255) if x % 2 else (0, 0, 0) for _ in range(HEIGHT) for x in range(WIDTH)]
    )
    encoded = io.BytesIO()
    stripes.save(encoded, "webp", lossless=True)
    host.send_frame(encoded.getvalue(), final=True)
    colours = {}
    for presses in (5, 2, 1):
        for _ in range(presses):
            host.press("+")
        row = canvas(host)[3, :, 0]
        colours[camera(host)[0]] = len(set(row.tolist()))
    smooth, squares, grid = (colours[zoom] for zoom in sorted(colours))
    assert smooth > 8
    assert squares == 2
    assert 2 < grid <= 6


def test_two_fingers_zoom_and_move_and_take_back_what_the_first_has_begun(phone: AfmHost) -> None:
    fingers = Fingers(phone)
    fingers.press((50, 50))
    assert phone.status() == "Now tap where it should go"
    fingers.press((50, 50), (80, 50))
    assert phone.status() == "Press on the picture and pull"
    for step in range(1, 6):
        fingers.move((50 - 3 * step, 50), (80 + 3 * step, 50))
    zoom, x, _ = camera(phone)
    assert zoom == pytest.approx(2, abs=0.05)
    assert x == pytest.approx(65.5 / WIDTH, abs=0.01)
    fingers.move((35 + 10, 50 + 5), (95 + 10, 50 + 5))
    assert camera(phone)[0] == pytest.approx(zoom, abs=0.01)
    assert camera(phone)[1] == pytest.approx(x - 10 / zoom / WIDTH, abs=0.01)
    fingers.lift()
    assert phone.saved() == []
    assert phone.sent("pull") == []
    # One finger pulls again.
    fingers.press((64, 48))
    fingers.move((64, 60))
    fingers.move((64, 70))
    phone.wait_until("host.sent.some(({k}) => k === 'pull')")
    fingers.lift()


def test_a_second_finger_does_not_disturb_a_pull(phone: AfmHost) -> None:
    fingers = Fingers(phone)
    fingers.press((50, 50))
    fingers.move((60, 50))
    fingers.move((70, 50))
    phone.wait_until("host.sent.some(({k}) => k === 'pull')")
    fingers("touchStart", phone.place((70, 50)), phone.place((90, 80)))
    fingers.move((75, 50), (100, 90))
    fingers.lift()
    assert camera(phone)[0] == 1
    assert phone.sent("release") == [{"k": "release", "id": 1, "end": "settle"}]
    assert phone.sent("pull")[-1]["x"] == pytest.approx(75, abs=0.1)


def test_two_fingers_take_back_a_dab_of_the_brush(phone: AfmHost) -> None:
    phone.button("Mask: where the picture may move").tap()
    fingers = Fingers(phone)
    fingers.press((50, 50))
    fingers.press((50, 50), (80, 50))
    fingers.move((40, 50), (90, 50))
    fingers.lift()
    assert camera(phone)[0] > 1.3
    assert phone.saved() == []
