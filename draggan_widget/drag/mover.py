"""What the drag loop asks of whoever makes its pictures: to look at a latent, and to move it."""

from dataclasses import dataclass
from typing import Generic, Protocol

from torch import Tensor

from draggan_widget.drag.points import TrackedPoints
from draggan_widget.drag.protocols import TraceT
from draggan_widget.drag.validation import Points

NO_FEATURES = (
    "the features around a handle are not finite; "
    "undo or reset the picture, and lower learning_rate"
)
"""Why a picture cannot be looked at."""


@dataclass(frozen=True, eq=False)
class Picture(Generic[TraceT]):
    """A picture in which the handles were found.

    Attributes:
        w: Its latent, ``[1, num_ws, w_dim]``.
        z: The z of the drag's start, moved along in the space z, ``[1, z_dim]``; None if it was not given.
        trace: The synthesis up to the feature block; None where only what is read of it was computed.
        points: The points, with their handles as they are found in it.
        confidences: How like its reference each handle is, ``[N]`` in 0..1, read-only.
        number: How many times the latent had been moved when it was made.
    """

    w: Tensor
    z: Tensor | None
    trace: TraceT | None
    points: TrackedPoints
    confidences: Points
    number: int


class Mover(Protocol[TraceT]):
    """Holds the latent of a drag: looks at its picture and moves it.

    Attributes that count do so from the start of the drag.
    """

    @property
    def moves(self) -> int:
        """How many times the latent was moved."""
        ...

    @property
    def evaluations(self) -> int:
        """Forward and backward passes through the generator."""
        ...

    def w(self) -> Tensor:
        """Return the latent after the last move, ``[1, num_ws, w_dim]``."""
        ...

    def standing(self) -> Tensor:
        """Return the coordinates of the latent, a copy."""
        ...

    def stand(self, coordinates: Tensor) -> None:
        """Go back to coordinates of before; what was learnt about moves stays."""
        ...

    def arrange(self, point_ids: tuple[int, ...], known: frozenset[int]) -> None:
        """Take up points; forget all about those that are not ``known``."""
        ...

    def hold(self, held: Tensor | None) -> None:
        """Take the share of each feature cell that must not move, ``[h, w]``, or None where everything may."""
        ...

    def references(self, handles: Points) -> Tensor:
        """Return the appearance ``[N, ...]`` of handles ``[N, 2]`` in the picture that was looked at last."""
        ...

    def look(
        self, points: TrackedPoints, *, whole: bool, differentiable: bool, lean: bool = False
    ) -> Picture[TraceT]:
        """Synthesise the present latent and find the handles in it.

        Args:
            points: As they were in the last picture.
            whole: Whether the picture needs a trace.
            differentiable: Whether a move may start from it.
            lean: Whether that would be :meth:`advance`, not :meth:`move`.

        Raises:
            GeneratorError: The features are not finite.
        """
        ...

    def move(self, picture: Picture[TraceT]) -> float:
        """Move the latent on from the picture that was looked at last, and return the loss there.

        Raises:
            GeneratorError: A derivative is not finite; the latent was not moved.
        """
        ...

    def advance(
        self, picture: Picture[TraceT], points: TrackedPoints, *, whole: bool
    ) -> tuple[Picture[TraceT], float]:
        """Move the latent on from the picture that was looked at last, then look again, differentiable and lean.

        Args:
            picture: That picture.
            points: Its points, with the targets of now.
            whole: As for :meth:`look`.

        Returns:
            The picture after the move, and the loss before it.

        Raises:
            GeneratorError: Features or a derivative are not finite.
        """
        ...
