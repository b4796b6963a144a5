"""The command ``draggan-widget download``: fetches a published generator."""

from __future__ import annotations

import argparse
from typing import Any

from draggan_widget.digests import file_digest
from draggan_widget.errors import InputError
from draggan_widget.pretrained.download import download_generator
from draggan_widget.progress import progress_bar


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``download``."""
    parser.add_argument("name", help="a name that `draggan-widget generators` lists")
    parser.add_argument(
        "--accept-licence",
        action="store_true",
        help="say that you have read the licence of the weights and keep to it",
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Fetch a published generator, with a bar, and return its path and checksum.

    Raises:
        InputError, GeneratorError: As for :func:`download_generator`.
    """
    with progress_bar(None, args.name, unit="B", unit_scale=True, unit_divisor=1024) as bar:

        def tell(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        try:
            path = download_generator(args.name, accept_licence=args.accept_licence, progress=tell)
        except InputError as error:  # in a shell the argument is an option
            words = str(error).replace("accept_licence=True", "--accept-licence")
            raise InputError(words) from error
    return {"path": str(path), "sha256": file_digest(path)}
