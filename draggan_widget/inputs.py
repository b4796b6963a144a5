"""Checks and rules of what people give that need no torch, so that the widget can use them at once."""

from collections.abc import Iterable
from typing import cast

import numpy as np
from numpy.typing import NDArray

from draggan_widget.errors import InputError

MAX_SEED = 2**32 - 1
"""Largest seed, that of a 32-bit generator, so that every front end can show it exactly."""


TRUNCATION_PSI = 0.7
"""Truncation of the pictures of seeds, as usual for StyleGAN2 and in the published method."""

LEAST_TRUNCATION, MOST_TRUNCATION = -1.0, 1.5
"""Bounds of the truncation: the opposite of every picture, and pictures that fall apart."""


def checked_seed(seed: object) -> int:
    """Return a seed, 0 to 2**32 - 1.

    Raises:
        InputError: It is something else.
    """
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= int(cast(int, seed)) <= MAX_SEED:
        raise InputError(f"seed must be a whole number from 0 to {MAX_SEED}, got {seed!r}")
    return int(cast(int, seed))


def checked_truncation(truncation_psi: object) -> float:
    """Return a truncation, -1 to 1.5.

    Raises:
        InputError: It is something else.
    """
    number = isinstance(truncation_psi, int | float | np.integer | np.floating)
    if isinstance(truncation_psi, bool) or not number or not _is_truncation(truncation_psi):
        raise InputError(
            f"truncation_psi must be a number from {LEAST_TRUNCATION:g} to {MOST_TRUNCATION:g}, "
            f"got {truncation_psi!r}; {TRUNCATION_PSI} is usual"
        )
    return float(cast(float, truncation_psi))


def _is_truncation(value: object) -> bool:
    """Return whether a number lies within the bounds of the truncation."""
    number = cast(float, value)
    return LEAST_TRUNCATION <= number <= MOST_TRUNCATION  # not so for NaN


def checked_index(name: str, index: object, count: int, things: str) -> int:
    """Return an index of a list, from its begin, 0 to count - 1; a negative one is counted from the end.

    Args:
        name: What the index is called.
        index: Is checked.
        count: Length of the list.
        things: What is in it, for the message.

    Raises:
        InputError: It is something else.
    """
    whole = isinstance(index, int | np.integer) and not isinstance(index, bool)
    if not whole or not -count <= int(cast(int, index)) < count:
        raise InputError(
            f"{name} must be a whole number from {-count} to {count - 1}, got {index!r}: "
            f"there are {count} {things}"
        )
    return int(cast(int, index)) % count


def kept_ids(
    old_points: NDArray[np.float64],
    old_ids: Iterable[int],
    new_points: NDArray[np.float64],
    next_id: int,
) -> tuple[int, ...]:
    """Return the ids of new points: a point that lies exactly on an old one is that one.

    Args:
        old_points: ``[M, 2]`` px.
        old_ids: One id for each of them.
        new_points: ``[N, 2]`` px.
        next_id: First id for points that are new.
    """
    places: dict[tuple[float, ...], list[int]] = {}
    for place, key in zip(map(tuple, old_points.tolist()), old_ids, strict=True):
        places.setdefault(place, []).append(key)
    ids = []
    for place in map(tuple, new_points.tolist()):
        if places.get(place):
            ids.append(places[place].pop(0))
        else:
            ids.append(next_id)
            next_id += 1
    return tuple(ids)


def check_startable(handle_points: NDArray[np.float64], target_points: NDArray[np.float64]) -> None:
    """Refuse points that no drag can start with.

    Raises:
        InputError: No point at all, or unequal numbers of handles and targets.
    """
    handles, targets = len(handle_points), len(target_points)
    if handles != targets:
        raise InputError(
            f"{handles} handle_points but {targets} target_points; give each handle one target"
        )
    if not handles:
        raise InputError(
            "a drag needs at least one pair of points; click a handle and a target on the picture, "
            "or set handle_points and target_points"
        )
