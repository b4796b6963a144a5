"""How the whole widget looks with a real kernel behind it, as contact sheets for the documents: light, dark and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from draggan_widget.session import DragSession
from tests.browser.animal import NOSE, NOSE_TURNED
from tests.browser.kernel import KernelHost
from tests.browser.view import SCREENSHOTS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GROUNDS = {"light": "#ffffff", "dark": "#111111"}
WIDE, NARROW = 640, 340
LOOP = ((30, 20), (100, 20), (105, 70), (64, 60), (25, 70), (30, 22))
GAP_PX = 24
THUMBNAILS = 9
"""So many are in sight at least; those out of sight come when nothing else is to do."""


@pytest.fixture
def page(browser: Browser, scheme: Literal["light", "dark"], width: int) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": 1200}, device_scale_factor=2, color_scheme=scheme
    )
    opened = context.new_page()
    yield opened
    context.close()


def photograph(host: KernelHost, name: str) -> Path:
    """Keep how the widget looks."""
    host.rest()
    path = SCREENSHOTS / f"{name}.png"
    host.view().screenshot(path=path)
    return path


def sheet(paths: list[Path], ground: str, target: Path) -> None:
    """Put pictures in a row, one device pixel for two."""
    pictures = [Image.open(path).convert("RGB") for path in paths]
    small = [each.resize((each.width // 2, each.height // 2)) for each in pictures]
    width = sum(each.width for each in small) + GAP_PX * (len(small) + 1)
    height = max(each.height for each in small) + 2 * GAP_PX
    whole = Image.new("RGB", (width, height), ground)
    left = GAP_PX
    for each in small:
        whole.paste(each, (left, GAP_PX))
        left += each.width + GAP_PX
    whole.save(target, quality=88)


@pytest.mark.parametrize(("scheme", "width"), [("light", WIDE), ("dark", WIDE), ("light", NARROW)])
def test_every_part_of_the_widget_is_photographed(
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
    scheme: Literal["light", "dark"],
    width: int,
) -> None:
    host = KernelHost(page, monkeypatch, DragSession(seed=3))
    ground = GROUNDS[scheme]
    page.evaluate("(colour) => { document.body.style.background = colour; }", ground)
    name = scheme if width == WIDE else "narrow"

    page.mouse.move(*host.place(NOSE))
    page.mouse.down()
    page.mouse.move(*host.place(NOSE_TURNED), steps=6)
    host.until(lambda: int(host.hook("pull") or 0) > 0)
    running = SCREENSHOTS / f"{name}_running.png"
    host.view().screenshot(path=running)
    page.mouse.up()
    paths = [running, photograph(host, f"{name}_arrived")]

    host.canvas().press("h")
    paths.append(photograph(host, f"{name}_history"))
    host.canvas().press("h")
    host.canvas().press("g")
    drawn = host.view().locator(".dgw-gallery [data-drawn]")
    host.until(lambda: drawn.count() >= THUMBNAILS)
    paths.append(photograph(host, f"{name}_gallery"))
    host.canvas().press("g")
    host.canvas().press(",")
    paths.append(photograph(host, f"{name}_settings"))
    host.canvas().press(",")

    host.canvas().press("m")
    host.canvas().press("l")
    page.mouse.move(*host.place(LOOP[0]))
    page.mouse.down()
    for point in LOOP[1:]:
        page.mouse.move(*host.place(point), steps=4)
    page.mouse.up()
    paths.append(photograph(host, f"{name}_mask"))
    host.canvas().press("m")

    host.widget.report(ValueError("the numbers of the generator are not finite"))
    host.widget._worker.refresh()
    paths.append(photograph(host, f"{name}_error"))
    sheet(paths, ground, SCREENSHOTS / f"widget-{name}.webp")
    host.close()
