"""Interrupts of the kernel, kept waiting while something is done that must be done whole; terminations made one.

A kernel interrupts its main thread between any two instructions, also in the middle of a change of several attributes.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

Handler = Callable[[int, FrameType | None], object]


class _Main:
    """What is known of the main thread, the only one that is interrupted.

    Attributes:
        waits: Whether an interrupt waits.
        came: Whether one has come that waited.
        before: What handles interrupts where nothing keeps them waiting.
    """

    def __init__(self) -> None:
        self.waits = self.came = False
        self.before: Handler = signal.default_int_handler

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Note an interrupt that has to wait, and let any other happen."""
        if self.waits:
            self.came = True
        else:
            self.before(number, frame)

    @property
    def handles(self) -> bool:
        """Whether this is the main thread, and :meth:`handle` stands where interrupts come."""
        here = threading.current_thread() is threading.main_thread()
        return here and signal.getsignal(signal.SIGINT) == self.handle

    def let_happen(self) -> None:
        """Let an interrupt that has waited happen."""
        if self.came:
            self.came = False
            self.before(signal.SIGINT, None)


_main = _Main()


class deferred:  # noqa: N801  # it reads as what it does
    """Keeps an interrupt waiting until the end of a block, but for what is :class:`allowed` in it."""

    def __enter__(self) -> None:
        """Begin."""
        self._begins, self._waited = False, _main.waits
        if _main.handles:
            _main.waits = True
            return
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(before):
            _main.before, _main.waits, _main.came = before, True, False
            self._begins = True
            signal.signal(signal.SIGINT, _main.handle)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, and let happen what has waited."""
        if not _main.handles:
            return
        if self._begins:
            signal.signal(signal.SIGINT, _main.before)
            _main.let_happen()
            return
        _main.waits = self._waited
        if not self._waited:
            _main.let_happen()


class allowed:  # noqa: N801  # it reads as what it does
    """Lets interrupts happen in a part of a :class:`deferred` block that may be broken off anywhere."""

    def __enter__(self) -> None:
        """Begin, with an interrupt that has waited."""
        self._waited = _main.waits
        if _main.handles:
            _main.let_happen()
            _main.waits = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""
        if _main.handles:
            _main.waits = self._waited


@contextmanager
def terminable() -> Iterator[None]:
    """Have a termination (SIGTERM) end a block as Ctrl-C does: with a message, and with what was done kept."""
    with on_termination(_interrupt):
        yield


@contextmanager
def on_termination(handler: Handler) -> Iterator[None]:
    """Have a termination (SIGTERM) call a handler during a block; outside of the main thread nothing is changed."""
    if threading.current_thread() is not threading.main_thread():  # which alone may handle signals
        yield
        return
    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Interrupt the main thread, also where a shell has it ignore Ctrl-C."""
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt
