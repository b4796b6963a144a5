"""Checks of points and masks at the public boundary; every message names the cure.

Nothing here changes what it is given: the checked values are returned as new arrays.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from draggan_widget.errors import InputError

Points = NDArray[np.float64]
"""``[N, 2]`` positions (x, y) in picture pixels."""

Mask = NDArray[np.bool_]
"""``[H, W]``, True where the picture may move."""


def check_points(name: str, points: ArrayLike, width: int, height: int) -> Points:
    """Return points as a new float64 array ``[N, 2]``.

    Args:
        name: What the caller calls them, for the message.
        points: Sequence or array ``[N, 2]`` of (x, y), or an empty one.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.

    Raises:
        InputError: Not numbers ``[N, 2]``, not finite, or outside the picture.
    """
    array = _numbers(points, f"{name} must be numbers [N, 2]", "give a list of (x, y) pairs")
    if array.size == 0:
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        cure = "wrap one point in a list" if array.ndim == 1 else "give a list of (x, y) pairs"
        raise InputError(f"{name} must be [N, 2], got {list(array.shape)}; {cure}")
    for index, (x, y) in enumerate(array.tolist()):
        if not np.isfinite((x, y)).all():
            raise InputError(
                f"{name} must be finite, but point {index} is ({x:g}, {y:g}); "
                "remove it or give its position in pixels"
            )
        if not (0 <= x <= width - 1 and 0 <= y <= height - 1):
            raise InputError(
                f"{name} must lie in the picture (x from 0 to {width - 1}, y from 0 to "
                f"{height - 1}), but point {index} is ({x:g}, {y:g}); points are (x, y) in pixels"
            )
    return array


def check_point(name: str, point: ArrayLike, width: int, height: int) -> Points:
    """Return one position as a new float64 array ``[2]``.

    Args:
        name: What the caller calls it, for the message.
        point: ``(x, y)``.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.

    Raises:
        InputError: Not two numbers, not finite, or outside the picture.
    """
    expected, cure = f"{name} must be two numbers (x, y)", "give one point as (x, y)"
    array = _numbers(point, expected, cure)
    if array.shape != (2,):
        raise InputError(f"{expected}, got {list(array.shape)}; {cure}")
    checked: Points = check_points(name, array[None], width, height)[0]
    return checked


def check_pairs(
    handle_points: ArrayLike, target_points: ArrayLike, width: int, height: int
) -> tuple[Points, Points]:
    """Return handles and targets as new float64 arrays ``[N, 2]``, equal in number.

    Args:
        handle_points: As ``points`` of :func:`check_points`.
        target_points: Likewise.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.

    Raises:
        InputError: As for :func:`check_points`, or unequal numbers.
    """
    handles = check_points("handle_points", handle_points, width, height)
    targets = check_points("target_points", target_points, width, height)
    if len(handles) != len(targets):
        raise InputError(
            "handle_points and target_points must be equal in number, got "
            f"{len(handles)} and {len(targets)}; give each handle one target"
        )
    return handles, targets


def check_point_ids(
    point_ids: Sequence[int], placed: Collection[int], count: int
) -> tuple[tuple[int, ...], frozenset[int]]:
    """Return the ids of the points, and those whose handle was put down by hand.

    Args:
        point_ids: One whole number a point, all different.
        placed: Some of them.
        count: Number of points.

    Raises:
        InputError: Another number of ids, an id twice, or a placed id that no point has.
    """
    for value in (*point_ids, *placed):
        if not isinstance(value, int | np.integer) or isinstance(value, bool):
            raise InputError(f"point_ids and placed must be whole numbers, got {value!r}")
    ids = tuple(int(value) for value in point_ids)
    if len(ids) != count:
        raise InputError(f"point_ids must have one id per point, got {len(ids)} for {count} points")
    if twice := sorted({value for value in ids if ids.count(value) > 1}):
        raise InputError(f"point_ids must all be different, but {twice} occur twice; renumber them")
    put_down = frozenset(int(value) for value in placed)
    if unknown := sorted(put_down.difference(ids)):
        raise InputError(f"placed must be some of point_ids {list(ids)}, got also {unknown}")
    return ids, put_down


def check_mask(mask: ArrayLike | None, width: int, height: int) -> Mask | None:
    """Return a mask as a new boolean array ``[H, W]``, or None when there is none.

    Args:
        mask: Boolean array ``[H, W]``, True where the picture may move, or None.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.

    Raises:
        InputError: Another type or shape, or nothing may move.
    """
    if mask is None:
        return None
    try:
        array: NDArray[Any] = np.asarray(mask).copy()  # torch warns of a copy that numpy asks for
    except (TypeError, ValueError) as error:
        raise InputError(
            f"mask must be a boolean array [{height}, {width}] or None: {error}"
        ) from error
    if array.dtype != np.bool_:
        raise InputError(
            f"mask must be boolean, got {array.dtype}; write mask > 0 for numbers where 0 holds"
        )
    if array.shape != (height, width):
        raise InputError(
            f"mask must be [{height}, {width}] (rows, columns) like the picture, "
            f"got {list(array.shape)}; resize it"
        )
    if not array.any():
        raise InputError(
            "mask must be True somewhere, or nothing may move; "
            "paint what may move, or give None to let everything move"
        )
    return array


def _numbers(values: ArrayLike, expected: str, cure: str) -> NDArray[np.float64]:
    """Return values as a new array; the message says what was expected, and the cure."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise InputError(f"{expected}: {error}; {cure}") from error
