"""Which pictures may be sent to a front end, and how large; knows no pictures and no clock of its own.

A picture may be sent while few are on their way. Without acknowledgements pictures go on slowly, because the front
end may only be slow, or unable to answer while a cell runs.
"""

from collections.abc import Callable

SILENCE_S = 0.5
"""Without an acknowledgement for so long pictures go on, one in each such time."""

WINDOW = 2
"""Pictures on their way at most; more only wait in queues."""

SMALL_WINDOW = 3
"""The same for small pictures on the same machine, where delayed acknowledgements would cost speed."""

PADDED_BYTES = 66_000
"""What a message on the same machine is filled up to: below 64 KB the server's socket waits 40 ms for company."""

SMALL_BYTES = 64 * 1024
"""Below this a picture is small."""

SLOW_ANSWER_S = 0.15
"""An acknowledgement that takes longer asks for smaller pictures."""

LARGE_SIDE_PX = 512
"""Moving pictures with longer sides are sent at half size."""

SMALLEST_HALVED_SIDE_PX = 256
"""Pictures up to this size are never halved; they are small enough for every line."""

NEW_SHARE = 0.3
"""Weight of the newest answer in the moving average of answer times."""


class FrameFlow:
    """Counts pictures on their way to a front end.

    Attributes:
        loopback: Whether the front end runs on the same machine.
        visible: Whether anybody can see the pictures.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start without any front end known.

        Args:
            clock: Seconds from some moment on, never going back.
        """
        self.loopback = False
        self.visible = True
        self._clock = clock
        self._sent: dict[int, float] = {}
        self._small = False
        self._last_event = clock()
        self._answer_s = 0.0

    @property
    def may_send(self) -> bool:
        """Whether a picture that is drawn now would be welcome."""
        if not self.visible:
            return False
        window = SMALL_WINDOW if self.loopback and self._small else WINDOW
        return len(self._sent) < window or self._clock() - self._last_event >= SILENCE_S

    def halves(self, width: int, height: int) -> bool:
        """Return whether a moving picture of this size should be sent at half size."""
        side = max(width, height)
        slow = self._answer_s > SLOW_ANSWER_S and side > SMALLEST_HALVED_SIDE_PX
        return side > LARGE_SIDE_PX or slow

    def padding(self, size_bytes: int) -> int:
        """Return how many bytes to add to a message of this size."""
        return max(0, PADDED_BYTES - size_bytes) if self.loopback else 0

    def sent(self, seq: int, size_bytes: int) -> None:
        """Note that a picture was sent; numbers grow."""
        self._sent[seq] = self._last_event = self._clock()
        self._small = size_bytes < SMALL_BYTES
        while len(self._sent) > SMALL_WINDOW:  # in a silence there is no need to know more
            del self._sent[min(self._sent)]

    def acknowledged(self, seq: int, *, visible: bool) -> None:
        """Note that a front end has taken every picture up to ``seq``."""
        now = self._clock()
        if seq in self._sent:
            self._answer_s += NEW_SHARE * (now - self._sent[seq] - self._answer_s)
        arrived = [number for number in self._sent if number <= seq]
        for number in arrived:
            del self._sent[number]
        if arrived:
            self._last_event = now
        self.visible = visible

    def greeted(self, *, loopback: bool, visible: bool) -> None:
        """Note a new front end, which has none of the pictures sent so far."""
        self.loopback, self.visible = loopback, visible
        self._sent.clear()

    def asked(self) -> None:
        """Note that a front end waits for a picture: what is on its way will not come."""
        self.visible = True
        self._sent.clear()
