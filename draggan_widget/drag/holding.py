"""How a mask holds a picture in the kinematic solver: by a metric in which what changes the held part is far.

The change of the held part is measured along a few directions of the latent, by small moves, and corrected by what
each step changes; the drag then moves in these directions only, and a direction counts as longer the more it changes
there. So the step with the least length is the one that moves the handles and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.drag.charts import Chart, MappedChart
from draggan_widget.drag.least_squares import secant_update

DIRECTIONS = 32
"""Along so many directions a held picture may move; each is measured by a pass through the generator. They make 98.8 %
of the variance of the embedded generator's w."""

SMALL_MOVE = 0.1
"""How far a direction is followed to measure what it changes, in standard deviations."""

AT_ONCE = 8
"""Pictures of a batch."""

CELLS = 32
"""Pictures are averaged to at most so many cells a side, so that the changes along all directions fit in memory."""

WEIGHT = 250.0
"""Weight of the change of the held part, relative to its own contrast, for a mask weight of one. At the default mask
weight, 20, the held part of the embedded generator's pictures then changes about as much as in the true edit."""

LEAST_CONTRAST = 0.1
"""Share of the whole picture's contrast that a held part counts to have at least: a few pixels hold what they show, and
not all that might be around them."""


@dataclass(frozen=True, eq=False)
class Hold:
    """The metric of a mask.

    Attributes:
        directions: Along which the latent may move, orthonormal columns ``[A, m]``.
        changes: Of the held part per standard deviation along each direction, ``[m, K]``, weighed.
        root: ``(I + G)^-1/2`` with the Gram matrix G of the changes, ``[m, m]``.
        seen: The held part of the present picture, ``[K]``, weighed alike.
        start: The held part that shall stay, ``[K]``, weighed alike.
        held: Share of each cell that must not move, ``[h, w]`` in 0..1.
        scale: Weight of it.
    """

    directions: Tensor
    changes: Tensor
    root: Tensor
    seen: Tensor
    start: Tensor
    held: Tensor
    scale: Tensor

    @property
    def basis(self) -> Tensor:
        """Directions of length one in the metric, ``[A, m]``."""
        return self.directions @ self.root

    def back(self, position: Tensor, pull: float) -> Tensor:
        """Return the step along :attr:`basis` that undoes what has changed where nothing may, ``[m]``.

        Args:
            position: Present coordinates, ``[A]``.
            pull: Share of the way back to the coordinates zero, 0..1.
        """
        changed = self.seen - self.start
        return -self.root @ (pull * self.directions.T @ position + self.changes @ changed)

    @torch.no_grad()
    def after(self, step: Tensor, appearance: Tensor) -> "Hold":
        """Return the metric after a step along the directions, which explains what the step has changed.

        The correction is that of the handles' derivatives (Broyden 1965).

        Args:
            step: That was taken, ``[A]``, not zero.
            appearance: Of the picture after it, ``[1, C, h, w]``.
        """
        seen = _weighed(appearance, self.held, self.scale)[0]
        along = self.directions.T @ step
        surprise = seen - self.seen - along @ self.changes
        changes = secant_update(self.changes.T, along, surprise).T
        return replace(self, changes=changes, root=_inverse_root(changes), seen=seen)


@torch.no_grad()
def measured_hold(
    chart: Chart,
    position: Tensor,
    appearance_of: Callable[[Tensor], Tensor],
    held: Tensor,
    mask_weight: float,
) -> Hold:
    """Return the metric of a mask around a position; asks for :data:`DIRECTIONS` pictures at most, and two.

    Args:
        chart: Of the drag, whose start is the picture whose held part shall stay.
        position: Present coordinates, ``[A]``.
        appearance_of: Returns what is compared, ``[B, C, h, w]``, of latents ``[B, num_ws, w_dim]``.
        held: Share of each cell that must not move, ``[h', w']`` in 0..1; the metric is on its device.
        mask_weight: As :attr:`DragConfig.mask_weight`.
    """
    directions = leading_directions(chart, position)
    places = [position, *(position[:, None] + SMALL_MOVE * directions).T]
    latents = [
        chart.start,
        *(chart.w(place.reshape(chart.shape).to(chart.start)) for place in places),
    ]
    looks = [
        appearance_of(torch.cat(latents[k : k + AT_ONCE])) for k in range(0, len(latents), AT_ONCE)
    ]
    appearances = torch.cat(looks)
    held = F.interpolate(held[None, None], appearances.shape[-2:], mode="nearest")[0, 0]
    contrast = appearances[:1] - appearances[:1].mean((2, 3), keepdim=True)
    one = held.new_ones(())
    own, whole = (
        _weighed(contrast, part, one).square().sum() for part in (held, one.expand_as(held))
    )
    energy = torch.maximum(own, LEAST_CONTRAST * whole).clamp(min=torch.finfo(held.dtype).eps)
    scale = (WEIGHT * mask_weight / energy).sqrt()
    start, here, *near = _weighed(appearances, held, scale)
    changes = (torch.stack(near) - here) / SMALL_MOVE
    return Hold(directions, changes, _inverse_root(changes), here, start, held, scale)


def leading_directions(chart: Chart, position: Tensor) -> Tensor:
    """Return orthonormal directions ``[A, m]`` of a chart along which the latent varies most, m up to DIRECTIONS."""
    if isinstance(chart, MappedChart):

        def first_row(coordinates: Tensor) -> Tensor:
            return chart.offsets(coordinates[None])[0, 0]

        derivative = torch.func.jacrev(first_row)(position.to(chart.start))
        sharpest: Tensor = torch.linalg.svd(derivative.cpu().double())[2][:DIRECTIONS]
        return sharpest.T.to(position)
    # The common part comes first, along the principal directions of w.
    count = min(DIRECTIONS, chart.shape[-1])
    return torch.eye(len(position), count, dtype=position.dtype, device=position.device)


def _weighed(appearances: Tensor, held: Tensor, scale: Tensor) -> Tensor:
    """Return what is held of ``[B, C, h, w]`` so that squares of changes add up to their cost, ``[B, K]``."""
    rows, columns = (min(side, CELLS) for side in held.shape)
    weighed = appearances * held.sqrt().to(appearances)
    pooled = F.adaptive_avg_pool2d(weighed, (rows, columns))
    return pooled.flatten(1).to(scale) * scale


def _inverse_root(changes: Tensor) -> Tensor:
    """Return ``(I + G)^-1/2`` for the Gram matrix G of changes ``[m, K]``, ``[m, m]``."""
    values, vectors = torch.linalg.eigh((changes @ changes.T).cpu().double())
    root: Tensor = (vectors * (1 + values.clamp(min=0)).rsqrt()) @ vectors.T
    return root.to(changes)
