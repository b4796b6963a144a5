"""What tests of looking at the picture share: real fingers, and what is seen."""

import contextlib
import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, CDPSession, Page, ViewportSize

from tests.browser.afm import HEIGHT, WIDTH, AfmHost, Colour, Point, shown
from tests.browser.view import decoded

PHONE: ViewportSize = {"width": 400, "height": 800}
DOT_PX = 3
"""The radius of the dots of :func:`dotted`."""


@contextlib.contextmanager
def touch_page(
    browser: Browser, size: ViewportSize = PHONE, device_scale_factor: float = 2
) -> Iterator[Page]:
    """Give a page that takes fingers, of a phone unless told otherwise."""
    context = browser.new_context(
        has_touch=True, viewport=size, device_scale_factor=device_scale_factor
    )
    yield context.new_page()
    context.close()


def on_a_phone(browser: Browser) -> Iterator[AfmHost]:
    """Yield a widget that follows pulls, with its first picture, on a phone."""
    with touch_page(browser) as page:
        yield shown(page, auto_run=True)


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
    return decoded(url, "RGBA").astype(np.int16)


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


def wait_for_colour(host: AfmHost, point: Point, colour: Colour) -> None:
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
