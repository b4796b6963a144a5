"""Two pictures of one generator blended by their features: one inside a mask, the other outside it.

Pixels alone would show a seam. Here each block sees the blended output of the block before, so that it draws one picture
on both sides; the finest blend keeps what lies outside the mask exactly.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from draggan_widget.errors import InputError
from draggan_widget.generator.stylegan2 import Generator
from draggan_widget.ops import upsample2d

FEATHER = 1 / 32
"""Default width of the seam as a part of the picture's longer side."""


@torch.no_grad()
def blended_image(
    generator: Generator,
    w: Tensor,
    start_w: Tensor,
    mask: NDArray[np.bool_],
    feather_px: float | None = None,
) -> Tensor:
    """Return the picture of ``w`` inside a mask, and that of ``start_w`` outside it.

    Features and partial pictures of each block are blended before the next block sees them. A cell of a coarse block
    that lies in the mask in part counts as inside, or what was dragged would not get there; the finer blocks take back
    what leaks. At the full resolution nothing of ``w`` is left outside.

    Args:
        generator: Makes the pictures.
        w: Latent ``[1, num_ws, w_dim]`` inside.
        start_w: Latent ``[1, num_ws, w_dim]`` outside.
        mask: ``[H, W]``, True inside.
        feather_px: Width of the seam, which lies inside the mask, px; None is 1/32 of the picture.

    Returns:
        ``[1, 3, H, W]``, about -1..1.

    Raises:
        InputError: ``feather_px`` is negative or not finite.
    """
    if feather_px is None:
        feather_px = FEATHER * max(mask.shape)
    if not math.isfinite(feather_px) or feather_px < 0:
        raise InputError(f"feather_px must be a number from 0, got {feather_px}")
    share = feathered(torch.from_numpy(mask.copy()).to(w), round(feather_px))
    synthesis, noise = generator.synthesis, generator.noise
    x: Tensor | None = None
    start_x: Tensor | None = None
    rgb: Tensor | None = None
    start_rgb: Tensor | None = None
    for index, resolution in enumerate(generator.feature_blocks):
        size = resolution, generator.config.columns(resolution)
        inside = F.adaptive_max_pool2d(share[None, None], size)
        start_x = synthesis.features(index, start_x, start_w, noise=noise)
        own_x = synthesis.features(index, x, w, noise=noise)
        x = torch.lerp(start_x, own_x, inside)
        start_rgb = _added(start_rgb, synthesis.colours(index, start_x, start_w))
        rgb = _added(rgb, synthesis.colours(index, x, w))
        rgb = torch.lerp(start_rgb, rgb, inside)
    assert rgb is not None
    return rgb


def feathered(mask: Tensor, feather_px: int) -> Tensor:
    """Return a mask ``[H, W]`` of 0 and 1 that rises inside its border, from 0 outside to 1 at ``feather_px`` cells.

    The border of the picture is no border of the mask. Where the mask is too narrow for this, it rises to 1 at its
    widest place.
    """
    eroded, total = mask, mask.clone()
    for _ in range(feather_px):
        eroded = 1 - F.max_pool2d((1 - eroded)[None], 3, stride=1, padding=1)[0]
        total += eroded
    return total / total.amax().clamp(min=1)


def _added(rgb: Tensor | None, part: Tensor) -> Tensor:
    """Return a partial picture with what the next block adds."""
    return part if rgb is None else upsample2d(rgb) + part
