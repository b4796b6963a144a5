"""What a widget leaves in the file of a notebook that is run without a page, and what of it is seen without a kernel."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from PIL import Image

from draggan_widget.drag_bar import bar_text
from draggan_widget.frames import RESULT_MARK
from draggan_widget.kept_result import LARGEST_PNG_PX

ROOT = Path(__file__).parent.parent
VIEW = "application/vnd.jupyter.widget-view+json"

CELLS: Mapping[str, str] = {
    "make": """
from tests.picture_blobs import PictureBlobs
import draggan_widget as dg
slow = {"solver": "paper"}
w = dg.DragWidget(generator=PictureBlobs(), config=slow)
w.image.save("first.png")
""",
    "show": "w",
    "again": "display(w)",
    "drag": "w.handle_points = [[30, 32]]; w.target_points = [[33, 31]]\nresult = w.drag()",
    "await": "w.undo()\nawait w.drag_async(); w.image.save('last.png')",
    "quiet": "w.undo(); await w.drag_async(progress=False); w.drag(1, progress=False);",
    "snapshot": "w.show_snapshot()",
    "caption": "w.show_snapshot('*mine*')",
    "plain": "p = dg.DragWidget(generator=PictureBlobs(), keep_result=False); p.image; p",
    "other": "f = dg.DragWidget(generator=PictureBlobs(128, 64)); f.image; f",
    "freeze": "f.freeze(); print(f.comm)",
    "unseen": "g = dg.DragWidget(generator=PictureBlobs()); g.freeze()",
    "large": "b = dg.DragWidget(generator=PictureBlobs(384, 256)); b.image; b",
    "end": "w.close(); p.close(); b.close()",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def notebook(folder: Path) -> nbformat.NotebookNode:
    """Return the notebook of :data:`CELLS` after a run from top to bottom."""
    made: nbformat.NotebookNode = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source, id=name) for name, source in CELLS.items()],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    }
    client = NotebookClient(
        made,
        timeout=120,
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
    )
    client.execute(env=environment)
    nbformat.validate(made)
    return made


def outputs(notebook: nbformat.NotebookNode, name: str) -> list[Any]:
    (cell,) = [cell for cell in notebook.cells if cell["id"] == name]
    found: list[Any] = cell.outputs
    return found


def picture_in(output: Any) -> Image.Image:
    data = next(value for mime, value in output.data.items() if mime.startswith("image/"))
    return Image.open(io.BytesIO(base64.b64decode(data)))


def file(folder: Path, name: str) -> np.ndarray:
    return np.asarray(Image.open(folder / name))


def test_behind_the_widget_stands_its_result_as_it_is_in_the_end(
    notebook: nbformat.NotebookNode, folder: Path
) -> None:
    view, result, note = outputs(notebook, "show")
    assert "as it was saved" in note.data["text/html"]
    assert VIEW in view.data
    assert np.array_equal(np.asarray(picture_in(result)), file(folder, "last.png"))
    assert not np.array_equal(file(folder, "first.png"), file(folder, "last.png"))
    assert result.metadata["image/png"]["width"] == 256
    assert result.metadata["image/png"]["alt"].startswith("Picture of blobs, seed 0")
    assert result.data["text/plain"] == result.metadata["image/png"]["alt"]
    assert picture_in(result).info["Source"] == RESULT_MARK


def test_a_second_display_has_the_same_result(notebook: nbformat.NotebookNode) -> None:
    first, second = outputs(notebook, "show"), outputs(notebook, "again")
    assert first[1].data == second[1].data
    assert len(first) == len(second) == 3


def test_without_a_kept_result_there_is_only_the_widget(notebook: nbformat.NotebookNode) -> None:
    (view,) = outputs(notebook, "plain")
    assert VIEW in view.data


def test_a_drag_in_a_cell_shows_a_bar_that_ends_with_what_came_of_it(
    notebook: nbformat.NotebookNode,
) -> None:
    for name in ("drag", "await"):
        bars = [each for each in outputs(notebook, name) if "█" in str(each.get("data"))]
        (bar,) = bars
        assert re.fullmatch(r"█+  arrived after \d+ steps in [\d.]+ s", bar.data["text/plain"])
    assert outputs(notebook, "quiet") == []


def test_a_snapshot_stays_as_it_was_with_its_caption(
    notebook: nbformat.NotebookNode, folder: Path
) -> None:
    picture, caption = outputs(notebook, "snapshot")
    assert picture_in(picture).size == (64, 64)
    assert "Source" not in picture_in(picture).info
    assert "seed 0" in caption.data["text/markdown"]
    assert outputs(notebook, "caption")[1].data["text/markdown"] == "*mine*"


def test_freezing_puts_the_picture_in_the_place_of_the_widget(
    notebook: nbformat.NotebookNode,
) -> None:
    frozen, *empty = outputs(notebook, "other")
    assert VIEW not in frozen.data
    assert picture_in(frozen).size == (128, 64)
    assert [each.data for each in empty] == 2 * [{"text/html": "", "text/plain": ""}]
    assert outputs(notebook, "freeze")[0].text == "None\n"
    (unseen,) = outputs(notebook, "unseen")
    assert picture_in(unseen).size == (64, 64)


def test_a_large_result_is_kept_small(notebook: nbformat.NotebookNode) -> None:
    _, result, _ = outputs(notebook, "large")
    picture = picture_in(result)
    assert picture.format == "JPEG"
    assert max(picture.size) > LARGEST_PNG_PX
    assert picture.info["comment"] == RESULT_MARK.encode()
    assert result.metadata["image/jpeg"]["width"] == 384


def test_converting_to_html_shows_the_result_without_a_network(
    notebook: nbformat.NotebookNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("the network is off")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    html, _ = HTMLExporter().from_notebook_node(notebook)
    result = outputs(notebook, "show")[1]
    assert result.data["image/png"].strip() in html


def test_what_a_drag_adds_to_the_file_is_told(
    notebook: nbformat.NotebookNode, record_property: Callable[[str, object], None]
) -> None:
    kept = outputs(notebook, "show")[1]
    record_property("kept_result_64_px_bytes", len(json.dumps(kept)))
    assert len(json.dumps(kept)) < 8000


def test_bars_are_as_full_as_what_they_tell() -> None:
    assert bar_text(0.5, "x") == "████████████░░░░░░░░░░░░  x"
    assert bar_text(7, "x") == "████████████████████████  x"
