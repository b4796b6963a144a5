"""Random pictures that photos are compared with: small ones of many, whole ones of the most alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.generator import AnyGenerator, Generator
from draggan_widget.inversion.coordinates import Coordinates

MOST_SAMPLES = 512
"""Random pictures that are drawn."""

MOST_DRAWN_PX = 2**26
"""Fewer samples where they have more pixels in all, as of a generator that can draw whole pictures only."""

AT_ONCE_PX = 2**18
"""Pictures of so many pixels are drawn at once."""

SIDE_PX = 32
"""The longer side at which they are compared: a head's pose and colours can be told."""

SEED = 0
LOOKED_AT_WHOLE = 32
"""So many of the most alike small pictures are drawn whole and compared again."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Random pictures of a generator.

    Attributes:
        generator: Their generator.
        z: What they were made from, ``[N, z_dim]``.
        pictures: ``[N, 3, h, w]`` with the longer side of :data:`SIDE_PX`.
        coordinates: Of the generator's latents.
    """

    generator: AnyGenerator
    z: Tensor
    pictures: Tensor
    coordinates: Coordinates

    @property
    def drawn_px(self) -> int:
        """Pixels of the smallest pictures that the generator draws."""
        return math.prod(_drawn_size(self.generator))

    @torch.no_grad()
    def most_alike(self, target: Tensor, count: int) -> Tensor:
        """Return the latents ``[count, num_ws, w_dim]`` of the pictures most like a target, the best first.

        Args:
            target: ``[1, 3, H, W]``, -1..1.
            count: How many; fewer where there are fewer samples.
        """
        small = brought_to(target, SIDE_PX)
        looked_at = min(LOOKED_AT_WHOLE, len(self.z))
        first = distances(self.pictures, small)[0].topk(looked_at, largest=False).indices
        latents = self.generator.w_of_z(self.z[first])
        whole = torch.cat(
            [
                brought_to(self.generator.image(part), SIDE_PX)
                for part in torch.split(
                    latents, at_once(self.generator.width, self.generator.height)
                )
            ]
        )
        best = distances(whole, small)[0].topk(min(count, looked_at), largest=False).indices
        return latents[best]

    @torch.no_grad()
    def nearest(self, parts: Tensor) -> Tensor:
        """Return the latents ``[T, num_ws, w_dim]`` of the small pictures most like parts ``[T, 3, h, w]`` of their size."""
        return self.generator.w_of_z(self.z[distances(self.pictures, parts).argmin(1)])


def samples(generator: AnyGenerator) -> Samples:
    """Return random pictures of a generator, the same at every call."""
    return collected(generator, list(drawn(generator)))


@torch.no_grad()
def drawn(generator: AnyGenerator) -> Iterator[Tensor]:
    """Yield these pictures in parts, ``[n, 3, h, w]``, for :func:`collected`."""
    height, width = _drawn_size(generator)
    for part in torch.split(_random_z(generator), at_once(width, height)):
        yield brought_to(small_pictures(generator, generator.w_of_z(part)), SIDE_PX)


def collected(generator: AnyGenerator, parts: Sequence[Tensor]) -> Samples:
    """Return the random pictures of a generator from all their parts."""
    return Samples(generator, _random_z(generator), torch.cat(list(parts)), Coordinates(generator))


def _random_z(generator: AnyGenerator) -> Tensor:
    """Return what the pictures are made from, ``[N, z_dim]``."""
    height, width = _drawn_size(generator)
    count = max(min(MOST_SAMPLES, MOST_DRAWN_PX // (height * width)), 1)
    rng = torch.Generator().manual_seed(SEED)
    return torch.randn(count, generator.z_dim, generator=rng).to(generator.w_mean)


def distances(pictures: Tensor, targets: Tensor) -> Tensor:
    """Return the mean squared differences ``[T, N]`` of pictures ``[N, 3, h, w]`` to targets ``[T, 3, h, w]``."""
    own, others = targets.flatten(1), pictures.flatten(1)
    squares = own.square().sum(1, keepdim=True) + others.square().sum(1)
    return (squares - 2 * own @ others.t()).clamp(min=0) / own.shape[1]


def brought_to(pictures: Tensor, side: int) -> Tensor:
    """Return pictures averaged to so many pixels along the longer side, their shape kept; small ones as they are."""
    height, width = pictures.shape[2:]
    longer = max(height, width)
    if longer <= side:
        return pictures
    size = max(height * side // longer, 1), max(width * side // longer, 1)
    return F.adaptive_avg_pool2d(pictures, size)


def at_once(width: int, height: int) -> int:
    """Return how many pictures of a size are drawn at once."""
    return max(AT_ONCE_PX // (width * height), 1)


def _drawn_size(generator: AnyGenerator) -> tuple[int, int]:
    """Return height and width of the smallest pictures of a generator in which enough can be told."""
    height, width = generator.height, generator.width
    if isinstance(generator, Generator):
        block = _sketched_block(generator)
        return block, width * block // height
    return height, width


def small_pictures(generator: AnyGenerator, w: Tensor) -> Tensor:
    """Return pictures of latents, small ones where the generator can make them faster."""
    if isinstance(generator, Generator):
        return generator.sketch(w, _sketched_block(generator))
    return generator.image(w)


def _sketched_block(generator: Generator) -> int:
    """Return the first block whose picture has the size at which pictures are compared."""
    large = [
        b for b in generator.feature_blocks if b * generator.width >= SIDE_PX * generator.height
    ]
    large = [b for b in large if b >= SIDE_PX]
    return large[0] if large else generator.feature_blocks[-1]
