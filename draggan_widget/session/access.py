"""Who may use a session: one thread at a time, and most changes only while no drag runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from draggan_widget.errors import SessionBusyError
from draggan_widget.interrupts import deferred


class Access:
    """Lets one thread at a time use a session, and knows whether it is being dragged.

    A live drag stays open between calls; until it ends, the session belongs to the thread that follows the pointer.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._dragging_thread: int | None = None
        self._follower: threading.Thread | None = None

    @property
    def is_dragging(self) -> bool:
        """Whether a drag runs, or a step of a live one."""
        return self._dragging_thread is not None

    @property
    def is_followed_here(self) -> bool:
        """Whether this thread holds an open live drag."""
        return self._follower is threading.current_thread()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other threads out; the thread that drags may come in between its steps.

        Raises:
            SessionBusyError: Another thread drags; its drag may last too long to wait for.
        """
        self._refuse_others()
        with self._lock:
            self._refuse_others()  # a live drag may have begun while this thread waited
            yield

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Keep other threads out, and interrupts waiting; a live drag of this thread may be open.

        Raises:
            SessionBusyError: A drag runs.
        """
        # An interrupt may come where PyTorch has just turned gradients off, and would leave them so for ever.
        with deferred(), self.exclusive(), torch.enable_grad():
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

    def hold(self) -> None:
        """Keep other threads out until :meth:`let_go`, as long as this thread lives; to be called at rest."""
        self._follower = threading.current_thread()

    def let_go(self) -> None:
        """Let other threads in again."""
        self._follower = None

    def _refuse_others(self) -> None:
        """Raise :class:`SessionBusyError` in a thread that is not the one that drags."""
        follower = self._follower
        here = follower is None or follower is threading.current_thread() or not follower.is_alive()
        if not here or self._dragging_thread not in (None, threading.get_ident()):
            raise SessionBusyError(
                "the session is dragged in another thread; call stop() first, "
                "or use the widget's methods"
            )
