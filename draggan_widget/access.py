"""Who may use a session: one thread at a time, and most changes only while no drag runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from draggan_widget.errors import DragganError


class SessionBusyError(DragganError):
    """The session is being dragged, and cannot do what was asked until that has ended."""


class Access:
    """Lets one thread at a time use a session, and knows whether it is being dragged."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._dragging_thread: int | None = None

    @property
    def is_dragging(self) -> bool:
        """Whether a drag runs."""
        return self._dragging_thread is not None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other threads out; the thread that drags may come in between its steps.

        Raises:
            SessionBusyError: Another thread drags; its drag may last too long to wait for.
        """
        if self._dragging_thread not in (None, threading.get_ident()):
            raise SessionBusyError(
                "the session is dragged in another thread; call stop() first, "
                "or use the widget's methods"
            )
        with self._lock:
            yield

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Keep other threads out.

        Raises:
            SessionBusyError: A drag runs.
        """
        with self.exclusive():
            if self.is_dragging:
                raise SessionBusyError("a drag is running; call stop() and wait for its end first")
            yield

    @contextmanager
    def dragging(self) -> Iterator[None]:
        """Keep other threads out and count as a drag; to be entered at rest."""
        self._dragging_thread = threading.get_ident()
        try:
            yield
        finally:
            self._dragging_thread = None
