import pytest

from draggan_widget.inspector.throttle import LONGEST_S, SHARE, Throttle
from tests.clocks import Clock


def test_the_first_time_is_now_and_the_next_after_the_pause() -> None:
    clock = Clock(100.0)
    throttle = Throttle(4, clock)
    assert throttle.wait_s == 0
    throttle.took()
    assert throttle.wait_s == pytest.approx(0.25)
    clock.now += 0.2
    assert throttle.wait_s == pytest.approx(0.05)
    clock.now += 0.2
    assert throttle.wait_s == 0


def test_a_drag_of_ten_seconds_is_shown_as_often_as_the_rate_says() -> None:
    clock, times = Clock(100.0), 0
    throttle = Throttle(3, clock)
    for _ in range(1000):  # a hundred steps a second
        if throttle.wait_s == 0:
            throttle.took()
            times += 1
        clock.now += 0.01
    assert 28 <= times <= 30


def test_another_rate_counts_at_once() -> None:
    clock = Clock(100.0)
    throttle = Throttle(1, clock)
    throttle.took()
    clock.now += 0.5
    assert throttle.wait_s == pytest.approx(0.5)
    throttle.rate = 4
    assert throttle.wait_s == 0


def test_what_costs_much_happens_less_often_so_that_its_share_stays_small() -> None:
    clock, spent_s = Clock(100.0), 0.0
    throttle, cost_s = Throttle(5, clock), 0.012
    for _ in range(1000):
        if throttle.wait_s == 0:
            throttle.took()
            throttle.cost(cost_s)
            spent_s += cost_s
        clock.now += 0.01
    assert spent_s / 10 <= SHARE + cost_s / 10


def test_even_the_most_costly_happens_from_time_to_time() -> None:
    clock = Clock(100.0)
    throttle = Throttle(5, clock)
    throttle.took()
    throttle.cost(60)
    assert throttle.wait_s == pytest.approx(LONGEST_S)
    throttle.cost(0.0001)
    assert throttle.wait_s == pytest.approx(0.2)
