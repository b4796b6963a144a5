"""The nearest picture that a generator makes of some z: how far a picture has left the manifold.

A drag that moves rows of w on their own can lead to pictures that no z has. What is left of the difference after the
search for the nearest z measures that.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.errors import InputError
from draggan_widget.generator import Generator
from draggan_widget.generator.mapping import z_input

LARGEST_Z_DIM = 64
"""Each derivative takes as many pictures as z has entries; beyond this a search takes too long."""

HALF_RANGE = 127.5
"""Levels of an 8-bit picture in one unit of a picture in -1..1."""

COARSE = {16: 1.0, 8: 1.0, 4: 2.0, 2: 2.0}
FINE = {64: 1.0, 32: 1.0, 16: 2.0, 8: 4.0}
"""Sides to which pictures are averaged, and the weight of the mean squared difference there, in two searches.

The coarse one finds the way of large moves: where contours do not overlap, fine differences point nowhere.
"""

MIXTURES = 24
MIXTURE_SEED = 0
"""Mixtures of the starts that are tried besides them, and the seed that mixes them."""

PICTURES_AT_ONCE = 8
"""Pictures drawn in a batch; on a CPU larger batches take longer for each picture."""

U_LIMIT = 1.72
"""Largest entry of u, that of z = 2.7: beyond it z changes a lot and the picture hardly."""

DIFFERENCE_STEP = 0.05
"""Step of the finite differences."""

JACOBIANS = 4
MAX_STEPS = 16
"""Jacobians that are measured, and steps that are tried, in each of the two searches."""

TRUSTED = 0.7
"""A Jacobian is measured anew after a step that saved less than this share of what it promised."""

LEAST_PROMISE = 0.01
"""A search ends after a step that promised to save less than this share of the loss."""

FIRST_DAMPING = 0.01
LEAST_DAMPING = 0.001
"""Damping of the steps at first and at least, as a share of the loss.

As long as the pictures differ much, entries that are hardly seen are not to explain what others have caused.
"""

PRIOR = 0.01
"""Weight of the squared entries in the loss: it decides what the picture leaves open."""

View = Callable[[Tensor], Tensor]
"""From u ``[B, z_dim]`` to what is compared of the pictures, ``[B, F]``; see `_averages`."""


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

    The search begins at the start that looks most like the picture, or at a mixture of the starts that looks more like
    it; a mixture has each entry of z somewhere between those of the starts. It goes on by damped Gauss-Newton steps
    (Levenberg 1944; Marquardt 1963) with a damping in proportion to the loss (Yamashita and Fukushima 2001) and with
    Jacobians from finite differences that every step corrects (Broyden 1965), first on very small pictures. It runs
    over ``u = sqrt(3) erf(z / sqrt(2))``: uniform where z is normal, bounded, and what the animals are nearly linear in.

    With two starts it draws 120 to 160 pictures. The same arguments give the same result. Like every search that follows
    slopes it can end in a local minimum, most likely where a head has to turn far; so give starts on both sides of what
    is looked for, as the two scenes of a case are.

    Args:
        generator: One whose z has at most 64 entries.
        image: ``[1, 3, H, W]``, -1..1.
        starts: ``[S, z_dim]``, S >= 1; near what is looked for, or around it.

    Raises:
        InputError: z has too many entries, or a tensor has the wrong shape or is not finite.
    """
    _check(generator, image, starts)
    image, starts = image.to(generator.device), starts.to(generator.device)
    u = _uniform(torch.cat([starts, _mixtures(starts)]))
    for pyramid in (COARSE, FINE):
        u = _nearest(generator, _averages(image, pyramid)[0], u, pyramid)
    z = _normal(u)
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


def _mixtures(starts: Tensor) -> Tensor:
    """Return random z ``[M, z_dim]`` in the box that the starts span; none for a single start."""
    count = MIXTURES if len(starts) > 1 else 0
    rng = torch.Generator().manual_seed(MIXTURE_SEED)
    shares = torch.rand(count, starts.shape[1], generator=rng).to(starts)
    return torch.lerp(starts.amin(0), starts.amax(0), shares)


def _uniform(z: Tensor) -> Tensor:
    """Return u of z, within its limit."""
    return z_input(z, "uniform").clamp(-U_LIMIT, U_LIMIT)


def _normal(u: Tensor) -> Tensor:
    """Return z of u."""
    z: Tensor = torch.special.erfinv(u / math.sqrt(3.0)) * math.sqrt(2.0)
    return z


def _nearest(
    generator: Generator, target: Tensor, u: Tensor, pyramid: Mapping[int, float]
) -> Tensor:
    """Return the u ``[1, z_dim]`` that a search from the best of some ``[B, z_dim]`` for averages ``[F]`` ends at."""

    def view(u: Tensor) -> Tensor:
        parts = torch.split(_normal(u), PICTURES_AT_ONCE)
        return torch.cat([_averages(generator.image(generator.mapping(z)), pyramid) for z in parts])

    seen = view(u)
    best = int((seen - target).square().sum(1).argmin())
    return _descended(view, target, u[best], seen[best])[None]


def _averages(pictures: Tensor, pyramid: Mapping[int, float]) -> Tensor:
    """Return averages ``[B, F]`` of pictures ``[B, 3, H, W]``; their squared differences add up to the loss."""
    size = pictures.shape[-1]
    averages = [
        F.avg_pool2d(pictures * HALF_RANGE, size // side).flatten(1)
        * math.sqrt(weight / (3 * side * side))
        for side, weight in pyramid.items()
        if side <= size
    ]
    return torch.cat(averages, dim=1)


def _descended(view: View, target: Tensor, u: Tensor, seen: Tensor) -> Tensor:
    """Return the u ``[z_dim]`` near another one, of which ``[F]`` is seen, that looks most like the target ``[F]``."""
    jacobian = _jacobian(view, u, seen)
    left, stale, damping = JACOBIANS - 1, False, FIRST_DAMPING
    for _ in range(MAX_STEPS):
        moved = (u + _damped_step(jacobian, seen - target, u, damping)).clamp(-U_LIMIT, U_LIMIT)
        step, found = moved - u, view(moved[None])[0]
        loss = _loss(seen - target, u)
        promised = loss - _loss(seen + step @ jacobian - target, moved)
        saved = loss - _loss(found - target, moved)
        correction = (found - seen - step @ jacobian) / step.square().sum().clamp(min=1e-12)
        jacobian = torch.addr(jacobian, step, correction)
        if saved > 0.0:
            u, seen, stale = moved, found, True
        damping = max(LEAST_DAMPING, damping * _damping_factor(saved / max(promised, 1e-12)))
        if promised < LEAST_PROMISE * loss:
            break
        if left and stale and saved < TRUSTED * promised:
            jacobian = _jacobian(view, u, seen)
            left, stale = left - 1, False
    return u


def _loss(difference: Tensor, u: Tensor) -> float:
    """Return the loss of u ``[z_dim]`` whose picture differs from the target by ``[F]``."""
    return (difference.square().sum() + PRIOR * u.square().sum()).item()


def _jacobian(view: View, u: Tensor, seen: Tensor) -> Tensor:
    """Return how what is seen changes with each entry of u, ``[z_dim, F]``; differences point inwards."""
    steps = torch.full_like(u, DIFFERENCE_STEP).copysign(-u)
    return (view(u + steps.diag()) - seen) / steps[:, None]


def _damped_step(jacobian: Tensor, difference: Tensor, u: Tensor, damping: float) -> Tensor:
    """Return the step ``[z_dim]`` towards the least loss of the linear model; no entry at its limit is pushed further."""
    slopes = jacobian.double()
    gradient = slopes @ difference.double() + PRIOR * u.double()
    free = (u.abs() < U_LIMIT) | (gradient * u > 0.0)
    curvature = slopes[free] @ slopes[free].T
    curvature.diagonal().add_(PRIOR + damping * _loss(difference, u))
    step = torch.zeros_like(gradient)
    step[free] = -torch.linalg.solve(curvature, gradient[free])
    return step.to(u)


def _damping_factor(kept: float) -> float:
    """Return by how much to change the damping after a step that saved a share of what it promised."""
    if kept <= 0.0:
        return 5.0
    return 0.5 if kept > 0.75 else 1.0 if kept > 0.25 else 2.0
