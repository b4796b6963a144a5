"""The machine that measures: what it is, its clock, its threads, and how much memory was in use."""

import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from draggan_widget._version import __version__
from draggan_widget.errors import InputError

PROCESSOR_FILE = Path("/proc/cpuinfo")
MEMORY_FILE = Path("/proc/self/status")
"""Where Linux describes its processors and this process."""

MEBIBYTE = 2**20


def machine_facts(device: torch.device) -> dict[str, Any]:
    """Return what a reader of figures must know about where they were measured, as JSON types."""
    facts: dict[str, Any] = {
        "processor": _processor_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
        "device": str(device),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "draggan_widget": __version__,
    }
    if device.type == "cuda":
        facts["gpu"] = torch.cuda.get_device_name(device)
    return facts


def seconds_now(device: torch.device) -> float:
    """Return seconds from some moment on, after the device has done what it was asked to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


@contextmanager
def thread_count(count: int | None) -> Iterator[None]:
    """Compute with so many threads; None leaves their number alone.

    Raises:
        InputError: Fewer than one.
    """
    if count is not None and count < 1:
        raise InputError(
            f"threads must be a whole number from 1, got {count}; leave it out for all"
        )
    before = torch.get_num_threads()
    torch.set_num_threads(before if count is None else count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def peak_memory_mib(device: torch.device) -> float:
    """Return the most memory that this process has held so far: of the device, if it has its own."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / MEBIBYTE
    if MEMORY_FILE.exists():
        # The figure of getrusage would include that of the process that started this one.
        for line in MEMORY_FILE.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return _peak_of_usage_mib()


def _peak_of_usage_mib() -> float:
    """Return the peak where there is no ``/proc``."""
    try:
        import resource
    except ImportError as error:
        raise InputError("peak memory cannot be read on this system; leave --memory out") from error
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MEBIBYTE if sys.platform == "darwin" else 1024)


def _processor_name() -> str:
    """Return the name of the processor, or of its architecture."""
    if PROCESSOR_FILE.exists():
        for line in PROCESSOR_FILE.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
