"""Files that a page waits for on a slow way, in virtual time: they come, and are sent no more often than they have to be."""

import heapq
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from draggan_widget.kept_answers import MOST_PIECES, PIECE_BYTES, KeptAnswers
from tests.browser_end import answer_of
from tests.clocks import Clock
from tests.virtual_way import Way

SLOW = Way(delay_s=0.3, bytes_per_s=125e3)
FILE = bytes(range(256)) * 20_000
RID = 7
QUESTION_S = 1.0
"""A page that waits asks so often, and after the time of two answers."""


class Page:
    """A page that has asked for a file, and asks for it as long as it has not come.

    Attributes:
        said: What has come.
        times_s: When.
        sent_bytes: What was sent of files.
        loses: Whether what no handler sends is lost.
    """

    def __init__(self, way: Way, *, loses: bool = False) -> None:
        self.way, self.loses = way, loses
        self.said: list[tuple[dict[str, Any], list[bytes]]] = []
        self.times_s: list[float] = []
        self.sent_bytes = 0
        self.clock = Clock()
        self.answers = KeptAnswers(self._send, self.clock)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers, self._order = itertools.count(1), itertools.count()
        self._free_s = 0.0
        self._seen = 0
        self._handles = False

    def go_on(self, seconds: float) -> None:
        """Let time go by."""
        end_s = self.clock.now + seconds
        while self._events and self._events[0][0] <= end_s:
            self.clock.now, _, event = heapq.heappop(self._events)
            event()
        self.clock.now = end_s

    def wait(self) -> None:
        """Ask for the answer, until it has come."""
        if self.has_answer:
            return
        n, seen = next(self._numbers), self._seen
        self._after(self.way.delay_s / 2, lambda: self._handle(n, seen))
        self._after(QUESTION_S + 2 * self.way.delay_s, self.wait)

    @property
    def has_answer(self) -> bool:
        """Whether the answer and all that belongs to it has come."""
        pieces = {m["index"] for m, _ in self.said if m["k"] == "piece"}
        return len(pieces) * PIECE_BYTES >= len(FILE) and self.said[-1][0]["k"] != "piece"

    def _handle(self, n: int, seen: int) -> None:
        """Handle a question, in the kernel."""
        self._handles = True
        self.answers.again([RID], seen)
        self.answers.tell(n)
        self._send({"k": "here", "n": n}, [])
        self._handles = False

    def _send(self, message: dict[str, Any], files: list[bytes]) -> None:
        """Put a message into the queue of the way."""
        self.sent_bytes += sum(map(len, files))
        if self.loses and not self._handles:
            return
        size_bytes = self.way.overhead_bytes + sum(map(len, files))
        self._free_s = max(self._free_s, self.clock.now) + size_bytes / self.way.bytes_per_s
        comes_s = self._free_s + self.way.delay_s / 2
        self._after(comes_s - self.clock.now, lambda: self._take(message, files))

    def _take(self, message: dict[str, Any], files: list[bytes]) -> None:
        self.times_s.append(self.clock.now)
        self.said.append((message, files))
        if message["k"] == "here":
            self._seen = message["n"]

    def _after(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.clock.now + seconds, next(self._order), event))


def answer(page: Page) -> None:
    """Send the answer, outside of a handler."""
    page.answers.send({"k": "answer", "rid": RID}, [FILE, b"", b"end"])


def test_a_file_of_5_mb_comes_over_1_mbit_per_s_and_is_sent_once() -> None:
    page = Page(SLOW)
    page.wait()
    page.go_on(2.0)
    answer(page)
    page.go_on(60.0)
    assert answer_of(page.said, RID)[1] == [FILE, b"", b"end"]
    assert page.sent_bytes == len(FILE) + 3
    words = [0.0, *(t for t in page.times_s)]
    assert max(late - early for early, late in itertools.pairwise(words)) < 2.5


def test_a_file_that_was_lost_is_sent_again_once_and_soon() -> None:
    page = Page(SLOW, loses=True)
    page.wait()
    page.go_on(2.0)
    answer(page)
    page.go_on(60.0)
    assert answer_of(page.said, RID)[1] == [FILE, b"", b"end"]
    assert page.sent_bytes == 2 * (len(FILE) + 3)
    first_s = next(
        t for t, (m, _) in zip(page.times_s, page.said, strict=True) if m["k"] == "piece"
    )
    assert first_s < 8.0


def test_where_words_overtake_files_these_are_sent_ever_less_often() -> None:
    sent: list[dict[str, Any]] = []
    clock = Clock()
    answers = KeptAnswers(lambda message, files: sent.append(message), clock)
    answers.send({"k": "answer", "rid": RID}, [FILE])
    for n in range(1, 61):
        answers.again([RID], n - 1)
        answers.tell(n)
        clock.now += 1.0
    assert 3 <= sum(message["k"] == "answer" for message in sent) <= 5


@pytest.mark.parametrize("size", [PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
def test_only_what_is_too_large_for_a_message_goes_in_pieces(size: int) -> None:
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    KeptAnswers(lambda message, files: sent.append((message, files))).send(
        {"k": "answer", "rid": RID}, [FILE[:size]]
    )
    assert len(sent) == (1 if size == PIECE_BYTES else 1 + -(-size // PIECE_BYTES))
    assert answer_of(sent, RID)[1] == [FILE[:size]]


def test_a_huge_file_goes_in_few_pieces() -> None:
    sent: list[dict[str, Any]] = []
    answers = KeptAnswers(lambda message, files: sent.append(message))
    answers.send({"k": "answer", "rid": RID}, [bytes(64 * 2**20)])
    assert len(sent) == 1 + MOST_PIECES
