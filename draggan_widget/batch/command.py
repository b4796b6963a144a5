"""The command ``draggan-widget batch``: its options, handed to `drag_batch`."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from draggan_widget.interrupts import terminable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``draggan-widget batch`` to a parser."""
    parser.add_argument(
        "items",
        type=Path,
        metavar="ITEMS.json|FOLDER",
        help="a list of recipes, jobs and paths, or a folder with sessions (.dgs, .png), recipes and jobs (.json)",
    )
    parser.add_argument(
        "--out",
        type=_folder,
        required=True,
        metavar="FOLDER",
        help="keeps each result and the tables; a batch that was stopped goes on from it",
    )
    parser.add_argument(
        "--generator", help="name or file of a generator for all items (default: each item's own)"
    )
    parser.add_argument(
        "--processes", type=int, default=1, help="how many work at once (default: %(default)s)"
    )
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="scheduler of a Dask cluster that does the work"
    )
    parser.add_argument(
        "--contact-sheet",
        type=Path,
        metavar="FILE.png",
        help="draw each item before and now, side by side",
    )
    parser.add_argument("--first", type=int, help="how many items the sheet shows (default: all)")


def _folder(text: str) -> Path:
    """Return the path of a folder; of an empty text it would be the one in which the shell stands."""
    if not text:
        raise argparse.ArgumentTypeError("must be a folder, got nothing")
    return Path(text)


@terminable()
def run(args: argparse.Namespace) -> dict[str, Any]:
    """Drag a batch and return what came out.

    Args:
        args: What :func:`add_arguments` defines, ``device`` (a torch device or None) and ``json``.

    Raises:
        InputError: An option cannot be used; the message names the cure.
        DragganError: The cluster cannot be reached, or no process can begin.
        BatchInterrupted: It was interrupted; the message says how much was done.
    """
    from draggan_widget.batch.cluster import connected
    from draggan_widget.batch.conduct import TABLES, drag_batch
    from draggan_widget.batch.item_files import read_items
    from draggan_widget.errors import InputError
    from draggan_widget.export import save_image

    sheet = args.contact_sheet
    if sheet is not None and (sheet.suffix.lower() != ".png" or not sheet.parent.is_dir()):
        raise InputError(
            f"--contact-sheet must be a .png file in a folder that is there, got {sheet}"
        )
    if args.first is not None and args.first < 1:
        raise InputError(f"--first must be a whole number from 1, got {args.first}")
    items = read_items(args.items)
    with ExitStack() as stack:
        client = None if args.dask is None else stack.enter_context(connected(args.dask))
        result = drag_batch(
            items,
            generator=args.generator,
            processes=args.processes,
            client=client,
            out=args.out,
            progress=False if args.json else None,
            device=args.device,
        )
    if sheet is not None:
        save_image(result.contact_sheet(args.first), sheet)
    return {
        "items": len(result),
        "counts": result.counts,
        "failed": [
            {"item": row.item, "index": row.index, "error": row.error} for row in result.failed
        ],
        "tables": [str(args.out / name) for name in TABLES],
        **({} if sheet is None else {"contact_sheet": str(sheet)}),
    }


def has_failed(values: dict[str, Any]) -> bool:
    """Return whether every item has failed; single ones are in the table."""
    return bool(len(values["failed"]) == values["items"])


def as_text(values: dict[str, Any]) -> str:
    """Return what the command prints for people."""
    counts = ", ".join(f"{count} {status}" for status, count in values["counts"].items())
    lines = [f"{values['items']} items: {counts}"]
    lines += [f"{each['index']} {each['item']}: {each['error']}" for each in values["failed"]]
    lines += [*values["tables"], *([values["contact_sheet"]] if "contact_sheet" in values else [])]
    return "\n".join(lines) + "\n"
