"""The evaluation notebook: executed as it is in a real kernel, and as it is stored."""

import base64
import io
import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from nbclient import NotebookClient
from numpy.typing import NDArray
from PIL import Image

from draggan_widget.evaluation.cases import GROUPS
from draggan_widget.evaluation.figure import FOUND_COLOUR, HANDLE_COLOUR, TARGET_COLOUR

NOTEBOOK = Path(__file__).parents[2] / "examples" / "evaluate.ipynb"
CELL_TIMEOUT_S = 600
LARGEST_BYTES = 400_000

PNG, MARKDOWN = "image/png", "text/markdown"
SETTINGS = [(solver, str(points)) for solver, points in product(("paper", "official"), (1, 5))]
COLUMNS = {"before", "tracked", "true", "floor"}

COLOURS = ("C0", "C1", "C2", "C3", HANDLE_COLOUR, TARGET_COLOUR, FOUND_COLOUR)
COLOUR_TOLERANCE = 20
"""Colours of the curves and marks, and how far, of 255, a stored one may be off."""

ROW = re.compile(r"(\w+) +(\d+) +(\w+) +([\d.]+) +([\d.]+) +([\d.]+)  (arrived|max_steps|stalled)")

Cells = Mapping[str, nbformat.NotebookNode]


@pytest.fixture(scope="module")
def stored() -> Cells:
    """The cells as they are in the repository, by their ids."""
    return _by_id(nbformat.read(NOTEBOOK, as_version=4))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebook runs."""
    return tmp_path_factory.mktemp("evaluate")


@pytest.fixture(scope="module")
def cells(folder: Path) -> Cells:
    """The cells with the outputs of a run from top to bottom, by their ids."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, timeout=CELL_TIMEOUT_S, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return _by_id(notebook)


@pytest.mark.slow
def test_the_evaluation_is_shown_as_a_table_with_a_row_for_each_setting(cells: Cells) -> None:
    titles, *rows = _table(_only(cells["table"], MARKDOWN))
    assert {title.split(",")[0] for title in titles} >= COLUMNS
    assert [(row[0], row[2]) for row in rows] == SETTINGS
    true = [float(row[titles.index("true, px (%)")].split()[0]) for row in rows]
    assert all(0 < value < 128 for value in true)


@pytest.mark.slow
def test_the_figure_is_shown_once_with_pictures(cells: Cells) -> None:
    pixels = _pixels(_only(cells["figure"], PNG))
    assert 1000 < pixels.shape[0] < 1400
    assert 1000 < pixels.shape[1] < 1400
    colours = np.unique(pixels.reshape(-1, 3), axis=0)
    assert len(colours) > 10_000


@pytest.mark.slow
def test_a_line_is_printed_for_each_setting_and_kind_of_edit(cells: Cells) -> None:
    (output,) = cells["rows"].outputs
    _, *lines = output.text.splitlines()
    found = [_fields(line) for line in lines]
    assert [((solver, points), edit) for solver, points, edit, *_ in found] == list(
        product(SETTINGS, GROUPS)
    )
    for *_, before, tracked, true, _status in found:
        assert 0 < float(true) < 512
        assert 0 <= float(tracked) < 512
        assert float(before) > 0


@pytest.mark.slow
def test_where_the_solver_has_arrived_it_is_nearer_by_its_own_account_than_in_truth(
    cells: Cells,
) -> None:
    (output,) = cells["arrived"].outputs
    means = re.findall(r"'(\w+)': ([\d.]+)", output.data["text/plain"])
    assert [name for name, _ in means] == ["tracked_error", "true_error"]
    tracked, true = (float(value) for _, value in means)
    assert tracked < true


@pytest.mark.slow
def test_the_notebook_leaves_no_files_behind(cells: Cells, folder: Path) -> None:
    assert cells
    assert list(folder.iterdir()) == []


def test_table_and_figure_are_stored_for_those_who_only_read(stored: Cells) -> None:
    kinds = {
        name: [kind for output in cell.outputs for kind in output.data]
        for name, cell in stored.items()
        if cell.get("outputs")
    }
    assert kinds == {"table": [MARKDOWN], "figure": [PNG]}
    _, *rows = _table(_only(stored["table"], MARKDOWN))
    assert [(row[0], row[2]) for row in rows] == SETTINGS
    pixels = _pixels(_only(stored["figure"], PNG))
    assert 1000 < pixels.shape[0] < 1400
    assert 1000 < pixels.shape[1] < 1400
    colours = np.unique(pixels.reshape(-1, 3), axis=0)
    assert len(colours) > 100
    for colour in COLOURS:  # fewer are stored than were drawn
        assert abs(colours - 255 * np.array(to_rgb(colour))).max(axis=1).min() < COLOUR_TOLERANCE


def test_the_stored_notebook_is_small_and_looks_as_if_it_had_not_run(stored: Cells) -> None:
    assert NOTEBOOK.stat().st_size < LARGEST_BYTES
    code = [cell for cell in stored.values() if cell.cell_type == "code"]
    assert all(cell.execution_count is None for cell in code)


def _by_id(notebook: nbformat.NotebookNode) -> Cells:
    """Return the cells of a notebook by their ids."""
    return {cell["id"]: cell for cell in notebook.cells}


def _only(cell: nbformat.NotebookNode, kind: str) -> str:
    """Return the one output of a kind that a cell has."""
    (value,) = (output.data[kind] for output in cell.outputs if kind in output.get("data", {}))
    assert isinstance(value, str)
    return value


def _table(markdown: str) -> list[list[str]]:
    """Return titles and rows of the first table."""
    lines = next(part for part in markdown.split("\n\n") if part.startswith("|")).splitlines()
    titles, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines)
    return [titles, *rows]


def _fields(line: str) -> tuple[str, ...]:
    """Return what a printed line says."""
    match = ROW.fullmatch(line)
    assert match is not None, line
    return match.groups()


def _pixels(png: str) -> NDArray[np.uint8]:
    """Return the pixels of a picture, PNG in base 64: ``[H, W, 3]``, 8-bit RGB."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))
