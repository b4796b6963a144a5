"""Edits of the points, as a browser sends them: the traits that belong together, checked together."""

from collections.abc import Mapping
from dataclasses import dataclass

from draggan_widget.errors import InputError
from draggan_widget.protocol.values import (
    Pair,
    Size,
    distinct_ids,
    integer,
    points_inside,
    record,
)

POINT_TRAITS = ("handle_points", "target_points", "point_ids", "point_edit")
"""The traits that an edit of points consists of; a browser sends those of them that it has changed."""

MOST_NUMBER = 2**31
"""No page comes to so many edits or points; numbers beyond would leave none for the next ones."""


@dataclass(frozen=True)
class PointEdit:
    """A complete change of the points.

    Attributes:
        rev: The browser's number of the edit, from 0.
        ids: One id a pair.
        handles, targets: Where they are.
        placed: Ids whose handle was put down by hand.
    """

    rev: int
    ids: tuple[int, ...]
    handles: tuple[Pair, ...]
    targets: tuple[Pair, ...]
    placed: frozenset[int]


def decode_points(
    state: Mapping[str, object], *, size: Size, known: Mapping[int, tuple[Pair, Pair]]
) -> PointEdit:
    """Return an edit of the points.

    Args:
        state: Those of :data:`POINT_TRAITS` that have changed; ``point_edit`` is always among them.
        size: Width and height of the picture.
        known: Handle and target of each id that the kernel knows, for what the browser left out.

    Raises:
        InputError: Anything in it is not as agreed.
    """
    if "point_edit" not in state:
        raise InputError(f"{', '.join(sorted(state))} must come with point_edit")
    edit = record("point_edit", state["point_edit"])
    rev = integer("point_edit.rev", edit.get("rev"), 0)
    ids = distinct_ids("point_edit.ids", edit.get("ids"))
    placed = distinct_ids("point_edit.placed", edit.get("placed"))
    if max(rev, *ids, 0) > MOST_NUMBER:
        raise InputError(f"point_edit.rev and point_edit.ids must be at most {MOST_NUMBER}")
    if "point_ids" in state and distinct_ids("point_ids", state["point_ids"]) != ids:
        raise InputError("point_edit.ids must equal point_ids")
    if unknown := sorted(set(placed).difference(ids)):
        raise InputError(f"point_edit.placed must be among point_ids {list(ids)}, got {unknown}")
    sides: list[tuple[Pair, ...]] = []
    for side, name in enumerate(("handle_points", "target_points")):
        if name in state:
            points = points_inside(name, state[name], size)
        else:
            points = tuple(_known(name, key, known)[side] for key in ids)
        if len(points) != len(ids):
            raise InputError(
                "handle_points, target_points and point_ids must be equally long, "
                f"got {len(points)} {name} and {len(ids)} ids"
            )
        sides.append(points)
    return PointEdit(rev, ids, sides[0], sides[1], frozenset(placed))


def decode_rev(state: Mapping[str, object]) -> int | None:
    """Return the number of an edit whose rest could not be read, so that it can be answered; else None."""
    edit = state.get("point_edit")
    try:
        rev = integer("rev", edit.get("rev") if isinstance(edit, Mapping) else None, 0)
    except InputError:
        return None
    return rev if rev <= MOST_NUMBER else None


def _known(name: str, key: int, known: Mapping[int, tuple[Pair, Pair]]) -> tuple[Pair, Pair]:
    """Return the pair of an id that the browser takes as known."""
    if key not in known:
        raise InputError(f"{name} must come with an edit that brings the new id {key}")
    return known[key]
