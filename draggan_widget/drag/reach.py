"""How far handles are asked to move in a step, by how well the last step was predicted."""

import torch
from torch import Tensor

from draggan_widget.drag.config import FEW_POINTS

# In px of a 512-px picture, chosen on the first half of the evaluation's cases: docs/solver.md says what was tried.

REACH_PX = 24.0
"""How far a handle is first asked to move in a step."""

SHORTEST_REACH_PX, LONGEST_REACH_PX = 4.0, 32.0
"""Bounds of that length, which grows and shrinks with how well places were predicted."""

MANY_REACH_PX = 16.0
"""Upper bound with more than FEW_POINTS handles: more of them are hard to find again after a long step."""

GOOD_PREDICTION, BAD_PREDICTION = 0.35, 0.8
"""Errors of a prediction, relative to its length, below which the length grows and above which it shrinks."""

GROWTH, SHRINKAGE = 1.5, 0.6
"""By how much."""

SURPRISE_PX = 8.0
"""One of many handles may be found so far from where it is expected."""

SURPRISE_RATIO = 3.0
"""Or so many times as far as half of them are."""


def change_of_reach(error: float) -> float:
    """Return the factor by which the reach changes after a prediction with this relative error."""
    return GROWTH if error < GOOD_PREDICTION else SHRINKAGE if error > BAD_PREDICTION else 1.0


def bounded_reach(reach_px: float, points: int) -> float:
    """Return a reach within the bounds for so many handles, in px of a 512-px picture."""
    longest_px = MANY_REACH_PX if points > FEW_POINTS else LONGEST_REACH_PX
    return min(max(reach_px, SHORTEST_REACH_PX), longest_px)


def believed(found: Tensor, expected: Tensor, scale: float) -> Tensor:
    """Return where handles ``[N, 2]`` px are taken to be: where they were found, or expected if that is not believable.

    Few handles are believed wherever they are found, as a step may well be predicted wrongly. Of many, most are
    predicted right, and one that was found far from where it was expected is another place that looks alike.

    Args:
        found: ``[N, 2]`` px; NaN is kept.
        expected: Where the last step should have led them, ``[N, 2]`` px.
        scale: Pixels of this picture that a pixel of a 512-px picture is.
    """
    if len(found) <= FEW_POINTS:
        return found
    surprises = torch.linalg.vector_norm(found - expected, dim=1)
    limit = (SURPRISE_RATIO * surprises.median()).clamp(min=SURPRISE_PX * scale)
    return expected.where((surprises > limit)[:, None], found)
