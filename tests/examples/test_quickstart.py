"""The quickstart notebook, executed as it is in a real kernel."""

from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

from draggan_widget import DragSession

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart.ipynb"
CELL_TIMEOUT_S = 300

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebook runs."""
    return tmp_path_factory.mktemp("quickstart")


@pytest.fixture(scope="module")
def cells(folder: Path) -> Mapping[str, nbformat.NotebookNode]:
    """The cells with the outputs of a run from top to bottom, by their ids."""
    notebook = nbformat.read(QUICKSTART, as_version=4)
    client = NotebookClient(
        notebook, timeout=CELL_TIMEOUT_S, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return {cell["id"]: cell for cell in notebook.cells}


def test_the_first_cell_shows_the_widget(cells: Mapping[str, nbformat.NotebookNode]) -> None:
    view, result, _ = cells["widget"].outputs
    assert "application/vnd.jupyter.widget-view+json" in view.data
    assert "image/png" in result.data


def test_the_scripted_drag_arrives(cells: Mapping[str, nbformat.NotebookNode]) -> None:
    bar, output = cells["drag"].outputs
    assert "arrived" in bar.data["text/plain"]
    assert "arrived" in output.data["text/plain"]


def test_the_picture_is_shown_before_and_after(
    cells: Mapping[str, nbformat.NotebookNode],
) -> None:
    (output,) = cells["picture"].outputs
    assert "image/png" in output.data


def test_picture_animation_and_session_are_saved(
    cells: Mapping[str, nbformat.NotebookNode], folder: Path
) -> None:
    assert cells["save"].outputs == [] or "error" not in cells["save"].outputs[0].output_type
    session = DragSession.load(folder / "animal.dgs", device="cpu")
    with Image.open(folder / "animal.png") as image, Image.open(folder / "animal.gif") as moving:
        assert image.size == moving.size == session.image.size
        assert getattr(moving, "n_frames", 1) > 1
    assert session.status == "idle"
    assert abs(session.handle_points - session.target_points).max() <= 1.0
