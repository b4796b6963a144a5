"""Faults of kernels that lose or hold up messages of widgets, and their cures; each reaches into one known version."""

from __future__ import annotations

import sys
from typing import Any

SEND_PAST_THEIR_STREAM = ((7, 0), (7, 4))
"""The first ipykernel that misses messages, and the first that does not any more."""


def read_every_message() -> None:
    """Have the kernel see every message that comes; ipykernel 7.0 to 7.3 stop to see any, mostly on busy machines.

    They send replies past the stream that reads the same socket, and that takes away the sign of a message that came
    meanwhile: it lies there unread, and all after it (ipykernel#1554). Sent by the stream, as 7.4 does, none is missed.
    """
    first, after = SEND_PAST_THEIR_STREAM
    if not first <= getattr(sys.modules.get("ipykernel"), "version_info", ())[:2] < after:
        return
    kernel_class = sys.modules["ipykernel.kernelbase"].Kernel
    if not kernel_class.initialized():
        return
    kernel = kernel_class.instance()
    manager: Any = getattr(kernel.shell_channel_thread, "_manager", None)
    if hasattr(manager, "_shell_socket"):
        manager._shell_socket = kernel.shell_stream


def keep_to_the_shell_of_the_page(comm: Any) -> None:
    """Have messages handled by the shell that they are sent to.

    ipykernel 7.4 hands them to the shell that spoke last, and a busy cell would hold them up.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
