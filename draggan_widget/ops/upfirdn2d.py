"""Up-sampling, filtering and down-sampling with a small separable filter (StyleGAN2's resampling).

The general operation inserts zeros, pads, filters and keeps every n-th sample. Two fast special cases follow from
the filter [1, 3, 3, 1] being three box filters of width two in a row.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

BINOMIAL_TAPS = (1.0, 3.0, 3.0, 1.0)
"""Resampling filter of the published StyleGAN2 networks."""


def resampling_filter(
    taps: Sequence[float] = BINOMIAL_TAPS,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return the outer product of ``taps`` with itself, with sum one.

    Args:
        taps: 1-D filter, at least one entry.
        dtype: Floating-point type of the result.
        device: Device of the result.

    Returns:
        Filter ``[len(taps), len(taps)]``.
    """
    line = torch.tensor(taps, dtype=torch.float64)
    square = torch.outer(line, line)
    return (square / square.sum()).to(dtype=dtype, device=device)


def upfirdn2d(
    x: Tensor,
    kernel: Tensor,
    *,
    up: int = 1,
    down: int = 1,
    padding: tuple[int, int, int, int] = (0, 0, 0, 0),
    gain: float = 1.0,
) -> Tensor:
    """Return ``x`` up-sampled with zeros, padded, convolved with ``kernel`` and decimated.

    Args:
        x: Pictures ``[B, C, H, W]``.
        kernel: 2-D filter ``[kh, kw]``.
        up: Each sample is followed by ``up - 1`` zeros along both axes.
        down: Every ``down``-th sample of the result is kept.
        padding: Samples added (or, if negative, removed) at left, right, top, bottom, after the up-sampling.
        gain: Factor on the result.

    Returns:
        ``[B, C, H', W']`` with ``H' = (H * up + top + bottom - kh) // down + 1``.
    """
    batch, channels, height, width = x.shape
    if up > 1:
        spread = x.new_zeros(batch, channels, height, up, width, up)
        spread[:, :, :, 0, :, 0] = x
        x = spread.reshape(batch, channels, height * up, width * up)
    x = F.pad(x, padding)
    weight = (kernel.flip((0, 1)) * gain).to(x.dtype).expand(channels, 1, *kernel.shape)
    return F.conv2d(x, weight, stride=down, groups=channels)


def upsample2d(x: Tensor) -> Tensor:
    """Return ``x`` twice as large, filtered with [1, 3, 3, 1], zeros outside.

    Equal to ``upfirdn2d(x, resampling_filter(), up=2, padding=(2, 1, 2, 1), gain=4)``.

    Args:
        x: Pictures ``[B, C, H, W]``.

    Returns:
        ``[B, C, 2H, 2W]``.
    """
    return F.interpolate(
        F.pad(x, (1, 1, 1, 1)), scale_factor=2, mode="bilinear", align_corners=False
    )[..., 2:-2, 2:-2]


def smooth_transposed(x: Tensor) -> Tensor:
    """Return the output of a stride-2 transposed 3x3 convolution, filtered with [1, 3, 3, 1] at gain 4.

    Equal to ``upfirdn2d(x, resampling_filter(), padding=(1, 1, 1, 1), gain=4)``.

    Args:
        x: ``[B, C, 2H + 1, 2W + 1]``.

    Returns:
        ``[B, C, 2H, 2W]``.
    """
    channels = x.shape[1]
    kernel = resampling_filter(dtype=x.dtype, device=x.device) * 4
    return F.conv2d(x, kernel.expand(channels, 1, 4, 4).contiguous(), padding=1, groups=channels)
