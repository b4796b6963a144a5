"""What the drag loop asks of a solver."""

from typing import Protocol

from torch import Tensor

from draggan_widget.drag.points import TrackedPoints


class Solver(Protocol):
    """Follows handles from picture to picture and moves a latent.

    A method that raises has changed nothing.
    """

    @property
    def evaluations(self) -> int:
        """Passes through the generator that the solver has asked for so far; a batch of k counts k."""
        ...

    @property
    def needs_gradient(self) -> bool:
        """Whether :meth:`move` will differentiate the next picture."""
        ...

    def w(self) -> Tensor:
        """Return the latent after the last move, ``[1, num_ws, w_dim]``; differentiable in the coordinates."""
        ...

    def z(self) -> Tensor | None:
        """Return the z after the last move, ``[1, z_dim]``, if the drag moves z."""
        ...

    def references(self, features: Tensor, handles: Tensor) -> Tensor:
        """Return the appearance ``[N, ...]`` of handles ``[N, 2]`` in features ``[C, h, w]``."""
        ...

    def arrange(self, point_ids: tuple[int, ...], known: frozenset[int]) -> None:
        """Take up points; forget all about those that are not ``known``, because they went or were put down anew."""
        ...

    def hold(self, held: Tensor | None) -> None:
        """Take the share of each feature cell that must not move, ``[h, w]``, or None where everything may."""
        ...

    def follow(self, features: Tensor, points: TrackedPoints) -> Tensor:
        """Return how far the handles moved into new features ``[C, h, w]``.

        The same features give the same places again: what is learnt of them waits for :meth:`move`.

        Returns:
            ``[N, 2]`` px, NaN where the features are not finite.
        """
        ...

    def move(self, features: Tensor, points: TrackedPoints) -> float:
        """Move the latent once and return the loss before it.

        Args:
            features: Of the present picture, ``[C, h, w]``, differentiable if :attr:`needs_gradient`.
            points: As :meth:`follow` found them.

        Raises:
            GeneratorError: A derivative is not finite.
        """
        ...
