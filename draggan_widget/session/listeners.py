"""Who is told of the changes of a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from draggan_widget.drag import DragStep

Listener = Callable[["DragStep[Any] | None"], None]
"""Is told after each change: of the steps of a drag, or None for any other change."""

Draws = Callable[[], bool]
"""Says before a step whether its picture will be drawn."""


def draws_nothing() -> bool:
    """Return False: a listener who needs no pictures."""
    return False


class Listeners:
    """Functions that are called after each change, in the thread that makes it."""

    def __init__(self) -> None:
        self._all: tuple[tuple[Listener, Draws], ...] = ()

    def add(self, listener: Listener, draws: Draws) -> Callable[[], None]:
        """Call a function after each change from now on; return how to end that."""
        self._all = (*self._all, (listener, draws))

        def end() -> None:
            self._all = tuple(each for each in self._all if each[0] is not listener)

        return end

    def tell(self, step: DragStep[Any] | None = None) -> None:
        """Tell all of a change."""
        for listener, _ in self._all:
            listener(step)

    def draw_next(self) -> bool:
        """Return whether anybody will draw the next step."""
        return any(draws() for _, draws in self._all)
