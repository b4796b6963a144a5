"""Long questions: answered a slice at a time, so that whatever a person does meanwhile comes first."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from draggan_widget.errors import DragganError
from draggan_widget.failures import in_words
from draggan_widget.protocol import answer_message, progress_message

if TYPE_CHECKING:
    from draggan_widget.answers import Answer
    from draggan_widget.session import DragSession

logger = logging.getLogger(__name__)

TELL_S = 0.1
"""Progress is told so often."""

Work = Generator[float, None, Callable[[], "Answer"]]
"""Yields how much is done, 0..1, after each slice in the session's thread; returns what makes the answer elsewhere."""


@dataclass(frozen=True)
class LongQuestion:
    """A question whose answer takes long.

    Attributes:
        begin: Begins with the work on it, in the thread of the session.
    """

    begin: Callable[[DragSession], Work]


class Works:
    """The long questions that are being answered."""

    def __init__(
        self,
        queue: Callable[[Callable[[DragSession], None]], object],
        send: Callable[..., object],
    ) -> None:
        """Begin with none.

        Args:
            queue: Has a slice done in the session's thread, behind all that waits there; raises
                :class:`DragganError` when there is no session any more.
            send: Sends a message, and files beside it.
        """
        self._queue, self._send = queue, send
        self._running: set[int] = set()

    def begin(self, rid: int, question: LongQuestion) -> None:
        """Begin to answer a question."""
        self._running.add(rid)
        work: list[Work] = []
        told_s = 0.0

        def advance(session: DragSession) -> None:
            nonlocal told_s
            if rid not in self._running:
                return
            try:
                if not work:
                    work.append(question.begin(session))
                part = next(work[0])
            except StopIteration as end:
                threading.Thread(target=self._finish, args=(rid, end.value), daemon=True).start()
                return
            except Exception as error:
                self._fail(rid, error)
                return
            if time.monotonic() - told_s >= TELL_S:
                told_s = time.monotonic()
                self._send(progress_message(rid, part))
            self._queue_or_fail(rid, advance)

        self._queue_or_fail(rid, advance)

    def cancel(self, rid: int) -> None:
        """Give up a question; no answer comes."""
        self._running.discard(rid)

    def _queue_or_fail(self, rid: int, slice_: Callable[[DragSession], None]) -> None:
        """Have the next slice done."""
        try:
            self._queue(slice_)
        except DragganError as error:
            self._fail(rid, error)

    def _finish(self, rid: int, make: Callable[[], Answer]) -> None:
        """Make the answer and send it."""
        try:
            answer = make()
        except Exception as error:
            self._fail(rid, error)
            return
        if rid in self._running:
            self._running.discard(rid)
            self._send(answer_message(rid, "", answer.result), list(answer.files))

    def _fail(self, rid: int, error: Exception) -> None:
        """Tell why there is no answer."""
        failure = in_words(error)
        if not isinstance(failure, DragganError):
            logger.warning("A question has failed", exc_info=error)
        if rid in self._running:
            self._running.discard(rid)
            empty: dict[str, Any] = {}
            text = str(failure) or type(failure).__name__
            self._send(answer_message(rid, text, empty))
