"""Which pictures may be sent to a front end, and how large; knows no pictures and no clock of its own.

A picture may be sent while few are on their way. Without acknowledgements pictures go on slowly, because the front
end may only be slow, or unable to answer while a cell runs. Where the way is slow, pictures are made so small that they
come several times a second, and large ones go in parts, so that what comes after them need not wait.
"""

import math
from collections.abc import Callable

from draggan_widget.link import Link
from draggan_widget.pages import Pages
from draggan_widget.renditions import Chooser, Rendition

SILENCE_S = 0.5
"""Without an acknowledgement for so long pictures go on, one in each such time."""

SILENCE_DELAYS = 2.0
"""The same in times that an answer takes, where that is more."""

WINDOW = 2
"""Pictures on their way at most; more only wait in queues."""

SMALL_WINDOW = 3
"""The same for small pictures on the same machine, where delayed acknowledgements would cost speed."""

LARGEST_WINDOW = 5
"""The same on the longest way."""

SPACING_S = 0.2
"""On a long way so many pictures are on their way that one leaves this often."""

NEAR_S = 0.1
"""Whoever answers sooner is near: a front end that says that it runs on the same machine may be at the end of a tunnel."""

UNANSWERED_S = 0.25
"""Whoever has not answered for so long is not taken to be near until the answer comes."""

RESEND_S = 0.5
"""What was sent again at once is sent a third time after this time, and then ever less often: it may only be slow."""

PADDED_BYTES = 66_000
"""What a message on the same machine is filled up to: below 64 KB the server's socket waits 40 ms for company."""

SMALL_BYTES = 64 * 1024
"""Below this a picture is small."""

PICTURE_S = 0.15
"""A moving picture may keep the way busy for so long: five to seven of them come in a second."""

STILL_S = 0.4
"""A picture at rest that keeps the way busy for longer goes in parts, of which each takes as long as a moving one."""

START_BYTES_PER_S = 200e3
"""What the way to another machine is taken to carry until it was tried."""

SILENT_BYTES = 10_000
"""A moving picture to another machine may take so many bytes where those before it are not answered."""

LEAST_PART_BYTES = 4096
"""Smaller parts would cost more than they carry."""

MOST_PARTS = 256
"""A picture is not cut into more."""


class FrameFlow:
    """Counts pictures on their way to a front end.

    Attributes:
        loopback: Whether the front end says that it runs on the same machine.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start without any front end known.

        Args:
            clock: Seconds from some moment on, never going back.
        """
        self.loopback = False
        self._clock = clock
        self._pages = Pages()
        self._link = Link()
        self._chooser = Chooser()
        self._small = False
        self._last_event = self._last_sent = self._greeted_s = clock()
        self._missed_seq = self._resends = 0

    @property
    def visible(self) -> bool:
        """Whether anybody can see the pictures."""
        return self._pages.is_seen

    def reaches(self, page: int) -> bool:
        """Return whether pictures are sent, and shown in a page, as far as is known."""
        return self.visible and self._pages.sees(page)

    @property
    def may_send(self) -> bool:
        """Whether a picture that is drawn now would be welcome."""
        if not self.visible:
            return False
        return self._link.under_way < self._window or self._has_been_silent

    @property
    def delay_s(self) -> float:
        """How long an answer takes where nothing waits in a queue; 0 while nothing is known."""
        return self._link.delay_s or 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way, as far as is known."""
        return self._link.under_way == 0

    @property
    def is_lean(self) -> bool:
        """Whether moving pictures are sent smaller than on a fast way."""
        return self._chooser.index > 0

    @property
    def is_near(self) -> bool:
        """Whether the front end runs on the same machine, as far as is known."""
        answers = (self._link.latest_s or 0.0) < NEAR_S
        return self.loopback and answers and self._unanswered_s < UNANSWERED_S

    def rendition(self, width: int, height: int) -> Rendition:
        """Return how to encode the next moving picture of this size."""
        allowed = self._carried(PICTURE_S)
        is_silent = self._unanswered_s >= self._silence_s
        if allowed is not None and not self.is_near and is_silent:
            allowed = min(allowed, SILENT_BYTES)
        return self._chooser.choose(width, height, allowed, self._clock())

    def parts(self, size_bytes: int) -> int:
        """Return in how many parts a picture at rest is sent."""
        at_once, part = self._carried(STILL_S), self._carried(PICTURE_S)
        if at_once is None or part is None or size_bytes <= at_once:
            return 1
        return min(math.ceil(size_bytes / max(part, LEAST_PART_BYTES)), MOST_PARTS)

    def padding(self, size_bytes: int) -> int:
        """Return how many bytes to add to a message of this size."""
        return max(0, PADDED_BYTES - size_bytes) if self.is_near else 0

    def sent(self, seq: int, size_bytes: int, *, moving: bool = True) -> None:
        """Note that a message was sent; numbers grow.

        Args:
            seq: Its number.
            size_bytes: Of the picture or of the part of one in it, without padding.
            moving: Whether that is a moving picture, encoded as :meth:`rendition` said last.
        """
        self._last_event = self._last_sent = self._clock()
        self._link.sent(seq, size_bytes + self.padding(size_bytes), self._last_event)
        self._pages.sent(self._last_event)
        self._small = size_bytes < SMALL_BYTES
        if moving:
            self._chooser.took(size_bytes)

    def acknowledged(self, seq: int, *, visible: bool, page: int = 0) -> None:
        """Note that a page has taken every picture up to ``seq``."""
        now = self._clock()
        self._pages.heard(page, now, visible=visible)
        # What a page in the background takes says nothing of the way to those who look.
        counts = visible or not self.visible
        if counts and self._link.acknowledged(seq, now):
            self._last_event = now

    def greeted(self, *, loopback: bool, visible: bool, page: int = 0) -> None:
        """Note a new page, which has none of the pictures sent so far."""
        self.loopback = loopback
        self._greeted_s = self._clock()
        self._pages.heard(page, self._greeted_s, visible=visible)
        self._link.forget()

    def asked(self, page: int = 0) -> None:
        """Note that a page waits for a picture: what should have been there by now will not come."""
        self._pages.heard(page, self._clock(), visible=True)
        # What stands in a queue comes late, but it comes.
        queued_s = self._link.queued_s
        self._link.forget(None if queued_s is None else self._clock() - SILENCE_DELAYS * queued_s)

    def may_resend(self, seq: int) -> bool:
        """Return whether what was sent before is sent again now, because a front end misses it; count that it is."""
        if seq != self._missed_seq:
            self._missed_seq, self._resends = seq, 0
        wait_s = RESEND_S * 3 ** (self._resends - 1) if self._resends else 0.0
        if not self.is_idle or self._clock() - self._last_sent < wait_s:
            return False
        self._resends += 1
        return True

    @property
    def _window(self) -> int:
        """How many messages may be on their way."""
        if self.delay_s >= NEAR_S:
            return min(1 + math.ceil(self.delay_s / SPACING_S), LARGEST_WINDOW)
        return SMALL_WINDOW if self.loopback and self._small else WINDOW

    @property
    def _has_been_silent(self) -> bool:
        """Whether nothing was sent or answered for so long that answers are not waited for."""
        return self._clock() - self._last_event >= self._silence_s

    @property
    def _unanswered_s(self) -> float:
        """How long the front end that has come last owes an answer, 0 where it owes none."""
        now = self._clock()
        return min(self._link.unanswered_s(now), now - self._greeted_s)

    @property
    def _silence_s(self) -> float:
        """How long no answer means that none is to be waited for."""
        return max(SILENCE_S, SILENCE_DELAYS * self.delay_s)

    def _carried(self, seconds: float) -> float | None:
        """Return how many bytes the way carries in some time, None for any number."""
        rate = self._link.bytes_per_s
        if rate is None and self.loopback:
            return None
        return (rate or START_BYTES_PER_S) * seconds
