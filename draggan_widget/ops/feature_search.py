"""Where in a window the feature lies that is nearest to a given one: the inner part of tracking."""

import torch
from torch import Tensor

from draggan_widget.ops.extension import Impl, kernels_for, selects
from draggan_widget.ops.library import Kernels
from draggan_widget.ops.patch_loss import Reading, read


def feature_search(
    searched: Reading,
    references: Tensor,
    inside: Tensor,
    closeness: Tensor,
    tolerance: Tensor,
    *,
    norm: int,
    impl: Impl = "auto",
) -> tuple[Tensor, Tensor]:
    """Return the position of each point's nearest feature, and how near it is; without gradient.

    Of features that are equally near, up to the tolerance, the one of the smallest ``closeness`` is taken, and of
    these the first.

    Args:
        searched: Windows, read at ``Q x P`` positions.
        references: Feature that is looked for, ``[N, C]``.
        inside: Which positions may be found, boolean ``[N, Q, P]``.
        closeness: Rank of each position, ``[Q * P]``, smaller is better.
        tolerance: Of each point, ``[N]``.
        norm: 1 or 2, norm of the difference.
        impl: See :data:`Impl`.

    Returns:
        Positions ``q * P + p``, int64 ``[N]``, and distances ``[N]``: NaN where a feature inside is not a number, and
        the position then means nothing.

    Raises:
        KernelError: ``impl`` is ``"cuda"``, and the kernel cannot be had.
    """
    shape = searched.shape
    fit = (
        len(shape) == 4
        and tuple(references.shape) == shape[:2]
        and selects(inside, (shape[0], *shape[2:]), references)
        and tuple(closeness.shape) == (shape[2] * shape[3],)
        and tuple(tolerance.shape) == shape[:1]
    )
    kernels = kernels_for(impl, *searched, references, closeness, tolerance, fit=fit)
    if kernels is not None:
        return search_compiled(kernels, searched, references, inside, closeness, tolerance, norm)
    difference = read(searched) - references[:, :, None, None]
    distances = torch.linalg.vector_norm(difference, norm, dim=1)
    distances = distances.masked_fill(~inside, torch.inf).flatten(1)
    nearest = distances.amin(1)
    tied = distances <= (nearest + tolerance)[:, None]
    return closeness.where(tied, torch.inf).argmin(1), nearest


@torch.no_grad()
def search_compiled(
    kernels: Kernels,
    searched: Reading,
    references: Tensor,
    inside: Tensor,
    closeness: Tensor,
    tolerance: Tensor,
    norm: int,
) -> tuple[Tensor, Tensor]:
    """Return what :func:`feature_search` does, by the kernel."""
    windows, row_weights, column_weights = (each.contiguous() for each in searched)
    points = len(windows)
    best = torch.empty(points, dtype=torch.int64, device=windows.device)
    nearest, distances = windows.new_empty(points), windows.new_empty(inside.shape)
    kernels.call(
        "feature_search",
        *(windows, row_weights, column_weights, references.contiguous(), inside.contiguous()),
        *(closeness.contiguous(), tolerance.contiguous(), distances, nearest, best),
        *(*windows.shape, row_weights.shape[1], column_weights.shape[1], norm),
    )
    return best, nearest
