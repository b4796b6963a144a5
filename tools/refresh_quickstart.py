"""Runs the quickstart and saves it with the picture that it ends with, and no other output.

Usage: ``python tools/refresh_quickstart.py``
"""

import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

QUICKSTART = Path(__file__).parent.parent / "examples" / "quickstart.ipynb"
PICTURE_CELL = "picture"
KEPT = ("image/png", "text/plain")


def main() -> None:
    """Run the notebook in an empty folder and write it back."""
    written = nbformat.read(QUICKSTART, as_version=4)
    ran = nbformat.from_dict(written)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(ran, resources={"metadata": {"path": folder}}).execute()
    outputs = {cell["id"]: cell.outputs for cell in ran.cells if cell["id"] == PICTURE_CELL}
    for cell in written.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [_still(output) for output in outputs.get(cell["id"], [])]
    nbformat.write(written, QUICKSTART)


def _still(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return an output with the picture and its text only."""
    data = {kind: value for kind, value in output.data.items() if kind in KEPT}
    still: nbformat.NotebookNode = nbformat.v4.new_output("display_data", data=data)
    return still


if __name__ == "__main__":
    main()
