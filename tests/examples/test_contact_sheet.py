"""The contact sheet, executed as it is in a real kernel."""

import ast
from pathlib import Path

import pytest
from PIL import Image

from tests.examples.notebooks import Cells, difference, executed, picture_of, stored, text_of

NAME = "contact_sheet.ipynb"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebook runs."""
    return tmp_path_factory.mktemp("sheet")


@pytest.fixture(scope="module")
def cells(folder: Path) -> Cells:
    """The cells with the outputs of a run."""
    return executed(NAME, folder)


def test_twelve_animals_are_dragged(cells: Cells) -> None:
    endings = ast.literal_eval(text_of(cells["results"]))
    assert list(endings) == list(range(12))
    assert sum("arrived" in ending for ending in endings.values()) >= 10


def test_the_sheet_is_saved_and_shows_each_before_and_after(cells: Cells, folder: Path) -> None:
    (file,) = folder.iterdir()
    assert file.name == "contact-sheet.png"
    with Image.open(file) as sheet:
        assert sheet.size == (592, 408)
    picture = picture_of(cells["picture"])
    for row in range(4):
        for column in range(3):
            top, left = row * 104, column * 200
            before, after = (picture[top : top + 96, x : x + 96] for x in (left, left + 96))
            assert difference(before, after) > 1
    assert difference(picture, picture_of(stored(NAME)["picture"])) < 6
