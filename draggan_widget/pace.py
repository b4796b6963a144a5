"""How fast steps and pictures come, and how late pictures follow a pointer; knows no pictures and no clock of its own."""

import statistics
from collections import deque
from collections.abc import Callable

WINDOW_S = 2.0
"""Rates are those of so much time before the newest event."""

LAGS_KEPT = 50
"""The lag is the median of so many pictures at most."""

MOST_PENDING = 16
"""Pictures whose acknowledgement is awaited at most; older ones were lost."""


class Pace:
    """Counts steps and pictures; every method may be called from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start with nothing counted.

        Args:
            clock: Seconds from some moment on.
        """
        self._clock = clock
        self._steps: deque[float] = deque(maxlen=1000)
        self._pictures: deque[float] = deque(maxlen=1000)
        self._pending: deque[tuple[int, float]] = deque(maxlen=MOST_PENDING)
        self._lags: deque[float] = deque(maxlen=LAGS_KEPT)

    def stepped(self) -> None:
        """Count a step."""
        self._steps.append(self._clock())

    def sent(self, seq: int, asked_s: float) -> None:
        """Note that a picture was sent which follows a pointer's message of that time."""
        self._pending.append((seq, asked_s))

    def acknowledged(self, seq: int) -> None:
        """Count a picture that a front end has taken."""
        now = self._clock()
        self._pictures.append(now)
        for pending in tuple(self._pending):
            if pending[0] == seq:
                self._lags.append(now - pending[1])

    @property
    def figures(self) -> dict[str, float]:
        """``steps_per_s``, ``pictures_per_s`` and ``lag_ms``: from a pointer's message to the word that it is seen.

        What was never measured is 0.
        """
        lags = tuple(self._lags)
        return {
            "pictures_per_s": _rate(tuple(self._pictures)),
            "steps_per_s": _rate(tuple(self._steps)),
            "lag_ms": 1000 * statistics.median(lags) if lags else 0.0,
        }


def _rate(times_s: tuple[float, ...]) -> float:
    """Return how many events a second there were at the last of some times."""
    if not times_s:
        return 0.0
    recent = [time for time in times_s if time > times_s[-1] - WINDOW_S]
    seconds = recent[-1] - recent[0]
    return (len(recent) - 1) / seconds if seconds > 0 else 0.0
