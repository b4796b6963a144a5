"""The command ``draggan-widget generators``: which generators have a name, and which of them are here."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from draggan_widget.pretrained.catalogue import catalogue
from draggan_widget.pretrained.download import downloaded_file


def add_arguments(_: argparse.ArgumentParser) -> None:
    """Add nothing: the command has no options of its own."""


def run(_: argparse.Namespace) -> dict[str, Any]:
    """Return what is known about every generator that has a name."""
    rows = [
        asdict(info) | {"is_here": info.is_embedded or downloaded_file(info) is not None}
        for info in catalogue()
    ]
    return {"generators": rows}


def as_text(values: dict[str, Any]) -> str:
    """Return the generators as lines."""
    lines = [
        f"{'*' if row['is_here'] else ' '} {row['name']:<26} {_size(row):<11}{row['architecture']:<13}{row['subject']}"
        for row in values["generators"]
    ]
    return "\n".join(
        (*lines, "* is on this machine; `draggan-widget download NAME` fetches another\n")
    )


def _size(row: dict[str, Any]) -> str:
    """Return width and height."""
    return f"{row['width']}x{row['height']}"
