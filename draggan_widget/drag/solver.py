"""What the drag loop asks of a solver."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from draggan_widget.drag.geometry import FeatureWindows
from draggan_widget.drag.points import TrackedPoints
from draggan_widget.drag.validation import Points

LOST = 0.25
"""A handle whose confidence is less does not look like itself any more: its surroundings differ from what they were by
three times as much as they differ among each other."""


class Tracked(NamedTuple):
    """Where handles went.

    Attributes:
        offsets: How far each moved, ``[N, 2]`` px; NaN where the features are not finite.
        confidences: How like its reference each is, ``[N]`` in 0..1.
    """

    offsets: Tensor
    confidences: Tensor


class Solver(Protocol):
    """Follows handles from picture to picture and moves a latent.

    It sees a picture as windows of its features, :attr:`reach_px` around :meth:`centres`. A method that raises has
    changed nothing.
    """

    @property
    def evaluations(self) -> int:
        """Backward passes through the generator so far; a batch of k counts k."""
        ...

    def needs_gradient(self, *, lean: bool) -> bool:
        """Return whether :meth:`move` will differentiate the next picture; ``lean`` does so only where it must."""
        ...

    @property
    def device(self) -> torch.device:
        """Where it computes: windows come there, and centres, references, offsets and confidences lie there."""
        ...

    @property
    def needs_map(self) -> bool:
        """Whether :meth:`move` will read the whole feature map of the next picture."""
        ...

    @property
    def reach_px(self) -> float:
        """How far around each centre features are read."""
        ...

    def w(self) -> Tensor:
        """Return the latent after the last move, ``[1, num_ws, w_dim]``; differentiable in the coordinates."""
        ...

    def z(self) -> Tensor | None:
        """Return the z after the last move, ``[1, z_dim]``, if the drag moves z."""
        ...

    def centres(self, points: TrackedPoints) -> Tensor:
        """Return where in the next picture each handle will be searched for, ``[N, 2]`` px, inside the picture."""
        ...

    def references(self, windows: FeatureWindows, handles: Tensor) -> Tensor:
        """Return the appearance ``[N, ...]`` of handles ``[N, 2]``, in windows around them."""
        ...

    def arrange(self, point_ids: tuple[int, ...], known: frozenset[int]) -> None:
        """Take up points; forget all about those that are not ``known``, because they went or were put down anew."""
        ...

    def hold(self, held: Tensor | None) -> None:
        """Take the share of each feature cell that must not move, ``[h, w]``, or None where everything may."""
        ...

    def follow(self, windows: FeatureWindows, points: TrackedPoints) -> Tracked:
        """Return where the handles went in a new picture.

        The same features give the same places again: what is learnt of them waits for :meth:`move`.
        """
        ...

    def lost(self, points: TrackedPoints, confidences: Points) -> list[int]:
        """Return the indices of handles that may not be where :meth:`follow` found them."""
        ...

    def find_again(
        self, features: Tensor, points: TrackedPoints, lost: Sequence[int]
    ) -> Mapping[int, Tensor]:
        """Return where lost handles are after all.

        Args:
            features: Of the picture, ``[C, h, w]``.
            points: As :meth:`follow` found them.
            lost: Indices of the handles.

        Returns:
            The places ``[2]`` px of those that are found, by index.
        """
        ...

    def standing(self) -> Tensor:
        """Return the coordinates where the solver stands, a copy."""
        ...

    def stand(self, coordinates: Tensor) -> None:
        """Go back to coordinates where it stood before; what was learnt about derivatives stays."""
        ...

    def move(
        self,
        windows: FeatureWindows,
        features: Tensor | None,
        points: TrackedPoints,
        *,
        lean: bool,
    ) -> float:
        """Move the latent once and return the loss before it.

        Args:
            windows: Of the present picture, differentiable if :meth:`needs_gradient` said so.
            features: Its whole map, ``[C, h, w]``; not None if :attr:`needs_map`.
            points: As :meth:`follow` found them.
            lean: As for :meth:`needs_gradient` of this picture.

        Raises:
            GeneratorError: A derivative is not finite.
        """
        ...
