import pytest

from draggan_widget.pace import WINDOW_S, Pace
from tests.clocks import Clock


def test_nothing_was_measured_at_first() -> None:
    assert set(Pace(Clock()).figures.values()) == {0.0}


def test_rates_are_those_of_the_newest_moments() -> None:
    clock = Clock()
    pace = Pace(clock)
    for k in range(10):
        clock.now = k / 100
        pace.stepped()
    clock.now = 5 * WINDOW_S
    for k in range(11):
        clock.now += 0.05
        pace.stepped()
        if k % 2:
            pace.acknowledged(k)
    assert pace.figures["steps_per_s"] == pytest.approx(20)
    assert pace.figures["pictures_per_s"] == pytest.approx(10)


def test_the_lag_is_from_the_message_to_the_word_that_its_picture_is_seen() -> None:
    clock = Clock()
    pace = Pace(clock)
    for seq, lag_s in enumerate((0.03, 0.05, 0.2), 1):
        pace.sent(seq, clock.now)
        clock.now += lag_s
        pace.acknowledged(seq)
    pace.acknowledged(99)
    assert pace.figures["lag_ms"] == pytest.approx(50)
