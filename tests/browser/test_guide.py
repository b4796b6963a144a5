"""The pictures of the guide, made with a real kernel as the guide tells it: light and dark."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from draggan_widget.session import DragSession
from tests.browser.animal import EAR, EAR_PULLED, NOSE, NOSE_TURNED
from tests.browser.kernel import KernelHost
from tests.browser.test_screenshots import GROUNDS
from tests.browser.view import SCREENSHOTS, Point

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTH_PX = 560
KEPT_WIDTH_PX = 900
"""Sharp enough on a fine screen at the width that a page shows."""

OTHER_WAYS: tuple[tuple[Point, Point], ...] = (((66, 104), (66, 114)), ((97, 40), (103, 33)))
"""The mouth is opened, and the other ear pulled."""

AROUND_THE_EAR = tuple(
    (44 + 23 * math.cos(k * math.pi / 8), 30 + 21 * math.sin(k * math.pi / 8)) for k in range(17)
)
EAR_UP: tuple[Point, Point] = ((42, 26), (36, 14))


@pytest.fixture
def page(browser: Browser, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    """A page in which the widget has the width of a column of text."""
    context = browser.new_context(
        viewport={"width": WIDTH_PX, "height": 1100}, device_scale_factor=2, color_scheme=scheme
    )
    yield context.new_page()
    context.close()


class Photographer:
    """Keeps pictures of a widget for the guide.

    Attributes:
        host: The page with the widget.
    """

    def __init__(self, host: KernelHost, scheme: str) -> None:
        self.host, self._scheme = host, scheme

    def photograph(self, name: str) -> None:
        """Keep how the widget looks."""
        path = SCREENSHOTS / f"guide-{name}-{self._scheme}.png"
        self.host.view().screenshot(path=path)
        with Image.open(path) as taken:
            height = round(taken.height * KEPT_WIDTH_PX / taken.width)
            small = taken.convert("RGB").resize((KEPT_WIDTH_PX, height), Image.Resampling.LANCZOS)
        small.save(path.with_suffix(".webp"), quality=84, method=6)
        path.unlink()

    def pull(self, start: Point, end: Point) -> None:
        """Pull until it has settled."""
        self.host.pull(start, end)
        self.host.rest()

    def away(self) -> None:
        """Take the pointer off the picture."""
        self.host.page.mouse.move(1, 1)
        self.host.rest()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_guide_is_illustrated(
    page: Page, monkeypatch: pytest.MonkeyPatch, scheme: Literal["light", "dark"]
) -> None:
    host = KernelHost(page, monkeypatch, DragSession(seed=3))
    taker = Photographer(host, scheme)
    ground = GROUNDS[scheme]
    page.evaluate("(colour) => { document.body.style.background = colour; }", ground)

    page.mouse.move(*host.place(NOSE))
    page.mouse.down()
    page.mouse.move(*host.place(NOSE_TURNED), steps=6)
    host.until(lambda: int(host.hook("pull") or 0) > 0)
    host.talk(0.4)
    taker.photograph("pull")
    page.mouse.up()
    host.rest()

    host.press("Shift+C", "+", "+")
    taker.away()
    taker.photograph("look")
    host.press("Shift+C", "0")

    taker.pull(EAR, EAR_PULLED)
    host.press("z")
    host.rest()
    for start, end in OTHER_WAYS:
        taker.pull(start, end)
    host.press("h")
    entries = host.view().locator(".dgw-entry")
    drawn = host.view().locator(".dgw-entry canvas[data-shown]")
    host.until(lambda: drawn.count() == entries.count() > 1)
    taker.away()
    taker.photograph("history")
    host.press("h")

    host.press("g")
    cells = host.view().locator(".dgw-gallery [data-drawn]")
    host.until(lambda: cells.count() >= 12)
    taker.away()
    taker.photograph("choose")
    host.press("g", ",")
    taker.away()
    taker.photograph("settings")
    host.press(",")

    host.button("Save, copy or open").click()
    expect(host.view().get_by_role("menu", name="Save, copy or open")).to_be_visible()
    taker.away()
    taker.photograph("results")
    page.keyboard.press("Escape")

    host.press("r")
    host.until(lambda: host.hook("commands") == "0")
    host.rest()
    host.button("Remove all points").click()
    host.until(lambda: host.hook("handles") == "[]")
    host.rest()
    host.press("m", "l")
    page.mouse.move(*host.place(AROUND_THE_EAR[0]))
    page.mouse.down()
    for point in AROUND_THE_EAR[1:]:
        page.mouse.move(*host.place(point), steps=2)
    page.mouse.up()
    host.press("m")
    taker.pull(*EAR_UP)
    host.until(lambda: host.view().get_by_text("outside", exact=False).count() > 0)
    taker.away()
    taker.photograph("mask")
    host.close()


def test_the_guide_shows_every_picture_that_is_made() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide.md").read_text(encoding="utf-8")
    for name in ("pull", "look", "history", "choose", "settings", "results", "mask"):
        for scheme in ("light", "dark"):
            assert f"images/guide-{name}-{scheme}.webp" in guide
