"""Long random use in a real JupyterLab: what kernel, server and page hold stays the same.

Two minutes with the other tests; `make soak` takes half an hour and is stricter.
"""

import json
import os
import signal
import statistics
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.gestures import Hand
from tests.browser.lab import LabServer, Notebook
from tests.browser.soak import Sample, Scale, slope
from tests.browser.view import WidgetView

Record = Callable[[str, object], None]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MINUTES = float(os.environ.get("SOAK_MINUTES", "2"))
LONG_MINUTES = 10.0
"""From so long on, slopes say something: a short run ends before allocators and caches have settled."""

WARM_UP = 1 / 4
"""Part of the time before the first sample."""

ACTIONS_A_SAMPLE = 20
PART = 3
"""Samples that stand for the beginning, and for the end."""

SEED = 7
GIVEN_BACK_MS = 500
"""Within so long the kernel has collected its garbage and given back what is free (glibc)."""

REPORT_FILE = Path("build") / "soak.json"

GROWS_MB_A_MINUTE = 1.0
GROWS_MB = 60.0
"""What a short run may add to the memory of one process from its first samples to its last, in the middle."""

MEMORY = ("kernel_mb", "server_mb", "renderer_mb", "heap_mb")
SPARE_THREADS, SPARE_FILES, SPARE_NODES = 4, 8, 2000
"""What comes and goes: helpers of libraries, sockets, and what JupyterLab shows beside the widget."""

BEGIN, FILL, COUNT, REPORT = range(1, 5)
CELLS = (
    """import ctypes, gc, json, logging, os, signal
import comm
import draggan_widget as dg

class Records(logging.Handler):
    kept = []
    def emit(self, record):
        if record.exc_info or record.levelno >= logging.ERROR:
            self.kept.append(record.getMessage())

def give_back(*_):
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)

signal.signal(signal.SIGUSR1, give_back)
logging.getLogger().addHandler(Records())
widget = dg.DragWidget(seed=3)
widget""",
    "print(os.getpid())",
    # The history keeps a bounded number of entries: with all of them there, it no longer grows.
    """for seed in range(250):
    widget.seed = seed
print(len(widget.history))""",
    "print(len(comm.get_comm_manager().comms))",
    "print(json.dumps({'failures': Records.kept, 'status': widget.status}))",
)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads /proc, as Linux has it")
def test_long_use_leaves_memory_threads_files_and_comms_as_they_were(
    lab: LabServer,
    browser: Browser,
    notebook: Notebook,
    widget: WidgetView,
    page: Page,
    record_property: Record,
) -> None:
    kernel = int(notebook.execute(BEGIN))
    notebook.execute(FILL)
    comms = int(notebook.execute(COUNT))
    hand = Hand(page, widget, SEED)
    scale = Scale(browser, page, kernel, lab.process_id)
    samples: list[Sample] = []
    actions = 0
    while scale.minutes < MINUTES:
        for _ in range(ACTIONS_A_SAMPLE):
            hand.act()
        actions += ACTIONS_A_SAMPLE
        if scale.minutes > WARM_UP * MINUTES:
            page.keyboard.press("Escape")
            page.keyboard.press("Escape")
            widget.wait_for("status", 'value !== "running"')
            # Not by a cell: the notebook notes each run of one, and grows by that.
            os.kill(kernel, signal.SIGUSR1)
            page.wait_for_timeout(GIVEN_BACK_MS)
            samples.append(scale.weigh())
            keep(samples, actions)
    report = json.loads(notebook.execute(REPORT))
    assert report["failures"] == []
    assert report["status"] != "failed"
    assert int(notebook.execute(COUNT)) == comms

    first, last = samples[0], samples[-1]
    record_property("soak_minutes", round(last.minute, 1))
    record_property("soak_actions", actions)
    for name in MEMORY:
        grown = slope(samples, name)
        record_property(f"soak_{name}", f"{getattr(last, name):.0f} ({grown:+.2f} a minute)")
        if MINUTES >= LONG_MINUTES:
            assert grown < GROWS_MB_A_MINUTE
        assert middle(samples[-PART:], name) - middle(samples[:PART], name) < GROWS_MB
    assert last.threads - first.threads <= SPARE_THREADS
    assert last.files - first.files <= SPARE_FILES
    assert last.nodes - first.nodes <= SPARE_NODES


def middle(samples: list[Sample], name: str) -> float:
    """Return the median of one of the numbers: what a drag needs while it runs comes and goes."""
    return statistics.median(float(getattr(each, name)) for each in samples)


def keep(samples: list[Sample], actions: int) -> None:
    """Write what was measured so far, so that a run that is ended leaves it."""
    REPORT_FILE.parent.mkdir(exist_ok=True)
    values = {"actions": actions, "samples": [asdict(each) for each in samples]}
    REPORT_FILE.write_text(json.dumps(values, indent=1), encoding="utf-8")
