"""The points of a drag as the solvers see them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from draggan_widget.drag.validation import Points


@dataclass(frozen=True, eq=False)
class TrackedPoints:
    """What is held, and where it should go.

    Attributes:
        ids: One a point.
        handles: ``[N, 2]`` px, read-only.
        targets: ``[N, 2]`` px, read-only.
        references: Appearance of each handle where it was put down, ``[N, ...]``; of which kind, the solver knows.
    """

    ids: tuple[int, ...]
    handles: Points
    targets: Points
    references: Tensor

    @property
    def distances_px(self) -> Points:
        """From each handle to its target, ``[N]``."""
        return read_only(np.hypot(*(self.targets - self.handles).T))


@dataclass(frozen=True, eq=False)
class Origin:
    """Where a handle's reference was taken: by this it is tracked.

    Attributes:
        w: Latent of the picture, ``[1, num_ws, w_dim]``.
        place: Of the handle in it, ``[2]`` px, read-only.
    """

    w: Tensor
    place: Points


def read_only(array: Points) -> Points:
    """Return the array, closed for writing."""
    array.setflags(write=False)
    return array


def as_tensor(values: NDArray[Any], like: Tensor) -> Tensor:
    """Return an array as a tensor of another's type and device."""
    return torch.tensor(values, dtype=like.dtype, device=like.device)
