"""Faults of kernels that lose or hold up messages of widgets, and their cures; each reaches into the versions that have it."""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from typing import Any

Version = tuple[int, ...]

SENDS_PAST_ITS_STREAM: tuple[Version, Version] = ((7, 0), (7, 4))
"""The first ipykernel that misses messages, and the first that does not any more."""

LEAVES_THREADS_ALONE: tuple[Version, Version] = ((7, 0), (7, 1))
"""The same for what threads cannot send."""


def mend_kernel() -> None:
    """Mend the kernel of this process, if there is one that needs it; may be called again."""
    kernel_class = getattr(sys.modules.get("ipykernel.kernelbase"), "Kernel", None)
    if kernel_class is None or not kernel_class.initialized():
        return
    kernel = kernel_class.instance()
    version: Version = sys.modules["ipykernel"].version_info[:2]
    if _is_within(version, SENDS_PAST_ITS_STREAM):
        _read_every_message(kernel)
    if _is_within(version, LEAVES_THREADS_ALONE):
        _tell_threads_of_requests(kernel)


def keep_to_the_shell_of_the_page(comm: Any) -> None:
    """Have messages handled by the shell that they are sent to.

    ipykernel 7.4 hands them to the shell that spoke last, and a busy cell would hold them up.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default


def _is_within(version: Version, span: tuple[Version, Version]) -> bool:
    """Return whether a version is one of those from the first of a span to the one before its last."""
    return span[0] <= version < span[1]


def _read_every_message(kernel: Any) -> None:
    """Have the kernel see every message that comes; ipykernel 7.0 to 7.3 stop to see any, mostly on busy machines.

    They send replies past the stream that reads the same socket, and that takes away the sign of a message that came
    meanwhile: it lies there unread, and all after it (ipykernel#1554). Sent by the stream, as 7.4 does, none is missed.
    """
    manager = getattr(kernel.shell_channel_thread, "_manager", None)
    if manager is not None and hasattr(manager, "_shell_socket"):
        manager._shell_socket = kernel.shell_stream


def _tell_threads_of_requests(kernel: Any) -> None:
    """Have threads send messages that belong to the newest request, as in all other versions.

    In ipykernel 7.0 a thread that a person has started knows no request, and what it sends fails (ipykernel#1450).
    """
    places = (kernel, "_shell_parent"), (kernel, "_shell_parent_ident")
    for owner, name in (*places, (kernel.shell.display_pub, "_parent_header")):
        variable = getattr(owner, name, None)
        if isinstance(variable, ContextVar):
            setattr(owner, name, _NewestElsewhere(name, variable.get()))


class _NewestElsewhere:
    """A variable of contexts that has its newest value in threads that have not set it themselves."""

    def __init__(self, name: str, value: Any) -> None:
        """Begin with a value, everywhere."""
        self._set_here: ContextVar[tuple[int, Any]] = ContextVar(name)
        self._newest = value

    def set(self, value: Any) -> None:
        """Set it, in this context and wherever it was not set."""
        self._set_here.set((threading.get_ident(), value))
        self._newest = value

    def get(self) -> Any:
        """Return what was set last in this context by this thread, else by any."""
        thread, value = self._set_here.get((None, None))
        return value if thread == threading.get_ident() else self._newest
