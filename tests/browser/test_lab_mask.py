"""A mask painted by hand in a real JupyterLab: strokes in the history, and what a drag changes outside of them."""

import json

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.animal import EAR, SHOW_ANIMAL
from tests.browser.lab import Notebook
from tests.browser.view import WidgetView
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PULLED = (36.0, 23.0)
"""A place beside the tip of the ear."""

STROKES = (((34, 20), (50, 44)), ((44, 14), (58, 34)))
"""Strokes of the brush over the ear."""

REPORT = 1
CELLS = (
    SHOW_ANIMAL,
    """import json
entries = [entry.label for entry in widget.session.history.entries]
print(json.dumps([entries, widget.change_outside, widget.blend_outside, widget.mask is not None]))""",
)


def report(notebook: Notebook) -> tuple[list[str], float | None, bool, bool]:
    """Return labels of the history, change outside the mask, whether it is put back, and whether there is a mask."""
    labels, change, blends, masked = json.loads(notebook.execute(REPORT))
    return labels, change, blends, masked


def test_strokes_are_undone_one_by_one_and_the_rest_of_a_drag_is_told_and_put_back(
    notebook: Notebook, widget: WidgetView, page: Page
) -> None:
    widget.press("Mask: where the picture may move")
    for start, end in STROKES:
        widget.pull(start, end)
        page.wait_for_timeout(400)
    assert report(notebook)[0] == ["sample", "mask", "mask"]
    widget.press("Undo")
    widget.press("Undo")
    until(lambda: not report(notebook)[3])
    widget.press("Redo")
    widget.press("Redo")
    until(lambda: report(notebook)[3])

    widget.press("Points: what moves where")
    widget.pull(EAR, PULLED)
    widget.wait_for_status("arrived", "stalled", "max_steps")
    line = page.locator(".dgw-outside")
    line.wait_for(state="visible")
    labels, change, blends, _ = report(notebook)
    assert labels[-1] == "drag"
    assert change is not None
    assert not blends
    assert f"{change:.1f} of 255" in line.inner_text()
    page.wait_for_timeout(300)
    widget.photograph("lab-mask")

    plain, frames = widget.picture(), int(widget.hook("frames"))
    widget.press(
        "Keep the rest: once the picture rests, all outside the mask is shown, saved and copied "
        "as it was before, with a soft seam"
    )
    widget.wait_for("frames", f"Number(value) > {frames}")
    assert not np.array_equal(widget.picture(), plain)
    assert report(notebook)[2]
    assert "it is shown as it was" in line.inner_text()
