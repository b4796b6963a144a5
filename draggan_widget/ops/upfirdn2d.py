"""Up-sampling, filtering and down-sampling with a small separable filter (StyleGAN2's resampling).

The general operation inserts zeros, pads, filters and keeps every n-th sample. Two fast special cases follow from
the filter [1, 3, 3, 1] being three box filters of width two in a row; only these have CUDA kernels.
"""

import functools
from collections.abc import Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.ops.extension import Impl, kernels_for
from draggan_widget.ops.library import Kernels, applied, dense, kernels_of, operator

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


def upsample2d(x: Tensor, *, impl: Impl = "auto") -> Tensor:
    """Return ``x`` twice as large, filtered with [1, 3, 3, 1], zeros outside.

    Equal to ``upfirdn2d(x, resampling_filter(), up=2, padding=(2, 1, 2, 1), gain=4)``.

    Args:
        x: Pictures ``[B, C, H, W]``.
        impl: See :data:`Impl`.

    Returns:
        ``[B, C, 2H, 2W]``.

    Raises:
        KernelError: ``impl`` is ``"cuda"``, and the kernel cannot be had.
    """
    kernels = kernels_for(impl, x, fit=x.ndim == 4)
    if kernels is not None:
        return applied(Resampling, kernels, "upsample", x)
    return F.interpolate(
        F.pad(x, (1, 1, 1, 1)), scale_factor=2, mode="bilinear", align_corners=False
    )[..., 2:-2, 2:-2]


def smooth_transposed(x: Tensor, *, impl: Impl = "auto") -> Tensor:
    """Return the output of a stride-2 transposed 3x3 convolution, filtered with [1, 3, 3, 1] at gain 4.

    Equal to ``upfirdn2d(x, resampling_filter(), padding=(1, 1, 1, 1), gain=4)``.

    Args:
        x: ``[B, C, 2H + 1, 2W + 1]``.
        impl: See :data:`Impl`.

    Returns:
        ``[B, C, 2H, 2W]``.

    Raises:
        KernelError: ``impl`` is ``"cuda"``, and the kernel cannot be had.
    """
    kernels = kernels_for(impl, x, fit=x.ndim == 4)
    if kernels is not None:
        return applied(Resampling, kernels, "smooth", x)
    channels = x.shape[1]
    kernel = _smoothing(x.dtype, x.device)
    return F.conv2d(x, kernel.expand(channels, 1, 4, 4).contiguous(), padding=1, groups=channels)


@functools.cache
def _smoothing(dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the filter of :func:`smooth_transposed`; kept, since a CUDA graph may copy nothing from the host."""
    with torch.inference_mode(False):  # of what is made within it nothing can be derived
        return resampling_filter(dtype=dtype, device=device) * 4


Resampler = Literal["smooth", "smooth_transpose", "upsample", "upsample_transpose"]
"""The linear maps of the two special cases, and their transposes."""

TRANSPOSES: dict[Resampler, Resampler] = {
    "smooth": "smooth_transpose",
    "smooth_transpose": "smooth",
    "upsample": "upsample_transpose",
    "upsample_transpose": "upsample",
}
"""Each map's derivative is its transpose."""


class Resampling(torch.autograd.Function):
    """The kernels: ``(kernels, name of a linear map, x) -> y``."""

    @staticmethod
    def forward(ctx: Any, kernels: Kernels, name: Resampler, x: Tensor) -> Tensor:
        """Return ``y``, laid out as ``x``."""
        ctx.kernels, ctx.name = kernels, name
        return resample(kernels.handle, name, x)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Any, ...]:
        """Return the transpose of the gradient."""
        return None, None, resample(ctx.kernels.handle, TRANSPOSES[ctx.name], *gradients)


@operator("resample(int kernels, str name, Tensor x) -> Tensor")
def resample(kernels: int, name: Resampler, x: Tensor) -> Tensor:
    """Return the result of a linear map."""
    x, inner, layout = dense(x)
    batch, channels, *size = x.shape
    height, width = (_length(name, each) for each in size)
    y = torch.empty(
        batch, channels, height, width, dtype=x.dtype, device=x.device, memory_format=layout
    )
    sizes = batch * channels // inner, *size, height, width, inner
    if name == "upsample":
        kernels_of(kernels).call("two_taps", x, y, *sizes)
    else:
        stride = 2 if name == "upsample_transpose" else 1
        offset = 2 if name == "smooth_transpose" else 1
        kernels_of(kernels).call("four_taps", x, y, *sizes, stride, offset)
    return y


def _length(name: Resampler, length: int) -> int:
    """Return how long an axis becomes."""
    lengths = {
        "smooth": length - 1,
        "smooth_transpose": length + 1,
        "upsample": 2 * length,
        "upsample_transpose": length // 2,
    }
    return lengths[name]
