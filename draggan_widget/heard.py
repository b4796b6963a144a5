"""What was heard of front ends, by its numbers: nothing is done twice, and pages can ask what was lost on its way."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from draggan_widget import protocol

KEPT = 4096
"""So many commands, and so many questions, are remembered, the newest; no page waits for so many."""

PAGES = 64
"""So many pages are remembered, those that have written last."""


class Heard:
    """Remembers what has come; every method may be called from any thread."""

    def __init__(self) -> None:
        """Have heard nothing yet."""
        self._lock = threading.Lock()
        self._commands: dict[int, None] = {}
        self._questions: dict[int, None] = {}
        self._writes: dict[int, dict[str, int]] = {}

    def is_new(self, message: protocol.Message) -> bool:
        """Note a message; return False for a command or question that has come before."""
        if not isinstance(message, protocol.Command | protocol.Ask):
            return True
        with self._lock:
            rids = self._commands if isinstance(message, protocol.Command) else self._questions
            if message.rid in rids:
                return False
            rids[message.rid] = None
            if len(rids) > KEPT:
                del rids[next(iter(rids))]
        return True

    def newest_of(self, state: Mapping[str, object]) -> dict[str, object]:
        """Note a write of traits; return it without what a later one of the same page has overtaken.

        Raises:
            InputError: Its number is none.
        """
        kept = dict(state)
        if "page_write" not in kept:
            return kept
        page, number = protocol.decode_write(kept.pop("page_write"))
        with self._lock:
            newest = self._writes.pop(page, {})
            self._writes[page] = newest
            if len(self._writes) > PAGES:
                del self._writes[next(iter(self._writes))]
            for name in state.keys() - {"page_write"}:
                if newest.get(name, 0) > number:
                    del kept[name]
                elif name in protocol.SET_TRAITS:
                    newest[name] = number
        return kept

    def come_of(self, message: protocol.Hello | protocol.Poll) -> protocol.Come:
        """Return what has come of the page that asks."""
        with self._lock:
            writes = dict(self._writes.get(message.page, {}))
            if isinstance(message, protocol.Hello):
                return protocol.Come(writes)
            return protocol.Come(
                writes,
                [rid for rid in message.replies if rid not in self._commands],
                [rid for rid in message.answers if rid not in self._questions],
            )
