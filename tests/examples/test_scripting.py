"""The scripting notebook, executed as it is in a real kernel."""

import ast

import pytest

from tests.examples.notebooks import (
    Cells,
    difference,
    executed,
    picture_of,
    squares_of,
    stored,
    text_of,
)

NAME = "scripting.ipynb"
SIDE = 192

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    """The cells with the outputs of a run."""
    return executed(NAME, tmp_path_factory.mktemp("scripting"))


def test_the_scripted_drags_arrive(cells: Cells) -> None:
    for name in ("drag", "words", "mask", "session"):
        assert "arrived" in text_of(cells[name])


def test_observing_has_told_of_falling_distances(cells: Cells) -> None:
    _, distances = ast.literal_eval(text_of(cells["words"]))
    assert distances
    assert distances[-1] <= 1


def test_the_mask_has_held_what_lies_outside(cells: Cells) -> None:
    change = float(text_of(cells["outside"]).split("changed by ")[1].split(" ")[0])
    assert change < 1


def test_undoing_another_seed_comes_back_to_the_first(cells: Cells) -> None:
    assert text_of(cells["seed"]) == "3"


def test_five_different_pictures_come_out_and_are_those_that_are_stored(cells: Cells) -> None:
    pictures = squares_of(picture_of(cells["picture"]), SIDE)
    assert len(pictures) == 5
    for index, picture in enumerate(pictures):
        assert all(difference(picture, other) > 0.3 for other in pictures[:index])
    assert difference(picture_of(cells["picture"]), picture_of(stored(NAME)["picture"])) < 6
