"""The report and its tables, of outcomes whose figures are known."""

import json
from pathlib import Path
from typing import Any

import pytest

from draggan_widget.evaluation.outcomes import Job, Outcome, Setting
from draggan_widget.evaluation.protocols import PROTOCOLS
from draggan_widget.evaluation.report import markdown, ranked, report_of
from draggan_widget.evaluation.study import Plan, open_bench

FEW, ALL = Setting("paper", "w+", 2), Setting("official", "w", 24)
GROUPS = ("pose", "mouth")


def outcome(setting: Setting, case: int, true_px: float, handles: int) -> Outcome:
    """Return an outcome that has some of the measures."""
    measures = {"before_px": 8.0, "tracked_px": 0.5, "true_px": true_px, "steps": 10.4 + case}
    status = "stalled" if case else "arrived"
    return Outcome(Job(setting, case), GROUPS[case], handles, status, measures, 1.0 + case)


OUTCOMES = [
    outcome(FEW, 0, 3.2, 2),
    outcome(ALL, 0, 0.32, 17),
    outcome(FEW, 1, 6.4, 2),
    outcome(ALL, 1, 0.96, 18),
]


@pytest.fixture(scope="module")
def report(scene_file: Path) -> dict[str, Any]:
    """The report of the outcomes, in the order in which they might end."""
    plan = Plan("landmarks", str(scene_file), (FEW, ALL), cases=2, residual=False, device="cpu")
    return report_of(plan, open_bench(plan), OUTCOMES[::-1], processes=2, seconds=9.0)


def test_the_report_is_in_the_order_of_settings_and_cases(report: dict[str, Any]) -> None:
    order = [(each["solver"], each["case"]) for each in report["outcomes"]]
    assert order == [("paper", 0), ("paper", 1), ("official", 0), ("official", 1)]
    assert report["timing"]["outcome_seconds"] == [1.0, 2.0, 1.0, 2.0]
    assert report["timing"]["drag_seconds"][0]["mean"] == 1.5
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_every_outcome_has_every_measure(report: dict[str, Any]) -> None:
    names = PROTOCOLS["landmarks"].measures
    for each in report["outcomes"]:
        assert list(each)[-len(names) :] == list(names)
        assert each["residual"] is None


def test_the_tables_give_pixels_and_percent(report: dict[str, Any]) -> None:
    lines = markdown(report).splitlines()
    assert lines[0] == "## landmarks on small-animals"
    assert (
        "| solver | space | points | before, px (%) | tracked, px (%) | true, px (%) | steps "
        "| before < 2% | true < 2% | arrived | stalled | s a drag |"
    ) in lines
    # 32 px: 4.8 px are 15 %; the standard error of two values is half their difference.
    assert (
        "| paper | w+ | 2 | 8.00 ± 0.00 (25.0) | 0.50 ± 0.00 (1.6) | 4.80 ± 1.60 (15.0) | 11 | 0% | 0% | 1 | 1 | 1.5 |"
    ) in lines
    assert any(line.startswith("| official | w | all (17.5) | 8.00") for line in lines)
    assert (
        "| solver | space | points | before → true, px (%): pose | before → true, px (%): mouth |"
        in lines
    )
    assert "| paper | w+ | 2 | 8.00 (25.0) → 3.20 (10.0) | 8.00 (25.0) → 6.40 (20.0) |" in lines
    assert "- The residual was left out." in lines


def test_a_single_group_has_no_table_of_its_own(report: dict[str, Any]) -> None:
    single = [{**each, "groups": {"pose": each["groups"]["pose"]}} for each in report["results"]]
    text = markdown({**report, "results": single})
    assert "px (%): pose" not in text


def test_a_group_without_cases_has_a_dash(report: dict[str, Any]) -> None:
    first, second = report["results"]
    less = {**second, "groups": {"pose": second["groups"]["pose"]}}
    text = markdown({**report, "results": [first, less]})
    assert "| official | w | all (17.5) | 8.00 (25.0) → 0.32 (1.0) | - → - |" in text


def test_cases_are_ranked_from_the_best_to_the_worst() -> None:
    order = ranked(OUTCOMES, PROTOCOLS["landmarks"])
    assert [each.measures["true_px"] for each in order] == [0.32, 0.96, 3.2, 6.4]
