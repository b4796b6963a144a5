"""Drags that one call begins and ends, single steps, and how to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from draggan_widget.drag import DragStep
from draggan_widget.failures import memory_in_words
from draggan_widget.interrupts import allowed
from draggan_widget.session.driver import Driver
from draggan_widget.session.live_drags import LiveDrags
from draggan_widget.session.result import DragResult
from draggan_widget.session.sources import checked_max_steps, differentiable


class Drags(LiveDrags):
    """What a session holds, and all drags of it."""

    def drag(
        self,
        max_steps: int | None = None,
        on_step: Callable[[DragStep[Any]], None] | None = None,
    ) -> DragResult:
        """Move the picture until every handle lies on its target; an entry of the history, unless nothing moves.

        Args:
            max_steps: Most moves of the latent, at least 1; None is ``config.max_steps``.
            on_step: Is called with each step; may set points and mask, and call :meth:`stop`; points without a target
                end the drag.

        Returns:
            How it ended. Whatever ends a drag, an exception included, picture and handles belong together.

        Raises:
            InputError: There are no points, unequal numbers of handles and targets, or no z for the space z.
            GeneratorError: The generator gives numbers that are not finite.
            NoMemoryError: There is too little memory for it.
        """
        limit = checked_max_steps(max_steps, self._config)
        with self._dragging("drag") as driver:
            started = time.perf_counter()
            with self._recorder.drag("drag", limit, self._was_stopped), allowed():
                driver.stand_at(self._state, self._config)
                driver.begin(self._state)
                before = driver.evaluations
                self.status = driver.run(limit, self._stop, self._taker(on_step))
            return self._ended(started, before)

    def step(self) -> DragStep[Any]:
        """Move the latent once, and return the picture after it.

        Raises:
            InputError: There are no points, unequal numbers of handles and targets, or no z for the space z.
            GeneratorError: The generator gives numbers that are not finite.
        """
        with self._dragging("step") as driver:
            with self._recorder.step():
                with allowed():
                    driver.stand_at(self._state, self._config)
                    step = driver.step()
                self._take(step)
            self.status = "stopped" if step.status == "running" else step.status
            return step

    def stop(self) -> None:
        """End the drag that runs, within one step; from any thread. Without a drag nothing happens.

        While a live drag is open, its :meth:`settle` will end, or not begin.
        """
        self._stop.set()

    @contextmanager
    def _dragging(self, label: str) -> Iterator[Driver]:
        """Lend the driver; whatever happens, the session ends up with a picture and its own handles."""
        with self._at_rest():
            before = self._state
            self.check_startable()
            self._stop.clear()
            self.status, self._result = "running", None
            try:
                with self._access.dragging(), differentiable(), memory_in_words():
                    yield self._driver
            except BaseException as error:
                self._fail(error)
                raise
            finally:
                self._record(label, before)
