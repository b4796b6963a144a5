import numpy as np
import pytest

from draggan_widget.errors import InputError
from draggan_widget.inputs import MAX_SEED, check_startable, checked_seed, kept_ids


@pytest.mark.parametrize("seed", [0, 7, MAX_SEED, np.int64(12)])
def test_a_seed_is_returned_as_a_plain_integer(seed: int) -> None:
    assert type(checked_seed(seed)) is int
    assert checked_seed(seed) == seed


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 1.0, "1", None, True])
def test_what_is_no_seed_is_refused(seed: object) -> None:
    with pytest.raises(InputError, match="seed must be a whole number from 0 to 4294967295"):
        checked_seed(seed)


def test_points_that_stay_keep_their_ids_in_any_order() -> None:
    old = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert kept_ids(old, [7, 8, 9], old[::-1], 10) == (9, 8, 7)


def test_points_that_are_new_get_new_ids() -> None:
    old, new = np.array([[1.0, 2.0]]), np.array([[1.0, 2.5], [1.0, 2.0], [0.0, 0.0]])
    assert kept_ids(old, [4], new, 5) == (5, 4, 6)


def test_two_points_on_one_place_are_two() -> None:
    place = np.array([[1.0, 2.0], [1.0, 2.0]])
    assert kept_ids(place, [1, 2], place, 3) == (1, 2)
    assert kept_ids(place[:1], [1], place, 3) == (1, 3)


def test_equal_numbers_of_points_can_start_a_drag() -> None:
    check_startable(np.ones((2, 2)), np.ones((2, 2)))


@pytest.mark.parametrize(
    ("handles", "targets", "message"),
    [
        (0, 0, "at least one pair of points; click a handle and a target"),
        (3, 2, "3 handle_points but 2 target_points; give each handle one target"),
    ],
)
def test_points_that_cannot_start_a_drag_say_why(handles: int, targets: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_startable(np.ones((handles, 2)), np.ones((targets, 2)))
