"""How far features have moved from those of the first picture where the picture is held."""

from typing import Any

import torch
from torch import Tensor

from draggan_widget.ops.extension import Impl, kernels_for
from draggan_widget.ops.library import Kernels, applied, chunks_of, dense


def mask_term(
    features: Tensor, start_features: Tensor, held: Tensor, *, impl: Impl = "auto"
) -> Tensor:
    """Return the mean of ``|features - start_features| * held``; differentiable in ``features``.

    Args:
        features: ``[C, h, w]``.
        start_features: ``[C, h, w]``, without gradient.
        held: Weight of each cell ``[h, w]``, without gradient.
        impl: See :data:`Impl`.

    Returns:
        Scalar.

    Raises:
        KernelError: ``impl`` is ``"cuda"``, and the kernel cannot be had.
    """
    fit = (
        features.ndim == 3
        and start_features.shape == features.shape
        and held.shape == features.shape[1:]
    )
    kernels = kernels_for(impl, features, start_features, held, fit=fit)
    if kernels is not None:
        return applied(MaskTerm, kernels, features, start_features, held)
    return ((features - start_features).abs() * held).mean()


class MaskTerm(torch.autograd.Function):
    """The kernels: ``(kernels, features, start_features, held) -> term``."""

    @staticmethod
    def forward(
        ctx: Any, kernels: Kernels, features: Tensor, start_features: Tensor, held: Tensor
    ) -> Tensor:
        """Return the term."""
        maps, inner, layout = dense(features[None])
        start = start_features[None].contiguous(memory_format=layout)
        held = held.contiguous()
        ctx.kernels, ctx.sizes = kernels, (maps.numel(), held.numel(), inner)
        ctx.save_for_backward(maps, start, held)
        chunks = chunks_of(maps.numel())
        partial = maps.new_empty(chunks)
        kernels.call("mask_term", maps, start, held, partial, *ctx.sizes, chunks)
        return partial.sum() / maps.numel()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Any, ...]:
        """Return the gradient of the features."""
        maps, start, held = ctx.saved_tensors
        gradient = torch.empty_like(maps)
        scale = gradients[0] / maps.numel()
        ctx.kernels.call("mask_gradient", maps, start, held, scale, gradient, *ctx.sizes)
        return None, gradient[0], None, None
