"""What is known about a picture on the way of a drag."""

from dataclasses import dataclass
from typing import Generic

from torch import Tensor

from draggan_widget.drag.points import Origin
from draggan_widget.drag.protocols import TraceT
from draggan_widget.drag.validation import Points


@dataclass(frozen=True, eq=False)
class DragStep(Generic[TraceT]):
    """A picture on the way, and where its handles are.

    Attributes:
        step: How many times the latent had been moved when this picture was made.
        w: Latent of ``trace``, ``[1, num_ws, w_dim]``.
        z: The z of the drag's start, moved along in the space z, ``[1, z_dim]``; None if it was not given.
        handle_points: Where the handles are in this picture, ``[N, 2]`` px, read-only.
        target_points: ``[N, 2]`` px, read-only.
        point_ids: One id a point.
        distances_px: From each handle to its target, ``[N]`` px, read-only.
        confidences: How like its reference each handle's surrounding is, ``[N]`` in 0..1, read-only: 1 where it is as
            it was put down, a half or less where the handle may be lost.
        origins: Where each handle's reference was taken, one a point.
        loss: Value of the loss at ``w``, for the kinematic solver the mean squared distance in px^2; 0 when the
            latent was not moved after this picture.
        status: ``"running"``, ``"arrived"`` or ``"stalled"``.
        trace: The synthesis up to the feature block, from which the generator draws the picture;
            draw it without gradient. None where only what the solver reads was computed.
        generator_evaluations: Forward and backward passes through the generator so far.
    """

    step: int
    w: Tensor
    z: Tensor | None
    handle_points: Points
    target_points: Points
    point_ids: tuple[int, ...]
    distances_px: Points
    confidences: Points
    origins: tuple[Origin, ...]
    loss: float
    status: str
    trace: TraceT | None
    generator_evaluations: int
