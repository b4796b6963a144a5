"""Traits written by worker, front end and script at once: without the lock changes are lost, with it none is."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, connect
from tests.patience import until
from tests.picture_blobs import PictureBlobs

CHANGES = 400
"""So often each of the three threads changes its trait."""

SWITCH_S = 1e-5
"""Threads take turns so often, so that they meet in every place."""


class NullLock:
    """A lock that keeps nobody out."""

    def acquire(self, *_: object, **__: object) -> bool:
        return True

    def release(self) -> None:
        """Do nothing."""

    def __enter__(self) -> bool:
        return True

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


class CountingSession(DragSession):
    """A session that shows another count of steps each time it is told to."""

    count = 0

    @property
    def steps(self) -> int:
        return self.count


@pytest.fixture(autouse=True)
def busy_threads() -> Iterator[None]:
    """Have threads take turns more often than they do by themselves."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    connect(monkeypatch)
    blobs = PictureBlobs()
    widget = DragWidget(CountingSession(blobs, w=blobs.start()), keep_result=False)
    until(lambda: widget.status == "idle")
    widget.handle_points = [[30, 32]]
    until(lambda: len(widget.point_ids) == 1)
    yield widget
    widget.close()


def lost_changes(widget: DragWidget) -> Counter[str]:
    """Have three threads change traits at once; count what was not observed, not told to the browser, or raised.

    The worker shows steps, the front end switches, as from the thread of a comm, whether drags start by themselves, and
    this thread, as a script, moves a target.
    """
    browser, session, lost = widget.comm, widget.session, Counter[str]()
    assert isinstance(browser, BrowserEnd)
    assert isinstance(session, CountingSession)
    observed: dict[str, list[Any]] = {"step": [], "auto_run": [], "target_points": []}
    for name, values in observed.items():
        widget.observe(lambda change, values=values: values.append(change["new"]), name)
    told = len(browser.updates)
    start = threading.Barrier(3)

    def counted(who: str, change: Callable[[int], object]) -> None:
        start.wait(30)
        for number in range(1, CHANGES + 1):
            try:
                change(number)
            except Exception:
                lost[f"{who} has raised"] += 1

    def show(number: int) -> None:
        session.count = number
        while not widget.publish(session):
            pass

    def write(number: int) -> None:
        widget.target_points = [[number / 10, 1.0]]

    worker = widget._worker.submit(lambda _: counted("the worker", show))
    front_end = threading.Thread(
        target=counted, args=("the front end", lambda number: browser.set(auto_run=number % 2 == 0))
    )
    front_end.start()
    counted("the script", write)
    front_end.join()
    worker.result(60)
    updates = browser.updates[told:]
    expected: dict[str, list[Any]] = {
        "step": list(range(1, CHANGES + 1)),
        "target_points": [[[number / 10, 1.0]] for number in range(1, CHANGES + 1)],
        "auto_run": [number % 2 == 0 for number in range(1, CHANGES + 1)],
    }
    seen = {
        "step": [int(value) for value in observed["step"]],
        "target_points": [value.tolist() for value in observed["target_points"]],
        "auto_run": observed["auto_run"],
    }
    sent = {name: [each[name] for each in updates if name in each] for name in expected}
    for name in expected:
        lost[f"{name} not observed"] += missing(expected[name], seen[name])
        if name != "auto_run":  # what the front end sets need not be told to it
            lost[f"{name} not told"] += missing(expected[name], sent[name])
    return +lost


def missing(expected: list[Any], found: list[Any]) -> int:
    """Return how many values of a list are not in another."""
    left = Counter(map(str, expected)) - Counter(map(str, found))
    return sum(left.values())


def test_no_change_is_lost_between_three_threads(widget: DragWidget) -> None:
    assert lost_changes(widget) == Counter()
    assert widget.comm.state["step"] == widget.step == CHANGES


def test_without_the_lock_changes_are_lost(
    widget: DragWidget, record_property: Callable[[str, object], None]
) -> None:
    widget._trait_lock = NullLock()  # type: ignore[assignment]
    lost = lost_changes(widget)
    record_property("lost_without_the_lock", dict(lost))
    assert sum(lost.values()) > 0
