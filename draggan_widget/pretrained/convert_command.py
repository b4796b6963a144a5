"""The command ``draggan-widget convert``: writes a generator, given by name or file, anew."""

from __future__ import annotations

import argparse
from typing import Any

from draggan_widget.checkpoints.convert import LAYOUTS, OWN, PARTS, convert
from draggan_widget.pretrained import generator_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``convert``."""
    parser.add_argument("source", help="a generator by name, or a checkpoint of any known kind")
    parser.add_argument("target", help="file to write, .safetensors or .pt")
    parser.add_argument("--layout", choices=LAYOUTS, default=OWN, help="whose layout to write")
    parser.add_argument("--part", choices=PARTS, default="all", help="what to write")
    parser.add_argument("--label", type=int, help="class of a conditional generator, from 0")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Convert, and return what was written."""
    source = generator_file(args.source)
    written = convert(source, args.target, layout=args.layout, part=args.part, label=args.label)
    return {"written": [str(path) for path in written]}
