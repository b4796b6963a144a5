"""A thread that does something when it is asked to, but not too often, and only while it is wanted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from draggan_widget.inspector.throttle import Throttle

logger = logging.getLogger(__name__)

CLOSE_S = 5.0
"""How long closing waits for what is under way."""


class Beat:
    """Calls a function after it was asked for; what is asked for meanwhile is one call more.

    Attributes:
        throttle: How often it is called.
    """

    def __init__(
        self, call: Callable[[], object], is_wanted: Callable[[], bool], throttle: Throttle
    ) -> None:
        """Begin, with nothing asked for.

        Args:
            call: Is called in the thread; what it raises is logged.
            is_wanted: While it is false nothing is called; what was asked for is kept.
            throttle: How often to call.
        """
        self.throttle = throttle
        self._call, self._is_wanted = call, is_wanted
        self._wake = threading.Condition()
        self._asked = self._busy = self._closed = False
        self._thread = threading.Thread(target=self._work, name="draggan-inspector", daemon=True)
        self._thread.start()

    @property
    def is_due(self) -> bool:
        """Whether what is asked for now would be done now."""
        return not self._busy and self.throttle.wait_s == 0 and self._is_wanted()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def ask(self) -> None:
        """Have the function called, now or as soon as it may be; from any thread."""
        with self._wake:
            self._asked = True
            self._wake.notify()

    def look_again(self) -> None:
        """Note that it may be wanted now, or more often; from any thread."""
        with self._wake:
            self._wake.notify()

    def close(self) -> None:
        """End the thread; may be called again, and by the thread itself."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join(CLOSE_S)

    def _work(self) -> None:
        """Call the function until the end."""
        while self._waited():
            begun_s = time.thread_time()
            try:
                self._call()
            except Exception:
                logger.exception("The inspector could not be drawn")
            self.throttle.cost(time.thread_time() - begun_s)
            self._busy = False

    def _waited(self) -> bool:
        """Wait until the function is to be called; return False at the end."""
        with self._wake:
            while not self._closed:
                wanted = self._asked and self._is_wanted()
                wait_s = self.throttle.wait_s
                if wanted and wait_s == 0:
                    self._asked, self._busy = False, True
                    self.throttle.took()
                    return True
                self._wake.wait(wait_s if wanted else None)
            return False
