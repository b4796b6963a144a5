"""The nearest picture that a generator makes of some z: how far a picture has left the manifold.

A drag that moves rows of w on their own can lead to pictures that no z has. What is left of the difference after the
search for the nearest z measures that.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.errors import InputError
from draggan_widget.evaluation.least_squares import Problem, solved
from draggan_widget.evaluation.uniform import to_normal, to_uniform
from draggan_widget.generator import Generator

LARGEST_Z_DIM = 64
"""Each derivative takes as many pictures as z has entries; beyond this a search takes too long."""

HALF_RANGE = 127.5
"""Levels of an 8-bit picture in one unit of a picture in -1..1."""

PYRAMID = {64: 1.0, 32: 1.0, 16: 2.0, 8: 4.0}
"""Sides to which pictures are averaged, and the weight of the mean squared difference there.

Small pictures tell the way of moves that are larger than a detail.
"""

PICTURES_AT_ONCE = 8
"""Pictures drawn in a batch; on a CPU larger batches take longer for each picture."""

PRIOR = 0.01
"""Weight of the squared entries of u in the loss: it decides what the picture leaves open."""


@dataclass(frozen=True, eq=False)
class Projection:
    """The nearest picture of the manifold.

    Attributes:
        z: Its z, ``[1, z_dim]``.
        w: Its latent, ``[1, num_ws, w_dim]``.
        residual: Mean absolute difference to the picture that was given, both as they are shown, in levels of 255.
    """

    z: Tensor
    w: Tensor
    residual: float


@torch.no_grad()
def project(generator: Generator, image: Tensor, starts: Tensor) -> Projection:
    """Return the picture of the manifold ``{image(mapping(z))}`` that is nearest to a picture.

    The search begins at the start that looks most like the picture; see `least_squares`. The same arguments give the
    same result. From a start that is far in a parameter that moves everything, such as a head turned by 15 degrees,
    it can end beside the nearest picture; the residual is then too large. `scene_fit` gives near starts.

    Args:
        generator: One whose z has at most 64 entries.
        image: ``[1, 3, H, W]``, -1..1.
        starts: ``[S, z_dim]``, S >= 1; near what is looked for.

    Raises:
        InputError: z has too many entries, or a tensor has the wrong shape or is not finite.
    """
    _check(generator, image, starts)
    image, candidates = image.to(generator.device), to_uniform(starts.to(generator.device))

    def view(u: Tensor) -> Tensor:
        parts = torch.split(to_normal(u), PICTURES_AT_ONCE)
        return torch.cat([_averages(generator.image(generator.mapping(z))) for z in parts])

    target = _averages(image)[0]
    best = int((view(candidates) - target).square().sum(1).argmin())
    everything = torch.ones_like(candidates[best], dtype=torch.bool)
    centre = torch.zeros_like(candidates[best])
    z = to_normal(solved(Problem(view, target, centre, PRIOR, everything), candidates[best]))[None]
    w = generator.mapping(z)
    difference = generator.image(w).clamp(-1, 1) - image.clamp(-1, 1)
    return Projection(z, w, difference.abs().mean().item() * HALF_RANGE)


def _check(generator: Generator, image: Tensor, starts: Tensor) -> None:
    """Refuse what cannot be projected."""
    if generator.z_dim > LARGEST_Z_DIM:
        raise InputError(
            f"z must have at most {LARGEST_Z_DIM} entries to search for the nearest picture, "
            f"and that of {generator.name} has {generator.z_dim}; leave the residual out"
        )
    size = (1, 3, generator.height, generator.width)
    if tuple(image.shape) != size:
        raise InputError(
            f"image must be {list(size)}, one picture of {generator.name}, got {list(image.shape)}"
        )
    if starts.ndim != 2 or len(starts) == 0 or starts.shape[1] != generator.z_dim:
        raise InputError(
            f"starts must be [S, {generator.z_dim}] with at least one row, got {list(starts.shape)}; "
            "give one z as z[None]"
        )
    for name, tensor in (("image", image), ("starts", starts)):
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{name} must be finite, but holds NaN or infinity")


def _averages(pictures: Tensor) -> Tensor:
    """Return averages ``[B, F]`` of pictures ``[B, 3, H, W]``; their squared differences add up to the loss."""
    size = pictures.shape[-1]
    averages = [
        F.avg_pool2d(pictures * HALF_RANGE, size // side).flatten(1)
        * math.sqrt(weight / (3 * side * side))
        for side, weight in PYRAMID.items()
        if side <= size
    ]
    return torch.cat(averages, dim=1)
