"""A kernel that is interrupted: whatever it was doing, picture and handles belong together."""

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import numpy as np
import pytest
import torch

from draggan_widget.interrupts import allowed, deferred
from draggan_widget.session import DragSession
from tests.faults.conftest import Make
from tests.faults.lines import Interrupting
from tests.faults.survival import FAR, MASK, assert_belongs_together, assert_survives, work_of
from tests.session.sessions import pair_session, same
from tests.slow_drags import SLOW

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no interval timers")

ROUNDS = 30
LONGEST_S = 0.1
"""Interrupts come at any time up to this after the begin of a drag; a step takes about a millisecond."""


def interrupted_after(seconds: float, call: Callable[[], object]) -> None:
    """Make a call and interrupt the main thread, as a kernel does, after so many seconds; returns when that has happened."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with suppress(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, seconds)
            call()
            signal.pause()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_interrupt_at_any_moment_of_a_drag_keeps_picture_and_handles_together(
    make: Make,
) -> None:
    widget, _ = make(None, SLOW)
    work, rng = work_of(widget), np.random.default_rng(7)
    session = widget.session
    session.target_points = [FAR]
    moved = 0
    for _ in range(ROUNDS):
        before = session.state
        interrupted_after(rng.uniform(1e-4, LONGEST_S), session.drag)
        assert session.status in ("stopped", "idle")
        assert_belongs_together(session)
        assert session.history.current.state is session.state
        moved += session.state is not before
    assert moved > 0
    assert_survives(widget, work, "stopped", session.status)


def test_an_interrupt_at_any_moment_of_a_live_drag_ends_it_with_what_was_done(make: Make) -> None:
    widget, _ = make(None, SLOW)
    work, rng = work_of(widget), np.random.default_rng(8)
    session = widget.session

    def follow() -> None:
        while True:
            session.follow(0, FAR)

    for _ in range(ROUNDS):
        interrupted_after(rng.uniform(1e-4, LONGEST_S), follow)
        if session.is_following:  # the interrupt came between two calls
            session.release()
        assert_belongs_together(session)
        assert session.history.current.state is session.state
    assert_survives(widget, work, "stopped", session.status)


def test_an_interrupt_at_any_moment_of_a_script_leaves_traits_and_session_alike(
    make: Make,
) -> None:
    widget, browser = make(None, SLOW)
    work, rng = work_of(widget), np.random.default_rng(9)

    def script() -> None:
        while True:
            for x in range(40, 49):
                widget.target_points = [[x, 32]]
                widget.drag(60)  # long enough for the history to keep everything

    for _ in range(ROUNDS // 2):
        interrupted_after(rng.uniform(1e-4, LONGEST_S), script)
        widget.stop()
        session = widget.session
        assert np.array_equal(widget.target_points, session.target_points)
        browser.until(lambda state: state["target_points"] == widget.target_points.tolist())
    assert_survives(widget, work, "stopped|max_steps|idle", widget.status)


CALLS: dict[str, Callable[[DragSession], object]] = {
    "drag": lambda session: session.drag(2),
    "step": lambda session: session.step(),
    "live": lambda session: (
        session.follow(0, (36, 32)),
        session.follow(0, (37, 32)),
        session.settle(1),
    ),
    "points": lambda session: session.set_points([(20, 20)], [(25, 25)]),
    "mask": lambda session: setattr(session, "mask", ~MASK),
    "sample": lambda session: session.sample(5),
    "undo": lambda session: session.undo(),
    "jump": lambda session: session.jump(1),
}

EVERY = {"drag": 13, "live": 29, "step": 13, "sample": 2}
"""Of so many lines one is tried; all are where nothing is said."""


@pytest.mark.parametrize("name", CALLS)
def test_an_interrupt_at_any_line_leaves_a_session_whole(name: str) -> None:
    line, interrupted = 1, 0
    while True:
        session = pair_session()
        session.mask = MASK
        if not Interrupting(line).run(lambda session=session: CALLS[name](session)):  # type: ignore[misc]
            break
        interrupted += 1
        line += EVERY.get(name, 1)
        if session.is_following:
            session.release()
        assert session.status != "running"
        assert same(session.state, session.history.current.state)
        if name in ("drag", "step", "live"):
            assert_belongs_together(session)
            assert session.drag().status == "arrived"
        before = session.state
        session.sample(9)
        assert session.undo()
        assert session.state is before
        session.jump(1)
        assert len(session.point_ids) == 0
    assert interrupted > 5


def test_an_interrupt_where_gradients_are_off_does_not_leave_them_off(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget, _ = make(None, SLOW)
    session = widget.session
    session.target_points = [FAR]

    def trace(*_: object) -> None:
        torch.set_grad_enabled(False)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(session.generator, "trace", trace)
        with pytest.raises(KeyboardInterrupt):
            session.drag(2)
    assert torch.is_grad_enabled()
    assert session.drag(2).status == "max_steps"


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def test_an_interrupt_waits_until_a_block_is_done_and_is_not_lost() -> None:
    seen = []

    def nested() -> None:
        with deferred():
            with deferred():
                interrupt()
                seen.append("inner")
            seen.append("outer")

    def inside() -> None:
        with deferred():
            with allowed():
                interrupt()
            seen.append("never")

    def before() -> None:
        with deferred():
            interrupt()
            with allowed():
                seen.append("never")

    for call in (nested, inside, before):
        with pytest.raises(KeyboardInterrupt):
            call()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert seen == ["inner", "outer"]


def test_who_handles_interrupts_is_asked_as_ever() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with deferred():
            interrupt()
            assert seen == []
        assert seen == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)
