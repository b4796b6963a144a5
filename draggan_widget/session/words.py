"""How a drag ended, in words for people; what cannot be reached is said, with what to try."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from draggan_widget.drag.solver import LOST

ONE_HANDLE = "one handle does not say what else may change: add a mask or pins"
"""Said where a single handle, and nothing else, describes an edit."""


def ending_in_words(
    status: str,
    *,
    steps: int,
    distances_px: NDArray[np.float64],
    nearest_px: NDArray[np.float64],
    near_px: float,
    confidences: NDArray[np.float64],
    masked: bool,
) -> str:
    """Return how a drag ended, as a sentence without its capital and its full stop.

    Args:
        status: ``"arrived"``, ``"stalled"``, ``"max_steps"`` or ``"stopped"``.
        steps: How many times the latent was moved.
        distances_px: From each handle to its target now, ``[N]`` px; empty where there are no pairs.
        nearest_px: Likewise in the picture that came nearest.
        near_px: Points that came so near are said to be near, although they have not arrived.
        confidences: How like its reference each handle is, ``[N]`` in 0..1.
        masked: Whether a mask holds a part of the picture.
    """
    if not len(distances_px):
        return "stopped: there is no complete pair of points"
    if status == "arrived":
        return f"arrived after {_counted(steps)}"
    if status == "stalled" and nearest_px.max() <= near_px:
        return f"as near as it gets: {_away_in_words(nearest_px)}"
    if status == "stalled":
        lost = _lost_in_words(confidences)
        advice = _advice(nearest_px, masked)
        return f"cannot reach: {_least_in_words(nearest_px)}{lost}; try {advice}"
    to_go = f"{distances_px.max():.1f} px to go"
    if status == "max_steps":
        return f"stopped at the limit of {_counted(steps)}, {to_go}; drag again to go on"
    return f"stopped after {_counted(steps)}, {to_go}"


def hint_in_words(points: int, masked: bool) -> str:
    """Return what a person may want to add to an edit of so many points; empty where it is well described."""
    return ONE_HANDLE if points == 1 and not masked else ""


def capitalised(sentence: str) -> str:
    """Return a sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]


def _away_in_words(nearest_px: NDArray[np.float64]) -> str:
    """Return how far the points are from their targets where they are nearest."""
    farthest = int(np.argmax(nearest_px))
    which = "the point" if len(nearest_px) == 1 else f"the farthest point, {farthest + 1},"
    return f"{which} is {nearest_px[farthest]:.1f} px from its target"


def _lost_in_words(confidences: NDArray[np.float64]) -> str:
    """Return which handle is hard to recognise, as the end of a sentence; empty where none is."""
    least = int(np.argmin(confidences))
    if confidences[least] >= LOST:
        return ""
    which = "it" if len(confidences) == 1 else f"point {least + 1}"
    return f", and {which} no longer looks as it did"


def _least_in_words(nearest_px: NDArray[np.float64]) -> str:
    """Return how near the points came together."""
    farthest = int(np.argmax(nearest_px))
    which = "the point" if len(nearest_px) == 1 else f"the farthest point, {farthest + 1},"
    return f"{which} came no nearer than {nearest_px[farthest]:.1f} px"


def _advice(nearest_px: NDArray[np.float64], masked: bool) -> str:
    """Return what may help points that cannot be reached."""
    mask = "a larger mask" if masked else "a mask around what should move"
    fewer = ["fewer points"] if len(nearest_px) > 1 else []
    *others, last = [*fewer, "a nearer target", mask]
    return f"{', '.join(others)} or {last}"


def _counted(steps: int) -> str:
    """Return a number of steps in words."""
    return f"{steps} step{'' if steps == 1 else 's'}"
