"""The inspector's notebook, executed as it is in a real kernel, without a page."""

import re

import numpy as np
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

NAME = "inspector.ipynb"
SIDE = 256

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    """The cells with the outputs of a run."""
    return executed(NAME, tmp_path_factory.mktemp("inspector"))


def test_widget_and_inspector_are_shown(cells: Cells) -> None:
    for name in ("widget", "inspector"):
        (output,) = cells[name].outputs
        assert "application/vnd.jupyter.widget-view+json" in output.data


def test_the_drag_in_slow_motion_arrives_after_many_steps(cells: Cells) -> None:
    found = re.search(r"arrived after (\d+) steps", text_of(cells["drag"]))
    assert found is not None
    assert int(found[1]) > 5


def test_what_is_most_alike_is_where_the_handle_was_found(cells: Cells) -> None:
    numbers = [float(each) for each in re.findall(r"\d+\.\d+", text_of(cells["numbers-now"]))]
    distance, *places = numbers
    assert distance < 1
    assert np.hypot(places[0] - places[2], places[1] - places[3]) < 2


def test_features_and_distances_are_shown_before_and_after(cells: Cells) -> None:
    picture = picture_of(cells["picture"])
    assert picture.shape == (2 * SIDE, 3 * SIDE, 3)
    above, below = squares_of(picture, SIDE), squares_of(picture[SIDE:], SIDE)
    assert all(difference(one, other) > 1 for one, other in zip(above, below, strict=True))
    zoom = above[2].astype(float)
    assert zoom[SIDE // 2, SIDE // 2].sum() == zoom.sum(2).max()  # the handle is like itself
    assert difference(picture, picture_of(stored(NAME)["picture"])) < 10
