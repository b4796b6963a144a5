"""Coordinates of w in which random pictures are standard normal, so that a step means as much in each of them."""

from __future__ import annotations

import torch
from torch import Tensor

from draggan_widget.generator import AnyGenerator, LatentSplit

SMALLEST_SHARE = 1e-6
"""Directions in which w varies less than this share of the most are left out: a network never saw them move."""


class Coordinates:
    """Latents as multiples of the standard deviations of random ones.

    Attributes:
        rows: Rows of w+ that each latent block makes, which are equal in random pictures.
    """

    def __init__(self, generator: AnyGenerator) -> None:
        """Decompose the covariance of each latent block once."""
        split: LatentSplit | None = generator.config.split
        count = generator.num_ws
        self.rows = (split.rows, count - split.rows) if split else (count,)
        first = [sum(self.rows[:index]) for index in range(len(self.rows))]
        self._mean = generator.w_mean
        roots, inverses = [], []
        for row in first:
            root, inverse = _roots(generator.w_covariance[row])
            roots.append(root)
            inverses.append(inverse)
        self._roots, self._inverses = torch.stack(roots), torch.stack(inverses)

    @property
    def shape(self) -> tuple[int, int]:
        """Latent blocks, and coordinates of each."""
        return len(self.rows), self._roots.shape[1]

    def of_w(self, w: Tensor) -> Tensor:
        """Return the coordinates ``[B, num_ws, w_dim]`` of latents ``[B, num_ws, w_dim]``."""
        return self._by_block(w - self._mean, self._inverses)

    def w(self, coordinates: Tensor) -> Tensor:
        """Return the latents of coordinates ``[B, num_ws, w_dim]``; differentiable."""
        return self._mean + self._by_block(coordinates, self._roots)

    def tied(self, coordinates: Tensor) -> Tensor:
        """Return one set of coordinates per latent block, the means of its rows, ``[B, blocks, w_dim]``."""
        parts = torch.split(coordinates, list(self.rows), dim=1)
        return torch.stack([part.mean(1) for part in parts], 1)

    def untied(self, blocks: Tensor) -> Tensor:
        """Return the coordinates of all rows, ``[B, num_ws, w_dim]``, from one set per block."""
        parts = [blocks[:, i : i + 1].expand(-1, n, -1) for i, n in enumerate(self.rows)]
        return torch.cat(parts, 1)

    def _by_block(self, values: Tensor, matrices: Tensor) -> Tensor:
        """Return rows ``[B, num_ws, w_dim]``, each times the matrix of its block."""
        parts = torch.split(values, list(self.rows), dim=1)
        return torch.cat([part @ each.t() for part, each in zip(parts, matrices, strict=True)], 1)


def _roots(covariance: Tensor) -> tuple[Tensor, Tensor]:
    """Return the root of a covariance ``[d, d]``, and its inverse on what varies."""
    variances, directions = torch.linalg.eigh(covariance.double())
    kept = variances > SMALLEST_SHARE * variances.max()
    deviations = variances.clamp(min=0).sqrt() * kept
    inverse = torch.where(kept, 1 / deviations.clamp(min=1e-30), torch.zeros_like(deviations))
    root = directions * deviations
    return root.to(covariance.dtype), (directions * inverse).t().to(covariance.dtype)
