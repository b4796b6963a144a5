"""The command ``draggan-widget sample``: the picture of a seed."""

import argparse
from typing import Any

from draggan_widget.subcommands.picture import add_picture_arguments, session_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``sample``."""
    add_picture_arguments(parser)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Write the picture of a seed."""
    session = session_of(args)
    session.save_image(args.out)
    width, height = session.image.size
    return {
        "image": args.out,
        "generator": session.generator.name,
        "seed": args.seed,
        "width": width,
        "height": height,
    }
