"""The widget in a real JupyterLab, dragged by real pointer events in a real browser.

Speeds are measured and told in the summary of the run; what is asserted of them is only what a busy machine holds
too.
"""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.animal import NOSE, NOSE_TURNED, SAME, TURNED, difference
from tests.browser.lab import LabServer, Notebook
from tests.browser.view import SCREENSHOTS, WidgetView

Record = Callable[[str, object], None]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FAR_TARGET = (120.0, 16.0)
"""Too far to arrive at while a test does something else, at the speed of :data:`SLOW_DOWN`."""

NEAR_TARGET = (64.0, 72.0)
"""Is reached at that speed too, from wherever the drag is by then."""

ARRIVED_PX = 1.0
"""Stop radius of the solver for a picture of this size."""

FEWEST_PICTURES = 5
SLOWEST_CELL_S = 10.0
"""What even a busy machine reaches; the summary of the run tells what this one has."""

REPORT, SLOW_DOWN, MOVE_TARGET, EMPTY = range(1, 5)
CELLS = (
    'import draggan_widget as dg\nwidget = dg.DragWidget(seed=3, config={"solver": "paper"})\nwidget',
    "import json\nprint(json.dumps([widget.status, widget.handle_points.tolist()]))",
    'widget.config = {"solver": "paper", "learning_rate": 2e-3, "max_steps": 1_000_000}',
    f"widget.target_points = [{list(NEAR_TARGET)}]",
    "print('done')",
)

TALL_WINDOW: ViewportSize = {"width": 1200, "height": 1160}
"""Shows the quickstart's first cell with the whole widget."""

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart.ipynb"


def test_a_pulled_nose_arrives_and_the_head_has_turned(
    notebook: Notebook, widget: WidgetView, record_property: Record
) -> None:
    before = widget.picture()
    widget.count_frames()
    widget.pull(NOSE, NOSE_TURNED)
    assert widget.wait_for_status("arrived", "stalled", "max_steps", "failed") == "arrived"
    times_s = widget.frame_times_s()
    pictures_per_s = (len(times_s) - 1) / (times_s[-1] - times_s[0])
    record_property("pictures_per_s", round(pictures_per_s, 1))

    (handle,) = widget.points("handles")
    assert np.hypot(*np.subtract(handle, NOSE_TURNED)) <= ARRIVED_PX
    assert difference(widget.picture(), before) > TURNED
    status, points = json.loads(notebook.execute(REPORT))
    assert status == "arrived"
    assert points == [pytest.approx(handle)]
    assert len(times_s) >= FEWEST_PICTURES


def test_a_cell_runs_while_the_picture_is_dragged(
    notebook: Notebook, widget: WidgetView, record_property: Record
) -> None:
    pull_for_long(notebook, widget)
    started = time.perf_counter()
    assert notebook.execute(EMPTY) == "done"
    seconds = time.perf_counter() - started
    record_property("cell_during_a_drag_s", round(seconds, 2))
    assert widget.hook("status") == "running"
    assert seconds < SLOWEST_CELL_S


def test_a_cell_moves_the_target_of_a_running_drag(notebook: Notebook, widget: WidgetView) -> None:
    pull_for_long(notebook, widget)
    notebook.run(MOVE_TARGET)
    assert widget.wait_for_status("arrived", "stalled", "max_steps", "failed") == "arrived"
    assert widget.points("targets") == [list(NEAR_TARGET)]
    (handle,) = widget.points("handles")
    assert np.hypot(*np.subtract(handle, NEAR_TARGET)) <= ARRIVED_PX


def test_stop_ends_a_drag_at_once(notebook: Notebook, widget: WidgetView) -> None:
    pull_for_long(notebook, widget)
    widget.press("Stop")
    widget.wait_for_status("stopped")
    steps = int(widget.hook("step"))
    status, points = json.loads(notebook.execute(REPORT))
    assert status == "stopped"
    assert points == [pytest.approx(point) for point in widget.points("handles")]
    assert int(widget.hook("step")) == steps


def test_reloading_the_page_brings_picture_and_points_back(
    notebook: Notebook, widget: WidgetView
) -> None:
    widget.pull(NOSE, NOSE_TURNED)
    widget.wait_for_status("arrived")
    picture, handles, targets = widget.picture(), widget.points("handles"), widget.points("targets")
    notebook.save()
    notebook.reload()
    widget.wait_for_picture()
    assert widget.points("handles") == handles
    assert widget.points("targets") == targets
    assert widget.hook("status") == "arrived"
    assert difference(widget.picture(), picture) < SAME


def pull_for_long(notebook: Notebook, widget: WidgetView) -> None:
    """Begin a drag that does not end by itself."""
    notebook.run(SLOW_DOWN)
    widget.pull(NOSE, FAR_TARGET)
    widget.wait_for("step", "Number(value) >= 2")


def test_the_quickstart_can_be_dragged_after_its_first_cell(
    lab: LabServer, page: Page, record_property: Record
) -> None:
    page.set_viewport_size(TALL_WINDOW)
    shutil.copy(QUICKSTART, lab.root)
    notebook = Notebook(page).open(lab.url(QUICKSTART.name))
    started = time.perf_counter()
    notebook.run(1, wait=False)
    view = WidgetView(page)
    view.wait_for_picture()
    record_property("first_picture_s", round(time.perf_counter() - started, 1))
    view.grab(NOSE)
    view.lead(NOSE, NOSE_TURNED, moves=20, seconds=1.0)
    view.wait_for("pull", "Number(value) >= 1")
    page.locator(".jp-NotebookPanel").screenshot(path=SCREENSHOTS / "quickstart.png")
    view.let_go()
    assert view.wait_for_status("arrived", "stalled", "max_steps", "failed") == "arrived"
    assert view.points("targets") == [list(NOSE_TURNED)]
    notebook.shut_down()
