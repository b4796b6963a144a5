"""Waiting for what comes soon, but on a loaded machine later."""

import time
from collections.abc import Callable

PATIENCE_S = 30.0


def until(condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.005)
