"""What a session holds, the checks of it, and who is told of changes; nothing here drags or draws."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.drag.charts import check_known_z
from draggan_widget.drag.validation import Mask, Points, check_mask, check_point, check_points
from draggan_widget.inputs import check_startable
from draggan_widget.interrupts import deferred
from draggan_widget.ops.extension import status as kernels_status
from draggan_widget.session.access import Access
from draggan_widget.session.driver import Driver, Moment
from draggan_widget.session.entry_words import entry_words
from draggan_widget.session.history import Entry, History
from draggan_widget.session.listeners import Draws, Listener, Listeners, draws_nothing
from draggan_widget.session.recipe import Recipe
from draggan_widget.session.recorder import Recorder
from draggan_widget.session.result import DragResult
from draggan_widget.session.state import PictureGenerator, SessionState, closed


class Held:
    """What a session holds, and what can be read without a picture.

    Attributes:
        generator: Makes the pictures.
        history: States to which a person can return.
        status: ``"idle"``, ``"running"``, or how the last drag ended.
    """

    def __init__(
        self,
        generator: PictureGenerator,
        config: DragConfig,
        history: History[SessionState],
        recipe: Recipe,
    ) -> None:
        """Hold the present state of a history, which began as a recipe tells; all is checked already."""
        self.generator = generator
        self._config = config
        self._access = Access()
        self._stop = threading.Event()
        self._listeners = Listeners()
        self._begin(history, recipe)

    def _begin(self, history: History[SessionState], recipe: Recipe | None) -> None:
        """Take up a history and what has led to it, with nothing computed yet."""
        self._recorder = Recorder(recipe, self._listeners.draw_next)
        self.history = history
        self.status = "idle"
        self._state = history.current.state
        self._driver = Driver(self.generator, self._recorder.draws_next)
        self._live_from: SessionState | None = None
        self._live_since = 0.0, 0
        self._result: DragResult | None = None
        self._next_id = 1 + max((i for e in history.entries for i in e.state.point_ids), default=0)

    # What can be read

    @property
    def state(self) -> SessionState:
        """Present state; it never changes, and the next change makes another."""
        return self._state

    @property
    def seed(self) -> int:
        """Seed of the sample that the picture came from."""
        return self._state.seed

    @property
    def truncation_psi(self) -> float:
        """Truncation of that sample; the next one keeps it."""
        return self._state.truncation_psi

    @property
    def point_ids(self) -> tuple[int, ...]:
        """One id a handle; it stays with the handle as long as that lives."""
        return self._state.point_ids

    @property
    def distances_px(self) -> NDArray[np.float64]:
        """From each handle to its target, ``[N]`` px; empty while their numbers differ."""
        return self._state.distances_px

    @property
    def z(self) -> Tensor | None:
        """The z of the picture, ``[1, z_dim]``, a copy; None where nobody knows it, because a w was given.

        A drag in the space ``"z"`` moves it, and w with it. A drag in another space leaves it as it is: w is then that
        of z and what was added, which a later drag in the space ``"z"`` takes along.
        """
        return None if self._state.z is None else self._state.z.clone()

    @property
    def trajectory(self) -> tuple[Moment, ...]:
        """The pictures of the last drag, from its first to its last; of a long one the older ones less densely."""
        return self._driver.trajectory

    @property
    def film(self) -> tuple[int, int]:
        """The number of the last drag's film, another one for each, and how many pictures its trajectory has."""
        return self._driver.film, len(self._driver.trajectory)

    @property
    def steps(self) -> int:
        """How many times the latent was moved since the last drag began."""
        return self._driver.steps

    @property
    def result(self) -> DragResult | None:
        """How the last drag ended; None once anything was changed since, and after a failure or single steps."""
        return self._result

    @property
    def recipe(self) -> Recipe | None:
        """What was done from the first picture on, for :meth:`replay`; a drag that runs counts as broken off here.

        None if nobody knows: after hours of dragging, or of a session file without one.
        """
        return self._recorder.recipe(is_following=self.is_following)

    @property
    def is_following(self) -> bool:
        """Whether a live drag is open, from the first :meth:`follow` on."""
        return self._live_from is not None

    @property
    def is_compiling(self) -> bool:
        """Whether kernels for the generator's device are being compiled; until then PyTorch does their work."""
        return self.generator.device.type == "cuda" and kernels_status() == "compiling"

    @property
    def stop_requested(self) -> bool:
        """Whether a drag runs, or a live one is open, that :meth:`stop` has asked to end."""
        return (self._access.is_dragging or self.is_following) and self._stop.is_set()

    # Checks

    def check_points(self, name: str, points: ArrayLike) -> Points:
        """Return points as a read-only array ``[N, 2]``; raise :class:`InputError` if they cannot be used."""
        return closed(check_points(name, points, self.generator.width, self.generator.height))

    def check_point(self, name: str, point: ArrayLike) -> Points:
        """Return a position ``[2]``; raise :class:`InputError` if it cannot be used."""
        return check_point(name, point, self.generator.width, self.generator.height)

    def check_mask(self, mask: ArrayLike | None) -> Mask | None:
        """Return a mask as a read-only array; raise :class:`InputError` if it cannot be used."""
        checked = check_mask(mask, self.generator.width, self.generator.height)
        return None if checked is None else closed(checked)

    def check_startable(self) -> None:
        """Raise :class:`InputError` if no drag can start with these points and this latent."""
        check_startable(self._state.handle_points, self._state.target_points)
        if self._config.space == "z":
            check_known_z(self._state.z)

    # Those who are told

    def listen(self, listener: Listener, draws: Draws = draws_nothing) -> Callable[[], None]:
        """Call a function after each change, in the thread that makes it; return how to end that.

        Args:
            listener: Is called.
            draws: Says whether the listener will draw the next step of a drag. What is computed then is the whole
                picture's first part, from which :meth:`image_of` goes on, and not only what the solver needs.
        """
        return self._listeners.add(listener, draws)

    # What drags do with it

    def _take(self, step: DragStep[Any]) -> None:
        """Make a step's picture and handles the session's."""
        with deferred():
            self._recorder.take()
            self._state = self._state.with_tracked(
                step.w, step.z, step.point_ids, step.handle_points
            )
            self._listeners.tell(step)

    def _fail(self, error: BaseException) -> None:
        """Take back what an exception has left in between."""
        self._driver.forget()  # it may stand between two pictures
        self.status = "failed" if isinstance(error, Exception) else "stopped"

    def _record(self, label: str, before: SessionState) -> None:
        """Make an entry of what a drag has done since a state, if it has done anything."""
        if self._state.equals(before):
            self._state = before
        else:
            words = entry_words(label, before, self._state)
            self.history = self.history.push(Entry(label, self._state, words=words))
        self._listeners.tell()
