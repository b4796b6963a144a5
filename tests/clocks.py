"""Clocks that a test turns on."""


class Clock:
    """A clock that goes on when told."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
