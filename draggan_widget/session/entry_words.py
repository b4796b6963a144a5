"""What led from one state of a history to the next, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from draggan_widget.session.state import SessionState


def entry_words(label: str, before: SessionState, state: SessionState) -> str:
    """Return what led to a state, for people.

    Args:
        label: What it was, in a word, as an entry has it.
        before: The state from which it was made.
        state: The state.
    """
    words = _WORDS.get(label)
    return words(before, state) if words is not None else label.capitalize()


def first_words(state: SessionState, *, sampled: bool) -> str:
    """Return how a session began."""
    return _sampled(state, state) if sampled else "Given latent"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _sampled(_: SessionState, state: SessionState) -> str:
    """Return words for a sample."""
    return f"Seed {state.seed}"


def _dragged(_: SessionState, state: SessionState) -> str:
    """Return words for a drag."""
    return f"Drag of {counted(len(state.point_ids), 'point')}"


def _masked(before: SessionState, state: SessionState) -> str:
    """Return words for a mask."""
    if state.mask is None:
        return "Mask removed"
    return "Mask set" if before.mask is None else "Mask changed"


def _pointed(before: SessionState, state: SessionState) -> str:
    """Return words for other points."""
    added = [key for key in state.point_ids if key not in before.point_ids]
    removed = [key for key in before.point_ids if key not in state.point_ids]
    if added and removed:
        return "Points changed"
    if added:
        return f"{_named(added, state)} added"
    if removed:
        return f"{_named(removed, before)} removed"
    return _moved(before, state)


def _moved(before: SessionState, state: SessionState) -> str:
    """Return words for the same points elsewhere."""
    moved = state.moved_parts(before) or frozenset()
    if len(moved) == 1:
        ((key, part),) = moved
        noun = "Target" if part == "target_points" else "Point"
        return f"{noun} {state.point_ids.index(key) + 1} moved"
    if moved:
        targets_only = all(part == "target_points" for _, part in moved)
        return "Targets moved" if targets_only else "Points moved"
    return "Points changed"


def _named(keys: list[int], state: SessionState) -> str:
    """Return what some points of a state are called: the one by its number, several by how many they are."""
    if len(keys) == 1:
        return f"Point {state.point_ids.index(keys[0]) + 1}"
    return counted(len(keys), "point")


_WORDS: Mapping[str, Callable[[SessionState, SessionState], str]] = {
    "sample": _sampled,
    "drag": _dragged,
    "step": lambda _before, _state: "One step",
    "points": _pointed,
    "mask": _masked,
    "latent": lambda _before, _state: "Latent set",
    "reset": lambda _before, _state: "Back to the start",
    "truncation": lambda _before, state: f"Truncation {state.truncation_psi:g}",
}
"""The words of each label."""
