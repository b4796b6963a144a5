"""What is said about the drawings, as plain words and numbers."""

from __future__ import annotations

import math

from draggan_widget.inspector.look import DISTANCES, FEATURES, Look

TITLES = {
    FEATURES: "Features in three principal components",
    DISTANCES: "Distances from the reference of handle {number}",
}
"""By what is shown; anything else is the picture."""


def title_of_map(look: Look, ground: str) -> str:
    """Return the title of the map."""
    if ground == DISTANCES and look.index is None:
        return "Picture"
    return TITLES.get(ground, "Picture").format(number=_number(look))


def caption_of_map(look: Look, ground: str) -> str:
    """Return what the map shows."""
    block = f"Block {look.block}: {look.channels} features in each of {_cells(look)} cells."
    if ground == FEATURES and look.share is not None:
        return f"{block} The components hold {look.share:.0%} of how they differ; the colours stay the same while this animal is dragged."
    if ground == DISTANCES and look.index is not None:
        return f"{block} Yellow places look like the handle did where it was put down."
    if look.index is None:
        return block
    return f"{block} Lines are the ways of the handles; the dashed box is searched for handle {_number(look)}."


def caption_of_zoom(look: Look) -> str:
    """Return what is found around the chosen handle."""
    if look.zoom is None:
        return ""
    x, y, value = look.zoom.least
    away = math.dist((x, y), look.zoom.handle)
    unit = "the patch differs in itself" if _compares_patches(look) else "places of a picture do"
    return (
        f"The cross marks the least distance, {value:.2f} at ({x:.1f}, {y:.1f}), {away:.1f} px from where the handle "
        f"was found. 1 is as much as {unit}."
    )


def caption_of_curves(look: Look) -> str:
    """Return how far the drag is."""
    rows = look.moment.rows
    if not rows:
        return ""
    last = rows[-1]
    farthest = max(last.distances_px.tolist(), default=0.0)
    losses = [row.loss for row in rows if row.loss is not None]
    loss = f", loss {losses[-1]:.3g}" if losses else ""
    return f"After {last.step} moves: at most {farthest:.1f} px to go{loss}."


def _number(look: Look) -> int:
    """Return the number of the chosen handle, from 1."""
    return 1 + (look.index or 0)


def _cells(look: Look) -> str:
    """Return how many cells the feature map has."""
    width, height = look.size
    return f"{round(look.block * width / height)} × {look.block}"


def _compares_patches(look: Look) -> bool:
    """Return whether the solver compares whole patches."""
    return look.moment.config.solver == "kinematic"
