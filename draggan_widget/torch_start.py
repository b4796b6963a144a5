"""How a worker thread begins with torch; imports it when it is called, so that a cell returns at once."""

from __future__ import annotations

# Torch imports it, in the worker: it must not be the first to do so, as that fails once the interpreter is ending.
import concurrent.futures.thread  # noqa: F401  # its import is what counts
import os
import threading


def is_ending() -> bool:
    """Whether the interpreter is ending: it then waits a little for the worker, but refuses new threads and imports."""
    return not threading.main_thread().is_alive()


def take_a_gradient() -> None:
    """Have torch import what its first gradient needs, while the generator loads: the first pull need not wait for it."""
    try:
        import torch

        one = torch.ones((), requires_grad=True)
        torch.autograd.grad([one * one], [one], [torch.ones(())])
    except Exception:
        if not is_ending():
            raise


def leave_a_core() -> None:
    """Let torch use one core less than there are: browser and server work at the same time.

    Torch's threads wait for each other, so one that gets no core holds up all of them: on two busy cores one thread is
    the fastest.
    """
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), max(1, (os.cpu_count() or 1) - 1)))
