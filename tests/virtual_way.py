"""A way between a kernel and a front end that is computed: delay, rate, jitter and lost acknowledgements, in virtual time."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

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
        overhead_bytes: Of every message.
    """

    delay_s: float
    bytes_per_s: float
    jitter_s: float = 0.0
    loss: float = 0.0
    overhead_bytes: int = 1500


@dataclass(frozen=True)
class Shown:
    """A picture as it came: when, how old it was, and how it was encoded (0 is the best)."""

    at_s: float
    age_s: float
    index: int


class Drag:
    """A kernel that draws as fast as pictures are welcome, and a front end that answers each.

    Attributes:
        now_s: The time.
        way: Between the two.
        flow: Under test.
        shown: Pictures that came.
        queued_s: How long the queue was whenever a picture was sent, in seconds.
    """

    def __init__(
        self, way: Way, *, side: int = 512, draw_s: float = 0.03, full_bytes: int = 90_000
    ) -> None:
        self.now_s = 0.0
        self.way = way
        self.flow = FrameFlow(lambda: self.now_s)
        self.flow.greeted(loopback=False, visible=True)
        self.shown: list[Shown] = []
        self.queued_s: list[float] = []
        self._side, self._draw_s, self._full_bytes = side, draw_s, full_bytes
        self._free_s = 0.0
        self._drawn_s = 0.0
        self._seq = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._rng = random.Random(1)
        self._answered = 0

    def rest(self, seconds: float, still_bytes: int = 0) -> None:
        """Let time go by, and before that send a picture at rest."""
        if still_bytes:
            self._send(still_bytes, None)
        self._run(self.now_s + seconds, draws=False)

    def drag(self, seconds: float) -> list[Shown]:
        """Draw for some time; return the pictures that came meanwhile."""
        first = len(self.shown)
        self._run(self.now_s + seconds, draws=True)
        return self.shown[first:]

    def _run(self, end_s: float, *, draws: bool) -> None:
        """Go on to some time."""
        while self.now_s < end_s:
            self.now_s += TICK_S
            while self._events and self._events[0][0] <= self.now_s:
                heapq.heappop(self._events)[2]()
            if draws and self.now_s - self._drawn_s >= self._draw_s and self.flow.may_send:
                self._drawn_s = self.now_s
                self._draw()

    def _draw(self) -> None:
        """Draw a picture and send it."""
        rendition = self.flow.rendition(self._side, self._side)
        index = ladder(self._side, self._side).index(rendition)
        busy = self._rng.uniform(0.8, 1.3)  # some pictures take more bytes than others
        self._send(int(self._full_bytes * rendition.share * busy), index)

    def _send(self, size_bytes: int, index: int | None) -> None:
        """Put a message into the queue; it arrives, is shown and answered."""
        self._seq += 1
        seq, sent_s, way = self._seq, self.now_s, self.way
        self.flow.sent(seq, size_bytes, moving=index is not None)
        self.queued_s.append(max(0.0, self._free_s - self.now_s))
        start_s = max(self._free_s, self.now_s)
        self._free_s = start_s + (size_bytes + way.overhead_bytes) / way.bytes_per_s
        comes_s = self._free_s + way.delay_s / 2
        answered_s = comes_s + way.delay_s / 2 + self._rng.uniform(0, way.jitter_s)
        # Answers keep their order.
        self._answered_s = answered_s = max(answered_s, getattr(self, "_answered_s", 0.0))
        if index is not None:
            self._at(comes_s, lambda: self.shown.append(Shown(comes_s, comes_s - sent_s, index)))
        if self._rng.random() >= way.loss:
            self._at(answered_s, lambda: self.flow.acknowledged(seq, visible=True))

    def _at(self, when_s: float, call: Callable[[], None]) -> None:
        """Have something done at some time."""
        heapq.heappush(self._events, (when_s, len(self._events) + self._seq * 1000, call))
