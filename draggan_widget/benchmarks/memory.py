"""The most memory of a drag, each in a process of its own: the high-water mark of a process never falls.

Run as a program, the module measures one drag: it is given a :class:`MemoryJob` as JSON and writes two figures.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from draggan_widget.benchmarks.machine import peak_memory_mib, thread_count
from draggan_widget.benchmarks.networks import random_generator
from draggan_widget.benchmarks.plain import load_adam
from draggan_widget.benchmarks.steps import CASES, PLAIN_LOOPS, begun
from draggan_widget.errors import DragganError
from draggan_widget.progress import progress_bar

STEPS = 3
"""Steps that are taken; weights have their gradients, and the mask its metric, from the first one on."""


@dataclass(frozen=True)
class MemoryJob:
    """One process.

    Attributes:
        size: Of the pictures, px.
        case: Name of a case.
        solver: Name of a solver, or of a plain loop.
        channels: Of the inner layers.
        device: A torch device.
        threads: Of torch.
    """

    size: int
    case: str
    solver: str
    channels: int
    device: str
    threads: int


def memory_report(jobs: Sequence[MemoryJob], *, progress: bool | None) -> Iterator[dict[str, Any]]:
    """Yield a row for each job: memory with the generator loaded, and the most while it was dragged, MiB.

    Raises:
        DragganError: A process came to grief.
    """
    with progress_bar(len(jobs), "memory", shown=progress) as bar:
        for job in jobs:
            loaded, peak = _measured_apart(job)
            yield {
                "size": job.size,
                "points": job.case,
                "solver": job.solver,
                "loaded_mib": loaded,
                "peak_mib": peak,
            }
            bar.update()


def measured_mib(job: MemoryJob) -> tuple[float, float]:
    """Return the peak memory of this process before and after a few steps of a drag, MiB."""
    device = torch.device(job.device)
    with thread_count(job.threads):
        generator = random_generator(job.size, device, channels=job.channels)
        load_adam()  # in every process, so that PyTorch's compiler counts for none of them
        loaded = peak_memory_mib(device)
        if job.solver in PLAIN_LOOPS:  # in place of the prepared one, which no plain program has
            generator = PLAIN_LOOPS[job.solver](generator)
        step = begun(job.solver, generator, {job.solver: generator}, CASES[job.case])
        for _ in range(STEPS):
            step()
        return loaded, peak_memory_mib(device)


def _measured_apart(job: MemoryJob) -> tuple[float, float]:
    """Return what a new process measures."""
    program = [sys.executable, "-m", "draggan_widget.benchmarks.memory", json.dumps(asdict(job))]
    done = subprocess.run(program, capture_output=True, text=True, check=False)  # noqa: S603  # this very module
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it was killed; is there enough memory?"])[
            -1
        ]
        raise DragganError(f"the memory of {job} cannot be measured: {reason}")
    loaded, peak = json.loads(done.stdout)
    return loaded, peak


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured_mib(MemoryJob(**json.loads(sys.argv[1])))))
