"""The command ``draggan-widget evaluate``: its options, what it runs, and what it writes."""

import argparse
import importlib.util
import json
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from draggan_widget.errors import DragganError, InputError

if TYPE_CHECKING:
    from draggan_widget.evaluation.outcomes import Outcome, OutcomeFolder
    from draggan_widget.evaluation.study import Plan
    from draggan_widget.evaluation.trial import Bench

DEFAULT_CASES = 20
"""Enough to see differences of a third; published figures need hundreds."""

DEFAULT_MAX_STEPS = 100
"""The paper's cap for pairs; with its 300 for landmarks a study takes nearly twice as long."""

REPORT_FILE = "report.json"
TABLE_FILE = "report.md"

T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``draggan-widget evaluate`` to a parser."""
    from draggan_widget.drag.config import SOLVERS, SPACES, DragConfig
    from draggan_widget.evaluation.protocols import PROTOCOLS
    from draggan_widget.pretrained import DEFAULT_GENERATOR

    parser.add_argument(
        "protocol",
        choices=PROTOCOLS,
        help="; ".join(f"{name}: {each.summary}" for name, each in PROTOCOLS.items()),
    )
    parser.add_argument(
        "--solver",
        choices=sorted(SOLVERS),
        action="append",
        help=f"how to drag; give several to compare them (default: {DragConfig.solver})",
    )
    parser.add_argument(
        "--space",
        choices=SPACES,
        action="append",
        help=f"latent space; give several to compare them (default: {DragConfig.space})",
    )
    defaults = "; ".join(
        f"{' '.join(map(str, each.points))} for {name}"
        for name, each in PROTOCOLS.items()
        if each.points
    )
    parser.add_argument(
        "--points",
        type=int,
        action="append",
        metavar="K",
        help=f"how many points to drag, 24 for all; give several to compare them (default: {defaults})",
    )
    for name, default, words in (
        ("cases", DEFAULT_CASES, "cases of each setting"),
        ("first", 0, "number of the first case"),
        ("max-steps", DEFAULT_MAX_STEPS, "most steps of one drag; the paper has 300 for landmarks"),
    ):
        parser.add_argument(
            f"--{name}", type=int, default=default, help=f"{words} (default: %(default)s)"
        )
    parser.add_argument(
        "--generator",
        default=DEFAULT_GENERATOR,
        help="name or file of a generator (default: %(default)s)",
    )
    parser.add_argument(
        "--mask", action="store_true", help="tell each drag where the true edit changes the picture"
    )
    parser.add_argument(
        "--no-residual",
        action="store_true",
        help="leave out the distance to the manifold, which takes a second or two a case",
    )
    parser.add_argument("--processes", type=int, help="how many work at once (default: one a core)")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="keeps each outcome and the report; a stopped evaluation goes on from it",
    )
    parser.add_argument(
        "--figure",
        type=Path,
        metavar="FILE.png",
        help="draw typical and worst cases (needs matplotlib)",
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Run a protocol and return its report.

    Args:
        args: What :func:`add_arguments` defines, ``device`` (a torch device or None) and ``json``.

    Returns:
        The report, see `report`.

    Raises:
        InputError: An option cannot be used; the message names the cure.
        GeneratorError: A generator's pictures or gradients cannot be used.
        DragganError: The evaluation was interrupted.
    """
    from draggan_widget.errors import GeneratorError
    from draggan_widget.evaluation.outcomes import OutcomeFolder
    from draggan_widget.evaluation.report import markdown, report_of
    from draggan_widget.evaluation.study import default_processes, fingerprint, open_bench

    plan = _plan(args)
    _check_figure(args.figure)
    started = time.perf_counter()
    try:
        bench = open_bench(plan)
    except GeneratorError as error:  # what was named; what fails later is no bad argument
        raise InputError(str(error)) from error
    processes = args.processes or default_processes(bench.generator.device)
    folder = None if args.out is None else OutcomeFolder(args.out, fingerprint(plan, bench))
    outcomes = _conduct(plan, bench, processes, folder, quiet=args.json)
    seconds = time.perf_counter() - started
    report = report_of(plan, bench, outcomes, processes=processes, seconds=seconds)
    if args.out is not None:
        (args.out / REPORT_FILE).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        (args.out / TABLE_FILE).write_text(markdown(report), encoding="utf-8")
    if args.figure is not None:
        from draggan_widget.evaluation.figure import save_figure

        save_figure(plan, bench, outcomes, args.figure, quiet=args.json)
    return report


def as_text(report: dict[str, Any]) -> str:
    """Return what the command prints of a report for people."""
    from draggan_widget.evaluation.report import markdown

    return markdown(report)


def _plan(args: argparse.Namespace) -> "Plan":
    """Return what the options ask for, checked."""
    from draggan_widget.drag.config import DragConfig
    from draggan_widget.evaluation.cases import ALL_POINTS
    from draggan_widget.evaluation.outcomes import Setting
    from draggan_widget.evaluation.protocols import PROTOCOLS
    from draggan_widget.evaluation.study import Plan

    fixed = not PROTOCOLS[args.protocol].points
    if fixed and args.points:
        raise InputError(f"{args.protocol} has its own points; leave --points out")
    for option, smallest in (("cases", 1), ("first", 0), ("max_steps", 1), ("processes", 1)):
        value = getattr(args, option)
        if value is not None and value < smallest:
            name = option.replace("_", "-")
            raise InputError(f"--{name} must be a whole number from {smallest}, got {value}")
    points: tuple[int | None, ...] = (None,)
    if not fixed:
        points = _once(args.points or PROTOCOLS[args.protocol].points)
    for count in points:
        if count is not None and not 1 <= count <= ALL_POINTS:
            raise InputError(
                f"--points must be from 1 to {ALL_POINTS}, got {count}; {ALL_POINTS} takes all that are visible"
            )
    settings = tuple(
        Setting(solver, space, count)
        for solver in _once(args.solver or [DragConfig.solver])
        for space in _once(args.space or [DragConfig.space])
        for count in points
    )
    return Plan(
        protocol=args.protocol,
        generator=args.generator,
        settings=settings,
        first=args.first,
        cases=args.cases,
        max_steps=args.max_steps,
        mask=args.mask,
        residual=not args.no_residual,
        device=args.device,
    )


def _once(values: Iterable[T]) -> tuple[T, ...]:
    """Return values in their order, each once."""
    return tuple(dict.fromkeys(values))


def _check_figure(path: Path | None) -> None:
    """Refuse a figure that could not be drawn or written in the end."""
    if path is None:
        return
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError(
            "--figure needs matplotlib; install it: pip install 'draggan-widget[evaluation]'"
        )
    if path.suffix.lower() != ".png":
        raise InputError(f"--figure must end in .png, got {str(path)!r}")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {str(path.parent)!r} for --figure; make it first")


def _conduct(
    plan: "Plan", bench: "Bench", processes: int, folder: "OutcomeFolder | None", *, quiet: bool
) -> "list[Outcome]":
    """Return the outcome of every job of a plan; those that a folder holds are not run again."""
    from tqdm import tqdm

    from draggan_widget.evaluation.study import outcomes

    held = {} if folder is None else folder.outcomes
    found = [held[job] for job in plan.jobs if job in held]
    left = [job for job in plan.jobs if job not in held]
    # None shows the bar in a terminal only.
    silent = True if quiet else None
    with (
        tqdm(total=len(plan.jobs), initial=len(found), desc=plan.protocol, disable=silent) as bar,
        closing(outcomes(plan, bench, left, processes)) as stream,
    ):
        try:
            for outcome in stream:
                if folder is not None:
                    folder.add(outcome)
                found.append(outcome)
                bar.update()
        except KeyboardInterrupt:
            cure = (
                "with --out FOLDER it could go on from there"
                if folder is None
                else f"they are in {folder.path}, and the same command goes on from there"
            )
            raise DragganError(
                f"interrupted after {len(found)} of {len(plan.jobs)} cases; {cure}"
            ) from None
    return found
