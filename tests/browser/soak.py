"""What a widget that is used for long holds: memory, threads, files and comms of kernel, server and page (Linux)."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

MB = 2**20

PATIENCE_S = 60.0

QUIET_S, QUIET_LOAD = 0.3, 0.2
"""A process is at rest that has computed for less than this part of this time."""

GIVEN_BACK_S = 0.5
"""Within so long a page has given back what it can do without."""


@dataclass(frozen=True)
class Sample:
    """What was held at one moment.

    Attributes:
        minute: Since the beginning.
        kernel_mb: Resident memory of the kernel's process.
        server_mb: Likewise of the server's.
        renderer_mb: Likewise of the processes that render pages, which were told before that memory is short.
        heap_mb: What the page's scripts hold after a garbage collection.
        threads: Of the kernel.
        files: File handles of the kernel.
        nodes: DOM nodes of the page.
        listeners: Event listeners of the page.
    """

    minute: float
    kernel_mb: float
    server_mb: float
    renderer_mb: float
    heap_mb: float
    threads: int
    files: int
    nodes: int
    listeners: int


class Scale:
    """Weighs a kernel, its server and its page."""

    def __init__(self, browser: Browser, page: Page, kernel: int, server: int) -> None:
        self._page = page.context.new_cdp_session(page)
        self._page.send("Performance.enable")
        self._browser = browser.new_browser_cdp_session()
        self._kernel, self._server = kernel, server
        self._begun = time.monotonic()

    @property
    def minutes(self) -> float:
        """Since the beginning."""
        return (time.monotonic() - self._begun) / 60

    def weigh(self) -> Sample:
        """Return what is held now."""
        self._page.send("HeapProfiler.collectGarbage")
        self._browser.send("Memory.simulatePressureNotification", {"level": "critical"})
        time.sleep(GIVEN_BACK_S)
        told = self._page.send("Performance.getMetrics")["metrics"]
        held = {each["name"]: each["value"] for each in told}
        processes = self._browser.send("SystemInfo.getProcessInfo")["processInfo"]
        renderers = [each["id"] for each in processes if each["type"] == "renderer"]
        return Sample(
            minute=self.minutes,
            kernel_mb=memory_mb(self._kernel),
            server_mb=memory_mb(self._server),
            renderer_mb=sum(map(memory_mb, renderers)),
            heap_mb=held["JSHeapUsedSize"] / MB,
            threads=len(list(Path(f"/proc/{self._kernel}/task").iterdir())),
            files=len(list(Path(f"/proc/{self._kernel}/fd").iterdir())),
            nodes=int(held["Nodes"]),
            listeners=int(held["JSEventListeners"]),
        )


def wait_until_quiet(process: int) -> None:
    """Return when a process has computed next to nothing for a while."""
    deadline = time.monotonic() + PATIENCE_S
    used = computed_s(process)
    while True:
        time.sleep(QUIET_S)
        before, used = used, computed_s(process)
        if used - before < QUIET_S * QUIET_LOAD:
            return
        assert time.monotonic() < deadline, "the kernel never comes to rest"


def computed_s(process: int) -> float:
    """Return how long a process has computed."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(process: int) -> float:
    """Return the memory that a process holds, MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]) / 1024


def slope(samples: list[Sample], name: str) -> float:
    """Return how much one of the numbers grows a minute: the middle of the slopes between two samples (Theil and Sen).

    What a drag leaves until the next one is more at some moments and less at others; single peaks change nothing.
    """
    minutes = np.array([each.minute for each in samples])
    values = np.array([float(getattr(each, name)) for each in samples])
    one, other = np.triu_indices(len(samples), 1)
    return float(np.median((values[other] - values[one]) / (minutes[other] - minutes[one])))
