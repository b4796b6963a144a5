import pytest

from draggan_widget.inspector.throttle import Throttle


class FakeClock:
    """A clock that a test turns on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_time_is_now_and_the_next_after_the_pause() -> None:
    clock = FakeClock()
    throttle = Throttle(4, clock)
    assert throttle.wait_s == 0
    throttle.took()
    assert throttle.wait_s == pytest.approx(0.25)
    clock.now += 0.2
    assert throttle.wait_s == pytest.approx(0.05)
    clock.now += 0.2
    assert throttle.wait_s == 0


def test_a_drag_of_ten_seconds_is_shown_as_often_as_the_rate_says() -> None:
    clock, times = FakeClock(), 0
    throttle = Throttle(3, clock)
    for _ in range(1000):  # a hundred steps a second
        if throttle.wait_s == 0:
            throttle.took()
            times += 1
        clock.now += 0.01
    assert 28 <= times <= 30


def test_another_rate_counts_at_once() -> None:
    clock = FakeClock()
    throttle = Throttle(1, clock)
    throttle.took()
    clock.now += 0.5
    assert throttle.wait_s == pytest.approx(0.5)
    throttle.rate = 4
    assert throttle.wait_s == 0
