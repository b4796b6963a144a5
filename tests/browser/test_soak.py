"""Long random use in a real JupyterLab: what kernel, server and page hold stays the same.

Two minutes with the other tests; `make soak` takes half an hour and is stricter: there slopes say something.
"""

import json
import os
import signal
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.gestures import Hand
from tests.browser.lab import LabServer, Notebook
from tests.browser.soak import PATIENCE_S, Sample, Scale, slope, wait_until_quiet
from tests.browser.unnoted import UnnotedBrowser
from tests.browser.view import WidgetView

Record = Callable[[str, object], None]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MINUTES = float(os.environ.get("SOAK_MINUTES", "2"))
LONG_MINUTES = 10.0
"""From so long on, slopes say something: a short run ends before allocators and caches have settled."""

WARM_UP, WARM_UP_ACTIONS = 1 / 4, 60
"""Part of the time, and actions, before the first sample: until then drags of each kind are done for the first time."""

ACTIONS_A_SAMPLE = 20
PART = 3
"""Samples that stand for the beginning, and for the end."""

SEED = 7
GIVEN_BACK = "given_back"
"""A file that the kernel makes when it has collected its garbage and given back what is free (glibc)."""

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

def let_go(*_):
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    open("given_back", "w").close()

signal.signal(signal.SIGUSR1, let_go)
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
    lab: LabServer, browser: Browser, tmp_path: Path, record_property: Record
) -> None:
    name = "soak.ipynb"
    lab.write_notebook(name, CELLS)
    with UnnotedBrowser(browser, tmp_path) as own:
        notebook = Notebook(own.page).open(lab.url(name))
        notebook.run(0)
        WidgetView(own.page).wait_for_picture()
        kernel, comms = int(notebook.execute(BEGIN)), int(notebook.execute(COUNT))
        notebook.execute(FILL)
        scale = Scale(own.browser, own.page, kernel, lab.process_id)
        mark = lab.root / GIVEN_BACK
        samples, actions = use(own.page, scale, lambda: give_back(kernel, mark))
        report = json.loads(notebook.execute(REPORT))
        assert int(notebook.execute(COUNT)) == comms
        notebook.shut_down()
    assert own.errors == []
    assert report["failures"] == []
    assert report["status"] != "failed"

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


def use(page: Page, scale: Scale, come_to_rest: Callable[[], None]) -> tuple[list[Sample], int]:
    """Use the widget by chance; return what was held at rest after the warm-up, and the number of actions."""
    samples: list[Sample] = []
    actions = 0
    widget = WidgetView(page)
    hand = Hand(page, widget, SEED)
    while scale.minutes < MINUTES or len(samples) < 2 * PART:
        for _ in range(ACTIONS_A_SAMPLE):
            hand.act()
        actions += ACTIONS_A_SAMPLE
        if scale.minutes < WARM_UP * MINUTES or actions < WARM_UP_ACTIONS:
            continue
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        widget.wait_for("status", 'value !== "running"')
        # What a drag has computed to go on from there is held until the picture is another one.
        widget.press("Back to the start", patient=False)
        widget.wait_for("status", 'value !== "running"')
        come_to_rest()
        samples.append(scale.weigh())
        keep(samples, actions)
    return samples, actions


def give_back(kernel: int, mark: Path) -> None:
    """Have a kernel that has come to rest give back what is free; it says in a file that it has."""
    wait_until_quiet(kernel)
    mark.unlink(missing_ok=True)
    # Not by a cell: the notebook notes each run of one, and grows by that.
    os.kill(kernel, signal.SIGUSR1)
    deadline = time.monotonic() + PATIENCE_S
    while not mark.exists():
        assert time.monotonic() < deadline, "the kernel does not answer"
        time.sleep(0.05)


def middle(samples: list[Sample], name: str) -> float:
    """Return the median of one of the numbers: what a drag needs while it runs comes and goes."""
    return statistics.median(float(getattr(each, name)) for each in samples)


def keep(samples: list[Sample], actions: int) -> None:
    """Write what was measured so far, so that a run that is ended leaves it."""
    REPORT_FILE.parent.mkdir(exist_ok=True)
    values = {"actions": actions, "samples": [asdict(each) for each in samples]}
    REPORT_FILE.write_text(json.dumps(values, indent=1), encoding="utf-8")
