"""The built front end while a person looks: zoom, comparison, magnifier, captions, and the picture shown ahead."""

import base64
import io
import json
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, CDPSession, Page

from tests.browser.afm import HEIGHT, ONE_PAIR, WIDTH, AfmHost, Point, picture, shown

pytestmark = pytest.mark.browser

PHONE = {"width": 400, "height": 800}
DOT_PX = 3


@pytest.fixture
def host(page: Page) -> AfmHost:
    """A widget that follows pulls, with its first picture."""
    return shown(page, auto_run=True)


@pytest.fixture
def phone(browser: Browser) -> Iterator[AfmHost]:
    """The same on a phone."""
    context = browser.new_context(has_touch=True, viewport=PHONE, device_scale_factor=2)  # type: ignore[arg-type]
    yield shown(context.new_page(), auto_run=True)
    context.close()


class Fingers:
    """Fingers on a screen, as real touch events."""

    def __init__(self, host: AfmHost) -> None:
        self._host = host
        self._session: CDPSession = host.page.context.new_cdp_session(host.page)

    def __call__(self, kind: str, *places: Point) -> None:
        """Press, move or lift so many fingers; ``places`` are those still down, on the page."""
        points = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(places)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        # A browser hands moves over once per paint.
        self._host.page.evaluate("() => new Promise(requestAnimationFrame)")

    def press(self, *points: Point) -> None:
        """Press pixels of the image."""
        self("touchStart", *map(self._host.place, points))

    def move(self, *points: Point) -> None:
        """Move to pixels of the image as it lies without zoom."""
        self("touchMove", *map(self._host.place, points))

    def lift(self) -> None:
        """Lift all fingers."""
        self("touchEnd")


def camera(host: AfmHost) -> tuple[float, float, float]:
    """Return zoom and centre of the view."""
    zoom, x, y = map(float, str(host.hook("camera")).split(","))
    return zoom, x, y


def dotted(*dots: tuple[Point, str]) -> bytes:
    """Return a grey picture with dots."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (128, 128, 128))
    draw = ImageDraw.Draw(image)
    for (x, y), colour in dots:
        draw.ellipse((x - DOT_PX, y - DOT_PX, x + DOT_PX, y + DOT_PX), fill=colour)
    encoded = io.BytesIO()
    image.save(encoded, "webp", lossless=True)
    return encoded.getvalue()


def canvas(host: AfmHost, layer: str = "picture") -> NDArray[np.int16]:
    """Return a canvas as colours and alpha, ``[H, W, 4]`` device px."""
    url: str = host.page.evaluate(
        """async (layer) => {
          for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
          return document.querySelector(`.dgw-${layer}`).toDataURL();
        }""",
        layer,
    )
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGBA")).astype(np.int16)


def centre_of_red(host: AfmHost) -> Point:
    """Return where red is in the picture as it is shown, in image px without zoom."""
    pixels = canvas(host)
    red = (pixels[..., 0] > 190) & (pixels[..., 1] < 90)
    assert red.any(), "nothing red is shown"
    rows, columns = np.nonzero(red)
    scale = pixels.shape[1] / WIDTH
    return (columns.mean() + 0.5) / scale - 0.5, (rows.mean() + 0.5) / scale - 0.5


def wheel(host: AfmHost, point: Point, turn: float, key: str | None = "Control") -> None:
    """Turn the wheel over a pixel of the image."""
    host.page.mouse.move(*host.place(point))
    if key:
        host.page.keyboard.down(key)
    host.page.mouse.wheel(0, turn)
    if key:
        host.page.keyboard.up(key)


def answer(host: AfmHost, image: bytes) -> None:
    """Answer the newest question with a picture."""
    host.wait_until("host.sent.some(({k}) => k === 'ask')")
    ask = host.sent("ask")[-1]
    assert (ask["name"], ask["args"]) == ("picture", {"of": "start"})
    message = {"k": "answer", "rid": ask["rid"], "ok": True, "error": ""}
    result = {"mime": "image/webp", "w": WIDTH, "h": HEIGHT}
    host.page.evaluate(
        """([message, text]) => host.emit(
          message, [Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))])""",
        [message | {"result": result}, base64.b64encode(image).decode()],
    )


# Zoom


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


# Fingers


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


# Words at the pointer


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


# Before and now

START, NOW, TRUE_START = (200, 30, 40), (20, 160, 60), (30, 40, 200)


@pytest.fixture
def dragged(page: Page) -> AfmHost:
    """A widget that was red at first and is green now."""
    host = shown(page)
    host.send_frame(picture(START), final=True)
    host.update(status="arrived", can_undo=True)
    host.send_frame(picture(NOW), final=True)
    return host


def wait_for_colour(host: AfmHost, point: Point, colour: tuple[int, int, int]) -> None:
    """Wait until a pixel of the image is shown in a colour."""
    host.page.wait_for_function(
        """([x, y, colour]) => {
          const canvas = document.querySelector(".dgw-picture");
          const at = [x * canvas.width, y * canvas.height].map(Math.floor);
          const { data } = canvas.getContext("2d").getImageData(...at, 1, 1);
          return colour.every((value, index) => Math.abs(value - data[index]) <= 3);
        }""",
        arg=[(point[0] + 0.5) / WIDTH, (point[1] + 0.5) / HEIGHT, colour],
    )


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


# The picture ahead of its frames

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
