"""Convolutions whose kernel never changes, differentiable in their input.

oneDNN, which convolves on CPUs, rearranges a kernel at every call; for maps of up to 16 cells of 512 channels that
takes a quarter to two thirds of the time. Here it is done once, for the convolution and for its adjoint, where this
build of PyTorch can: on CPUs, in single precision. Elsewhere the usual functions are called.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Operator = Callable[[Tensor, Tensor | None, int], Tensor]
"""A linear map of ``[B, C, h, w]``, plus a bias or None, with a padding."""


class FixedConvolution:
    """A convolution, or transposed convolution, with a kernel that takes no gradient."""

    def __init__(self, kernel: Tensor, *, stride: int, transposed: bool, cells: int) -> None:
        """Lay out the kernel.

        Args:
            kernel: As for ``conv2d``, or ``conv_transpose2d`` if ``transposed``; square.
            stride: Of both axes.
            transposed: Whether it is a transposed convolution.
            cells: Usual height and width of the input, for which the layout is chosen; others are as right.
        """
        kernel = kernel.detach().contiguous(memory_format=torch.channels_last)
        larger, smaller = (cells * stride, cells) if transposed else (cells, cells // stride)
        if _packs(kernel):
            gather, spread = _packed(kernel, stride, larger, smaller)
        else:
            gather, spread = _plain(kernel, stride)
        self._operators = (spread, gather) if transposed else (gather, spread)

    def __call__(self, x: Tensor, padding: int, bias: Tensor | None = None) -> Tensor:
        """Return the convolution of ``x`` ``[B, C, h, w]``, plus a fixed bias ``[C']``."""
        result: Tensor = _FixedLinear.apply(x, bias, padding, *self._operators)  # type: ignore[no-untyped-call]  # torch
        return result


class _FixedLinear(torch.autograd.Function):
    """A linear map plus a bias, and its adjoint as derivative."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        bias: Tensor | None,
        padding: int,
        operator: Operator,
        adjoint: Operator,
    ) -> Tensor:
        """Apply the map; its derivative needs nothing of the input."""
        ctx.padding, ctx.operator, ctx.adjoint = padding, operator, adjoint
        return operator(x, bias, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Apply the adjoint."""
        found = _FixedLinear.apply(  # type: ignore[no-untyped-call]  # torch
            gradients[0], None, ctx.padding, ctx.adjoint, ctx.operator
        )
        return found, None, None, None, None


def _plain(kernel: Tensor, stride: int) -> tuple[Operator, Operator]:
    """Return the convolution with a kernel and the transposed one, by PyTorch's functions."""

    def gather(x: Tensor, bias: Tensor | None, padding: int) -> Tensor:
        return F.conv2d(x, kernel, bias, stride, padding)

    def spread(x: Tensor, bias: Tensor | None, padding: int) -> Tensor:
        return F.conv_transpose2d(x, kernel, bias, stride, padding)

    return gather, spread


def _packed(kernel: Tensor, stride: int, larger: int, smaller: int) -> tuple[Operator, Operator]:
    """Return the same with kernels in oneDNN's layout for maps of about the given sizes."""
    convolve = torch.ops.mkldnn._convolution_pointwise
    transpose = torch.ops.mkldnn._convolution_transpose_pointwise
    channels_out, channels_in = kernel.shape[:2]
    strides, ones = [stride, stride], [1, 1]
    gathering = torch._C._nn.mkldnn_reorder_conv2d_weight(  # type: ignore[call-arg]  # its stubs
        kernel.to_mkldnn(), ones, strides, ones, 1, [1, channels_in, larger, larger]
    )
    spreading = torch.ops.mkldnn._reorder_convolution_transpose_weight(
        kernel, ones, [0, 0], strides, ones, 1, [1, channels_out, smaller, smaller]
    )

    def gather(x: Tensor, bias: Tensor | None, padding: int) -> Tensor:
        border = [padding, padding]
        y: Tensor = convolve(x, gathering, bias, border, strides, ones, 1, "none", [], "")
        return y

    def spread(x: Tensor, bias: Tensor | None, padding: int) -> Tensor:
        border = [padding, padding]
        y: Tensor = transpose(x, spreading, bias, border, [0, 0], strides, ones, 1, "none", [], "")
        return y

    return gather, spread


def _packs(kernel: Tensor) -> bool:
    """Return whether a kernel can be laid out once and for all."""
    return kernel.device.type == "cpu" and kernel.dtype == torch.float32 and _can_pack()


@functools.cache
def _can_pack() -> bool:
    """Return whether this build of PyTorch convolves with packed kernels, and rightly.

    These functions serve its compiler and are not promised to stay: they are used only where they have been seen to
    work.
    """
    kernel = torch.linspace(-1, 1, 2 * 3 * 9).reshape(2, 3, 3, 3)
    x, y = torch.linspace(-1, 1, 3 * 25).reshape(1, 3, 5, 5), torch.ones(1, 2, 2, 2)
    try:
        pairs = zip(_packed(kernel, 2, 5, 2), _plain(kernel, 2), (x, y), strict=True)
        return all(
            torch.allclose(found(z, None, 0), expected(z, None, 0), rtol=1e-4, atol=1e-5)
            for found, expected, z in pairs
        )
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return False  # absent, or with other arguments: a build that knows them otherwise
