"""Runs the example notebooks and saves each with the outputs that a reader should see, and no others.

Usage: ``python tools/refresh_notebooks.py``
"""

import base64
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

EXAMPLES = Path(__file__).parent.parent / "examples"

PNG, MARKDOWN = "image/png", "text/markdown"

KEPT: Mapping[str, Mapping[str, str]] = {
    "quickstart.ipynb": {"picture": PNG},
    "evaluate.ipynb": {"table": MARKDOWN, "figure": PNG},
}
"""The cells whose outputs are kept, by their ids, and of what kind these are."""

LARGEST_PNG_BYTES = 250_000
"""A larger picture is stored with fewer colours, so that a notebook stays below 400 kB."""

COLOURS = 256
"""As many as a palette has; they need under a third of the bytes."""

KMEANS_TO_THE_END = 1
"""Pillow improves the colours until no pixel takes another one, which makes the steps in soft shades small."""


def main() -> None:
    """Run each notebook in an empty folder and write it back."""
    for name, kept in KEPT.items():
        _refresh(EXAMPLES / name, kept)


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
    """Return the one output of a kind that a cell has, with nothing besides."""
    (value,) = [each.data[kind] for each in cell.outputs if kind in each.get("data", {})]
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
    main()
