"""How unlike two pictures are: colours, edges and textures at several sizes, and LPIPS where it is installed.

Everything here is a fixed filter; nothing was learnt on anybody's photos.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.errors import InputError

SIZES = (1, 2, 4, 8)
"""By how much pictures are made smaller; small ones tell the way of moves that are larger than a detail."""

SIZE_WEIGHTS = (1.0, 1.0, 1.0, 2.0)
EDGE_WEIGHT = 0.5
ABSOLUTE_WEIGHT = 0.05
TEXTURE_WEIGHT = 0.1

ORIENTATIONS = 6
WAVELENGTHS_PX = (4.0, 8.0)
WAVELET_RADIUS = 7
"""Of the bank of oriented filters that textures are told by."""

Perceptual = Callable[[Tensor, Tensor], Tensor]
"""A further distance ``[]`` of two pictures ``[1, 3, H, W]``; differentiable in the first."""


class Likeness:
    """The distance of pictures to one target, differentiable.

    Attributes:
        target: ``[1, 3, H, W]``, -1..1.
    """

    def __init__(self, target: Tensor, perceptual: Perceptual | None = None) -> None:
        """Prepare what depends on the target alone.

        Args:
            target: ``[1, 3, H, W]``, -1..1.
            perceptual: A further distance, such as LPIPS.
        """
        self.target = target
        self._perceptual = perceptual
        self._pyramid = [_smaller(target, size) for size in SIZES if _fits(target, size)]
        self._textures = textures(target)

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return the distance ``[B]`` of pictures ``[B, 3, H, W]``."""
        total = TEXTURE_WEIGHT * (textures(pictures) - self._textures).square().mean((1, 2, 3))
        sizes = zip(SIZES, SIZE_WEIGHTS, self._pyramid, strict=False)
        for size, weight, target in sizes:
            total = total + weight * _difference(_smaller(pictures, size), target)
        if self._perceptual is not None:
            further = [self._further(each) for each in torch.split(pictures, 1)]
            total = total + torch.stack(further).to(total)
        return total

    def _further(self, picture: Tensor) -> Tensor:
        """Return the further distance of a picture, checked."""
        assert self._perceptual is not None
        found = self._perceptual(picture, self.target)
        if not isinstance(found, Tensor) or found.numel() != 1 or found.is_complex():
            raise InputError(
                "perceptual must return one number as a tensor, from which derivatives can be taken, got "
                f"{list(found.shape) if isinstance(found, Tensor) else type(found).__name__}; take its mean"
            )
        return found.reshape([])


def psnr_db(picture: Tensor, target: Tensor) -> float:
    """Return the peak signal-to-noise ratio of a picture, dB; both ``[1, 3, H, W]`` in -1..1."""
    error = (picture.clamp(-1, 1) - target).square().mean().item()
    return 10 * math.log10(4 / max(error, 1e-12))


def textures(pictures: Tensor) -> Tensor:
    """Return how strong each orientation and wavelength is around each place, ``[B, F, h, w]``.

    The energies of a bank of Gabor filters (Gabor 1946; Daugman 1985) on the brightness, averaged over 8 px: alike for
    two furs whose hairs lie elsewhere.
    """
    grey = pictures.mean(1, keepdim=True)
    bank = _gabor_bank().to(grey)
    answers = F.conv2d(F.pad(grey, (WAVELET_RADIUS,) * 4, mode="reflect"), bank)
    energies = answers.reshape(len(grey), -1, 2, *answers.shape[2:]).square().sum(2)
    strength = (energies + 1e-6).sqrt()
    return F.avg_pool2d(strength, min(8, *strength.shape[2:]))


@functools.cache
def _gabor_bank() -> Tensor:
    """Return the filters, even and odd in turn, ``[2 F, 1, k, k]``."""
    line = torch.arange(-WAVELET_RADIUS, WAVELET_RADIUS + 1, dtype=torch.float64)
    y, x = torch.meshgrid(line, line, indexing="ij")
    filters = []
    for wavelength in WAVELENGTHS_PX:
        window = torch.exp(-(x.square() + y.square()) / (2 * (wavelength / 2) ** 2))
        for index in range(ORIENTATIONS):
            angle = math.pi * index / ORIENTATIONS
            phase = 2 * math.pi * (x * math.cos(angle) + y * math.sin(angle)) / wavelength
            for wave in (torch.cos(phase), torch.sin(phase)):
                values = window * wave
                values = values - window * values.sum() / window.sum()  # blind to brightness
                filters.append(values / values.abs().sum())
    return torch.stack(filters)[:, None].float()


def _difference(pictures: Tensor, target: Tensor) -> Tensor:
    """Return the difference of colours and edges at one size, ``[B]``."""
    error = pictures - target
    own = error.square().mean((1, 2, 3)) + ABSOLUTE_WEIGHT * error.abs().mean((1, 2, 3))
    edges = [
        each.square().mean((1, 2, 3))
        for each in (error[..., 1:] - error[..., :-1], error[..., 1:, :] - error[..., :-1, :])
    ]
    return own + EDGE_WEIGHT * _sum(edges)


def _sum(values: Sequence[Tensor]) -> Tensor:
    """Return the sum of tensors."""
    return torch.stack(list(values)).sum(0)


def _smaller(pictures: Tensor, size: int) -> Tensor:
    """Return pictures made smaller by averaging."""
    return F.avg_pool2d(pictures, size) if size > 1 else pictures


def _fits(picture: Tensor, size: int) -> bool:
    """Whether something is left of a picture when it is made smaller."""
    return min(picture.shape[2:]) >= 4 * size
