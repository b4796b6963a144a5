import logging
import threading
import time

import pytest

from draggan_widget.inspector.beat import Beat
from draggan_widget.inspector.throttle import Throttle
from tests.clocks import Clock
from tests.patience import until

A_WHILE_S = 0.1


class Counter:
    """Counts calls, and says whether they are wanted."""

    def __init__(self) -> None:
        self.calls = 0
        self.wanted = True
        self.hold = threading.Event()
        self.hold.set()

    def call(self) -> None:
        self.calls += 1
        assert self.hold.wait(10)

    def is_wanted(self) -> bool:
        return self.wanted


def test_nothing_is_called_that_nobody_has_asked_for() -> None:
    counter = Counter()
    beat = Beat(counter.call, counter.is_wanted, Throttle(1000, time.monotonic))
    time.sleep(A_WHILE_S)
    beat.close()
    assert counter.calls == 0
    assert not beat.is_alive


def test_what_is_asked_for_while_it_is_busy_is_one_call_more() -> None:
    counter = Counter()
    counter.hold.clear()
    beat = Beat(counter.call, counter.is_wanted, Throttle(1000, time.monotonic))
    beat.ask()
    until(lambda: counter.calls == 1)
    assert not beat.is_due
    for _ in range(20):
        beat.ask()
    counter.hold.set()
    until(lambda: counter.calls == 2)
    time.sleep(A_WHILE_S)
    beat.close()
    assert counter.calls == 2


def test_it_is_called_again_only_after_the_pause() -> None:
    counter, clock = Counter(), Clock(100.0)
    beat = Beat(counter.call, counter.is_wanted, Throttle(10, clock))
    beat.ask()
    until(lambda: counter.calls == 1)
    beat.ask()
    assert not beat.is_due
    time.sleep(2 * A_WHILE_S)  # the clock stands still
    assert counter.calls == 1
    clock.now += 0.1
    until(lambda: counter.calls == 2)
    beat.close()


def test_what_is_not_wanted_is_kept_until_it_is() -> None:
    counter = Counter()
    counter.wanted = False
    beat = Beat(counter.call, counter.is_wanted, Throttle(1000, time.monotonic))
    beat.ask()
    time.sleep(A_WHILE_S)
    assert counter.calls == 0
    assert not beat.is_due
    counter.wanted = True
    beat.look_again()
    until(lambda: counter.calls == 1)
    beat.close()


def test_a_failure_is_logged_and_the_next_call_is_made(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise ValueError("no")

    beat = Beat(fail, lambda: True, Throttle(1000, time.monotonic))
    with caplog.at_level(logging.ERROR):
        beat.ask()
        until(lambda: len(calls) == 1)
        beat.ask()
        until(lambda: len(calls) == 2)
    beat.close()
    assert "could not be drawn" in caplog.text


def test_a_beat_can_be_closed_by_its_own_call_and_twice() -> None:
    beats: list[Beat] = []
    beat = Beat(lambda: beats[0].close(), lambda: True, Throttle(1000, time.monotonic))
    beats.append(beat)
    beat.ask()
    until(lambda: not beat.is_alive)
    beat.close()
