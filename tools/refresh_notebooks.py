"""Runs the example notebooks and saves each with the outputs that a reader should see, and no others.

Usage: ``python tools/refresh_notebooks.py [NAME.ipynb ...]``; without names, all of them.
"""

import base64
import io
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

EXAMPLES = Path(__file__).parent.parent / "examples"

PNG, JPEG, MARKDOWN, TEXT = "image/png", "image/jpeg", "text/markdown", "text/plain"

KEPT: Mapping[str, Mapping[str, str]] = {
    "quickstart.ipynb": {"picture": PNG},
    "scripting.ipynb": {
        "drag": TEXT,
        "words": TEXT,
        "mask": TEXT,
        "outside": TEXT,
        "session": TEXT,
        "picture": JPEG,
    },
    "masks_and_history.ipynb": {
        "free": TEXT,
        "masked": TEXT,
        "outside": TEXT,
        "entries": TEXT,
        "undo": TEXT,
        "save": TEXT,
        "picture": JPEG,
    },
    "inspector.ipynb": {"drag": TEXT, "numbers-now": TEXT, "picture": PNG},
    "contact_sheet.ipynb": {"results": TEXT, "picture": JPEG},
    "evaluate.ipynb": {"table": MARKDOWN, "figure": PNG},
}
"""The cells whose outputs are kept, by their ids, and of what kind these are."""

LARGEST_PNG_BYTES = 250_000
"""A larger picture is stored with fewer colours, so that a notebook stays below 400 kB."""

COLOURS = 256
"""As many as a palette has; they need under a third of the bytes."""

KMEANS_TO_THE_END = 1
"""Pillow improves the colours until no pixel takes another one, which makes the steps in soft shades small."""


def main(names: Sequence[str]) -> None:
    """Run notebooks, each in an empty folder, and write them back."""
    for name in names or KEPT:
        _refresh(EXAMPLES / name, KEPT[name])


def _refresh(path: Path, kept: Mapping[str, str]) -> None:
    """Run a notebook and write it back with some outputs."""
    written = nbformat.read(path, as_version=4)
    ran = nbformat.from_dict(written)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(ran, resources={"metadata": {"path": folder}}).execute()
    for before, after in zip(written.cells, ran.cells, strict=True):
        if before.cell_type == "code":
            kind = kept.get(before["id"])
            before.execution_count = None
            before.outputs = [] if kind is None else [_still(after, kind)]
    nbformat.write(written, path)


def _still(cell: nbformat.NotebookNode, kind: str) -> nbformat.NotebookNode:
    """Return the last output of a kind that a cell has, with nothing besides; bars of progress come before it."""
    *_, value = [each.data[kind] for each in cell.outputs if kind in each.get("data", {})]
    data = {kind: _small(value) if kind == PNG else value}
    still: nbformat.NotebookNode = nbformat.v4.new_output("display_data", data=data)
    return still


def _small(png: str) -> str:
    """Return a picture, PNG in base 64, as it is stored."""
    content = base64.b64decode(png)
    if len(content) <= LARGEST_PNG_BYTES:
        return png
    with Image.open(io.BytesIO(content)) as image, io.BytesIO() as file:
        fewer = image.convert("RGB").quantize(
            COLOURS,
            Image.Quantize.MAXCOVERAGE,  # the colours of thin lines and small marks stay apart
            kmeans=KMEANS_TO_THE_END,
        )
        fewer.save(file, "PNG", optimize=True)
        return base64.b64encode(file.getvalue()).decode()


if __name__ == "__main__":
    main(sys.argv[1:])
