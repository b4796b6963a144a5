"""The options of ``draggan-widget generators`` and ``draggan-widget download``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from tqdm.auto import tqdm

from draggan_widget.pretrained.catalogue import catalogue
from draggan_widget.pretrained.download import download_generator, downloaded_file, sha256_of


def add_download_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``download``."""
    parser.add_argument("name", help="a name that `draggan-widget generators` lists")
    parser.add_argument(
        "--accept-licence",
        action="store_true",
        help="say that you have read the licence of the weights and keep to it",
    )


def run_list(_: argparse.Namespace) -> dict[str, Any]:
    """Return what is known about every generator that has a name."""
    rows = [
        asdict(info) | {"is_here": info.is_embedded or downloaded_file(info) is not None}
        for info in catalogue()
    ]
    return {"generators": rows}


def list_as_text(values: dict[str, Any]) -> str:
    """Return the generators as lines."""
    lines = [
        f"{'*' if row['is_here'] else ' '} {row['name']:<26} {row['width']}x{row['height']:<6}"
        f"{row['architecture']:<13}{row['subject']}"
        for row in values["generators"]
    ]
    return "\n".join(
        (*lines, "* is on this machine; `draggan-widget download NAME` fetches another")
    )


def run_download(args: argparse.Namespace) -> dict[str, Any]:
    """Fetch a published generator, with a bar, and return its path and checksum."""
    with tqdm(unit="B", unit_scale=True, unit_divisor=1024, desc=args.name, disable=None) as bar:

        def tell(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        path = download_generator(args.name, accept_licence=args.accept_licence, progress=tell)
    return {"path": str(path), "sha256": sha256_of(path)}
