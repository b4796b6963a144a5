"""The evaluation as a function: checks what is asked for, runs it, and gives back report, tables and figure."""

import importlib.util
import json
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from operator import index
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

from draggan_widget.drag import DragConfig
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.evaluation.cases import ALL_POINTS
from draggan_widget.evaluation.outcomes import Outcome, OutcomeFolder, Setting
from draggan_widget.evaluation.protocols import PROTOCOLS
from draggan_widget.evaluation.report import markdown, report_of
from draggan_widget.evaluation.study import (
    Plan,
    fingerprint,
    open_bench,
    outcomes,
)
from draggan_widget.evaluation.trial import Bench
from draggan_widget.pretrained import DEFAULT_GENERATOR
from draggan_widget.processes import default_processes
from draggan_widget.progress import progress_bar

if TYPE_CHECKING:  # matplotlib is an extra
    from matplotlib.figure import Figure

DEFAULT_CASES = 20
"""Enough for a first look: the means of so few cases differ by a quarter from draw to draw; published figures need hundreds."""

DEFAULT_MAX_STEPS = 100
"""The paper's cap for pairs; with its 300 for landmarks a study takes nearly twice as long."""

REPORT_FILE = "report.json"
TABLE_FILE = "report.md"

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """What an evaluation tells; a notebook shows it as tables.

    Attributes:
        plan: What was run.
        bench: What it was run with.
        outcomes: Of every case under every setting, in the order in which they ended.
        report: All figures as JSON types; everything but durations (the entry ``timing``, the measures in s,
            ``seconds`` in ``rows``) is the same in every run on the same machine.
        progress: Whether the drawing of a figure shows a bar; None shows it in a terminal and in a notebook.
    """

    plan: Plan
    bench: Bench
    outcomes: Sequence[Outcome]
    report: dict[str, Any]
    progress: bool | None = None

    @property
    def markdown(self) -> str:
        """The tables, and what their columns mean."""
        return markdown(self.report)

    def figure(self) -> "Figure":
        """Return a figure of the spread of the cases, with pictures of a typical and the worst case of each setting.

        The cases that are shown are run once more when it is first asked for.

        Raises:
            InputError: matplotlib is missing.
        """
        check_matplotlib()
        return self._figure

    def save_figure(self, path: str | PathLike[str]) -> None:
        """Write the figure as a PNG file.

        Args:
            path: Ends in .png, in a folder that is there.

        Raises:
            InputError: The path cannot be used, or matplotlib is missing.
        """
        check_figure_path(path)
        self.figure().savefig(path)

    @cached_property
    def _figure(self) -> "Figure":
        """The figure, drawn once."""
        from draggan_widget.evaluation.figure import drawn

        return drawn(self.plan, self.bench, self.outcomes, progress=self.progress)

    def _repr_markdown_(self) -> str:
        """Return what a notebook shows."""
        return self.markdown

    def __repr__(self) -> str:
        """Return the evaluation in a line."""
        settings = len(self.plan.settings)
        return (
            f"<Evaluation {self.plan.protocol} on {self.bench.generator.name}: "
            f"{self.plan.cases} cases under {settings} setting{'s' * (settings > 1)}>"
        )


def evaluate(
    protocol: str = "landmarks",
    *,
    generator: str | PathLike[str] = DEFAULT_GENERATOR,
    solvers: str | Iterable[str] = (DragConfig.solver,),
    spaces: str | Iterable[str] = (DragConfig.space,),
    points: int | Iterable[int] | None = None,
    cases: int = DEFAULT_CASES,
    first: int = 0,
    max_steps: int = DEFAULT_MAX_STEPS,
    mask: bool = False,
    residual: bool = True,
    processes: int | None = None,
    device: torch.device | str | None = None,
    out: str | PathLike[str] | None = None,
    progress: bool | None = None,
) -> Evaluation:
    """Measure drags against the truth, as the command ``draggan-widget evaluate`` does.

    Every combination of solver, space and number of points is a setting, and every setting gets the same cases. A
    script needs no ``if __name__ == "__main__"``: the processes that work do not run it.

    Args:
        protocol: ``"landmarks"``, ``"pairs"``, ``"roundtrip"`` or ``"inversion"``.
        generator: Name or file of a generator.
        solvers: One name, or several to compare.
        spaces: One latent space, or several to compare.
        points: How many points to drag, from 1 to 24 (all that are visible), or several such numbers to compare; None
            takes those of the protocol. ``"pairs"`` has its own.
        cases: How many cases each setting gets.
        first: Number of the first case.
        max_steps: Most steps of one drag.
        mask: Whether each drag is told where the true edit changes the picture.
        residual: Whether the distance to the manifold is measured, which takes a second or two a case.
        processes: How many work at once; None is one a core, and one for a device of another kind.
        device: A torch device; None is a CUDA device where there is one, otherwise the CPU.
        out: Folder that keeps each outcome and the report; an evaluation that was stopped goes on from it.
        progress: Whether to show a bar; None shows it in a terminal and in a notebook.

    Returns:
        Report, tables and figure.

    Raises:
        InputError: An argument cannot be used; the message names the cure.
        GeneratorError: The generator's pictures or gradients cannot be used.
        KeyboardInterrupt: It was interrupted; the message says how much was done.
    """
    plan = Plan(
        protocol=_checked_protocol(protocol),
        generator=_checked_generator(generator),
        settings=_settings(protocol, solvers, spaces, points),
        first=_whole("first", first, 0),
        cases=_whole("cases", cases, 1),
        max_steps=_whole("max_steps", max_steps, 1),
        mask=_checked_switch("mask", mask),
        residual=_checked_switch("residual", residual),
        device=None if device is None else str(device),
    )
    workers = None if processes is None else _whole("processes", processes, 1)
    started = time.perf_counter()
    try:
        bench = open_bench(plan)
    except GeneratorError as error:  # what was named; what fails later is no bad argument
        raise InputError(str(error)) from error
    workers = workers or default_processes(bench.generator.device)
    folder = None if out is None else OutcomeFolder(_checked_folder(out), fingerprint(plan, bench))
    found = _conducted(plan, bench, workers, folder, progress)
    seconds = time.perf_counter() - started
    report = report_of(plan, bench, found, processes=workers, seconds=seconds)
    if folder is not None:
        folder.write(REPORT_FILE, json.dumps(report, indent=1, allow_nan=False) + "\n")
        folder.write(TABLE_FILE, markdown(report))
    return Evaluation(plan, bench, found, report, progress)


def check_matplotlib() -> None:
    """Refuse to draw without matplotlib.

    Raises:
        InputError: It is missing.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError(
            "a figure needs matplotlib; install it: pip install 'draggan-widget[evaluation]'"
        )


def check_figure_path(path: str | PathLike[str]) -> None:
    """Refuse a file in which no figure could be written.

    Raises:
        InputError: It has another ending, or its folder is not there.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{str(path)!r} is a folder; give the figure another name")
    if path.suffix.lower() != ".png":
        raise InputError(f"a figure must end in .png, got {str(path)!r}")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {str(path.parent)!r} for the figure; make it first")


def _conducted(
    plan: Plan, bench: Bench, processes: int, folder: OutcomeFolder | None, progress: bool | None
) -> list[Outcome]:
    """Return the outcome of every job of a plan; those that a folder holds are not run again."""
    held = {} if folder is None else folder.outcomes
    found = [held[job] for job in plan.jobs if job in held]
    left = [job for job in plan.jobs if job not in held]
    try:
        with (
            progress_bar(len(plan.jobs), plan.protocol, done=len(found), shown=progress) as bar,
            closing(outcomes(plan, bench, left, processes)) as stream,
        ):
            for outcome in stream:
                if folder is not None:
                    folder.add(outcome)
                found.append(outcome)
                bar.update()
    except KeyboardInterrupt:
        cure = (
            "given a folder (out), it could go on from there"
            if folder is None
            else f"they are in {folder.path}, and the same evaluation goes on from there"
        )
        raise KeyboardInterrupt(
            f"interrupted after {len(found)} of {len(plan.jobs)} cases; {cure}"
        ) from None
    return found


def _settings(
    protocol: str,
    solvers: str | Iterable[str],
    spaces: str | Iterable[str],
    points: int | Iterable[int] | None,
) -> tuple[Setting, ...]:
    """Return every combination of what is compared, checked, each once."""
    counts: tuple[int | None, ...] = (None,)
    if own := PROTOCOLS[protocol].points:
        asked = (
            own if points is None else (points,) if isinstance(points, int | np.integer) else points
        )
        counts = tuple(map(_checked_count, _several("points", asked)))
    elif points is not None:
        raise InputError(f"{protocol} has its own points; leave points out")
    named = [(each,) if isinstance(each, str) else each for each in (solvers, spaces)]
    configs = [
        DragConfig(solver=solver, space=space)
        for solver in _several("solvers", named[0])
        for space in _several("spaces", named[1])
    ]
    return tuple(Setting(each.solver, each.space, count) for each in configs for count in counts)


def _checked_protocol(protocol: str) -> str:
    """Return the name of a protocol."""
    if not isinstance(protocol, str) or protocol not in PROTOCOLS:
        raise InputError(f"protocol must be one of {list(PROTOCOLS)}, got {protocol!r}")
    return protocol


def _checked_generator(generator: str | PathLike[str]) -> str:
    """Return the name or file of a generator, which every process can read."""
    if not isinstance(generator, str | PathLike):
        raise InputError(
            f"generator must be a name or a file, got {type(generator).__name__}; "
            "draggan_widget.checkpoints.save_generator_file writes one"
        )
    return fspath(generator)


def _checked_folder(folder: str | PathLike[str]) -> Path:
    """Return the path of a folder."""
    if not isinstance(folder, str | PathLike) or not fspath(folder):
        raise InputError(f"out must be a folder, got {folder!r}; leave it out to keep nothing")
    return Path(folder)


def _checked_count(count: int) -> int:
    """Return a number of points."""
    if not _is_whole(count) or not 1 <= index(count) <= ALL_POINTS:
        raise InputError(
            f"points must be from 1 to {ALL_POINTS}, got {count}; {ALL_POINTS} takes all that are visible"
        )
    return index(count)


def _checked_switch(name: str, value: bool) -> bool:
    """Return True or False; whoever gives a mask of pixels means something else."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} must be True or False, got {type(value).__name__}")
    return bool(value)


def _several(name: str, values: Iterable[T]) -> tuple[T, ...]:
    """Return values in their order, each once, and at least one."""
    try:
        once = tuple(dict.fromkeys(values))
    except TypeError as error:
        raise InputError(
            f"{name} must be one value or a list of several, got {values!r}"
        ) from error
    if not once:
        raise InputError(f"{name} must have at least one entry, got none; leave {name} out")
    return once


def _whole(name: str, value: int, smallest: int) -> int:
    """Return a whole number from ``smallest``."""
    if not _is_whole(value) or index(value) < smallest:
        raise InputError(f"{name} must be a whole number from {smallest}, got {value!r}")
    return index(value)


def _is_whole(value: object) -> bool:
    """Whether a value is a whole number, NumPy's included; True and False are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
