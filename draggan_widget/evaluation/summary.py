"""Outcomes in figures: means and their spread, by setting and by group of cases."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from draggan_widget.evaluation.outcomes import Outcome, Setting
from draggan_widget.evaluation.protocols import Protocol

NEAR_SHARE = 0.02
"""A mean distance below this share of the width counts as near; so it may be before a drag already."""


def statistics(values: Iterable[float | None]) -> dict[str, Any] | None:
    """Return mean, median, 90th percentile, standard error of the mean, and the number of values that are there.

    Args:
        values: None where a measure could not be taken.

    Returns:
        ``mean``, ``median``, ``p90``, ``standard_error`` (None for a single value), ``count``; or None without a value.
    """
    taken = np.array([value for value in values if value is not None], dtype=np.float64)
    if not taken.size:
        return None
    error = float(taken.std(ddof=1)) / math.sqrt(taken.size) if taken.size > 1 else None
    return {
        "mean": float(taken.mean()),
        "median": float(np.median(taken)),
        "p90": float(np.percentile(taken, 90)),
        "standard_error": error,
        "count": int(taken.size),
    }


def setting_summary(
    setting: Setting, outcomes: Sequence[Outcome], protocol: Protocol, width: int
) -> dict[str, Any]:
    """Return the figures of a setting, of all its cases and by group.

    Args:
        setting: Which.
        outcomes: Its cases, at least one, in order.
        protocol: What was done.
        width: Of the picture, in pixels.
    """
    groups = list(dict.fromkeys(outcome.group for outcome in outcomes))
    parts = {group: [each for each in outcomes if each.group == group] for group in groups}
    return {
        **setting.to_json(),
        **_figures(outcomes, protocol, width),
        "groups": {group: _figures(part, protocol, width) for group, part in parts.items()},
    }


def headline(outcome: Outcome, protocol: Protocol) -> tuple[str, float]:
    """Return the measure by which an outcome is ranked, and its value; larger is worse."""
    for name in protocol.headlines:
        value = outcome.measures.get(name)
        if value is not None:
            return name, value
    raise AssertionError  # the last headline of every protocol can always be taken


def _share_near(outcomes: Sequence[Outcome], name: str, width: int) -> float | None:
    """Return the share of the outcomes in which a mean distance is near, of those in which it is known."""
    distances = [outcome.measures.get(name) for outcome in outcomes]
    near = [distance < NEAR_SHARE * width for distance in distances if distance is not None]
    return float(np.mean(near)) if near else None


def _figures(outcomes: Sequence[Outcome], protocol: Protocol, width: int) -> dict[str, Any]:
    """Return the figures of some outcomes."""
    return {
        "cases": len(outcomes),
        "mean_handles": float(np.mean([outcome.handles for outcome in outcomes])),
        "statuses": dict(sorted(Counter(outcome.status for outcome in outcomes).items())),
        "share_before_near": _share_near(outcomes, "before_px", width),
        "share_true_near": _share_near(outcomes, "true_px", width),
        "measures": {
            name: statistics(outcome.measures.get(name) for outcome in outcomes)
            for name in protocol.measures
        },
    }
