"""The result in the notebook: a plain picture behind the widget, which is there when no kernel is.

It is brought up to date when the picture has come to rest, and at the end of each cell, so that a notebook that is run
without a page has it too. While the widget is on the page its style sheet hides the picture.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from operator import is_
from typing import TYPE_CHECKING, Any, Protocol

from draggan_widget.errors import DragganError, SessionBusyError
from draggan_widget.notebook import EMPTY, Bundle, Output, kernel_shell, picture_bundle

if TYPE_CHECKING:
    from PIL import Image

    from draggan_widget.resting import Resting
    from draggan_widget.session import DragSession

REST_S = 0.8
"""So long after the last change a picture is at rest; each time costs the file's page a redraw."""

FLUSH_S = 2.0
"""A cell waits this long at its end for the picture."""

LARGEST_PNG_PX = 256
"""Pictures with a longer side are kept as JPEG: at 512 px that is a sixth of the bytes."""

SHOWN_PX = 256
"""Smaller pictures are shown this large."""

NOTE = "The picture as it was saved. Run the cell to go on from its start."
"""Stands below the picture; a kernel that is gone took the widget with it."""

NOTE_HTML = (
    "<style>.jp-OutputArea-child:has(~ .jp-OutputArea-child .dgw-note)"
    " > .jp-OutputArea-output:not([data-mime-type]):not(:has(*)){display:none}</style>"
    f'<small class="dgw-note">{NOTE}</small>'
)
"""In a trusted notebook it also hides what JupyterLab writes in the place of a widget that it does not find, which is
bare text of no named type."""

Submit = Callable[[Callable[["DragSession"], Any]], "Future[Any]"]
"""Has something done with the session, in the thread that owns it."""

_shown: weakref.WeakSet[KeptResult] = weakref.WeakSet()
_watched: weakref.WeakSet[Any] = weakref.WeakSet()


class Place(Protocol):
    """Where a picture is kept."""

    @property
    def is_shown(self) -> bool:
        """Whether there is anything that keeps it."""
        ...

    def show(self) -> None:
        """Put it into the cell that runs; until there is a picture, an empty place."""
        ...

    def update(self, data: Bundle, metadata: Bundle) -> None:
        """Keep another picture."""
        ...

    def clear(self) -> None:
        """Keep none."""
        ...


class NotebookPlace:
    """Two outputs in cells of a notebook: the picture, and the note below it."""

    def __init__(self) -> None:
        """Stand nowhere yet."""
        self._output, self._note = Output(), Output()
        self._bundle: tuple[Bundle, Bundle] | None = None

    @property
    def is_shown(self) -> bool:
        """Whether a cell has it."""
        return self._output.is_shown

    def show(self) -> None:
        """Put both into the cell that runs."""
        data, metadata = self._bundle or (EMPTY, {})
        self._output.show(data, metadata)
        self._note.show(self._note_data)

    def update(self, data: Bundle, metadata: Bundle) -> None:
        """Keep another picture."""
        self._bundle = data, metadata
        self._output.update(data, metadata)
        self._note.update(self._note_data)

    def clear(self) -> None:
        """Leave the outputs empty."""
        self._output.update(EMPTY)
        self._note.update(EMPTY)

    @property
    def _note_data(self) -> Bundle:
        """The note, once there is a picture."""
        return {"text/html": NOTE_HTML, "text/plain": NOTE} if self._bundle else EMPTY


class KeptResult:
    """Keeps one picture in the notebook."""

    def __init__(
        self,
        submit: Submit,
        is_running: Callable[[], bool],
        resting: Resting,
        place: Place,
        *,
        rest_s: float = REST_S,
    ) -> None:
        """Keep nothing yet.

        Args:
            submit: Is asked for the picture once it is at rest; raises :class:`DragganError` when there is none any more.
            is_running: Says whether the picture moves, so that no cell has to wait for it.
            resting: Says what is shown of the picture at rest, for that is kept.
            place: Where it is kept.
            rest_s: How long after the last change; 0 keeps it with the change.
        """
        self._submit, self._is_running, self._resting = submit, is_running, resting
        self._place, self._rest_s = place, rest_s
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._kept: tuple[object, ...] = ()
        self._is_over = False

    def show(self) -> None:
        """Put the picture into the cell that runs; until it is there, an empty place."""
        self._place.show()
        _shown.add(self)
        _watch_cells()
        self._soon()

    def note(self, session: DragSession) -> None:
        """Take notice of a change of the session; at rest the picture will follow."""
        moved = session.status != "running" and not self._is_kept(self._resting.basis(session))
        if self._place.is_shown and moved:
            if self._rest_s:
                self._soon()
            else:
                self._rested()

    def flush(self) -> None:
        """Bring the picture up to date now, if it is late and nothing moves."""
        with self._lock:
            late = self._timer is not None
        if late and not self._is_running():
            # What fails is told where the session is shown.
            with contextlib.suppress(DragganError, FutureTimeoutError, CancelledError):
                self._submit(self._refresh).exception(FLUSH_S)

    def end(self, *, keep: bool = True) -> None:
        """End it; the picture stays as it is, unless it is not to be kept."""
        with self._lock:
            self._is_over = True
            if self._timer is not None:
                self._timer.cancel()
        _shown.discard(self)
        if not keep:
            self._place.clear()

    def _soon(self) -> None:
        """Bring the picture up to date when nothing has changed for a while."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if self._is_over:
                return
            self._timer = threading.Timer(self._rest_s, self._rested)
            self._timer.daemon = True
            self._timer.start()

    def _rested(self) -> None:
        """Ask for the picture."""
        with contextlib.suppress(DragganError):
            self._submit(self._refresh)

    def _refresh(self, session: DragSession) -> None:
        """Bring the picture up to date, in the thread that owns the session; one that moves will be told of again."""
        with self._lock:
            if self._is_over or session.status == "running":
                return
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        basis = self._resting.basis(session)
        if self._is_kept(basis):
            return
        with contextlib.suppress(
            SessionBusyError
        ):  # somebody drags the session itself; its end will be told
            data, metadata = result_bundle(session, self._resting.image(session))
            self._kept = basis
            self._place.update(data, metadata)

    def _is_kept(self, basis: tuple[object, ...]) -> bool:
        """Return whether the picture that is kept was drawn from the same."""
        return len(basis) == len(self._kept) and all(map(is_, basis, self._kept))


def result_bundle(
    session: DragSession, image: Image.Image, *, hidden: bool = True
) -> tuple[Bundle, Bundle]:
    """Return the picture of a session as an output.

    Args:
        session: At rest.
        image: Its picture, as it is shown.
        hidden: Whether the style sheet of the widget may hide it.
    """
    from draggan_widget.frames import encode_result

    picture = encode_result(image, LARGEST_PNG_PX, marked=hidden)
    scale = max(1.0, SHOWN_PX / max(picture.width, picture.height))
    size = round(scale * picture.width), round(scale * picture.height)
    return picture_bundle(picture.data, picture.mime, *size, words_of(session))


def words_of(session: DragSession) -> str:
    """Return what can be said of a session's picture in a line."""
    result, points = session.result, len(session.point_ids)
    begin = f"Picture of {session.generator.name}, seed {session.seed}"
    if result is not None:
        return f"{begin}: {result.status} after {result.steps} steps"
    return f"{begin}, {points} point{'' if points == 1 else 's'}" if points else begin


def _watch_cells() -> None:
    """Have pictures brought up to date at the end of each cell of this kernel."""
    shell = kernel_shell()
    if shell is not None and shell not in _watched:
        _watched.add(shell)
        shell.events.register("post_run_cell", _flush_all)


def _flush_all(*_: object) -> None:
    """Bring every late picture up to date."""
    for kept in list(_shown):
        kept.flush()
