"""What a step of inverse kinematics should do to the handles, and whether it did."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Move:
    """The last step, and what it should do.

    Attributes:
        step: Of the coordinates, ``[A]``.
        handles: Where the handles were, by id, ``[2]`` px each.
        predicted: How far each should move, likewise.
    """

    step: Tensor
    handles: Mapping[int, Tensor]
    predicted: Mapping[int, Tensor]

    def only(self, point_ids: Collection[int]) -> "Move":
        """Return it without what concerns other handles."""
        kept = [key for key in self.handles if key in point_ids]
        handles = {key: self.handles[key] for key in kept}
        return Move(self.step, handles, {key: self.predicted[key] for key in kept})

    def surprises(self, point_ids: Sequence[int], places: Tensor) -> dict[int, Tensor]:
        """Return observed minus predicted moves of the handles that are at ``places`` ``[N, 2]`` now, by id."""
        return {
            key: place - self.handles[key] - self.predicted[key]
            for key, place in zip(point_ids, places, strict=True)
            if key in self.handles
        }

    def error(self, surprises: Mapping[int, Tensor], shortest_px: float) -> float:
        """Return the length of surprises, at least one, relative to that of what was predicted for their handles.

        Args:
            surprises: See :meth:`surprises`.
            shortest_px: What was predicted counts as at least so long.
        """
        length = float(torch.stack([self.predicted[key] for key in surprises]).norm())
        return float(torch.stack(list(surprises.values())).norm()) / max(length, shortest_px)
