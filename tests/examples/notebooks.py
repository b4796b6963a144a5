"""The example notebooks: as they are stored, and executed as they are in a real kernel."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from numpy.typing import NDArray
from PIL import Image

EXAMPLES = Path(__file__).parents[2] / "examples"
CELL_TIMEOUT_S = 300
IMAGES = ("image/png", "image/jpeg", "image/webp")

Cells = Mapping[str, nbformat.NotebookNode]


def stored(name: str) -> Cells:
    """Return the cells of a notebook by their ids, as they are in the repository."""
    return {cell["id"]: cell for cell in nbformat.read(EXAMPLES / name, as_version=4).cells}


def executed(name: str, folder: Path) -> Cells:
    """Return the cells of a notebook by their ids, with the outputs of a run in a folder from top to bottom."""
    notebook = nbformat.read(EXAMPLES / name, as_version=4)
    client = NotebookClient(
        notebook, timeout=CELL_TIMEOUT_S, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return {cell["id"]: cell for cell in notebook.cells}


def text_of(cell: nbformat.NotebookNode) -> str:
    """Return the value that a cell ends with, as text; a bar may stand before it."""
    (text,) = [
        output.data["text/plain"]
        for output in cell.outputs
        if output.output_type == "execute_result"
    ]
    return str(text)


def picture_of(cell: nbformat.NotebookNode) -> NDArray[np.uint8]:
    """Return the one picture that a cell leaves, ``[H, W, 3]``, 8-bit RGB."""
    (output,) = cell.outputs
    kind = next(kind for kind in IMAGES if kind in output.data)
    with Image.open(io.BytesIO(base64.b64decode(output.data[kind]))) as image:
        return np.asarray(image.convert("RGB"))


def squares_of(picture: NDArray[np.uint8], side: int) -> list[NDArray[np.uint8]]:
    """Return the pictures of one row, from left to right."""
    return [picture[:side, x : x + side] for x in range(0, picture.shape[1], side)]


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the mean difference of two pictures, of 255."""
    return float(np.abs(np.subtract(one, other, dtype=np.float64)).mean())
