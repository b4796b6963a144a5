"""How far a drag has come since its task was last changed: whether it arrived or stalled, and where it was nearest."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from draggan_widget.drag.config import DragConfig, pixel_scale
from draggan_widget.drag.points import TrackedPoints
from draggan_widget.drag.solver import LOST
from draggan_widget.drag.validation import Points

STALL_PROGRESS_PX = 1.0
"""By how much the largest distance must fall to count, in px of a 512-px picture; less is the
trembling of a point that is held back."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """The picture in which the handles were nearest to their targets on average, and most of them looked like themselves.

    Attributes:
        mean_px: Mean distance there.
        coordinates: Of its latent.
        handles: ``[N, 2]`` px, read-only.
    """

    mean_px: float
    coordinates: Tensor
    handles: Points


class Progress:
    """Watches the distances of a drag.

    Attributes:
        nearest: The nearest picture so far, or None before there is one.
    """

    def __init__(self, config: DragConfig, width: int, height: int) -> None:
        """Watch a drag of pictures of this size, which has made no move yet."""
        self.nearest: Nearest | None = None
        self._config, self._size = config, (width, height)
        self._least_px, self._least_at = math.inf, 0

    def restart(self, moves: int) -> None:
        """Forget how far the points have come: the task is a new one, after so many moves."""
        self.nearest = None
        self._least_px, self._least_at = math.inf, moves

    def status(
        self,
        points: TrackedPoints,
        confidences: Points,
        moves: int,
        standing: Callable[[], Tensor],
    ) -> str:
        """Return ``running``, ``arrived`` or ``stalled`` for the handles as they are found in the present picture.

        Args:
            points: As found.
            confidences: How like its reference each handle is, ``[N]``.
            moves: How many times the latent was moved.
            standing: Returns a copy of its present coordinates.
        """
        distances, (width, height) = points.distances_px, self._size
        if (distances <= self._config.stop_radius_px(width, height, len(distances))).all():
            return "arrived"
        mean, largest = float(distances.mean()), float(distances.max())
        is_nearest = self.nearest is None or mean < self.nearest.mean_px
        if is_nearest and confidences.mean() >= LOST:
            self.nearest = Nearest(mean, standing(), points.handles)
        if largest <= self._least_px - STALL_PROGRESS_PX * pixel_scale(width, height):
            self._least_px, self._least_at = largest, moves
        return "stalled" if moves - self._least_at >= self._config.rules.stall_steps else "running"
