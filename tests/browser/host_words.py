"""What a kernel says in hosts that cannot be run here, and what becomes of it on its way to the pages."""

from __future__ import annotations

import base64
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tests.browser_end import BrowserEnd

LATEST_TURNS = 6
"""So many exchanges later a message may come where they are delayed."""

LOST_PART = 0.3
"""So many of the messages are lost where some are."""


@dataclass(frozen=True)
class Habits:
    """How a host carries what a kernel sends.

    Attributes:
        name: Of the host.
        background: What becomes of what no cell and no handler sends, in its thread: it comes; it is held back until
            something else does, and comes after that; it is lost; or some is lost, and the rest comes in any order.
        buffers: What pages get as a buffer.
        pages: What becomes of what pages say: it comes; or some is lost, and the rest comes in any order.
    """

    name: str
    background: Literal["comes", "held", "lost", "disordered"]
    buffers: Literal["DataView", "Uint8Array", "ArrayBuffer"]
    pages: Literal["comes", "disordered"] = "comes"


COLAB = Habits("Colab", "lost", "Uint8Array")
COLAB_LATE = Habits("Colab, late", "held", "Uint8Array")
VS_CODE = Habits("VS Code", "comes", "ArrayBuffer")
ROUGH = Habits("a rough connection", "disordered", "DataView")
ROUGH_BOTH_WAYS = Habits(
    "a connection that is rough both ways", "disordered", "DataView", "disordered"
)

Message = dict[str, Any]
"""What a page is told: ``message`` with ``files``, or ``state`` with named ``files``."""


@dataclass(frozen=True, eq=False)
class Word:
    """What the kernel has sent.

    Attributes:
        message: What pages are told.
        is_background: Whether neither a cell nor a handler has sent it, in its thread.
        but: Who is not told, because it is an echo of that one's own word; None if it is none.
    """

    message: Message
    is_background: bool
    but: object

    @property
    def state(self) -> Message:
        """The traits that it has, if it is about some."""
        found: Message = self.message.get("state", {})
        return found


class DoubleEnd(BrowserEnd):
    """The far end of a widget's comm, which notes whose time each message is sent in."""

    def __init__(self, **arguments: Any) -> None:
        self.due: deque[Word] = deque()
        self.foreground: int | None = None
        self.speaker: object = None
        super().__init__(**arguments)

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        """Take a message of the kernel."""
        super().publish_msg(msg_type, data, metadata, buffers, **keys)
        files = [base64.b64encode(each).decode() for each in buffers or []]
        if msg_type != "comm_msg":
            return
        if data["method"] == "custom":
            message: Message = {"message": data["content"], "files": files}
        else:
            names = [path[0] for path in data["buffer_paths"]]
            named = list(zip(names, files, strict=True))
            message = {"state": dict(data["state"]), "files": named}
        but = self.speaker if data["method"] == "echo_update" else None
        self.due.append(Word(message, threading.get_ident() != self.foreground, but))


class Rough:
    """A way on which some is lost, and the rest comes in any order, all of it a few turns later."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(7)
        self._turn = 0
        self._late: list[tuple[int, Any]] = []

    def carry(self, new: Iterable[Any]) -> list[Any]:
        """Return what comes in this turn, of what was sent since the last one and before."""
        self._turn += 1
        for each in new:
            if self._random.random() >= LOST_PART:
                self._late.append((self._turn + int(self._random.integers(LATEST_TURNS)), each))
        due = [each for turn, each in self._late if turn <= self._turn]
        self._late = [each for each in self._late if each[0] > self._turn]
        return [due[i] for i in self._random.permutation(len(due))]


class Post:
    """Carries words to pages as a host does.

    Attributes:
        detains: Says which words are kept back until :meth:`release`, beside what the host does by itself.
    """

    def __init__(self, habits: Habits) -> None:
        self.detains: Callable[[Word], object] = lambda word: False
        self._background = habits.background
        self._rough = Rough()
        self._late: list[Word] = []
        self._detained: list[Word] = []

    def release(self) -> list[Word]:
        """Give out what was kept back; from now on nothing more is."""
        self.detains = lambda word: False
        detained, self._detained = self._detained, []
        return detained

    def deliver(self, words: Iterable[Word]) -> list[Word]:
        """Return what comes now, of what was sent since and before."""
        new: list[Word] = []
        for word in words:
            (self._detained if self.detains(word) else new).append(word)
        front = [word for word in new if not word.is_background]
        back = [word for word in new if word.is_background]
        if self._background == "comes":
            return new
        if self._background == "lost":
            return front
        if self._background == "held":
            self._late += back
            come = self._late if front else []
            self._late = [] if front else self._late
            return front + come
        return front + self._rough.carry(back)
