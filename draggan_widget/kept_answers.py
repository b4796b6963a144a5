"""Answers to commands and questions, kept for pages that they have not reached; no threads.

Some hosts lose what is sent outside of a message handler, or hold it back: a page that waits asks again, and is told in
the handler.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

KEPT = 64
"""So many answers are kept, the newest."""

KEPT_BYTES = 32 * 2**20
"""So much is kept of the files beside them; the newest answer always is."""


class KeptAnswers:
    """Sends answers and keeps the newest; every method may be called from any thread."""

    def __init__(self, send: Callable[[dict[str, Any], list[bytes]], object]) -> None:
        """Keep none yet.

        Args:
            send: Sends a message, and files beside it.
        """
        self._send = send
        self._lock = threading.Lock()
        self._kept: dict[int, tuple[dict[str, Any], list[bytes]]] = {}

    def send(self, message: dict[str, Any], files: Sequence[bytes] = ()) -> None:
        """Send an answer, or how much of one there is, under its number ``rid``."""
        answer = message, list(files)
        with self._lock:
            self._kept.pop(message["rid"], None)
            self._kept[message["rid"]] = answer
            while len(self._kept) > 1 and not self._fits:
                del self._kept[next(iter(self._kept))]
        self._send(*answer)

    def again(self, rids: Iterable[int]) -> None:
        """Send the answers to some numbers again, as far as they are known."""
        with self._lock:
            known = [self._kept[rid] for rid in dict.fromkeys(rids) if rid in self._kept]
        for answer in known:
            self._send(*answer)

    @property
    def _fits(self) -> bool:
        """Whether no more is kept than should be."""
        size_bytes = sum(len(file) for _, files in self._kept.values() for file in files)
        return len(self._kept) <= KEPT and size_bytes <= KEPT_BYTES
