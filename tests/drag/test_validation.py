from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from draggan_widget.drag.validation import (
    check_mask,
    check_pairs,
    check_point_ids,
    check_points,
)
from draggan_widget.errors import InputError

WIDTH, HEIGHT = 64, 48


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([1, 2, 3], "handle_points must be [N, 2], got [3]; wrap one point in a list"),
        ([1, 2], "handle_points must be [N, 2], got [2]; wrap one point in a list"),
        ([[1, 2, 3]], "handle_points must be [N, 2], got [1, 3]; give a list of (x, y) pairs"),
        (5, "handle_points must be [N, 2], got []"),
        ([[1, 2], [3]], "handle_points must be numbers [N, 2]"),
        ([["a", "b"]], "handle_points must be numbers [N, 2]"),
        ([[10**400, 1]], "handle_points must be numbers [N, 2]"),
        (object(), "handle_points must be numbers [N, 2]"),
        ([[1, 2], [np.nan, 3]], "must be finite, but point 1 is (nan, 3)"),
        ([[np.inf, 3]], "must be finite, but point 0 is (inf, 3)"),
        ([[64, 3]], "(x from 0 to 63, y from 0 to 47), but point 0 is (64, 3)"),
        ([[1, 2], [3, 47.5]], "but point 1 is (3, 47.5); points are (x, y) in pixels"),
        ([[-0.1, 0]], "but point 0 is (-0.1, 0)"),
    ],
)
def test_unusable_points_are_refused_in_words(points: Any, words: str) -> None:
    with pytest.raises(InputError) as caught:
        check_points("handle_points", points, WIDTH, HEIGHT)
    assert words in str(caught.value)


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_points_with_a_gradient_are_refused_with_the_cure() -> None:
    points: Any = torch.ones(1, 2, requires_grad=True)
    with pytest.raises(InputError, match=r"handle_points must be numbers .* tensor\.detach\(\)"):
        check_points("handle_points", points, WIDTH, HEIGHT)


@pytest.mark.parametrize("points", [[], (), np.empty((0, 2)), [[]]])
def test_no_points_are_points(points: Any) -> None:
    assert check_points("handle_points", points, WIDTH, HEIGHT).shape == (0, 2)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, WIDTH - 1), st.floats(0, HEIGHT - 1)), min_size=1))
def test_points_in_the_picture_come_back_unchanged_as_a_copy(
    points: list[tuple[float, float]],
) -> None:
    array = np.array(points)
    checked = check_points("handle_points", array, WIDTH, HEIGHT)
    assert not np.shares_memory(checked, array)
    np.testing.assert_array_equal(checked, array)


def test_the_corners_of_the_picture_are_in_it() -> None:
    corners = [(0, 0), (WIDTH - 1, 0), (0, HEIGHT - 1), (WIDTH - 1, HEIGHT - 1)]
    assert len(check_points("target_points", corners, WIDTH, HEIGHT)) == 4


def test_unequal_numbers_of_handles_and_targets_are_refused() -> None:
    with pytest.raises(InputError, match="equal in number, got 2 and 1; give each handle one"):
        check_pairs([[1, 1], [2, 2]], [[3, 3]], WIDTH, HEIGHT)


def test_the_message_names_the_targets_when_they_are_wrong() -> None:
    with pytest.raises(InputError, match="target_points must lie in the picture"):
        check_pairs([[1, 1]], [[100, 1]], WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("ids", "placed", "words"),
    [
        ([1], [], "one id per point, got 1 for 2 points"),
        ([4, 4], [], "must all be different, but [4] occur twice"),
        ([1, 2.5], [], "must be whole numbers, got 2.5"),
        ([1, True], [], "must be whole numbers, got True"),
        ([1, 2], [3], "placed must be some of point_ids [1, 2], got also [3]"),
    ],
)
def test_unusable_ids_are_refused_in_words(ids: Any, placed: Any, words: str) -> None:
    with pytest.raises(InputError) as caught:
        check_point_ids(ids, placed, 2)
    assert words in str(caught.value)


def test_ids_may_be_any_whole_numbers_in_any_order() -> None:
    assert check_point_ids([np.int64(7), 3], [3], 2) == ((7, 3), frozenset({3}))


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.ones((HEIGHT, WIDTH)), "mask must be boolean, got float64; write mask > 0"),
        (np.ones((WIDTH, HEIGHT), bool), "mask must be [48, 64] (rows, columns)"),
        (np.ones((HEIGHT, WIDTH, 1), bool), "got [48, 64, 1]; resize it"),
        (np.zeros((HEIGHT, WIDTH), bool), "or nothing may move; paint what may move"),
        ([[True], [True, False]], "mask must be a boolean array [48, 64] or None"),
    ],
)
def test_an_unusable_mask_is_refused_in_words(mask: Any, words: str) -> None:
    with pytest.raises(InputError) as caught:
        check_mask(mask, WIDTH, HEIGHT)
    assert words in str(caught.value)


def test_a_mask_comes_back_as_a_copy_and_none_stays_none() -> None:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[3, 4] = True
    checked = check_mask(mask, WIDTH, HEIGHT)
    assert checked is not None
    assert checked is not mask
    np.testing.assert_array_equal(checked, mask)
    assert check_mask(None, WIDTH, HEIGHT) is None
