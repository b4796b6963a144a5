"""Durations in a few figures."""

from collections.abc import Sequence
from statistics import median

Spread = dict[str, float]
"""``median``, ``low``, ``high`` and ``count`` of some measurements."""


def spread(values: Sequence[float]) -> Spread:
    """Return median, range and number of measurements."""
    return {
        "median": median(values),
        "low": min(values),
        "high": max(values),
        "count": len(values),
    }


def paired_ratios(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """Return the ratios of measurements taken one after the other, so that both saw the same load of the machine."""
    return spread([n / d for n, d in zip(numerators, denominators, strict=True)])
