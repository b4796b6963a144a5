"""Processes that work for this one: how they begin, what they leave to it, and how many threads each has."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from draggan_widget.interrupts import deferred

MOST_PROCESSES = 8
"""Default limit of the number of processes; each takes some 500 MB."""

_STARTING = threading.Lock()
"""Held while a process may begin, in which signals and the script that runs are others for a moment."""

ORPHANED = 1
"""Exit status of a worker whose parent was killed."""


def default_processes(device: torch.device) -> int:
    """Return how many processes suit this machine: one a core, and one for a device of another kind."""
    if device.type != "cpu":
        return 1
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, MOST_PROCESSES)


def begin_worker() -> None:
    """Set a worker up: one thread of torch, interruptions are the parent's business, and it ends with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


@contextmanager
def starting() -> Iterator[None]:
    """Let processes begin that neither hear of Ctrl-C nor run the script that runs here."""
    # A process whose parent breaks off in the middle of starting it would complain of half a message.
    with _STARTING, deferred(), _deaf_to_interruptions(), _script_hidden():
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread for a while: results depend on the number."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _end_with_parent() -> None:
    """Wait until the parent has ended, however it did, and end this process."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(ORPHANED)


@contextmanager
def _deaf_to_interruptions() -> Iterator[None]:
    """Keep Ctrl-C from this thread for a moment, and for ever from the processes that begin in it.

    Another thread still takes it, and Python then interrupts the main thread.
    """
    if not hasattr(signal, "pthread_sigmask"):  # not on every system
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _script_hidden() -> Iterator[None]:
    """Hide for a moment which script runs, so that the processes that begin in it do not run it too."""
    main = vars(sys.modules["__main__"])
    names = ("__file__", "__spec__")
    held = {name: main.pop(name) for name in names if name in main}
    main["__spec__"] = None
    try:
        yield
    finally:
        del main["__spec__"]
        main.update(held)
