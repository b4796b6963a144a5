"""How far the features of patches are from those of other patches: the inner part of the motion loss."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from draggan_widget.ops.extension import Impl, kernels_for, selects
from draggan_widget.ops.library import Kernels, applied, chunks_of

FLAT_ROUNDINGS = 64
"""Differences below so many roundings of a patch's largest feature pull nowhere: L1 would pull with
full force in the direction of the rounding error, and Adam would follow it at full speed."""


class Reading(NamedTuple):
    """Windows of features, and the weights that read a grid of positions in each of them.

    Attributes:
        windows: ``[N, C, R, K]``.
        row_weights: ``[N, Q, R]``.
        column_weights: ``[N, P, K]``.
    """

    windows: Tensor
    row_weights: Tensor
    column_weights: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """``(N, C, Q, P)`` of the features that are read; empty where the parts do not belong together."""
        windows, rows, columns = self
        if windows.ndim != 4 or rows.ndim != 3 or columns.ndim != 3:
            return ()
        points, channels, height, width = windows.shape
        if (*rows.shape[::2], *columns.shape[::2]) != (points, height, points, width):
            return ()
        return points, channels, rows.shape[1], columns.shape[1]


def patch_loss(still: Reading, moved: Reading, counted: Tensor, *, impl: Impl = "auto") -> Tensor:
    """Return the L1 distance of each patch from another one, per channel.

    The features of a patch are ``row_weights @ windows @ column_weights.T``. Differences that are only rounding are
    zero and have no gradient. Differentiable in ``moved.windows``.

    Args:
        still: Patches that the others shall be like; without gradient.
        moved: The other patches, in windows of the same size.
        counted: Which positions count, boolean ``[N, Q, P]``.
        impl: See :data:`Impl`.

    Returns:
        ``[N]``: sum over positions of the mean over channels of the absolute difference.

    Raises:
        KernelError: ``impl`` is ``"cuda"``, and the kernel cannot be had.
    """
    shape = moved.shape
    fit = (
        len(shape) == 4
        and still.shape == shape
        and still.windows.shape == moved.windows.shape
        and selects(counted, (shape[0], *shape[2:]), moved.windows)
    )
    kernels = kernels_for(impl, *still, *moved, fit=fit)
    if kernels is not None:
        return applied(PatchLoss, kernels, *still, *moved, counted)
    features = read(still)
    difference = (read(moved) - features).abs()
    rounding = torch.finfo(features.dtype).eps * FLAT_ROUNDINGS
    differs = difference > rounding * features.abs().amax((1, 2, 3), keepdim=True)
    error = (difference * differs).mean(1)
    return (error * counted).sum((1, 2))


def read(reading: Reading) -> Tensor:
    """Return the features ``[N, C, Q, P]`` of a reading; fastest where channels lie side by side in memory."""
    windows, row_weights, column_weights = reading
    # All channels at once, first along the rows: a product for each of them would be hundreds of tiny ones.
    cells = windows.permute(0, 2, 3, 1)
    lines = row_weights @ cells.flatten(2)
    lines = lines.reshape(*lines.shape[:2], *cells.shape[2:])
    features: Tensor = (column_weights[:, None] @ lines).permute(0, 3, 1, 2)
    return features


class PatchLoss(torch.autograd.Function):
    """The kernels: ``(kernels, *still, *moved, counted) -> loss``."""

    @staticmethod
    def forward(ctx: Any, kernels: Kernels, *tensors: Tensor) -> Tensor:
        """Return the loss, and keep by what each feature pulls."""
        still, moved = (
            [each.contiguous() for each in part] for part in (tensors[:3], tensors[3:6])
        )
        counted = tensors[6].contiguous()
        windows, row_weights, column_weights = moved
        sizes = *windows.shape, row_weights.shape[1], column_weights.shape[1]
        points, channels, patch = sizes[0], sizes[1], sizes[4:]
        chunks = chunks_of(channels * patch[0] * patch[1])
        partial = windows.new_empty(points, chunks)
        kernels.call("patch_peak", *still, partial, *sizes, chunks)
        threshold = partial.amax(1) * (torch.finfo(windows.dtype).eps * FLAT_ROUNDINGS)
        pull = windows.new_empty(points, channels, *patch)
        kernels.call(
            "patch_error", *still, *moved, counted, threshold, pull, partial, *sizes, chunks
        )
        ctx.kernels, ctx.sizes = kernels, sizes
        ctx.save_for_backward(row_weights, column_weights, pull)
        return partial.sum(1)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Any, ...]:
        """Return the gradient of the moved windows."""
        row_weights, column_weights, pull = ctx.saved_tensors
        gradient = pull.new_empty(ctx.sizes[:4])
        ctx.kernels.call(
            "patch_gradient",
            *(row_weights, column_weights, pull, gradients[0].contiguous(), gradient, *ctx.sizes),
        )
        return None, None, None, None, gradient, None, None, None
