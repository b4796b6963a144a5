"""Answers to commands and questions, kept for pages that they have not reached; no threads.

Some hosts lose what is sent outside of a message handler, or hold it back: a page that waits asks again, and is told in
the handler. Large files go in pieces, so that a page on a slow way hears something all the while, and are sent again only
to a page that has had a word which was sent after them: until then they may just be on their way.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from draggan_widget.protocol import in_pieces, piece_message

KEPT = 64
"""So many answers are kept, the newest."""

KEPT_BYTES = 32 * 2**20
"""So much is kept of the files beside them; the newest answer always is."""

PIECE_BYTES = 64 * 1024
"""Larger files go in pieces of this size: half a second of a slow way."""

MOST_PIECES = 256
"""Files are not cut into more: servers drop what comes too often."""

AGAIN_S = 5.0
"""Large files that were sent again are sent a third time after this time, and then ever less often: where words overtake
each other, nothing shows that they are lost."""

TOLD = 256
"""So many words to pages are remembered."""


@dataclass
class _Kept:
    """An answer.

    Attributes:
        message: Itself.
        files: What goes beside it.
        sent: When it was sent last, as a number of the order of all words; 0 while it is being sent.
        sent_s: The same in seconds.
        repeats: How often it was sent again.
    """

    message: dict[str, Any]
    files: list[bytes]
    sent: int = 0
    sent_s: float = 0.0
    repeats: int = 0

    @property
    def size_bytes(self) -> int:
        """The bytes of its files."""
        return sum(map(len, self.files))


class KeptAnswers:
    """Sends answers and keeps the newest; every method may be called from any thread."""

    def __init__(
        self,
        send: Callable[[dict[str, Any], list[bytes]], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep none yet.

        Args:
            send: Sends a message, and files beside it.
            clock: Seconds from some moment on.
        """
        self._send = send
        self._clock = clock
        self._lock = threading.Lock()
        self._order = itertools.count(1)
        self._told: dict[int, int] = {}
        self._kept: dict[int, _Kept] = {}

    def send(self, message: dict[str, Any], files: Sequence[bytes] = ()) -> None:
        """Send an answer, or how much of one there is, under its number ``rid``."""
        answer = _Kept(message, list(files))
        with self._lock:
            self._kept.pop(message["rid"], None)
            self._kept[message["rid"]] = answer
            while len(self._kept) > 1 and not self._fits:
                del self._kept[next(iter(self._kept))]
        self._send_whole(answer)

    def tell(self, n: int) -> None:
        """Note that a page is now told the answer to its question of this number."""
        with self._lock:
            self._told[n] = next(self._order)
            while len(self._told) > TOLD:
                del self._told[next(iter(self._told))]

    def again(self, rids: Iterable[int], seen: int = 0) -> None:
        """Send the answers to some numbers again, as far as they are known and have not come.

        Args:
            rids: The numbers.
            seen: Number of the newest question of the page to which the answer has come; 0 if none has.
        """
        with self._lock:
            known = [self._kept[rid] for rid in dict.fromkeys(rids) if rid in self._kept]
            lost = [answer for answer in known if self._is_lost(answer, self._told.get(seen, 0))]
            for answer in lost:
                answer.repeats += 1
        for answer in lost:
            self._send_whole(answer)

    def _is_lost(self, answer: _Kept, seen: int) -> bool:
        """Return whether an answer is to be sent again for a page that has had a word of this place in the order."""
        if answer.size_bytes <= PIECE_BYTES:
            return True
        wait_s = AGAIN_S * 3 ** (answer.repeats - 1) if answer.repeats else 0.0
        return 0 < answer.sent < seen and self._clock() - answer.sent_s >= wait_s

    def _send_whole(self, answer: _Kept) -> None:
        """Send an answer, large files in pieces before it."""
        with self._lock:
            answer.sent = 0
        if answer.size_bytes <= PIECE_BYTES:
            self._send(answer.message, answer.files)
        else:
            for index, piece in enumerate(_pieces(answer.files)):
                self._send(piece_message(answer.message["rid"], index), [piece])
            self._send(in_pieces(answer.message, [len(file) for file in answer.files]), [])
        with self._lock:
            answer.sent, answer.sent_s = next(self._order), self._clock()

    @property
    def _fits(self) -> bool:
        """Whether no more is kept than should be."""
        size_bytes = sum(answer.size_bytes for answer in self._kept.values())
        return len(self._kept) <= KEPT and size_bytes <= KEPT_BYTES


def _pieces(files: Sequence[bytes]) -> Iterator[bytes]:
    """Yield files one after the other, in pieces of one size but for the last."""
    whole = b"".join(files)
    size = max(PIECE_BYTES, -(-len(whole) // MOST_PIECES))
    for start in range(0, len(whole), size):
        yield whole[start : start + size]
