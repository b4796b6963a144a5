"""Means and their spread against hand-made outcomes."""

import math

import pytest

from draggan_widget.evaluation.outcomes import Job, Outcome, Setting
from draggan_widget.evaluation.protocols import PROTOCOLS
from draggan_widget.evaluation.summary import headline, setting_summary, statistics

SETTING = Setting("paper", "w+", 2)
LANDMARKS = PROTOCOLS["landmarks"]


def outcome(
    case: int, group: str, true_px: float | None, tracked_px: float, status: str = "arrived"
) -> Outcome:
    """Return an outcome with two measures."""
    measures = {"true_px": true_px, "tracked_px": tracked_px}
    return Outcome(Job(SETTING, case), group, case + 1, status, measures, 0.0)


def test_statistics_of_a_known_sample() -> None:
    told = statistics([1.0, None, 2.0, 3.0, 4.0])
    assert told == {
        "mean": 2.5,
        "median": 2.5,
        "p90": pytest.approx(3.7),
        "standard_error": pytest.approx(math.sqrt(5 / 3) / 2),
        "count": 4,
    }


def test_a_single_value_has_no_standard_error_and_none_has_no_statistics() -> None:
    single = statistics([3.0])
    assert single is not None
    assert single["standard_error"] is None
    assert statistics([None, None]) is None


def test_a_setting_is_told_as_a_whole_and_by_group() -> None:
    outcomes = [
        outcome(0, "pose", 1.0, 0.5),
        outcome(1, "ears", 5.0, 0.5, "stalled"),
        outcome(2, "pose", 3.0, 0.5),
    ]
    told = setting_summary(SETTING, outcomes, LANDMARKS, 100)
    assert told["cases"] == 3
    assert told["mean_handles"] == 2.0
    assert told["statuses"] == {"arrived": 2, "stalled": 1}
    assert told["share_true_near"] == pytest.approx(1 / 3)
    assert told["share_before_near"] is None
    assert told["measures"]["true_px"]["mean"] == 3.0
    assert told["measures"]["residual"] is None
    assert list(told["groups"]) == ["pose", "ears"]
    assert told["groups"]["pose"]["measures"]["true_px"]["mean"] == 2.0


def test_without_a_truth_there_is_no_share_and_the_tracked_distance_ranks() -> None:
    unknown = outcome(0, "random", None, 4.0)
    told = setting_summary(SETTING, [unknown], LANDMARKS, 100)
    assert told["share_true_near"] is None
    assert headline(unknown, LANDMARKS) == ("tracked_px", 4.0)
    assert headline(outcome(0, "pose", 1.0, 4.0), LANDMARKS) == ("true_px", 1.0)
