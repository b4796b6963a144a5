"""The latent of a photo: from the most alike of many random pictures, through w, to w+ (Abdal et al. 2019).

Steps are taken in coordinates in which random latents are standard normal, with their distribution as a prior: a picture
that looks like the photo and is one of the generator's can be dragged as its own are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.generator import AnyGenerator
from draggan_widget.inversion.coordinates import Coordinates
from draggan_widget.inversion.likeness import Likeness

SAMPLES = 1024
"""Random pictures that are compared with the photo."""

SAMPLES_AT_ONCE = 16
SAMPLE_SEED = 0
SAMPLE_SIDE_PX = 32
"""They are compared at this size, at which a head's pose and colours can be told."""

STARTS = 4
"""So many of the most alike ones are followed for a while: the nearest at first is not always so in the end."""

START_SHARE, W_SHARE = 0.15, 0.3
"""Parts of all steps that each stage gets: the starts together, and the best one in w; the rest are in w+."""

W_RATE, ROWS_RATE = 0.1, 0.05
"""Adam's steps in standard deviations of w."""

BETAS = (0.9, 0.95)

FALLING_SHARE = 0.4
"""The steps become smaller in this last part of a stage."""

PRIOR = 1e-3
"""Weight of the mean squared coordinate, which is 1 for random pictures."""

TIE = 4e-3
"""Weight of the mean squared distance of a row from the w that they all began with."""


@dataclass(frozen=True, eq=False)
class Look:
    """How far a search has come.

    Attributes:
        stage: ``"samples"``, ``"starts"``, ``"w"`` or ``"w+"``.
        done, total: Steps of the whole search.
        w: The best latent of the moment, ``[1, num_ws, w_dim]``, or None while samples are compared.
        picture: Its picture ``[1, 3, H, W]``, or None likewise.
    """

    stage: str
    done: int
    total: int
    w: Tensor | None = None
    picture: Tensor | None = None


def searched(
    generator: AnyGenerator, likeness: Likeness, steps: int, start: Tensor | None
) -> Iterator[Look]:
    """Yield looks at a search, the last one with its result.

    Args:
        generator: Frozen.
        likeness: Distance to the photo.
        steps: Of Adam, over all stages.
        start: Latent ``[1, num_ws, w_dim]`` to begin from; None looks for one among random pictures.
    """
    coordinates = Coordinates(generator)
    starting = 0 if start is not None else round(START_SHARE * steps)
    in_w = round(W_SHARE * steps)
    if start is None:
        yield Look("samples", 0, steps)
        begun = coordinates.tied(coordinates.of_w(_most_alike(generator, likeness)))
        each = max(starting // len(begun), 1)
        ends = []
        for index, blocks in enumerate(torch.split(begun, 1)):
            climb = _Climb(generator, likeness, coordinates.w, coordinates.untied, blocks, W_RATE)
            for step in range(each):
                climb.step(1.0)
                yield climb.look("starts", index * each + step + 1, steps)
            ends.append((climb.loss, climb.values))
        blocks = min(ends, key=lambda end: end[0])[1]
        starting = each * len(begun)
    else:
        blocks = coordinates.tied(coordinates.of_w(start))
    climb = _Climb(generator, likeness, coordinates.w, coordinates.untied, blocks, W_RATE)
    for step in range(in_w):
        climb.step(_falling(step, in_w))
        yield climb.look("w", starting + step + 1, steps)
    rows = coordinates.untied(climb.values)
    rest = max(steps - starting - in_w, 1)
    climb = _Climb(
        generator, likeness, coordinates.w, lambda own: own, rows, ROWS_RATE, tied_to=rows
    )
    for step in range(rest):
        climb.step(_falling(step, rest))
        yield climb.look("w+", starting + in_w + step + 1, max(steps, starting + in_w + rest))
    yield climb.ended(max(steps, starting + in_w + rest))


class _Climb:
    """Adam on coordinates, from a start."""

    def __init__(
        self,
        generator: AnyGenerator,
        likeness: Likeness,
        to_w: Callable[[Tensor], Tensor],
        to_rows: Callable[[Tensor], Tensor],
        start: Tensor,
        rate: float,
        *,
        tied_to: Tensor | None = None,
    ) -> None:
        self._generator, self._likeness = generator, likeness
        self._to_w, self._to_rows, self._rate, self._tied_to = to_w, to_rows, rate, tied_to
        self._values = start.detach().clone().requires_grad_()
        self._adam = torch.optim.Adam([self._values], lr=rate, betas=BETAS)
        self._picture: Tensor | None = None
        self._w = to_w(to_rows(start)).detach()
        self.loss = float("inf")

    @property
    def values(self) -> Tensor:
        """The coordinates as they are."""
        return self._values.detach()

    @torch.enable_grad()
    def step(self, share: float) -> None:
        """Take one step, of so large a share of the rate."""
        w = self._to_w(self._to_rows(self._values))
        picture = self._generator.image(w)
        loss = self._likeness(picture).sum() + PRIOR * self._values.square().mean()
        if self._tied_to is not None:
            loss = loss + TIE * (self._values - self._tied_to).square().mean()
        (gradient,) = torch.autograd.grad(loss, [self._values])
        self._picture, self._w, self.loss = picture.detach(), w.detach(), float(loss.detach())
        self._values.grad = gradient
        for group in self._adam.param_groups:
            group["lr"] = self._rate * share
        self._adam.step()

    def look(self, stage: str, done: int, total: int) -> Look:
        """Return a look at the last step."""
        return Look(stage, done, total, self._w, self._picture)

    @torch.no_grad()
    def ended(self, total: int) -> Look:
        """Return a look at where the last step has led."""
        w = self._to_w(self._to_rows(self.values))
        return Look("w+", total, total, w, self._generator.image(w))


@torch.no_grad()
def _most_alike(generator: AnyGenerator, likeness: Likeness) -> Tensor:
    """Return the latents ``[S, num_ws, w_dim]`` of the random pictures that are most like the photo."""
    rng = torch.Generator().manual_seed(SAMPLE_SEED)
    z = torch.randn(SAMPLES, generator.z_dim, generator=rng).to(likeness.target)
    side = min(SAMPLE_SIDE_PX, *likeness.target.shape[2:])
    target = _brought_to(likeness.target, side)
    latents, distances = [], []
    for part in torch.split(z, SAMPLES_AT_ONCE):
        w = generator.w_of_z(part)
        pictures = _sketches(generator, w)
        latents.append(w)
        distances.append((_brought_to(pictures, side) - target).square().mean((1, 2, 3)))
    best = torch.cat(distances).topk(STARTS, largest=False).indices
    return torch.cat(latents)[best]


def _sketches(generator: AnyGenerator, w: Tensor) -> Tensor:
    """Return pictures, small ones where the generator can make them faster."""
    sketch: Callable[[Tensor], Tensor] = getattr(generator, "sketch", generator.image)
    return sketch(w)


def _brought_to(pictures: Tensor, side: int) -> Tensor:
    """Return pictures averaged to so many pixels along the longer side, their shape kept."""
    height, width = pictures.shape[2:]
    longer = max(height, width)
    size = max(height * side // longer, 1), max(width * side // longer, 1)
    return F.adaptive_avg_pool2d(pictures, size)


def _falling(step: int, steps: int) -> float:
    """Return the share of the rate at a step: 1, and smaller towards the end."""
    return min(1.0, (steps - step) / max(FALLING_SHARE * steps, 1))
