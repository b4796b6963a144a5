"""The command ``draggan-widget bench``: its options, checked, and what they measure."""

import argparse
from collections.abc import Mapping
from typing import Any

from draggan_widget.errors import InputError

BENCHMARKS: Mapping[str, str] = {
    "step": "one step of the plain loops and of each solver, no frame drawn",
    "edit": "from putting a point down to its arrival",
    "live": "following a pointer that never rests",
    "frames": "drawing and encoding a picture",
}
"""The benchmarks and what they measure."""

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "step": ("sizes", "channels", "rounds", "solver", "case", "memory"),
    "edit": (
        "sizes",
        "channels",
        "rounds",
        "solver",
        "generator",
        "enlarge",
        "seed",
        "distance",
        "plain_steps",
        "plain_rate",
    ),
    "live": ("channels", "generator", "enlarge", "seed", "solver", "landmark", "pictures"),
    "frames": ("sizes", "channels", "rounds", "generator"),
}
"""Options of each benchmark, besides those of all."""

DEFAULTS: Mapping[str, Any] = {
    "channels": 512,
    "rounds": 5,
    "memory": False,
    "seed": 0,
    "distance": 24.0,
    "plain_steps": 100,
    "landmark": "nose_tip",
    "pictures": 100,
}
"""What holds where an option is left out."""

DEFAULT_SIZES: Mapping[str, list[int]] = {
    "step": [256, 512, 1024],
    "edit": [512],
    "frames": [256, 512, 1024],
}
"""Sizes of the pictures of random weights."""

LONGEST_DISTANCE_PX = 240.0
"""From the middle of a 512-px picture to near its border."""

LARGEST_RATE = 1.0
"""Learning rates of w above lead nowhere."""

SMALLEST_SIZE = 32
"""A picture of fewer pixels has no room for patches and windows."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``draggan-widget bench`` to a parser."""
    from draggan_widget.benchmarks.live import SETTINGS
    from draggan_widget.benchmarks.steps import CASES, PLAIN_LOOPS
    from draggan_widget.drag.config import SOLVERS

    parser.add_argument(
        "benchmark",
        choices=BENCHMARKS,
        help="; ".join(f"{name}: {summary}" for name, summary in BENCHMARKS.items()),
    )
    parser.add_argument(
        "--sizes",
        "--size",
        type=int,
        nargs="+",
        metavar="PX",
        help="sizes of the pictures of random weights (default: 256 512 1024; for edit 512, with --enlarge none)",
    )
    parser.add_argument("--threads", type=int, help="threads to compute with (default: torch's)")
    for option, kind, words in (
        ("channels", int, "channels of the inner layers of random weights, and with --enlarge"),
        ("rounds", int, "how often each is measured"),
        ("seed", int, "seed of the picture"),
        ("distance", float, "length of the edit, in px of a 512-px picture"),
        ("plain-steps", int, "most steps of the plain loop of an edit; 0 leaves it out"),
        ("landmark", str, "what the pointer holds"),
        ("pictures", int, "how many pictures follow the pointer"),
    ):
        default = DEFAULTS[option.replace("-", "_")]
        parser.add_argument(f"--{option}", type=kind, help=f"{words} (default: {default})")
    parser.add_argument(
        "--plain-rate",
        type=float,
        help="learning rate of the plain loop of an edit, in units of w, such as the published 1e-3 "
        "(default: 0.01 standard deviations of w)",
    )
    parser.add_argument(
        "--solver",
        choices=list(dict.fromkeys([*PLAIN_LOOPS, *SOLVERS, *SETTINGS])),
        action="append",
        help="what to measure; give several to compare them",
    )
    parser.add_argument(
        "--case",
        choices=CASES,
        action="append",
        help="points to drag in a step; give several (default: all)",
    )
    parser.add_argument(
        "--generator",
        action="append",
        help="name or file of a generator, besides random weights; give several (default: animals)",
    )
    parser.add_argument(
        "--enlarge",
        type=int,
        nargs="+",
        metavar="PX",
        help="sizes to which each named generator is enlarged, to be measured too: the same pictures and drags, "
        "resampled, from a network as deep and wide as a published one (edit and live)",
    )
    parser.add_argument(
        "--memory",
        action="store_true",
        default=None,
        help="also measure the most memory of each, in processes of their own",
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Run a benchmark and return its report.

    Args:
        args: What :func:`add_arguments` defines, ``device`` (a torch device or None) and ``json``.

    Returns:
        ``benchmark``, ``summary``, ``machine``, ``settings``, ``tables`` (rows by name) and ``notes``, as JSON types.

    Raises:
        InputError: An option cannot be used; the message names the cure.
        DragganError: A drag ended before it could be measured.
    """
    from draggan_widget.benchmarks.machine import machine_facts, thread_count
    from draggan_widget.benchmarks.networks import device_of
    from draggan_widget.benchmarks.tables import NOTES, TABLES

    settings = checked_settings(args)
    device = device_of(args.device)
    with thread_count(args.threads):
        tables = TABLES[args.benchmark](settings, device, False if args.json else None)
        return {
            "benchmark": args.benchmark,
            "summary": BENCHMARKS[args.benchmark],
            "machine": machine_facts(device),
            "settings": settings,
            "tables": tables,
            "notes": list(NOTES[args.benchmark]),
        }


def checked_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of a benchmark, those left out by their defaults.

    Raises:
        InputError: An option of another benchmark, or a value out of range.
    """
    known = OPTIONS[args.benchmark]
    for name in dict.fromkeys(n for names in OPTIONS.values() for n in names):
        if name not in known and getattr(args, name) is not None:
            option = name.replace("_", "-")
            raise InputError(f"--{option} is no option of bench {args.benchmark}; leave it out")
    settings = {name: getattr(args, name) for name in known}
    for name, default in DEFAULTS.items():
        if name in settings and settings[name] is None:
            settings[name] = default
    if "sizes" in settings:
        default_sizes = [] if settings.get("enlarge") else DEFAULT_SIZES[args.benchmark]
        settings["sizes"] = sizes = settings["sizes"] or default_sizes
        if sizes and min(sizes) < SMALLEST_SIZE:
            raise InputError(f"sizes must be from {SMALLEST_SIZE} px, got {min(sizes)}")
    if "generator" in settings:
        settings["generator"] = settings["generator"] or ["animals"]
    for name, smallest in (("rounds", 1), ("pictures", 1), ("plain_steps", 0), ("seed", 0)):
        if name in settings and settings[name] < smallest:
            raise InputError(f"{name} must be a whole number from {smallest}, got {settings[name]}")
    if settings.get("plain_rate") is not None and not 0 < settings["plain_rate"] <= LARGEST_RATE:
        raise InputError(
            f"plain_rate must be from 0 to {LARGEST_RATE:g}, got {settings['plain_rate']}; 1e-3 is the published one"
        )
    if "distance" in settings and not 0 < settings["distance"] <= LONGEST_DISTANCE_PX:
        raise InputError(
            f"distance must be from 0 to {LONGEST_DISTANCE_PX:g} px of a 512-px picture, got {settings['distance']}"
        )
    return settings


def as_text(report: dict[str, Any]) -> str:
    """Return what the command prints of a report for people."""
    from draggan_widget.benchmarks.report import as_text as text

    return text(report)
