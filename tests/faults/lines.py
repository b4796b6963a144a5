"""Interrupts at a chosen line of the session's code: every moment of a change, one by one."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import draggan_widget

PACKAGE = Path(draggan_widget.__file__).parent
WATCHED = (str(PACKAGE / "session"), str(PACKAGE / "interrupts.py"))
"""Whose lines count, and with them the standard library's code of context managers."""


class Interrupting:
    """Interrupts a call at the n-th line of what is watched."""

    def __init__(self, line: int) -> None:
        self._left = line

    def run(self, call: Callable[[], object]) -> bool:
        """Make the call; return whether it came to that line."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            call()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
        return self._left <= 0

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Watch the frames that count."""
        name = frame.f_code.co_filename
        watched = name.startswith(WATCHED) or name.endswith("contextlib.py")
        return self._line if watched else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Count a line, and interrupt at the last."""
        if event == "line":
            self._left -= 1
            if self._left == 0:
                sys.settrace(None)
                signal.raise_signal(signal.SIGINT)
        return self._line
