"""From values to places on a drawing: scales, ticks and lines; draws nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ROUND_STEPS = (1.0, 2.0, 5.0, 10.0)
"""Ticks lie at multiples of one of these times a power of ten."""

HEADROOM = 1.05
"""The largest value is not drawn on the very edge."""

LARGEST_RATIO = 100.0
"""Values that span more are drawn on a logarithmic axis."""

Line = list[tuple[float, float]]
"""Places on a drawing that are joined."""


@dataclass(frozen=True)
class Scale:
    """One axis of a chart.

    Attributes:
        low, high: Values at its ends.
        start, end: Where these are on the drawing.
        logarithmic: Whether equal ratios have equal lengths.
    """

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Return where a value is on the drawing, at an end for one beyond it."""
        low, high = self.low, self.high
        value = min(max(value, low), high)
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def ticks(self, count: int) -> list[float]:
        """Return at most ``count`` + 1 round values along the axis; of a logarithmic one, powers of ten."""
        if not self.logarithmic:
            return round_ticks(self.low, self.high, count)
        first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
        every = max(1, math.ceil((last - first + 1) / max(count, 1)))
        return [10.0**power for power in range(first, last + 1, every)]


def round_ticks(low: float, high: float, count: int) -> list[float]:
    """Return at most ``count`` + 1 evenly spaced round values from ``low`` to ``high``."""
    if not high > low:
        return [low]
    rough = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * each for each in ROUND_STEPS if power * each >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def from_zero(values: Sequence[float], start: float, end: float) -> Scale:
    """Return an axis from 0 to a little more than the largest of some values; of none, to 1."""
    return Scale(0.0, (max(values, default=0.0) or 1.0) * HEADROOM, start, end)


def over_decades(values: Sequence[float], start: float, end: float) -> Scale:
    """Return an axis for values above 0: logarithmic over whole decades if they span many, else from 0."""
    positive = [value for value in values if value > 0]
    low, high = min(positive, default=1.0), max(positive, default=1.0)
    if high <= low * LARGEST_RATIO:
        return from_zero(values, start, end)
    first, last = 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))
    return Scale(first, last, start, end, logarithmic=True)


def lines(x: Scale, y: Scale, values: Sequence[tuple[float, float | None]]) -> list[Line]:
    """Return the lines through values, broken where there is none or, on a logarithmic axis, none above 0.

    Args:
        x, y: The axes.
        values: Pairs, ascending in x.
    """
    found: list[Line] = [[]]
    for across, value in values:
        if value is None or not math.isfinite(value) or (y.logarithmic and value <= 0):
            found.append([])
        else:
            found[-1].append((x.at(across), y.at(value)))
    return [line for line in found if line]


def label(value: float) -> str:
    """Return a tick's value in few characters."""
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{value:.4g}"
