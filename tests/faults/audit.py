"""What Python is asked to open, run or remove while messages are handled, as its audit hooks tell."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MARKER = "dgw-hostile"
"""Stands in every path and every piece of code that hostile messages carry."""

FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.startfile",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "subprocess.Popen",
    "shutil.",
    "socket.connect",
    "urllib.Request",
    "pickle.find_class",
    "ctypes.dlopen",
)
"""Events, by how they begin, that no message may cause."""

_watched: list[list[str]] = []


def _hook(event: str, arguments: Any) -> None:
    """Note what a message must not cause; hooks can never be taken away."""
    if not _watched:
        return
    marked = event in ("open", "exec", "compile", "import") and MARKER in repr(arguments)
    if marked or event.startswith(FORBIDDEN):
        _watched[-1].append(f"{event} {arguments!r:.200}")


sys.addaudithook(_hook)


@contextmanager
def nothing_forbidden() -> Iterator[None]:
    """Assert that nothing forbidden happens in a block, in whichever thread."""
    found: list[str] = []
    _watched.append(found)
    try:
        yield
    finally:
        _watched.remove(found)
    assert found == []
