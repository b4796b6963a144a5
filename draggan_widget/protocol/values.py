"""Plain values out of what a browser sends; whatever is not exactly as agreed raises :class:`InputError`."""

import math
from collections.abc import Mapping, Sequence

from draggan_widget.errors import InputError

MAX_INTEGER = 2**53 - 1
"""Largest integer that JavaScript holds exactly."""

MAX_POINTS = 1000
"""More points than anybody places by hand; a longer list is an accident."""

Size = tuple[int, int]
"""Width and height in pixels."""

Pair = tuple[float, float]
"""A position (x, y) in pixels of the picture."""


def decode_flag(name: str, value: object) -> bool:
    """Return a boolean trait.

    Raises:
        InputError: It is none.
    """
    if not isinstance(value, bool):
        raise InputError(f"{name} must be true or false, got {brief(value)}")
    return value


def record(name: str, value: object) -> Mapping[str, object]:
    """Return an object of JSON; raise :class:`InputError` if it is none."""
    if not isinstance(value, Mapping):
        raise InputError(f"{name} must be an object, got {brief(value)}")
    return value


def integer(name: str, value: object, least: int, most: int = MAX_INTEGER) -> int:
    """Return a whole number of a range; raise :class:`InputError` if it is none."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        bounds = f"from {least}" if most == MAX_INTEGER else f"from {least} to {most}"
        raise InputError(f"{name} must be an integer {bounds}, got {brief(value)}")
    return value


def number(name: str, value: object) -> float:
    """Return a finite number; raise :class:`InputError` if it is none."""
    if not isinstance(value, int | float) or not is_finite(value):
        raise InputError(f"{name} must be a finite number, got {brief(value)}")
    return float(value)


def listed(name: str, value: object) -> Sequence[object]:
    """Return a list that is not too long; raise :class:`InputError` if it is none."""
    if not isinstance(value, list | tuple):
        raise InputError(f"{name} must be a list, got {brief(value)}")
    if len(value) > MAX_POINTS:
        raise InputError(f"{name} must have at most {MAX_POINTS} entries, got {len(value)}")
    return value


def distinct_ids(name: str, value: object) -> tuple[int, ...]:
    """Return ids of points, all different; raise :class:`InputError` if they are not."""
    ids = tuple(integer(f"{name} entries", each, 1) for each in listed(name, value))
    if len(set(ids)) != len(ids):
        raise InputError(f"{name} must be distinct, got {brief(list(ids))}")
    return ids


def points_inside(name: str, value: object, size: Size) -> tuple[Pair, ...]:
    """Return positions ``(x, y)`` px inside a picture; raise :class:`InputError` if one is not."""
    points = []
    for each in listed(name, value):
        if not isinstance(each, list | tuple) or len(each) != 2:
            raise InputError(f"{name}: a point must be [x, y], got {brief(each)}")
        if not all(is_finite(number) for number in each):
            raise InputError(f"{name}: a point must hold two finite numbers, got {brief(each)}")
        x, y = float(each[0]), float(each[1])
        if not (0 <= x <= size[0] - 1 and 0 <= y <= size[1] - 1):
            raise InputError(
                f"{name}: a point must lie in 0 .. {size[0] - 1} and 0 .. {size[1] - 1}, "
                f"got ({x:g}, {y:g})"
            )
        points.append((x, y))
    return tuple(points)


def is_finite(value: object) -> bool:
    """Return whether a value is a number that a position can hold."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= MAX_INTEGER and math.isfinite(value)


def brief(value: object, longest: int = 80) -> str:
    """Return a value for a message, cut where it is long."""
    if isinstance(value, list | tuple | dict) and len(value) > longest:
        return f"a {type(value).__name__} of {len(value)} entries"
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply, or a number of too many digits
        return f"a {type(value).__name__} that is too large to be shown"
    return text if len(text) <= longest else text[:longest] + "..."
