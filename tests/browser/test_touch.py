"""An ear under a real pointer in a real JupyterLab: the picture follows while it is pulled at.

Speeds are measured and told in the summary of the run; what is asserted of them is only what a busy machine holds
too.
"""

import json
import statistics
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.animal import EAR, EAR_PULLED, SHOW_ANIMAL
from tests.browser.lab import Notebook
from tests.browser.view import WidgetView
from tests.patience import until

Record = Callable[[str, object], None]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOVES = 75
SECONDS = 2.5
"""As often as a hand's pointer moves, so that the pictures set the pace and not the test."""

FEWEST_PICTURES = 5
NEAR_PX = 2.0

REPORT, HISTORY = range(1, 3)
CELLS = (
    SHOW_ANIMAL,
    "import json\nprint(json.dumps(widget.stats()))",
    "print(json.dumps([entry.label for entry in widget.session.history.entries]))",
)


def test_the_picture_follows_an_ear_under_the_pointer_and_undo_brings_the_first_back(
    notebook: Notebook, widget: WidgetView, record_property: Record
) -> None:
    assert widget.status() == "Press on the picture and pull"
    first = widget.picture()
    widget.count_frames()
    widget.count_pulls()
    widget.grab(EAR)
    widget.lead(EAR, EAR_PULLED, MOVES, SECONDS)
    times_s, lags_ms = widget.frame_times_s(), widget.lags_ms()
    assert widget.status() == "Pull: the picture follows"
    widget.photograph("touch-pulled")
    assert len(times_s) >= FEWEST_PICTURES
    assert widget.points("targets") == [pytest.approx(EAR_PULLED, abs=0.2)]
    widget.let_go()
    assert widget.wait_for_status("arrived", "stalled", "max_steps", "failed") == "arrived"
    widget.photograph("touch-settled")
    (handle,) = widget.points("handles")
    assert np.hypot(*np.subtract(handle, EAR_PULLED)) <= NEAR_PX

    record_property("pulled_pictures_per_s", round((len(times_s) - 1) / np.ptp(times_s), 1))
    record_property("pull_to_picture_ms_p50", round(statistics.median(lags_ms)))
    record_property("pull_to_picture_ms_p95", round(float(np.percentile(lags_ms, 95))))
    record_property("pull_to_picture_ms_max", round(max(lags_ms)))
    record_property("widget_stats", json.loads(notebook.execute(REPORT)))
    assert json.loads(notebook.execute(HISTORY)) == ["sample", "drag"]

    frames = int(widget.hook("frames"))
    widget.press("Undo")
    widget.wait_for("frames", f"Number(value) > {frames}")
    widget.wait_for("handles", 'value === "[]"')
    until(lambda: np.array_equal(widget.picture(), first))


def test_escape_takes_a_pull_back_and_a_target_can_be_pulled_on(
    notebook: Notebook, widget: WidgetView, page: Page
) -> None:
    first = widget.picture()
    widget.grab(EAR)
    widget.lead(EAR, EAR_PULLED, MOVES // 3, SECONDS / 3)
    page.keyboard.press("Escape")
    widget.wait_for("handles", 'value === "[]"')
    widget.let_go()
    widget.wait_for("status", 'value === "idle"')
    until(lambda: np.array_equal(widget.picture(), first))

    widget.pull(EAR, EAR_PULLED)
    assert widget.wait_for_status("arrived", "stalled", "max_steps") == "arrived"
    assert widget.points("targets") == [pytest.approx(EAR_PULLED, abs=0.2)]
    widget.grab(EAR_PULLED)
    widget.lead(EAR_PULLED, EAR, MOVES // 3, SECONDS / 3)
    widget.photograph("touch-pulled-back")
    widget.let_go()
    assert widget.wait_for_status("arrived", "stalled", "max_steps") == "arrived"
    notebook.execute(REPORT)
    # The first one was taken back, and stays as a branch.
    assert json.loads(notebook.execute(HISTORY)) == ["sample", "drag", "drag", "drag"]
