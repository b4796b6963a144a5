"""What commands share that make a picture of a seed."""

import argparse
from typing import Any

from draggan_widget.arguments import output_file
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.export import IMAGE_FORMATS
from draggan_widget.session import DragSession


def add_picture_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a picture and where the result goes."""
    parser.add_argument(
        "--generator", default="animals", help="name or file of a generator (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the picture (default: 0)")
    parser.add_argument(
        "--out", type=output_file(*IMAGE_FORMATS), required=True, help="picture to write"
    )


def session_of(args: argparse.Namespace, **options: Any) -> DragSession:
    """Return a session on the chosen picture."""
    try:
        return DragSession(args.generator, seed=args.seed, device=args.device, **options)
    except GeneratorError as error:  # what was named; a drag that fails later is no bad argument
        raise InputError(str(error)) from error
