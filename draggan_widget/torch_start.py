"""How a worker thread begins with torch; imports it when it is called, so that a cell returns at once."""

from __future__ import annotations

import os


def take_a_gradient() -> None:
    """Have torch import what its first gradient needs, while the generator loads: the first pull need not wait for it."""
    import torch

    one = torch.ones((), requires_grad=True)
    torch.autograd.grad([one * one], [one], [torch.ones(())])


def leave_a_core() -> None:
    """Let torch use one core less than there are: browser and server work at the same time.

    Torch's threads wait for each other, so one that gets no core holds up all of them: on two busy cores one thread is
    the fastest.
    """
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), max(1, (os.cpu_count() or 1) - 1)))
