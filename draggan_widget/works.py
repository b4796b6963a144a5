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
from draggan_widget.protocol import Shown, answer_message, progress_message

if TYPE_CHECKING:
    from concurrent.futures import Future

    from draggan_widget.answers import Answer
    from draggan_widget.session import DragSession

logger = logging.getLogger(__name__)

TELL_S = 0.1
"""Progress is told so often."""


@dataclass(frozen=True)
class Progress:
    """How far the work on a question is.

    Attributes:
        part: How much is done, 0..1.
        words: What is done, or empty.
        shows: What the picture beside it is; empty without one.
        picture: A file to be shown meanwhile.
    """

    part: float
    words: str = ""
    shows: Shown = ""
    picture: bytes = b""


Work = Generator[Progress, "DragSession", Callable[[], "Answer"]]
"""Tells after each slice in the session's thread how far it is, and is sent the session that is there by then; returns
what makes the answer elsewhere."""


@dataclass(frozen=True)
class LongQuestion:
    """A question whose answer takes long.

    Attributes:
        begin: Begins with the work on it, in the thread of the session.
        ends_drag: Whether a drag that runs is stopped for it; otherwise drags come first.
    """

    begin: Callable[[DragSession], Work]
    ends_drag: bool = False


class Works:
    """The long questions that are being answered."""

    def __init__(
        self,
        queue: Callable[[Callable[[DragSession], None]], Future[object]],
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

    def begin(
        self, rid: int, question: LongQuestion, changed: Callable[[], object] = lambda: None
    ) -> None:
        """Begin to answer a question.

        Args:
            rid: Its number.
            question: The question.
            changed: Is told when the work has ended, with whatever it has changed.
        """
        self._running.add(rid)
        work: list[Work] = []
        told_s = 0.0

        def advance(session: DragSession) -> None:
            nonlocal told_s
            if rid not in self._running:
                return
            try:
                if work:
                    progress = work[0].send(session)
                else:
                    work.append(question.begin(session))
                    progress = next(work[0])
            except StopIteration as end:
                make = end.value
                changed()
                self._queue_or_fail(rid, lambda _: self._finish_elsewhere(rid, make))
                return
            except Exception as error:
                self._fail(rid, error)
                return
            if progress.shows or time.monotonic() - told_s >= TELL_S:
                told_s = time.monotonic()
                message = progress_message(rid, progress.part, progress.words, progress.shows)
                self._send(message, [progress.picture] if progress.shows else [])
            self._queue_or_fail(rid, advance)

        self._queue_or_fail(rid, advance)

    def cancel(self, rid: int) -> None:
        """Give up a question; no answer comes."""
        self._running.discard(rid)

    def _queue_or_fail(self, rid: int, slice_: Callable[[DragSession], None]) -> None:
        """Have the next slice done."""

        def note(done: Future[object]) -> None:
            error = DragganError("the widget was closed") if done.cancelled() else done.exception()
            if isinstance(error, Exception):
                self._fail(rid, error)

        try:
            self._queue(slice_).add_done_callback(note)
        except DragganError as error:
            self._fail(rid, error)

    def _finish_elsewhere(self, rid: int, make: Callable[[], Answer]) -> None:
        """Have the answer made, now that whatever the work has changed is shown."""
        threading.Thread(target=self._finish, args=(rid, make), daemon=True).start()

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
