"""Interrupts of the kernel, kept waiting while something is done that must be done whole.

A kernel interrupts its main thread between any two instructions, also in the middle of a change of several attributes.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

Handler = Callable[[int, FrameType | None], object]


class _Main:
    """What is known of the main thread, the only one that is interrupted.

    Attributes:
        waits: Whether an interrupt waits.
        came: Whether one has come since.
        before: What handles interrupts otherwise; None while nothing keeps them waiting.
    """

    def __init__(self) -> None:
        self.waits = self.came = False
        self.before: Handler | None = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Note an interrupt that has to wait, and let any other happen."""
        if self.waits:
            self.came = True
        elif self.before is not None:
            self.before(number, frame)

    def let_happen(self, before: Handler) -> None:
        """Let an interrupt that has waited happen."""
        if self.came:
            self.came = False
            before(signal.SIGINT, None)


_main = _Main()


class deferred:  # noqa: N801  # used as a function
    """Keeps an interrupt waiting until the end of a block, but for what is :class:`allowed` in it."""

    def __enter__(self) -> None:
        """Begin."""
        self._waited = _main.waits
        self._before: Handler | None = None
        if threading.current_thread() is not threading.main_thread():
            return
        if _main.before is not None:
            _main.waits = True
            return
        before = signal.getsignal(signal.SIGINT)
        if callable(before):
            self._before = _main.before = before
            _main.waits = True
            signal.signal(signal.SIGINT, _main.handle)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, and let happen what has waited."""
        if threading.current_thread() is not threading.main_thread() or _main.before is None:
            return
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            _main.waits, _main.before = False, None
            _main.let_happen(self._before)
            return
        _main.waits = self._waited
        if not self._waited:
            _main.let_happen(_main.before)


class allowed:  # noqa: N801  # used as a function
    """Lets interrupts happen in a part of a :class:`deferred` block that may be broken off anywhere."""

    def __enter__(self) -> None:
        """Begin, with an interrupt that has waited."""
        self._waited = _main.waits
        if threading.current_thread() is threading.main_thread() and _main.before is not None:
            _main.let_happen(_main.before)
            _main.waits = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""
        if threading.current_thread() is threading.main_thread():
            _main.waits = self._waited
