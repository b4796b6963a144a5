"""Outputs in a notebook's cells, which stay in its file: pictures, texts and bars, put there and kept current."""

from __future__ import annotations

import base64
import sys
import uuid
from collections.abc import Mapping
from typing import Any

Bundle = Mapping[str, Any]
"""What an output shows, by media type; of several the page takes the one that it likes best."""

EMPTY: Bundle = {"text/html": "", "text/plain": ""}
"""Stands for nothing, and takes no room; an output without any type is none."""


def kernel_shell() -> Any:
    """Return IPython's shell in the kernel of a notebook, or None elsewhere: in a script, a terminal, marimo."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell if hasattr(shell, "kernel") else None


class Output:
    """One output, which may stand in several cells and is the same in all of them."""

    def __init__(self) -> None:
        """Make an output that stands nowhere yet."""
        self._id = uuid.uuid4().hex
        self.is_shown = False

    def show(self, data: Bundle, metadata: Bundle | None = None) -> None:
        """Put the output into the cell that runs."""
        self._publish(data, metadata, update=False)
        self.is_shown = True

    def update(self, data: Bundle, metadata: Bundle | None = None) -> None:
        """Show something else wherever the output stands; from any thread, whatever runs."""
        if self.is_shown:
            self._publish(data, metadata, update=True)

    def _publish(self, data: Bundle, metadata: Bundle | None, *, update: bool) -> None:
        """Send the output to the pages of the kernel; elsewhere nothing happens."""
        shell = kernel_shell()
        if shell is not None:
            transient = {"display_id": self._id}
            shell.display_pub.publish(
                dict(data), dict(metadata or {}), transient=transient, update=update
            )


def picture_bundle(
    picture: bytes, mime: str, width: int, height: int, words: str
) -> tuple[Bundle, Bundle]:
    """Return a picture as an output, and how it is shown.

    Args:
        picture: The file.
        mime: Its type.
        width, height: How large it is shown, pixels of the page.
        words: What is said of it to who cannot see it.
    """
    data = {mime: base64.b64encode(picture).decode("ascii"), "text/plain": words}
    return data, {mime: {"width": width, "height": height, "alt": words}}
