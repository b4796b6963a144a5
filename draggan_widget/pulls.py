"""Where pointers pull: the newest place of each and never a queue of moves; knows no session and no threads."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

SILENCE_S = 4.0
"""A pointer that says nothing for so long is lost with its page; one that only rests repeats itself every second."""

MOST_OVERTAKEN = 64
"""What is further behind comes from a page that was loaded anew, and counts from the beginning."""

ENDS = ("settle", "stay", "undo")
"""What becomes of the picture when pointers let go; where several did, the first of these that one of them asked for."""


@dataclass(frozen=True)
class Place:
    """Where a pointer pulls.

    Attributes:
        key: Id of the pair.
        x, y: Where its target belongs, px.
        seq: The page's number of the message that said so.
        asked_s: When it came, in seconds of the clock.
    """

    key: int
    x: float
    y: float
    seq: int
    asked_s: float


@dataclass
class _Pull:
    """What is known of one pointer."""

    place: Place
    heard_s: float
    is_followed: bool = False
    end: str = ""
    is_over: bool = False


class Pulls:
    """The pointers that pull, one a pair; whoever shares it between threads keeps a lock around every call."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start without pointers.

        Args:
            clock: Seconds from some moment on.
        """
        self._clock = clock
        self._pulls: dict[int, _Pull] = {}

    def __contains__(self, key: int) -> bool:
        """Return whether a pointer pulls at a pair, or has not let go of it."""
        return key in self._pulls

    def move(self, key: int, x: float, y: float, seq: int) -> bool:
        """Note where a pointer pulls; return False where that does not count.

        A message that another one has overtaken does not count, nor what a pointer says whose pull was ended from
        elsewhere: a person who presses stop with one hand wants no new drag from the other.
        """
        now = self._clock()
        pull = self._pulls.get(key)
        if pull is not None and pull.place.seq - seq > MOST_OVERTAKEN:
            pull = None
        if pull is not None and now - pull.heard_s < SILENCE_S:
            if pull.is_over or seq < pull.place.seq:
                pull.heard_s = now
                return False
            if (x, y) == (pull.place.x, pull.place.y) and not pull.end:
                pull.heard_s = now  # it rests
                return True
        self._pulls[key] = _Pull(Place(key, x, y, seq, now), now)
        return True

    def release(self, key: int, end: str) -> None:
        """Note that a pointer has let go; ``end`` is one of :data:`ENDS`."""
        pull = self._pulls.get(key)
        if pull is None:
            return
        pull.end = end
        if pull.is_over:
            del self._pulls[key]

    def next(self, keys: Collection[int]) -> Place | None:
        """Return a place among those of some pairs that was not returned yet, None where there is none."""
        for key, pull in self._pulls.items():
            if key in keys and not pull.is_followed and not pull.is_over:
                pull.is_followed = True
                return pull.place
        return None

    @property
    def end(self) -> str:
        """What becomes of the picture once no pointer pulls any more, lost ones left out; empty while one does."""
        now, ends = self._clock(), set()
        for pull in self._pulls.values():
            if not pull.is_over:
                lost = not pull.end and now - pull.heard_s >= SILENCE_S
                ends.add("settle" if lost else pull.end)
        if "" in ends:
            return ""
        return next((end for end in ENDS if end in ends), "stay")

    def finish(self) -> None:
        """End every pull; what pointers that are still down say does not count until they let go."""
        self._pulls = {key: pull for key, pull in self._pulls.items() if not pull.end}
        for pull in self._pulls.values():
            pull.is_over = True
