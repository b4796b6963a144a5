"""The command ``draggan-widget evaluate``: its options, handed to `evaluate`."""

import argparse
from pathlib import Path
from typing import Any

from draggan_widget.interrupts import terminable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``draggan-widget evaluate`` to a parser."""
    from draggan_widget.drag.config import SOLVERS, SPACES, DragConfig
    from draggan_widget.evaluation.evaluate import DEFAULT_CASES, DEFAULT_MAX_STEPS
    from draggan_widget.evaluation.protocols import PROTOCOLS
    from draggan_widget.pretrained import DEFAULT_GENERATOR

    parser.add_argument(
        "protocol",
        choices=PROTOCOLS,
        help="; ".join(f"{name}: {each.summary}" for name, each in PROTOCOLS.items()),
    )
    for name, choices, default, words in (
        ("solver", sorted(SOLVERS), DragConfig.solver, "how to drag"),
        ("space", SPACES, DragConfig.space, "latent space"),
    ):
        parser.add_argument(
            f"--{name}",
            choices=choices,
            action="append",
            help=f"{words}; give several to compare them (default: {default})",
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
    for option, count, words in (
        ("cases", DEFAULT_CASES, "cases of each setting"),
        ("first", 0, "number of the first case"),
        ("max-steps", DEFAULT_MAX_STEPS, "most steps of one drag; the paper has 300 for landmarks"),
    ):
        parser.add_argument(
            f"--{option}", type=int, default=count, help=f"{words} (default: %(default)s)"
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


@terminable()
def run(args: argparse.Namespace) -> dict[str, Any]:
    """Run a protocol and return its report.

    Args:
        args: What :func:`add_arguments` defines, ``device`` (a torch device or None) and ``json``.

    Returns:
        The report, see `report`.

    Raises:
        InputError: An option cannot be used; the message names the cure.
        GeneratorError: A generator's pictures or gradients cannot be used.
        KeyboardInterrupt: It was interrupted; the message says how much was done.
    """
    from draggan_widget.drag import DragConfig
    from draggan_widget.evaluation.evaluate import check_figure_path, check_matplotlib, evaluate

    if args.figure is not None:  # before the work, not after it
        check_matplotlib()
        check_figure_path(args.figure)
    evaluation = evaluate(
        args.protocol,
        generator=args.generator,
        solvers=args.solver or (DragConfig.solver,),
        spaces=args.space or (DragConfig.space,),
        points=args.points,
        cases=args.cases,
        first=args.first,
        max_steps=args.max_steps,
        mask=args.mask,
        residual=not args.no_residual,
        processes=args.processes,
        device=args.device,
        out=args.out,
        progress=False if args.json else None,
    )
    if args.figure is not None:
        evaluation.save_figure(args.figure)
    return evaluation.report


def as_text(report: dict[str, Any]) -> str:
    """Return what the command prints of a report for people."""
    from draggan_widget.evaluation.report import markdown

    return markdown(report)
