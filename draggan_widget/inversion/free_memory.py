"""How much memory is free: of this machine, and of the container that a notebook may run in."""

from __future__ import annotations

import re
from pathlib import Path

MACHINE = Path("/proc/meminfo")
"""Where Linux tells it; other systems are not asked."""

CONTAINERS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"),
)
"""Limit and use of the container, as either version of control groups tells them."""

KEPT_FILES = re.compile(r"^(?:total_)?inactive_file (\d+)$", re.MULTILINE)
"""Of what is used so much is files that were read, and goes when memory is asked for."""


def free_bytes() -> int | None:
    """Return how many bytes this process can still take before something is ended; None where that is not known."""
    known = [_of_machine(MACHINE), *(_of_container(*files) for files in CONTAINERS)]
    return min((each for each in known if each is not None), default=None)


def _of_machine(file: Path) -> int | None:
    """Return what a machine says is available."""
    for line in _text(file).splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return 1024 * int(rest.split()[0])
    return None


def _of_container(folder: Path, limit: str, used: str) -> int | None:
    """Return what a container leaves; None where it has no limit."""
    most, now = _text(folder / limit).strip(), _text(folder / used).strip()
    if not (most.isdigit() and now.isdigit()):
        return None
    kept = KEPT_FILES.findall(_text(folder / "memory.stat"))
    return max(int(most) - int(now) + int(kept[-1] if kept else 0), 0)


def _text(file: Path) -> str:
    """Return what is in a file of the system, nothing where there is none."""
    try:
        return file.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
