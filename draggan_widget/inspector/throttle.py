"""How often something may happen; knows no clock of its own."""

from __future__ import annotations

from collections.abc import Callable


class Throttle:
    """Lets something happen at most so often.

    Attributes:
        rate: Times a second; may be set at any time.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        """Let the first time be now.

        Args:
            rate: Times a second.
            clock: Seconds from some moment on.
        """
        self.rate = rate
        self._clock = clock
        self._last: float | None = None

    @property
    def wait_s(self) -> float:
        """How long to wait for the next time; 0 for now."""
        if self._last is None:
            return 0.0
        return max(0.0, self._last + 1 / self.rate - self._clock())

    def took(self) -> None:
        """Note that it happens now."""
        self._last = self._clock()
