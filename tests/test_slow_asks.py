"""Front ends that come and ask, over a slow way in virtual time: what is sent again on their behalf makes no queue."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from draggan_widget.frames import EncodedPicture
from draggan_widget.protocol import Ack, Hello
from draggan_widget.sender import FrameSender
from tests.clocks import Clock
from tests.test_sender import INFO
from tests.virtual_way import Way

DRAW_S = 0.05
POLL_S = 0.3
"""A front end asks after this time and that of two answers, then ever less often."""

PICTURE_BYTES = 16_000
LATEST_S = 1.5
FEWEST_PER_S = 3.0


class Drag:
    """A kernel that draws, and a front end that answers each picture and asks where none comes.

    Attributes:
        way: To the front end.
        lags_s: How old each picture was when it was shown.
    """

    def __init__(self, way: Way) -> None:
        self.way = way
        self.lags_s: list[float] = []
        self._clock = Clock()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._sender = FrameSender(self._send, self._clock)
        self._drawn_s: dict[int, float] = {}
        self._shown = 0
        self._free_s = self._last_s = 0.0
        self._poll_s = POLL_S

    def greet(self) -> None:
        """Let the front end come, which says that it is on the same machine."""
        hello = Hello(dpr=1.0, loopback=True, visible=True)
        self._after(self.way.delay_s / 2, lambda: self._sender.greet(hello))

    def show_still(self) -> None:
        """Put a picture at rest."""
        self._put(PICTURE_BYTES, final=True)

    def go_on(self, seconds: float, *, draws: bool) -> None:
        """Let time go by."""
        end_s = self._clock.now + seconds
        if draws:
            for index in range(int(seconds / DRAW_S)):
                self._after(index * DRAW_S, self._draw)
        self._last_s = self._clock.now
        for index in range(1, int(seconds / DRAW_S)):
            self._after(index * DRAW_S, self._ask)
        while self._events and self._events[0][0] <= end_s:
            self._clock.now, _, event = heapq.heappop(self._events)
            event()
        self._clock.now = end_s

    def _draw(self) -> None:
        if self._sender.is_ready:
            share = self._sender.rendition(128, 128).share
            self._put(round(PICTURE_BYTES * share), final=False)

    def _put(self, size_bytes: int, *, final: bool) -> None:
        picture = EncodedPicture(bytes(size_bytes), "image/webp", 128, 128)
        self._drawn_s[self._sender.put(picture, replace(INFO, final=final))] = self._clock.now

    def _send(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        size_bytes = self.way.overhead_bytes + sum(map(len, buffers))
        self._free_s = max(self._free_s, self._clock.now) + size_bytes / self.way.bytes_per_s
        comes_s = self._free_s + self.way.delay_s / 2
        self._after(comes_s - self._clock.now, lambda: self._take(message))

    def _take(self, message: dict[str, Any]) -> None:
        """Show a picture and answer it."""
        seq = message["seq"]
        self._last_s = self._clock.now
        self._poll_s = POLL_S + 2 * message["delay_ms"] / 1000
        if seq > self._shown:
            self._shown = seq
            self.lags_s.append(self._clock.now - self._drawn_s[seq])
        ack = Ack(self._shown, shown=True, visible=True)
        self._after(self.way.delay_s / 2, lambda: self._sender.acknowledge(ack))

    def _ask(self) -> None:
        """Ask where nothing has come for a while."""
        if self._clock.now - self._last_s >= self._poll_s:
            self._last_s = self._clock.now
            self._poll_s *= 2
            have = self._shown
            self._after(self.way.delay_s / 2, lambda: self._sender.answer_poll(have))

    def _after(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._clock.now + seconds, next(self._numbers), event))


@pytest.mark.parametrize("early_s", np.arange(0, 1, 0.05).round(2).tolist())
def test_no_queue_grows_however_long_before_the_front_end_the_first_picture_was_sent(
    early_s: float,
) -> None:
    drag = Drag(Way(delay_s=0.3, bytes_per_s=125e3))
    drag.show_still()
    drag.go_on(early_s, draws=False)
    drag.greet()
    drag.go_on(2.0, draws=False)
    drag.lags_s.clear()
    drag.go_on(5.0, draws=True)
    assert max(drag.lags_s) < LATEST_S
    assert len(drag.lags_s) / 5 >= FEWEST_PER_S


@pytest.mark.parametrize("bytes_per_s", [60e3, 125e3, 500e3])
def test_a_queue_that_has_grown_goes_when_a_way_becomes_slow(bytes_per_s: float) -> None:
    drag = Drag(Way(delay_s=0.004, bytes_per_s=1e9))
    drag.greet()
    drag.show_still()
    drag.go_on(3.0, draws=True)
    drag.way.bytes_per_s, drag.way.delay_s = bytes_per_s, 0.3
    drag.go_on(5.0, draws=True)
    drag.lags_s.clear()
    drag.go_on(5.0, draws=True)
    assert max(drag.lags_s) < LATEST_S
    assert len(drag.lags_s) / 5 >= FEWEST_PER_S
