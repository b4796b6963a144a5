"""How often something may happen, by a rate and by what it costs; knows no clock of its own."""

from __future__ import annotations

from collections.abc import Callable

SHARE = 0.03
"""The part of one core that may be spent: a drag that runs on all cores is slowed down by no more than a few percent."""

LONGEST_S = 1.0
"""However much it costs, it may happen so often: what is shown of a drag shall move."""


class Throttle:
    """Lets something happen at most so often, and less often if it costs much.

    Attributes:
        rate: Times a second at most; may be set at any time.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        """Let the first time be now.

        Args:
            rate: Times a second at most.
            clock: Seconds from some moment on.
        """
        self.rate = rate
        self._clock = clock
        self._last: float | None = None
        self._cost_s = 0.0

    @property
    def wait_s(self) -> float:
        """How long to wait for the next time; 0 for now."""
        if self._last is None:
            return 0.0
        pause_s = max(1 / self.rate, min(self._cost_s / SHARE, LONGEST_S))
        return max(0.0, self._last + pause_s - self._clock())

    def took(self) -> None:
        """Note that it happens now."""
        self._last = self._clock()

    def cost(self, seconds: float) -> None:
        """Note how much time of a core it has taken."""
        self._cost_s = seconds
