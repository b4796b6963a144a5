"""The activation of every StyleGAN2 layer: leaky ReLU that keeps the variance, then an optional clamp.

`modulated_epilogue` is all that follows a modulated convolution; as a kernel it reads and writes a map once.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.errors import KernelError
from draggan_widget.ops.extension import Impl, kernels_for
from draggan_widget.ops.library import (
    LANES,
    Kernels,
    applied,
    chunks_of,
    dense,
    kernels_of,
    operator,
)

LEAKY_SLOPE = 0.2
"""Slope below zero (Karras et al. 2020, StyleGAN2)."""

ACTIVATION_GAIN = math.sqrt(2.0)
"""Gain that keeps unit variance through a leaky ReLU (He et al. 2015)."""


def leaky_relu_gained(x: Tensor, clamp: float | None = None) -> Tensor:
    """Return ``clip(sqrt(2) * leaky_relu(x, 0.2), -clamp, clamp)``.

    The gain is applied first: a leaky ReLU is positively homogeneous, so the result is the same.

    Args:
        x: Any shape, floating point.
        clamp: Largest absolute value of the result, or None for no limit.

    Returns:
        Tensor of the shape of ``x``.
    """
    y = F.leaky_relu(x * ACTIVATION_GAIN, LEAKY_SLOPE)
    return y if clamp is None else y.clamp(-clamp, clamp)


def modulated_epilogue(
    x: Tensor,
    demodulation: Tensor | None,
    bias: Tensor,
    noise: Tensor | None = None,
    clamp: float | None = None,
    *,
    impl: Impl = "auto",
) -> Tensor:
    """Return ``clip(leaky_relu(x * demodulation + bias + noise, 0.2), -clamp, clamp)``.

    The kernel is differentiable in ``x`` and ``demodulation``. Where bias or noise need a gradient, which is in
    training, ``"auto"`` takes PyTorch.

    Args:
        x: Output of a convolution ``[B, C, h, w]``.
        demodulation: Factor of each channel ``[B, C]``, the activation's gain included, or None for none.
        bias: ``[C]``, gain included.
        noise: ``[h, w]``, gain included, or None for none.
        clamp: Largest absolute value of the result, or None for no limit.
        impl: See :data:`Impl`.

    Returns:
        ``[B, C, h, w]``.

    Raises:
        KernelError: ``impl`` is ``"cuda"``, and the kernel cannot be had, or bias or noise need a gradient.
    """
    trained = bias.requires_grad or (noise is not None and noise.requires_grad)
    if impl != "reference" and trained and torch.is_grad_enabled():
        if impl == "cuda":
            raise KernelError(
                "the kernel has no gradient of bias and noise; freeze them, or take impl='auto'"
            )
        impl = "reference"
    fit = (
        x.ndim == 4
        and bias.shape == x.shape[1:2]
        and (demodulation is None or demodulation.shape == x.shape[:2])
        and (noise is None or noise.shape == x.shape[2:])
    )
    kernels = kernels_for(impl, x, demodulation, bias, noise, fit=fit)
    if kernels is not None:
        limit = math.inf if clamp is None else float(clamp)
        return applied(Epilogue, kernels, x, demodulation, bias, noise, limit)
    shift = bias[:, None, None]
    if noise is not None:
        shift = shift + noise
    if demodulation is None:
        y = F.leaky_relu(x + shift, LEAKY_SLOPE)
    else:
        y = F.leaky_relu(torch.addcmul(shift, x, demodulation[:, :, None, None]), LEAKY_SLOPE)
    return y if clamp is None else y.clamp(-clamp, clamp)


class Epilogue(torch.autograd.Function):
    """The kernel: ``(kernels, x, demodulation, bias, noise, limit) -> y``."""

    @staticmethod
    def forward(
        ctx: Any,
        kernels: Kernels,
        x: Tensor,
        demodulation: Tensor | None,
        bias: Tensor,
        noise: Tensor | None,
        limit: float,
    ) -> Tensor:
        """Return ``y``, laid out as ``x``."""
        x, inner, _ = dense(x)
        bias = bias.contiguous()
        demodulation, noise = (
            each if each is None else each.contiguous() for each in (demodulation, noise)
        )
        ctx.kernels, ctx.limit = kernels, limit
        ctx.save_for_backward(x, demodulation, bias, noise)
        y = torch.empty_like(x)
        sizes = _sizes(x, inner)
        kernels.call(
            "epilogue_forward", x, demodulation, bias, noise, y, *sizes, LEAKY_SLOPE, limit
        )
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Any, ...]:
        """Return the gradients of ``x`` and ``demodulation``."""
        x, demodulation, bias, noise = ctx.saved_tensors
        x_gradient, factor_gradient = epilogue_gradient(
            ctx.kernels.handle, gradients[0], x, demodulation, bias, noise, ctx.limit
        )
        if demodulation is None:
            return None, x_gradient, None, None, None, None
        return None, x_gradient, factor_gradient, None, None, None


@operator(
    "epilogue_gradient(int kernels, Tensor gradient, Tensor x, Tensor? demodulation, Tensor bias, Tensor? noise, "
    "float limit) -> (Tensor, Tensor)"
)
def epilogue_gradient(
    kernels: int,
    gradient: Tensor,
    x: Tensor,
    demodulation: Tensor | None,
    bias: Tensor,
    noise: Tensor | None,
    limit: float,
) -> tuple[Tensor, Tensor]:
    """Return the gradients of ``x`` and of the demodulation, in one pass over the maps."""
    x, inner, layout = dense(x)
    gradient = gradient.contiguous(memory_format=layout)
    x_gradient = torch.empty_like(x)
    sizes, chunks = _sizes(x, inner), chunks_of(x.shape[2] * x.shape[3], LANES if inner > 1 else 1)
    partial = x.new_empty(*x.shape[:2], chunks)
    maps = x, demodulation, bias, noise, gradient, x_gradient, partial
    kernels_of(kernels).call("epilogue_backward", *maps, *sizes, chunks, LEAKY_SLOPE, limit)
    return x_gradient, partial.sum(2)


def _sizes(x: Tensor, inner: int) -> tuple[int, int, int, int]:
    """Return outer, channels, pixels and inner of maps, as the kernels count them."""
    batch, channels, height, width = x.shape
    return batch * channels // inner, channels, height * width, inner
