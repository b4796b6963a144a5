"""How a drag ended, in numbers; its words are of :mod:`words`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from draggan_widget.drag.validation import Points
from draggan_widget.session.driver import Driver
from draggan_widget.session.state import SessionState, closed
from draggan_widget.session.words import capitalised, ending_in_words, hint_in_words

NEAR = 0.02
"""Share of the picture's longer side up to which a point that did not arrive is said to be near."""


@dataclass(frozen=True, eq=False)
class DragResult:
    """How a drag ended.

    Attributes:
        status: ``"arrived"``, ``"stalled"``, ``"max_steps"`` or ``"stopped"``.
        steps: How many times the latent was moved.
        handle_points: Where the handles are now, ``[N, 2]`` px, read-only.
        distances_px: From each handle to its target, ``[N]`` px, read-only.
        seconds: Duration, the making of the optimizer included.
        generator_evaluations: Forward plus backward passes through the generator up to the feature
            block.
        nearest_px: ``distances_px`` of the picture in which they were least on average, since the points and the
            mask were last changed, ``[N]`` px.
        near_px: Points that came so near are said to be near, although they have not arrived.
        confidences: How like its reference each handle is, ``[N]`` in 0..1, read-only; 1 for one that was put down
            after the last picture.
        masked: Whether a mask held a part of the picture.
    """

    status: str
    steps: int
    handle_points: Points
    distances_px: NDArray[np.float64]
    seconds: float
    generator_evaluations: int
    nearest_px: NDArray[np.float64]
    near_px: float
    confidences: NDArray[np.float64]
    masked: bool

    @property
    def least_px(self) -> float:
        """Largest distance in the picture that came nearest, px; 0 without points."""
        return max(self.nearest_px.tolist(), default=0.0)

    @property
    def words(self) -> str:
        """How the drag ended, for people; where a target cannot be reached, how near it came and what to try."""
        return ending_in_words(
            self.status,
            steps=self.steps,
            distances_px=self.distances_px,
            nearest_px=self.nearest_px,
            near_px=self.near_px,
            confidences=self.confidences,
            masked=self.masked,
        )

    @property
    def hint(self) -> str:
        """What would say better which picture is meant; empty if nothing comes to mind."""
        return hint_in_words(len(self.handle_points), self.masked)

    @property
    def sentence(self) -> str:
        """:attr:`words` as a sentence, and after an arrival the :attr:`hint`."""
        said = [self.words, self.hint] if self.status == "arrived" else [self.words]
        return ". ".join(capitalised(part) for part in said if part)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return {
            "status": self.status,
            "steps": self.steps,
            "handle_points": self.handle_points.tolist(),
            "distances_px": self.distances_px.tolist(),
            "seconds": self.seconds,
            "generator_evaluations": self.generator_evaluations,
            "confidences": self.confidences.tolist(),
            "least_px": self.least_px,
            "words": self.words,
        }

    def __repr__(self) -> str:
        """Return the result in a line."""
        farthest = max(self.distances_px.tolist(), default=0.0)
        return (
            f"<DragResult {self.status} after {self.steps} steps in {self.seconds:.1f} s, "
            f"at most {farthest:.2f} px from the targets>"
        )


def result_of(
    driver: Driver,
    state: SessionState,
    status: str,
    *,
    seconds: float,
    generator_evaluations: int,
    longer_side_px: int,
) -> DragResult:
    """Return how a drag has ended.

    Args:
        driver: Has driven it.
        state: What the session holds now.
        status: ``"arrived"``, ``"stalled"``, ``"max_steps"`` or ``"stopped"``.
        seconds: Duration.
        generator_evaluations: Passes through the generator.
        longer_side_px: Of the picture.
    """
    distances = closed(state.distances_px)
    nearest = driver.nearest_px
    if nearest is None or len(nearest) != len(distances):
        nearest = distances  # points came or went after the last picture
    confidences = np.array([driver.confidences.get(key, 1.0) for key in state.point_ids])
    return DragResult(
        status=status,
        steps=driver.steps,
        handle_points=state.handle_points,
        distances_px=distances,
        seconds=seconds,
        generator_evaluations=generator_evaluations,
        nearest_px=nearest,
        near_px=NEAR * longer_side_px,
        confidences=closed(confidences),
        masked=state.is_masked,
    )
