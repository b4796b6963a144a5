"""The optimizer that stands at a session's picture, and the loop that drives it; changes no session."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from draggan_widget.drag import DragConfig, DragOptimizer, DragStep
from draggan_widget.drag.validation import Mask, Points
from draggan_widget.session.state import NO_POINTS, PictureGenerator, SessionState, same_mask

MOST_MOMENTS = 600
"""Most pictures of a drag that are kept: a minute of a live one at ten pictures a second, and at 36 KB a latent of the
largest published generators 22 MB."""


_FILM_NUMBERS = itertools.count(1)
"""Numbers of trajectories, never given again."""


@dataclass(frozen=True, eq=False)
class Moment:
    """One picture of a drag, small enough to keep.

    Attributes:
        w: Latent ``[1, num_ws, w_dim]``.
        handle_points: ``[N, 2]`` px.
        target_points: ``[N, 2]`` px.
        state: Everything that the session held with it, by which it can be taken up again.
    """

    w: Tensor
    handle_points: Points
    target_points: Points
    state: SessionState


class Driver:
    """Drives the optimizer of one generator; makes it when it is needed, and counts.

    Attributes:
        steps: How many times the latent was moved since the drag began.
        evaluations: Passes through the generator since the optimizer was made.
        film: Number of the trajectory: another one each time it begins anew, in any session; 0 before.
        confidences: How like its reference each handle is in the last picture, 0..1, by id; of points that it had.
        nearest_px: From each handle to its target ``[N]`` px, in the picture of the drag in which they were least on
            average, since points and mask were last changed; None before the first such picture.
    """

    def __init__(self, generator: PictureGenerator, is_drawn: Callable[[], bool]) -> None:
        """Begin with no optimizer.

        Args:
            generator: Makes the pictures.
            is_drawn: Says before each step whether its picture will be drawn.
        """
        self.steps = 0
        self.evaluations = 0
        self.film = 0
        self.confidences: Mapping[int, float] = {}
        self.nearest_px: NDArray[np.float64] | None = None
        self._generator, self._is_drawn = generator, is_drawn
        self._optimizer: DragOptimizer[Any] | None = None
        self._mask: Mask | None = None
        self._aims: tuple[tuple[int, ...], Points] = (), NO_POINTS
        self._is_paired = False
        self._placed: frozenset[int] = frozenset()
        self._first_step = self._last_step = 0
        self._moments: list[Moment] = []
        self._held: SessionState | None = None

    @property
    def trajectory(self) -> tuple[Moment, ...]:
        """The pictures of the last drag, of a long one the older ones less densely."""
        return tuple(self._moments)

    def forget(self) -> None:
        """Drop the optimizer: the picture or the settings are others."""
        self._optimizer, self.confidences = None, {}

    def place(self, point_ids: frozenset[int]) -> None:
        """Note handles that were put down anew: their appearance will be read again."""
        self._placed |= point_ids
        self.confidences = {k: v for k, v in self.confidences.items() if k not in point_ids}

    def follow(self, state: SessionState) -> None:
        """Hand changed points and mask to the optimizer, if there is one; points once each handle has a target."""
        self._held = state
        self._is_paired = state.is_complete and len(state.point_ids) > 0
        if self._optimizer is None:
            return
        placed, (ids, targets) = self._placed.intersection(state.point_ids), self._aims
        masked_anew = not same_mask(state.mask, self._mask)
        aimed_anew = state.point_ids != ids or not np.array_equal(state.target_points, targets)
        if masked_anew or aimed_anew or placed:
            self.nearest_px = None  # the task is a new one
        self._aims = state.point_ids, state.target_points
        if masked_anew:
            self._optimizer.set_mask(state.mask)
            self._mask = state.mask
        if state.is_complete and (aimed_anew or placed):
            self._optimizer.set_points(
                state.handle_points,
                state.target_points,
                point_ids=state.point_ids,
                placed=placed,
            )
            self._placed = frozenset()

    def stand_at(self, state: SessionState, config: DragConfig) -> None:
        """Make the optimizer for a state, where there is none that stands there already."""
        self._held = state
        if self._optimizer is None:
            self._optimizer = DragOptimizer(self._generator, state.w, config, z=state.z)
            self._mask, self._aims = None, ((), NO_POINTS)
            self.evaluations = self.steps = self._first_step = self._last_step = 0
            self._moments = []
            self.film = next(_FILM_NUMBERS)
            self.follow(state)

    def begin(self, state: SessionState) -> None:
        """Begin a drag at a state, whose picture is the first one of the trajectory; to be called standing there."""
        self._first_step, self.steps, self.nearest_px = self._last_step, 0, None
        self._moments = [Moment(state.w, state.handle_points, state.target_points, state)]
        self.film = next(_FILM_NUMBERS)

    def run(self, limit: int, stop: threading.Event, take: Callable[[DragStep[Any]], None]) -> str:
        """Take the steps of a drag that has begun, until one is final, ``stop`` is set or a limit is met.

        Points that are no pairs any more end it too, as ``stop`` does.

        Args:
            limit: Most moves of the latent.
            stop: Ends the run after the step that is under way.
            take: Is given each picture; may call :meth:`place` and :meth:`follow`.

        Returns:
            ``"arrived"``, ``"stalled"``, ``"max_steps"`` or ``"stopped"``.
        """
        optimizer = self._standing()
        for _ in range(limit):
            step = optimizer.step(drawn=self._is_drawn())
            take(self._counted(step))
            if step.status != "running":
                return step.status if self._is_paired else "stopped"
            if stop.is_set() or not self._is_paired:
                break
        # The latent has moved once more since the last picture.
        last = optimizer.observe(drawn=self._is_drawn())
        take(self._counted(last))
        if last.status == "arrived" and self._is_paired:
            return "arrived"
        return "stopped" if stop.is_set() or not self._is_paired else "max_steps"

    def settle(
        self, limit: int, stop: threading.Event, take: Callable[[DragStep[Any]], None]
    ) -> str:
        """Go on with a live drag until a step is final, ``stop`` is set or a limit is met.

        Points that are no pairs any more end it too, as ``stop`` does.

        Args:
            limit: Most moves of the latent.
            stop: Ends the run after the step that is under way, and before the first if it is set by then.
            take: Is given the picture after each move; may call :meth:`place` and :meth:`follow`.

        Returns:
            ``"arrived"``, ``"stalled"``, ``"max_steps"`` or ``"stopped"``.
        """
        for _ in range(limit):
            if stop.is_set() or not self._is_paired:
                return "stopped"
            step = self.step()
            take(step)
            if step.status != "running":
                return step.status if self._is_paired else "stopped"
        return "stopped" if stop.is_set() or not self._is_paired else "max_steps"

    def step(self) -> DragStep[Any]:
        """Move the latent once, unless the status is final, and return the picture after it."""
        return self._counted(self._standing().advance(drawn=self._is_drawn()))

    def _standing(self) -> DragOptimizer[Any]:
        """Return the optimizer, which :meth:`stand_at` has made."""
        assert self._optimizer is not None
        return self._optimizer

    def _counted(self, step: DragStep[Any]) -> DragStep[Any]:
        """Note a picture, and return its step counted from the begin of the drag."""
        moved = step.step != self._last_step
        self.evaluations, self._last_step = step.generator_evaluations, step.step
        self.steps = step.step - self._first_step
        assert self._held is not None
        state = self._held.with_tracked(step.w, step.z, step.point_ids, step.handle_points)
        moment = Moment(step.w, step.handle_points, step.target_points, state)
        if moved or not self._moments:
            self._moments.append(moment)
            if len(self._moments) > MOST_MOMENTS:
                self._moments = thinned(self._moments)
        else:  # the same picture again
            self._moments[-1] = moment
        distances = step.distances_px
        self.confidences = dict(zip(step.point_ids, step.confidences.tolist(), strict=True))
        if self.nearest_px is None or distances.sum() < self.nearest_px.sum():
            self.nearest_px = distances
        return replace(step, step=self.steps)


def thinned(moments: list[Moment]) -> list[Moment]:
    """Return moments without every second one of the older half; the first and the last stay."""
    half = len(moments) // 2
    return moments[:half:2] + moments[half:]
