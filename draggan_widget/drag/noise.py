"""How wrong the places of handles may be, and what that makes of least squares.

Few handles are all that a person said: each counts by how like itself it looks. Many contradict each other, because
some of them slid along an edge or were lost from view, and each counts by how well its patch determines its place.
"""

import torch
from torch import Tensor

from draggan_widget.drag.config import FEW_POINTS
from draggan_widget.drag.geometry import FeatureWindows
from draggan_widget.drag.least_squares import damped_step, in_noises
from draggan_widget.drag.patches import Lattice, confidence, uncertainty

# Chosen on the first half of the evaluation's cases: docs/solver.md says what was tried.

NOISE_PX2 = 8.0
"""Variance of a tracked coordinate of few handles, in px^2 of a 512-px picture, where the confidence is 1."""

LEAST_CONFIDENCE = 0.05
"""Confidences below count as this."""

MANY_NOISE_PX2 = 0.576
"""Variance of a coordinate of many handles where a patch is found as it was, likewise."""

BOUND_SHARE = 0.18
"""Share of the bound on how far off a patch may be that is added to it. These two fit how far patches are found from
their true places in the goal pictures of pairs."""

MULTIPLES = (4.0, 8.0, 16.0, 32.0)
"""The noise of many handles relative to a standard normal way of the latent: more than their own, because neighbours err
alike, and because many handles mostly ask for a short way."""

FREEDOM = 4.0
"""Degrees of freedom of Student's distribution of the noise of many handles: fewer doubt an exception more."""

REWEIGHTINGS = 3
"""How often the most probable step and the noise that it leaves are found in turn."""

TYPICAL_MISS = 1.386
"""Median of the squared length of a miss in two directions with a noise of one."""


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


def likeliest_multiple(jacobian: Tensor, errors: Tensor, start: Tensor) -> float:
    """Return the one of :data:`MULTIPLES` of a unit noise under which the handles most likely ask for what they do.

    The way is taken as normal around the start with a variance v, and the noise as v times the multiple; v is the
    likeliest for each (evidence, MacKay 1992).

    Args:
        jacobian: Of x and y of each handle, ``[2 N, A]``.
        errors: ``[2 N]``.
        start: The step that leads back there, ``[A]``.
    """
    gram = (jacobian @ jacobian.T).cpu().double()
    asked = (errors - jacobian @ start).cpu().double()
    noise = torch.eye(len(gram), dtype=gram.dtype)

    def likelihood(multiple: float) -> float:
        covariance = gram + multiple * noise
        variance = asked @ torch.linalg.solve(covariance, asked) / len(asked)
        return -float(torch.logdet(covariance) + len(asked) * variance.log())

    return max(MULTIPLES, key=likelihood)


def doubted(jacobian: Tensor, errors: Tensor, noise: Tensor, back: Tensor) -> Tensor:
    """Return noise that is larger where a handle contradicts the others, ``[2 N]``.

    Handles whose noise has Student's distribution, of a scale that half of them keep: the most probable step is that of
    least squares in which each counts ``(FREEDOM + 2) / (FREEDOM + miss^2)``, found by turns (Holland and Welsch 1977).

    Args:
        jacobian: Of x and y of each handle, ``[2 N, A]``.
        errors: ``[2 N]``.
        noise: Variances, ``[2 N]``.
        back: The step where no handle says otherwise, ``[A]``.
    """
    doubt = torch.ones_like(noise)
    for _ in range(REWEIGHTINGS):
        left = errors - jacobian @ damped_step(jacobian, errors, noise * doubt, back)
        misses = (left.square() / noise).reshape(-1, 2).sum(1)
        scale = (misses.median() / TYPICAL_MISS).clamp(min=1)
        more = ((FREEDOM + misses / scale) / (FREEDOM + 2)).clamp(min=1)
        doubt = more.repeat_interleave(2)
    return noise * doubt
