"""Feature maps as colours: their three principal components in red, green and blue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

COMPONENTS = 3
"""As many as a colour has."""

RANGE = (0.02, 0.98)
"""Shares of the cells of the first map below which a component is black, and above which it is full: a few strong cells
would leave the rest grey."""


@dataclass(frozen=True, eq=False)
class Basis:
    """Three directions in which the features of one map differ most; later maps are shown in the same ones.

    Attributes:
        mean: Of the features, ``[C]``.
        directions: Of unit length, ``[K, C]``, K = 3 or, with fewer channels, C.
        low, high: The components that are shown as 0 and 255, ``[K]``.
        share: Part of the variance of the first map that the components hold, 0..1.
    """

    mean: Tensor
    directions: Tensor
    low: Tensor
    high: Tensor
    share: float

    @classmethod
    def of(cls, features: Tensor) -> Basis:
        """Return the basis of a map ``[C, h, w]``; the sign of each direction makes its largest entry positive."""
        cells = features.flatten(1).T.double().cpu()
        mean = cells.mean(0)
        centred = cells - mean
        variances, vectors = torch.linalg.eigh(centred.T @ centred / len(cells))
        directions = vectors.T.flip(0)[:COMPONENTS]
        largest = directions.abs().argmax(1, keepdim=True)
        directions = directions * directions.gather(1, largest).sign()
        shown = centred @ directions.T
        low, high = shown.quantile(torch.tensor(RANGE, dtype=shown.dtype), dim=0)
        total = float(variances.sum())
        share = float(variances.flip(0)[:COMPONENTS].sum()) / total if total > 0 else 1.0
        mean, directions, low, high = (each.to(features) for each in (mean, directions, low, high))
        return cls(mean, directions, low, high, share)

    def colours(self, features: Tensor) -> NDArray[np.uint8]:
        """Return a map ``[C, h, w]`` as ``[h, w, 3]``; a component that does not vary is grey."""
        shown = torch.einsum("kc,chw->khw", self.directions, features - self.mean[:, None, None])
        width = (self.high - self.low)[:, None, None]
        levels = (shown - self.low[:, None, None]) / width.where(width > 0, 1.0)
        levels = levels.where(width > 0, 0.5).clamp(0, 1) * 255
        colours = np.full((*features.shape[1:], COMPONENTS), 128, np.uint8)
        colours[..., : len(levels)] = levels.round().byte().permute(1, 2, 0).cpu().numpy()
        return colours
