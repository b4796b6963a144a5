"""What a thread needs to send messages of a kernel; most kernels need nothing."""

from __future__ import annotations

import contextvars
import functools
import sys
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

NEEDS_CONTEXT = (7, 0)
"""The ipykernel whose sockets know a thread only by the context of the one that has started it."""


def sends_from_its_thread(call: Callable[..., T]) -> Callable[..., T]:
    """Return a function that may send messages from a thread of its own.

    In ipykernel 7.0 a new thread has none of the variables that tell which request a message belongs to, and all that
    it sends fails; it borrows those of the thread that calls this.
    """
    ipykernel = sys.modules.get("ipykernel")
    if getattr(ipykernel, "version_info", ())[:2] != NEEDS_CONTEXT:
        return call
    return functools.partial(contextvars.copy_context().run, call)
