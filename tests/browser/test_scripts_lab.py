"""Several widgets and several views of one, beside cells that run, in a real JupyterLab."""

import json
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.animal import NOSE, NOSE_TURNED, SAME, SHOW_ANIMAL, difference
from tests.browser.lab import Notebook
from tests.browser.view import TIMEOUT_MS, WidgetView

Record = Callable[[str, object], None]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOW_AGAIN, SHOW_OTHER, RUN_BOTH, REPORT, AIM = range(1, 6)
CELLS = (
    SHOW_ANIMAL,
    "display(widget)",
    'other = dg.DragWidget(seed=4, config={"solver": "paper"})\nother',
    "for each in (widget, other):\n"
    '    each.config = {"solver": "paper", "max_steps": 100000, "learning_rate": 0.0005}\n'
    "    each.handle_points, each.target_points = [[62, 74]], [[100, 20]]\n"
    "    each.run()",
    "import json\nprint(json.dumps([widget.status, other.status]))",
    "widget.target_points = [[75, 70]]",
)

HOOKS = """(name) => [...document.querySelectorAll(".dgw")].map(
  (each) => each.getAttribute(`data-${name}`))"""


def hooks(page: Page, name: str) -> list[str]:
    """Return what each view says about itself."""
    found: list[str] = page.evaluate(HOOKS, name)
    return found


def test_two_views_of_a_widget_follow_a_hand_and_a_cell(
    notebook: Notebook, widget: WidgetView, page: Page
) -> None:
    notebook.run(SHOW_AGAIN)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.dgw')].filter((each) => each.dataset.frames > 0).length === 2"
    )
    widget.pull(NOSE, NOSE_TURNED)
    assert widget.wait_for_status("arrived", "stalled", "max_steps") == "arrived"
    page.wait_for_function(
        "() => new Set([...document.querySelectorAll('.dgw')].map((each) => each.dataset.seq)).size === 1"
    )
    assert len(set(hooks(page, "handles"))) == len(set(hooks(page, "targets"))) == 1
    second = WidgetView(page, 1)
    assert difference(widget.picture(), second.picture()) < SAME
    notebook.run(AIM)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.dgw')].every((each) => each.dataset.targets === '[[75,70]]')"
    )


def test_two_widgets_drag_at_once_while_cells_run(
    notebook: Notebook, widget: WidgetView, page: Page, record_property: Record
) -> None:
    notebook.run(SHOW_OTHER)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.dgw')].filter((each) => each.dataset.frames > 0).length === 2"
    )
    notebook.run(RUN_BOTH)
    before = [int(each) for each in hooks(page, "frames")]
    page.wait_for_function(
        """(before) => [...document.querySelectorAll(".dgw")].every(
          (each, k) => Number(each.dataset.frames) > before[k] + 5)""",
        arg=before,
        timeout=TIMEOUT_MS,
    )
    started = time.perf_counter()
    assert json.loads(notebook.execute(REPORT)) == ["running", "running"]
    record_property("cell_during_two_drags_s", round(time.perf_counter() - started, 2))
    widget.press("Stop")
    widget.wait_for_status("stopped")
    assert json.loads(notebook.execute(REPORT)) == ["stopped", "running"]
