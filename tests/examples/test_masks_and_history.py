"""The notebook about masks and history, executed as it is in a real kernel."""

import ast
from pathlib import Path

import pytest

from draggan_widget import DragSession
from tests.examples.notebooks import (
    Cells,
    difference,
    executed,
    picture_of,
    squares_of,
    stored,
    text_of,
)

NAME = "masks_and_history.ipynb"
SIDE = 192

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebook runs."""
    return tmp_path_factory.mktemp("masks")


@pytest.fixture(scope="module")
def cells(folder: Path) -> Cells:
    """The cells with the outputs of a run."""
    return executed(NAME, folder)


def test_both_drags_arrive(cells: Cells) -> None:
    assert "arrived" in text_of(cells["free"])
    assert "arrived" in text_of(cells["masked"])


def test_the_mask_holds_and_blending_takes_the_rest_back(cells: Cells) -> None:
    changes = ast.literal_eval(text_of(cells["outside"]))
    free, held, blended = (changes[key] for key in ("without a mask", "with a mask", "blended"))
    assert free > 5 * held
    assert held > blended
    assert blended < 0.1


def test_every_change_is_an_entry_and_undo_restores_bit_for_bit(cells: Cells) -> None:
    entries = ast.literal_eval(text_of(cells["entries"]))
    assert entries[0] == "sample"
    assert entries[-2:] == ["mask", "drag"]
    assert text_of(cells["undo"]) == "(True, True)"


def test_going_on_from_an_earlier_picture_begins_a_branch(cells: Cells) -> None:
    assert text_of(cells["other-way"]) == "False"


def test_the_session_file_holds_the_picture_and_its_history(cells: Cells, folder: Path) -> None:
    assert text_of(cells["save"]) == "True"
    assert DragSession.load(folder / "ear.dgs", device="cpu").history.can_undo


def test_the_pictures_are_those_that_are_stored(cells: Cells) -> None:
    picture = picture_of(cells["picture"])
    before, free, held, blended, up = squares_of(picture, SIDE)
    assert difference(free, before) > difference(held, before) >= difference(blended, before) - 0.5
    assert difference(up, before) > 0.5
    assert difference(picture, picture_of(stored(NAME)["picture"])) < 6
