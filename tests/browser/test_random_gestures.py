"""A thousand gestures by chance in a real JupyterLab: nothing fails, and undo leads back to the first latent, bit for bit."""

import json
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.gestures import Hand
from tests.browser.lab import Notebook
from tests.browser.view import WidgetView

Record = Callable[[str, object], None]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ACTIONS = 1000
SEED = 20261126

REST, FIRST, REPORT = range(1, 4)
CELLS = (
    """import json, logging
import draggan_widget as dg

class Records(logging.Handler):
    kept = []
    def emit(self, record):
        self.kept.append((record.levelname, bool(record.exc_info), record.getMessage()))

logging.getLogger().addHandler(Records())
widget = dg.DragWidget(seed=3)
widget""",
    "print(widget.session.status)",
    """import torch
first = dg.DragSession(seed=3)
print(torch.equal(widget.w, first.w), widget.handle_points.shape[0], widget.mask is None)""",
    """failures = [each for each in Records.kept if each[1] or each[0] in ("ERROR", "CRITICAL")]
print(json.dumps({"failures": failures, "records": len(Records.kept), "status": widget.status}))""",
)


def test_a_thousand_gestures_can_all_be_undone(
    notebook: Notebook, widget: WidgetView, page: Page, record_property: Record
) -> None:
    hand = Hand(page, widget, SEED)
    made = Counter(hand.act() for _ in range(ACTIONS))
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    notebook.execute(REST)
    report = json.loads(notebook.execute(REPORT))
    assert report["failures"] == []
    assert report["status"] != "failed"

    undone = 0
    while widget.press("Undo", patient=False):
        undone += 1
        widget.wait_for_answers()
    assert undone > ACTIONS / 10
    assert notebook.execute(FIRST) == "True 0 True"
    record_property("random_gestures", dict(made))
    record_property("random_gestures_undone", undone)
