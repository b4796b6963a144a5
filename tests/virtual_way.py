"""A way between a kernel and a front end in virtual time: a delay, a rate, jitter, and answers that are lost."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from draggan_widget.flow import FrameFlow
from draggan_widget.renditions import ladder

TICK_S = 0.005


@dataclass
class Way:
    """How a way is; may be changed while it is used.

    Attributes:
        delay_s: Of an answer, where no queue is.
        bytes_per_s: Towards the front end.
        jitter_s: An answer takes up to so much longer.
        loss: Share of the answers that are lost.
        overhead_bytes: Of every message, with what else goes the same way.
    """

    delay_s: float
    bytes_per_s: float
    jitter_s: float = 0.0
    loss: float = 0.0
    overhead_bytes: int = 1500


@dataclass(frozen=True)
class Shown:
    """A moving picture as it came.

    Attributes:
        at_s: When.
        age_s: How long after it was sent.
        index: How far from the best its rendition is.
    """

    at_s: float
    age_s: float
    index: int


class VirtualDrag:
    """A kernel that draws as fast as pictures are welcome, and a front end that answers each.

    Attributes:
        now_s: The time.
        way: Between the two.
        flow: Under test.
    """

    def __init__(
        self, way: Way, *, side: int = 512, full_bytes: int = 90_000, draw_s: float = 0.03
    ) -> None:
        """Begin at rest.

        Args:
            way: Between the two.
            side: Width and height of pictures, px.
            full_bytes: What the best rendition of one takes.
            draw_s: How long a picture takes to draw.
        """
        self.now_s = 0.0
        self.way = way
        self.flow = FrameFlow(lambda: self.now_s)
        self.flow.greeted(loopback=False, visible=True)
        self._side, self._full_bytes, self._draw_s = side, full_bytes, draw_s
        self._free_s = self._drawn_s = self._answered_s = 0.0
        self._numbers, self._order = itertools.count(1), itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._rng = np.random.default_rng(1)
        self._shown: list[Shown] = []

    def rest(self, seconds: float, still_bytes: int) -> int:
        """Show a picture at rest, and let time go by; return in how many parts it was sent."""
        count = self.flow.parts(still_bytes)
        due = [still_bytes // count] * count
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            while due and (count == 1 or self.flow.may_send):
                self._send(due.pop(), None)
            self._tick()
        return count

    def drag(self, seconds: float) -> list[Shown]:
        """Draw for some time; return the pictures that came meanwhile."""
        first, end_s = len(self._shown), self.now_s + seconds
        while self.now_s < end_s:
            self._tick()
            if self.now_s - self._drawn_s >= self._draw_s and self.flow.may_send:
                self._drawn_s = self.now_s
                rendition = self.flow.rendition(self._side, self._side)
                # Some pictures take more bytes than others.
                size = self._full_bytes * rendition.share * self._rng.uniform(0.8, 1.3)
                self._send(int(size), ladder(self._side, self._side).index(rendition))
        return self._shown[first:]

    @property
    def queue_s(self) -> float:
        """How long what was sent will still take to leave."""
        return max(0.0, self._free_s - self.now_s)

    def _tick(self) -> None:
        """Let a little time go by, and what is due then happen."""
        self.now_s += TICK_S
        while self._events and self._events[0][0] <= self.now_s:
            heapq.heappop(self._events)[2]()

    def _send(self, size_bytes: int, index: int | None) -> None:
        """Put a message into the queue; it arrives, is shown if it is a moving picture, and is answered."""
        seq, sent_s, way = next(self._numbers), self.now_s, self.way
        self.flow.sent(seq, size_bytes, moving=index is not None)
        start_s = max(self._free_s, self.now_s)
        self._free_s = start_s + (size_bytes + way.overhead_bytes) / way.bytes_per_s
        comes_s = self._free_s + way.delay_s / 2
        answered_s = comes_s + way.delay_s / 2 + self._rng.uniform(0, way.jitter_s)
        self._answered_s = max(answered_s, self._answered_s)  # answers keep their order
        if index is not None:
            shown = Shown(comes_s, comes_s - sent_s, index)
            self._at(comes_s, lambda: self._shown.append(shown))
        if self._rng.random() >= way.loss:
            self._at(self._answered_s, lambda: self.flow.acknowledged(seq, visible=True))

    def _at(self, when_s: float, call: Callable[[], None]) -> None:
        """Have something done at some time."""
        heapq.heappush(self._events, (when_s, next(self._order), call))
