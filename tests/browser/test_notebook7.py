"""The widget in a real Notebook 7: shown from a cell, dragged by real pointer events, scripted, reloaded, dark."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.animal import NOSE, NOSE_TURNED, SAME, SHOW_ANIMAL, TURNED, difference
from tests.browser.lab import NOTEBOOK, LabServer, Notebook
from tests.browser.view import SCREENSHOTS, WidgetView

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOST_ERRORS = ("Cannot read properties of undefined (reading 'schema')",)
"""Notebook 7.6.5 reports it with any notebook: its shortcuts hear of the settings of others before their own are there."""

ARRIVED_PX = 1.0
"""Stop radius of the solver for a picture of this size."""

REPORT, SET_POINTS = 1, 2
EYE, EYE_MOVED = [48.0, 52.0], [50.0, 50.0]
CELLS = (
    SHOW_ANIMAL,
    "import json\nprint(json.dumps([widget.status, widget.handle_points.tolist()]))",
    f"widget.auto_run = False\nwidget.handle_points, widget.target_points = [{EYE}], [{EYE_MOVED}]",
)

PAINTED = """() => {
  const colour = (element) => getComputedStyle(element).backgroundColor.match(/[0-9.]+/g).map(Number);
  const brightness = ([r, g, b]) => (r + g + b) / 3;
  return [brightness(colour(document.body)), document.querySelector(".dgw").dataset.theme];
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A running Notebook in the place of JupyterLab."""
    with LabServer(tmp_path_factory.mktemp("notebook"), NOTEBOOK) as server:
        yield server


def test_a_pull_arrives_is_undone_and_survives_a_reload(
    notebook: Notebook, widget: WidgetView, page: Page
) -> None:
    assert "Notebook" in page.evaluate("() => window.jupyterapp.name")
    before = widget.picture()
    widget.grab(NOSE)
    widget.lead(NOSE, NOSE_TURNED, moves=10, seconds=1.0)
    widget.wait_for("pull", "Number(value) >= 1")
    widget.let_go()
    assert widget.wait_for_status("arrived", "stalled", "max_steps", "failed") == "arrived"
    widget.wait_for_answers()
    handles = widget.points("handles")
    assert np.hypot(*np.subtract(handles[0], NOSE_TURNED)) <= ARRIVED_PX
    turned = widget.picture()
    assert difference(turned, before) > TURNED
    status, points = json.loads(notebook.execute(REPORT))
    assert status == "arrived"
    assert points == [pytest.approx(handles[0])]

    notebook.save()
    notebook.reload()
    widget.wait_for_picture()
    widget.wait_for("handles", 'value !== "[]"')
    assert widget.points("handles") == [pytest.approx(handles[0])]
    assert difference(widget.picture(), turned) < SAME

    widget.press("Undo")
    widget.wait_for("handles", 'value === "[]"')
    widget.wait_for_answers()
    widget.wait_until(lambda: difference(widget.picture(), before) < SAME)


def test_a_cell_sets_the_points(notebook: Notebook, widget: WidgetView) -> None:
    notebook.run(SET_POINTS)
    widget.wait_for("handles", 'value !== "[]"')
    assert widget.points("handles") == [EYE]
    assert widget.points("targets") == [EYE_MOVED]


def test_the_widget_is_dark_where_notebook_is(
    notebook: Notebook, widget: WidgetView, page: Page
) -> None:
    brightness, theme = page.evaluate(PAINTED)
    assert brightness > 128
    assert theme == "light"
    notebook.set_theme("JupyterLab Dark")
    page.wait_for_function(f"() => ({PAINTED})()[1] === 'dark'")
    brightness, _ = page.evaluate(PAINTED)
    assert brightness < 128
    widget.pull(NOSE, NOSE_TURNED)
    widget.wait_for_status("arrived", "stalled", "max_steps")
    page.screenshot(path=SCREENSHOTS / "notebook7-dark.png")
    notebook.set_theme("JupyterLab Light")
