"""Live drags, which follow a pointer from call to call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import ArrayLike

from draggan_widget.drag import DragStep
from draggan_widget.errors import InputError
from draggan_widget.failures import memory_in_words
from draggan_widget.interrupts import allowed
from draggan_widget.session.held import Held
from draggan_widget.session.result import DragResult, result_of
from draggan_widget.session.sources import checked_max_steps, differentiable


class LiveDrags(Held):
    """What a session holds, and live drags of it; whatever else needs rest ends a live drag first."""

    def begin_following(self) -> None:
        """Begin a live drag before there is a place to follow; with one open nothing happens.

        Points that are set from now on belong to it: a pair that is put down and pulled at is one entry of the history.

        Raises:
            GeneratorError: As for :meth:`follow`.
        """
        with self._access.at_rest():
            if self._live_from is None:
                with self._recorder.beginning(), self._following():
                    self._open()

    def follow(self, handle_index: int, target: ArrayLike) -> DragStep[Any]:
        """Aim a handle elsewhere, and move the latent once towards all targets; the way to follow a pointer.

        The first call begins a live drag, which stays open until :meth:`settle` or :meth:`release`; ``status`` is
        ``"running"`` meanwhile, and other threads are kept out. The other targets stay: a point whose target is where
        it was put down is a pin. Where every handle has arrived, the latent stays as it is.

        Args:
            handle_index: Which handle, 0 to N - 1.
            target: Where it should go, ``[2]`` px, inside the picture.

        Returns:
            The picture after the move, counted from the begin of the live drag.

        Raises:
            InputError: No such handle or target, or nothing can be dragged; the live drag stays as it is.
            GeneratorError: The generator gives numbers that are not finite. What was done is in the history, the
                handles belong to the picture, and the live drag has ended.
        """
        with self._access.at_rest():
            self.check_startable()
            aimed = self._state.with_target(handle_index, self.check_point("target", target))
            x, y = aimed.target_points[handle_index].tolist()
            with self._recorder.move(int(handle_index), (x, y)), self._following():
                if self._live_from is None:
                    self._open()
                if aimed.target_points is not self._state.target_points:
                    self._state = aimed
                    self._driver.follow(aimed)
                with allowed():
                    step = self._driver.step()
                self._take(step)
                return step

    def settle(
        self,
        max_steps: int | None = None,
        on_step: Callable[[DragStep[Any]], None] | None = None,
    ) -> DragResult:
        """End the live drag: go on until every handle lies on its target, as :meth:`drag` does.

        The whole live drag becomes one entry of the history, unless it has changed nothing. A :meth:`stop` since its begin ends it without a step.

        Args:
            max_steps: Most moves of the latent from now on, at least 1; None is ``config.max_steps``.
            on_step: Is called with the picture after each move; may set points and mask, and call :meth:`stop`; points
                without a target end it.

        Returns:
            How it ended; its steps, seconds and evaluations are those of the whole live drag.

        Raises:
            InputError: No live drag is open.
            GeneratorError: The generator gives numbers that are not finite; as for :meth:`follow`.
        """
        limit = checked_max_steps(max_steps, self._config)
        with self._access.at_rest():
            self._check_following()
            settling = self._recorder.drag("settle", limit, self._was_stopped)
            with settling, self._following(), allowed():
                self.status = self._driver.settle(limit, self._stop, self._taker(on_step))
            return self._close()

    def release(self) -> DragResult:
        """End the live drag at once, with one entry of the history; the picture stays as it is.

        Returns:
            How it ended: ``"arrived"`` or ``"stopped"``.

        Raises:
            InputError: No live drag is open.
        """
        with self._access.at_rest():
            self._check_following()
            return self._let_go()

    # What every other change goes through

    @contextmanager
    def _at_rest(self) -> Iterator[None]:
        """Keep other threads out; a live drag ends first."""
        with self._access.at_rest():
            if self.is_following:
                self._let_go()
            yield

    # The steps and the end of any drag

    def _taker(
        self, on_step: Callable[[DragStep[Any]], None] | None
    ) -> Callable[[DragStep[Any]], None]:
        """Return what takes each step of a drag, and tells who asked to be told."""

        def take(step: DragStep[Any]) -> None:
            self._take(step)
            if on_step is not None:
                on_step(step)

        return take

    def _ended(self, started_s: float, evaluations: int) -> DragResult:
        """Return how a drag has ended that began at this time and number of evaluations."""
        self._result = result_of(
            self._driver,
            self._state,
            self.status,
            seconds=time.perf_counter() - started_s,
            generator_evaluations=self._driver.evaluations - evaluations,
            longer_side_px=max(self.generator.width, self.generator.height),
        )
        return self._result

    # Begin and end of a live drag

    def _open(self) -> None:
        """Begin a live drag."""
        self._live_from = self._state
        self._access.hold()
        self._stop.clear()
        self.status, self._result = "running", None
        started = time.perf_counter()
        with allowed():
            self._driver.stand_at(self._state, self._config)
        self._driver.begin(self._state)
        self._live_since = started, self._driver.evaluations

    @contextmanager
    def _following(self) -> Iterator[None]:
        """Count as dragging; an exception ends the live drag, and what was done is in the history."""
        try:
            with self._access.dragging(), differentiable(), memory_in_words():
                yield
        except BaseException as error:
            self._fail(error)
            if self.is_following:
                self._commit()
            raise
        self._access.hold()  # the thread that began the live drag may have ended

    def _let_go(self) -> DragResult:
        """End the live drag as :meth:`release` does."""
        self._recorder.note("release")
        return self._close()

    def _close(self) -> DragResult:
        """End the live drag with one entry of the history, and return how it ended."""
        if self.status == "running":
            self.status = "arrived" if self._has_arrived() else "stopped"
        result = self._ended(*self._live_since)
        self._commit()
        return result

    def _commit(self) -> None:
        """End the live drag, and make an entry of what it has done."""
        before, self._live_from = self._live_from, None
        self._access.let_go()
        assert before is not None
        self._record("drag", before)

    def _check_following(self) -> None:
        """Raise :class:`InputError` without a live drag."""
        if not self.is_following:
            raise InputError("no live drag is open; call follow() first")

    def _was_stopped(self) -> bool:
        """Return whether a drag ended because somebody asked for it."""
        return self.status == "stopped" and self._stop.is_set()

    def _has_arrived(self) -> bool:
        """Return whether there are points, and each handle lies on its target."""
        g, distances = self.generator, self._state.distances_px
        radius = self._config.stop_radius_px(g.width, g.height, len(distances))
        return len(distances) > 0 and bool((distances <= radius).all())
