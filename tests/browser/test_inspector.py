"""The inspector's notebook in a real JupyterLab: it follows a pull and a drag, and scripts draw on top."""

import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, ViewportSize

from tests.browser.animal import NOSE, NOSE_TURNED
from tests.browser.lab import LabServer, Notebook
from tests.browser.view import SCREENSHOTS, Picture, WidgetView, decoded
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "inspector.ipynb"

TALL_WINDOW: ViewportSize = {"width": 1340, "height": 3200}
"""Shows the whole notebook."""

NARROW_WINDOW: ViewportSize = {"width": 436, "height": 3200}
NARROW_PX = 320
"""What a narrow window leaves for outputs beside JupyterLab's own bars, about."""

MAP, ZOOM, CURVES = range(3)
"""The canvases in their order."""

NOTHING = np.zeros((1, 1, 3), np.uint8)

OVERLAY_COLOUR = (0, 200, 144)
"""Of the circle that the example draws on top."""

WEBP_QUALITY = 88

SHOW_DARK = """() =>
  window.jupyterapp.commands.execute("apputils:change-theme", {theme: "JupyterLab Dark"})"""


class InspectorView:
    """The inspector on a page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.root = page.locator(".dgw-inspector").first

    def canvas(self, index: int) -> Picture:
        """Return what is on a canvas; what is not drawn on is black."""
        found = self.root.locator("canvas").nth(index)
        return decoded(found.evaluate("canvas => canvas.toDataURL()"))

    def wait_for_change(self, index: int, before: Picture) -> Picture:
        """Wait until a canvas shows something else, and return it."""
        found = [before]

        def has_changed() -> bool:
            self._page.wait_for_timeout(100)
            found[0] = self.canvas(index)
            return not np.array_equal(found[0], before)

        until(has_changed)
        return found[0]

    def has_overlay(self) -> bool:
        """Whether the circle of the example is to be seen."""
        return bool((self.canvas(MAP) == OVERLAY_COLOUR).all(axis=2).any())

    def photograph(self, name: str) -> None:
        """Leave a picture of it, as WebP."""
        self.root.screenshot(path=SCREENSHOTS / f"{name}.png")
        with Image.open(SCREENSHOTS / f"{name}.png") as picture:
            picture.convert("RGB").save(SCREENSHOTS / f"{name}.webp", quality=WEBP_QUALITY)

    def fits(self) -> bool:
        """Whether nothing sticks out to the right."""
        return bool(self.root.evaluate("root => root.scrollWidth <= root.clientWidth + 1"))


def test_the_inspector_follows_a_pull_and_a_drag(lab: LabServer, page: Page) -> None:
    page.set_viewport_size(TALL_WINDOW)
    for name in ("examples/inspector.ipynb", "docs/images/inspector.webp"):
        (lab.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, lab.root / name)
    cells = [cell["id"] for cell in nbformat.read(EXAMPLE, as_version=4).cells]
    notebook = Notebook(page).open(lab.url("examples/inspector.ipynb"))
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")

    notebook.run(cells.index("widget"))
    widget = WidgetView(page)
    widget.wait_for_picture()
    notebook.run(cells.index("inspector"))
    inspector = InspectorView(page)
    inspector.root.wait_for()
    empty = inspector.wait_for_change(MAP, NOTHING)

    # By hand.
    curves = inspector.canvas(CURVES)
    widget.grab(NOSE)
    widget.lead(NOSE, NOSE_TURNED, moves=10, seconds=1.5)
    curves = inspector.wait_for_change(CURVES, curves)
    widget.let_go()
    assert widget.wait_for_status("arrived", "stalled", "max_steps", "failed") == "arrived"
    pulled = inspector.wait_for_change(MAP, empty)
    assert inspector.canvas(ZOOM).std() > 10

    # By script, with a drawing on top.
    notebook.run(cells.index("drag"))
    assert "arrived" in notebook.output(cells.index("drag")).inner_text()
    inspector.wait_for_change(CURVES, curves)
    inspector.wait_for_change(MAP, pulled)
    notebook.run(cells.index("overlay"))
    until(inspector.has_overlay)
    picture = inspector.canvas(MAP)
    notebook.run(cells.index("controls"))
    inspector.wait_for_change(MAP, picture)
    assert inspector.has_overlay()

    chosen = inspector.root.get_by_label("Handle").evaluate(
        "select => select.selectedOptions[0]?.text"
    )
    assert chosen == "1"

    page.mouse.move(0, 0)
    page.wait_for_timeout(1000)
    inspector.photograph("inspector")
    assert inspector.fits()
    page.evaluate(SHOW_DARK)
    page.wait_for_timeout(1500)
    inspector.photograph("inspector-dark")
    page.set_viewport_size(NARROW_WINDOW)
    page.wait_for_timeout(1000)
    inspector.photograph("inspector-narrow")
    assert inspector.root.evaluate("root => root.clientWidth") <= NARROW_PX
    assert inspector.fits()
    notebook.shut_down()
