"""What is different in marimo: no outputs of cells that can be changed later, cells that run anew, apps that end.

Nothing here imports marimo: where it runs, it has been imported.
"""

from __future__ import annotations

import base64
import gc
import sys
import threading
import weakref
from collections.abc import Callable
from html import escape
from typing import Any, Protocol

from draggan_widget.notebook import Bundle


class Closable(Protocol):
    """What ends with its cell; it is held weakly."""

    def close(self) -> None:
        """End it; may be called again."""
        ...


def is_marimo(comm: object) -> bool:
    """Return whether a comm is marimo's."""
    return type(comm).__module__.partition(".")[0] == "marimo"


def is_unattended() -> bool:
    """Return whether the cell that runs has no page behind it, as while an app is exported."""
    marimo: Any = sys.modules.get("marimo")
    return marimo is not None and marimo.app_meta().request is None


def end_with_its_cell(widget: Closable, comm: Any) -> None:
    """Close a widget once its cell is run anew or deleted, or the app of a visitor has ended.

    marimo then closes the comm and tells nobody; at the end of an app it does not even do that, but the thread in which
    the app ran is over.
    """
    kept = weakref.ref(widget)

    def close(*args: Any, **options: Any) -> None:
        vars(comm).pop("close", None)
        comm.close(*args, **options)
        _close(kept)

    comm.close = close
    marimo: Any = sys.modules["marimo"]
    cells = threading.current_thread()
    if marimo.app_meta().mode == "run" and not isinstance(cells, marimo.Thread):
        threading.Thread(
            target=_close_after, args=(cells, kept), name="draggan-widget-end", daemon=True
        ).start()


def show_picture(data: Bundle, metadata: Bundle, text: str) -> None:
    """Put a picture into the output of the cell that runs, and a text below it.

    Args:
        data, metadata: The picture as an output, and how it is shown.
        text: As Markdown; an empty one is left out.
    """
    marimo: Any = sys.modules["marimo"]
    marimo.output.append(marimo.Html(picture_html(data, metadata)))
    if text:
        marimo.output.append(marimo.md(text))


def picture_html(data: Bundle, metadata: Bundle) -> str:
    """Return a picture of an output as an element that holds its file."""
    mime, picture = _picture_of(data)
    how = metadata[mime]
    size = f'width="{how["width"]}" height="{how["height"]}"'
    alt = escape(how["alt"])
    return f'<img src="data:{mime};base64,{picture}" {size} alt="{alt}">'


class PictureTrait:
    """The place of the kept result in marimo: a trait, which its pages and exports store with the others."""

    is_shown = True

    def __init__(self, put: Callable[[bytes], None]) -> None:
        """Make the place.

        Args:
            put: Takes the file of the picture.
        """
        self._put = put

    def show(self) -> None:
        """Do nothing: the widget itself shows the picture."""

    def update(self, data: Bundle, metadata: Bundle) -> None:
        """Put another picture there; how outputs would show it does not matter."""
        self._put(base64.b64decode(_picture_of(data)[1]))

    def clear(self) -> None:
        """Leave the picture: it belongs to the widget."""


def _picture_of(data: Bundle) -> tuple[str, str]:
    """Return type and file, in base 64, of the picture in an output."""
    return next((mime, value) for mime, value in data.items() if mime.startswith("image/"))


def _close_after(thread: threading.Thread, kept: weakref.ref[Closable]) -> None:
    """Close a widget when a thread has ended."""
    thread.join()
    _close(kept)
    gc.collect()  # a server of apps would keep the generators of its last visitors for long


def _close(kept: weakref.ref[Closable]) -> None:
    """Close a widget if it is still there."""
    widget = kept()
    if widget is not None:
        widget.close()
