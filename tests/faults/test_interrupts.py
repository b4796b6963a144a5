"""A kernel that is interrupted: whatever it was doing, picture and handles belong together."""

import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import numpy as np
import pytest

from tests.faults.conftest import Make
from tests.faults.survival import FAR, assert_belongs_together, assert_survives, work_of
from tests.test_runner import SLOW

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no interval timers")

ROUNDS = 40
LONGEST_S = 0.03
"""Interrupts come at any time up to this after the begin of a drag; a step takes about a millisecond."""


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Interrupt the main thread, as a kernel does, so many seconds after now; ends when that has happened."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with suppress(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, seconds)
            yield
            signal.pause()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_interrupt_at_any_moment_of_a_drag_keeps_picture_and_handles_together(
    make: Make,
) -> None:
    widget, _ = make(None, SLOW)
    work, rng = work_of(widget), random.Random(7)
    session = widget.session
    session.target_points = [FAR]
    moved = 0
    for _ in range(ROUNDS):
        before = session.state
        with interrupted_after(rng.uniform(1e-4, LONGEST_S)):
            session.drag()
        assert session.status in ("stopped", "idle")
        assert_belongs_together(session)
        assert session.history.current.state is session.state
        moved += session.state is not before
    assert moved > ROUNDS / 4
    assert_survives(widget, work, "stopped", session.status)


def test_an_interrupt_at_any_moment_of_a_live_drag_ends_it_with_what_was_done(make: Make) -> None:
    widget, _ = make(None, SLOW)
    work, rng = work_of(widget), random.Random(8)
    session = widget.session
    for _ in range(ROUNDS):
        with interrupted_after(rng.uniform(1e-4, LONGEST_S)):
            while True:
                session.follow(0, FAR)
        if session.is_following:  # the interrupt came between two calls
            session.release()
        assert_belongs_together(session)
        assert session.history.current.state is session.state
    assert_survives(widget, work, "stopped", session.status)


def test_an_interrupt_at_any_moment_of_a_script_leaves_traits_and_session_alike(
    make: Make,
) -> None:
    widget, browser = make(None, SLOW)
    work, rng = work_of(widget), random.Random(9)
    for number in range(ROUNDS):
        with interrupted_after(rng.uniform(1e-4, LONGEST_S)):
            while True:
                widget.target_points = [[40 + number % 9, 32]]
                widget.drag(3)
        widget.stop()
        session = widget.session
        assert np.array_equal(widget.target_points, session.target_points)
        browser.until(lambda state: state["target_points"] == widget.target_points.tolist())
    assert_survives(widget, work, "stopped|max_steps|idle", widget.status)
