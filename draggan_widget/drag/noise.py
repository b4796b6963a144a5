"""How wrong the places of handles may be, and what that makes of least squares.

Few handles are all that a person said: each counts by how like itself it looks. Many contradict each other, because
some of them slid along an edge or were lost from view, and each counts by how well its patch determines its place.
"""

import torch
from torch import Tensor

from draggan_widget.drag.config import FEW_POINTS
from draggan_widget.drag.geometry import FeatureWindows
from draggan_widget.drag.least_squares import in_noises
from draggan_widget.drag.patches import Lattice, confidence, uncertainty

# Chosen on the first half of the evaluation's cases: docs/solver.md says what was tried.

NOISE_PX2 = 8.0
"""Variance of a tracked coordinate of few handles, in px^2 of a 512-px picture, where the confidence is 1."""

LEAST_CONFIDENCE = 0.05
"""Confidences below count as this."""

MANY_NOISE_PX2 = 2.3
"""Variance of a coordinate of many handles where a patch is found as it was, likewise."""

BOUND_SHARE = 0.72
"""Share of the bound on how far off a patch may be that is added to it."""


@torch.no_grad()
def weighed(
    jacobian: Tensor,
    errors: Tensor,
    windows: FeatureWindows,
    places: Tensor,
    references: Tensor,
    lattice: Lattice,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return derivatives, errors and variances of noise for a step of least squares.

    Args:
        jacobian: Of x and y of each handle, ``[2 N, A]`` px.
        errors: How far each should move, ``[N, 2]`` px.
        windows: Features around the handles, as far as patches reach.
        places: Where they are, ``[N, 2]`` px.
        references: Their patches where they were put down, as for :func:`patches.find`.
        lattice: Of the patches.
        scale: Pixels of this picture that a pixel of a 512-px picture is.

    Returns:
        ``[2 N, A]``, ``[2 N]`` and ``[2 N]``.
    """
    if len(places) <= FEW_POINTS:
        sure = confidence(windows, places, references, lattice)
        noise = NOISE_PX2 * scale**2 / sure.clamp(min=LEAST_CONFIDENCE).square()
        return jacobian, errors.flatten(), noise.repeat_interleave(2)
    bound = uncertainty(windows, places, references, lattice)
    least = MANY_NOISE_PX2 * scale**2 * torch.eye(2, dtype=bound.dtype, device=bound.device)
    rows, residuals = in_noises(jacobian, errors, least + BOUND_SHARE * bound)
    return rows, residuals, torch.ones_like(residuals)
