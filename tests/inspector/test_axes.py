import math

import pytest

from draggan_widget.inspector.axes import (
    Scale,
    from_zero,
    label,
    lines,
    over_decades,
    round_ticks,
)


def test_a_linear_scale_maps_its_ends_and_its_middle() -> None:
    scale = Scale(2, 6, 100, 300)
    assert [scale.at(value) for value in (2, 4, 6)] == [100, 200, 300]


def test_a_scale_may_run_backwards_as_heights_do() -> None:
    assert Scale(0, 10, 300, 100).at(2.5) == 250


def test_values_beyond_a_scale_are_at_its_end() -> None:
    scale = Scale(0, 10, 0, 100)
    assert (scale.at(-5), scale.at(50)) == (0, 100)


def test_equal_ratios_have_equal_lengths_on_a_logarithmic_scale() -> None:
    scale = Scale(0.01, 100, 0, 400, logarithmic=True)
    assert [scale.at(10.0**power) for power in range(-2, 3)] == pytest.approx(
        [0, 100, 200, 300, 400]
    )


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0, 10, 5, [0, 2, 4, 6, 8, 10]),
        (0, 13.65, 5, [0, 5, 10]),
        (0, 0.0084, 5, [0, 0.002, 0.004, 0.006, 0.008]),
        (66.6, 81.5, 5, [70, 75, 80]),
        (-1, 1, 2, [-1, 0, 1]),
        (3, 3, 4, [3]),
    ],
)
def test_ticks_are_round_and_lie_within(
    low: float, high: float, count: int, expected: list[float]
) -> None:
    assert round_ticks(low, high, count) == pytest.approx(expected)


def test_ticks_of_a_logarithmic_scale_are_powers_of_ten() -> None:
    scale = Scale(0.001, 1000, 0, 1, logarithmic=True)
    assert scale.ticks(10) == pytest.approx([0.001, 0.01, 0.1, 1, 10, 100, 1000])
    assert scale.ticks(3) == pytest.approx([0.001, 1, 1000])


def test_an_axis_from_zero_has_room_above_the_largest_value() -> None:
    scale = from_zero([1, 20, 4], 300, 100)
    assert (scale.low, scale.high) == (0, 21)
    assert from_zero([], 300, 100).high == from_zero([0], 300, 100).high == 1.05


def test_values_over_many_decades_get_a_logarithmic_axis_of_whole_decades() -> None:
    scale = over_decades([0.03, 5, 0, 40], 0, 1)
    assert scale.logarithmic
    assert (scale.low, scale.high) == pytest.approx((0.01, 100))
    assert not over_decades([0.5, 40], 0, 1).logarithmic
    assert not over_decades([], 0, 1).logarithmic


def test_a_line_goes_through_its_values_and_breaks_where_there_is_none() -> None:
    x, y = Scale(0, 4, 0, 40), Scale(0, 10, 100, 0)
    values = [(0.0, 0.0), (1.0, 5.0), (2.0, None), (3.0, 10.0), (4.0, math.nan)]
    assert lines(x, y, values) == [[(0, 100), (10, 50)], [(30, 0)]]


def test_a_logarithmic_line_breaks_where_nothing_is_above_zero() -> None:
    x, y = Scale(0, 2, 0, 20), Scale(0.1, 10, 0, 2, logarithmic=True)
    found = lines(x, y, [(0, 0.1), (1, 0.0), (2, 10.0)])
    assert [place for line in found for place in line] == [(0, 0), (20, pytest.approx(2))]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.5, "0.5"),
        (70.0, "70"),
        (1e-4, "1e-4"),
        (2e6, "2e6"),
        (0.30000000000000004, "0.3"),
    ],
)
def test_labels_are_short(value: float, text: str) -> None:
    assert label(value) == text
