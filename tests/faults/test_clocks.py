"""Clocks that jump: the calendar's is only ever shown, and what waits looks at one that never goes back."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from draggan_widget.protocol import Hello
from draggan_widget.runner import Runner
from tests.faults.conftest import Make
from tests.faults.survival import FAR, assert_survives, until_moving, work_of
from tests.patience import PATIENCE_S, until
from tests.recorder import Recorder
from tests.slow_drags import SLOW
from tests.test_runner_live import LateClock, done, labels, pinned_session

ROOT = Path(__file__).parents[2]
CALENDAR = re.compile(
    r"\btime\.time\b|\btime_ns\b|\bdatetime\b|\blocaltime\b|\bgmtime\b|\bDate\.now\b|\bnew Date\b"
)
SHOWN_ONLY = {"draggan_widget/session/history.py"}
"""When an entry was made, for people to read."""

YEAR_S = 365 * 24 * 3600.0


@pytest.fixture
def jumping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The calendar's clock, a year ahead or behind each time it is looked at."""
    looks = 0

    def jump() -> float:
        nonlocal looks
        looks += 1
        return 1.8e9 + (YEAR_S if looks % 2 else -YEAR_S)

    with monkeypatch.context() as patch:
        patch.setattr(time, "time", jump)
        yield


def test_only_what_is_shown_reads_the_calendar() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for folder, kind in (("draggan_widget", "*.py"), ("js/src", "*.ts"))
        for path in (ROOT / folder).rglob(kind)
        if CALENDAR.search(path.read_text(encoding="utf-8"))
    }
    assert found == SHOWN_ONLY


@pytest.mark.usefixtures("jumping")
def test_a_drag_and_a_pull_arrive_while_the_calendar_jumps(make: Make) -> None:
    widget, browser = make()
    work = work_of(widget)
    browser.say(k="hello", v=1, dpr=1, loopback=False, visible=True)
    (key,) = widget.point_ids
    for seq, x in enumerate((34.0, 35.0, 36.0), 1):
        browser.say(k="pull", id=key, x=x, y=31.0, seq=seq)
        browser.say(k="ack", seq=browser.frames[-1]["seq"], shown=True, visible=True)
    browser.edit(9, (key, (33.0, 31.0), (36.0, 31.0)))
    browser.say(k="release", id=key, end="settle")
    browser.until(lambda state: state["status"] == "arrived")
    assert 0 <= widget.stats()["lag_ms"] < PATIENCE_S * 1000
    assert_survives(widget, work, None)


def test_a_clock_that_leaps_ahead_in_a_drag_stops_nothing(make: Make) -> None:
    widget, browser = make(None, SLOW)
    work = work_of(widget)
    widget.target_points = [FAR]
    assert browser.command("run")["ok"]
    until_moving(widget, work)
    for clocked in (widget._worker._screen, widget._worker._pulls, widget._worker.pace):
        ahead = LateClock()
        ahead.ahead_s = YEAR_S
        clocked._clock = ahead
    session = widget.session
    steps = session.steps
    until(lambda: session.steps > steps + 5)
    widget.stop()
    assert_survives(widget, work, None)


def test_a_computer_that_slept_through_a_pull_ends_it_as_let_go() -> None:
    stage, clock = Recorder(), LateClock()
    runner = Runner(pinned_session, stage, clock=clock)
    runner.begin()
    until(lambda: stage.frames)
    runner.frames.greet(Hello(1, loopback=False, visible=True))
    runner.pull(1, 36, 32, 1)
    until(lambda: runner.session.steps > 0)
    clock.ahead_s = YEAR_S
    done(runner)
    assert labels(runner) == ["points", "drag"]
    assert runner.session.status == "arrived"
    assert stage.errors == []
    runner.close()
