"""How a mask holds a picture in the kinematic solver: by a metric in which what changes the held part is far.

The change of the held features is measured along a few directions of the latent, by small moves; the drag then moves
in these directions only, and a direction counts as longer the more it changes there. So the step with the least length
is the one that moves the handles and nothing else.
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

CELLS = 32
"""Features are averaged to at most so many cells a side, so that the changes along all directions fit in memory."""

WEIGHT = 80.0
"""Weight of the change of the held part, relative to its own contrast, for a mask weight of one. The default mask
weight, 20, then stands for 1e4: of 0, 1e2, 1e3, 1e4 and 1e5 the best for the points and for the rest, on a small
generator of animal heads."""


@dataclass(frozen=True, eq=False)
class Hold:
    """The metric of a mask.

    Attributes:
        directions: Along which the latent may move, orthonormal columns ``[A, m]``.
        changes: Of the held features per standard deviation along each direction, ``[m, K]``, weighed.
        root: ``(I + G)^-1/2`` with the Gram matrix G of the changes, ``[m, m]``.
        seen: The held features of the present picture, ``[K]``, weighed alike.
        start: The held features that shall stay, ``[K]``, weighed alike.
        held: Share of each cell that must not move, ``[h, w]`` in 0..1.
        scale: Weight of the features.
    """

    directions: Tensor
    changes: Tensor
    root: Tensor
    seen: Tensor
    start: Tensor
    held: Tensor
    scale: float

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
    def after(self, step: Tensor, features: Tensor) -> "Hold":
        """Return the metric after a step along the directions, which explains what the step has changed.

        The correction is that of the handles' derivatives (Broyden 1965).

        Args:
            step: That was taken, ``[A]``, not zero.
            features: Of the picture after it, ``[C, h, w]``.
        """
        seen = _weighed(features[None], self.held, self.scale)[0]
        along = self.directions.T @ step
        surprise = seen - self.seen - along @ self.changes
        changes = secant_update(self.changes.T, along, surprise).T
        return replace(self, changes=changes, root=_inverse_root(changes), seen=seen)


@torch.no_grad()
def measured_hold(
    chart: Chart,
    position: Tensor,
    features: Tensor,
    start_features: Tensor,
    features_of: Callable[[Tensor], Tensor],
    held: Tensor,
    mask_weight: float,
) -> Hold:
    """Return the metric of a mask around a position; passes :data:`DIRECTIONS` pictures through the generator at most.

    Args:
        chart: Of the drag.
        position: Present coordinates, ``[A]``.
        features: Of the picture there, ``[C, h, w]``.
        start_features: Of the picture whose held part shall stay, ``[C, h, w]``.
        features_of: Returns the features ``[C, h, w]`` of a latent.
        held: Share of each cell that must not move, ``[h, w]`` in 0..1.
        mask_weight: As :attr:`DragConfig.mask_weight`.
    """
    directions = leading_directions(chart, position)
    places = (position[:, None] + SMALL_MOVE * directions).T
    latents = [chart.w(place.reshape(chart.shape)) for place in places]
    contrast = start_features - start_features.mean((1, 2), keepdim=True)
    energy = float(_weighed(contrast[None], held, 1.0).square().sum())
    scale = (WEIGHT * mask_weight / max(energy, torch.finfo(held.dtype).tiny)) ** 0.5
    here = _weighed(features[None], held, scale)
    seen = torch.cat([_weighed(features_of(w)[None], held, scale) for w in latents])
    changes = (seen - here) / SMALL_MOVE
    start = _weighed(start_features[None], held, scale)
    return Hold(directions, changes, _inverse_root(changes), here[0], start[0], held, scale)


def leading_directions(chart: Chart, position: Tensor) -> Tensor:
    """Return orthonormal directions ``[A, m]`` of a chart along which the latent varies most, m up to DIRECTIONS."""
    if isinstance(chart, MappedChart):

        def first_row(coordinates: Tensor) -> Tensor:
            return chart.offsets(coordinates[None])[0, 0]

        derivative = torch.func.jacrev(first_row)(position)
        sharpest: Tensor = torch.linalg.svd(derivative.cpu().double())[2][:DIRECTIONS]
        return sharpest.T.to(position)
    # The common part comes first, along the principal directions of w.
    count = min(DIRECTIONS, chart.shape[-1])
    return torch.eye(len(position), count, dtype=position.dtype, device=position.device)


def _weighed(features: Tensor, held: Tensor, scale: float) -> Tensor:
    """Return the held features of pictures ``[B, C, h, w]`` so that their squares add up to their cost, ``[B, K]``."""
    rows, columns = (min(side, CELLS) for side in held.shape)
    pooled = F.adaptive_avg_pool2d(features * held.sqrt(), (rows, columns))
    return pooled.flatten(1) * scale


def _inverse_root(changes: Tensor) -> Tensor:
    """Return ``(I + G)^-1/2`` for the Gram matrix G of changes ``[m, K]``, ``[m, m]``."""
    values, vectors = torch.linalg.eigh((changes @ changes.T).cpu().double())
    root: Tensor = (vectors * (1 + values.clamp(min=0)).rsqrt()) @ vectors.T
    return root.to(changes)
