"""Muon: momentum whose matrix is replaced by its nearest orthogonal matrix (Jordan et al. 2024).

PyTorch's own Muon takes matrices only; this one takes convolutions too (as ``[out, in * k * k]``) and lets several
processes share the work, each computing a part of the updates.
"""

import math
from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration that pulls all singular values towards one (Jordan et al. 2024)."""

NEWTON_SCHULZ_STEPS = 5
"""Iterations; enough for singular values between about 0.7 and 1.2."""


def orthogonalized(matrix: Tensor) -> Tensor:
    """Return the orthogonal factor of a matrix, by Newton-Schulz iterations on its smaller Gram matrix.

    Args:
        matrix: ``[rows, columns]``.

    Returns:
        ``[rows, columns]``, scaled so that the root mean square of its entries is about one.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.t()
    wide = wide / (wide.norm() + 1e-9)
    gram = wide @ wide.t()
    eye = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    product = eye
    a, b, c = NEWTON_SCHULZ
    for _ in range(NEWTON_SCHULZ_STEPS):
        factor = a * eye + b * gram + c * (gram @ gram)
        product = factor @ product
        gram = factor @ gram @ factor
        gram = 0.5 * (gram + gram.t())
    result: Tensor = (product @ wide) * math.sqrt(max(matrix.shape))
    return result if matrix.shape[0] <= matrix.shape[1] else result.t()


class Muon(torch.optim.Optimizer):
    """Muon for weights of two or more dimensions.

    Args:
        params: Weights ``[out, ...]``; those without a gradient are left alone.
        lr: Root mean square of one update of an entry.
        momentum: Decay of the running mean of the gradients (Nesterov form).
        rank, world: This process and the number of processes; every process must hold equal gradients.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        *,
        momentum: float = 0.95,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})
        self._rank, self._world = rank, world

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # one evaluation a step
        """Update the weights from their gradients."""
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            updates = [self._direction(p, group["momentum"], turn) for turn, p in enumerate(params)]
            if self._world > 1:
                share_sum(updates)
            for param, update in zip(params, updates, strict=True):
                param.add_(update, alpha=-group["lr"])

    def _direction(self, param: Tensor, momentum: float, turn: int) -> Tensor:
        """Return the update of a weight, or zeros where it is another process's turn to compute it."""
        assert param.grad is not None
        state = self.state[param]
        mean = state.setdefault("mean", torch.zeros_like(param))
        mean.lerp_(param.grad, 1 - momentum)
        if turn % self._world != self._rank:
            return torch.zeros_like(param)
        ahead = mean.lerp(param.grad, 1 - momentum)
        return orthogonalized(ahead.flatten(1)).reshape(param.shape)


def share_sum(tensors: list[Tensor]) -> None:
    """Replace each tensor by its sum over all processes, in one message."""
    flat = torch.cat([t.flatten() for t in tensors])
    dist.all_reduce(flat)
    parts = torch.split(flat, [t.numel() for t in tensors])
    for tensor, part in zip(tensors, parts, strict=True):
        tensor.copy_(part.view_as(tensor))
