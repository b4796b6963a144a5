"""Studies over processes: the same outcomes for any number of them, and nothing left behind."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.evaluation.outcomes import OUTCOMES_FILE, Job, Outcome, Setting
from draggan_widget.evaluation.study import (
    Plan,
    fingerprint,
    open_bench,
    outcomes,
)
from tests.command_line import check_end

SETTINGS = (Setting("paper", "w+", 1), Setting("official", "w", 3))


def plan_of(path: Path, **changes: object) -> Plan:
    """Return a small plan without the distance to the manifold."""
    values = {"cases": 2, "max_steps": 2, "residual": False, "device": "cpu", **changes}
    return Plan("landmarks", str(path), SETTINGS, **values)  # type: ignore[arg-type]


def without_time(found: list[Outcome]) -> dict[Job, Outcome]:
    """Return outcomes by job, without what differs from run to run."""
    return {each.job: replace(each, seconds=0.0) for each in found}


def test_jobs_go_case_by_case(scene_file: Path) -> None:
    jobs = plan_of(scene_file, first=4).jobs
    assert [(job.case, job.setting.solver) for job in jobs] == [
        (4, "paper"),
        (4, "official"),
        (5, "paper"),
        (5, "official"),
    ]


def test_outcomes_do_not_depend_on_processes_or_on_what_else_is_run(scene_file: Path) -> None:
    plan = plan_of(scene_file)
    bench = open_bench(plan)
    threads = torch.get_num_threads()
    alone = without_time(list(outcomes(plan, bench, plan.jobs, 1)))
    assert list(alone) == list(plan.jobs)
    assert torch.get_num_threads() == threads
    together = without_time(list(outcomes(plan, bench, plan.jobs, 2)))
    assert together == alone
    last = without_time(list(outcomes(plan, bench, plan.jobs[-1:], 1)))
    assert last[plan.jobs[-1]] == alone[plan.jobs[-1]]


def test_the_fingerprint_follows_what_outcomes_depend_on(
    scene_file: Path, strange_file: Path
) -> None:
    plans = [
        plan_of(scene_file),
        plan_of(scene_file, max_steps=3),
        plan_of(scene_file, mask=True),
        plan_of(strange_file),
    ]
    prints = [fingerprint(plan, open_bench(plan)) for plan in plans]
    assert all(prints.count(each) == 1 for each in prints)
    more = plan_of(scene_file, cases=9)
    assert fingerprint(more, open_bench(more)) == prints[0]


def test_a_mask_needs_a_known_edit(strange_file: Path) -> None:
    with pytest.raises(InputError, match="strange has no known scene; leave it out, or run pairs"):
        open_bench(plan_of(strange_file, mask=True))


def test_an_unknown_generator_is_named() -> None:
    with pytest.raises(GeneratorError, match="there is no generator 'unicorns'"):
        open_bench(plan_of(Path("unicorns")))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_a_study_that_is_ended(
    end: signal.Signals, scene_file: Path, tmp_path: Path
) -> None:
    options = ["--solver", "paper", "--cases", "500", "--points", "1", "--max-steps", "20"]
    files = ["--generator", str(scene_file), "--out", str(tmp_path), "--no-residual"]
    arguments = ["evaluate", "landmarks", *options, *files, "--device", "cpu", "--processes", "2"]
    begun = (tmp_path / OUTCOMES_FILE).exists
    check_end(arguments, end, begun, f"cases; they are in {tmp_path}")
