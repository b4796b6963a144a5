"""What a runner is asked to do with its session, and when that may run while a drag runs."""

from __future__ import annotations

import enum
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from draggan_widget.session import DragSession


class When(enum.Enum):
    """When a command may run that comes while a drag runs."""

    BETWEEN_STEPS = enum.auto()
    AFTER_THE_DRAG = enum.auto()
    INSTEAD_OF_THE_DRAG = enum.auto()
    """The drag is stopped first."""


@dataclass(frozen=True, eq=False)
class Command:
    """Something to do with the session, and where its result goes.

    Attributes:
        call: Is given the session, in the worker's thread.
        when: What becomes of a drag that runs.
        future: Where the result goes.
        told: Whether a failure is shown to the person, because no caller waits for it.
        stops: How often drags had been called off when it was queued.
        is_drag: Whether it drags.
    """

    call: Callable[[DragSession], Any]
    when: When
    future: Future[Any]
    told: bool
    stops: int
    is_drag: bool

    def is_asked_for(self, stops: int) -> bool:
        """Return whether this is a drag that nobody has called off since."""
        return self.is_drag and self.stops == stops and not self.future.cancelled()
