"""What is shown of a picture at rest beyond the picture itself; computed in the worker, never while a drag runs.

How much drags have changed outside the mask, the picture with the rest put back, and whether kernels still compile.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from draggan_widget.errors import DragganError, SessionBusyError

if TYPE_CHECKING:  # torch is heavy: the worker imports it, so that a cell returns at once
    from PIL import Image

    from draggan_widget.session import DragSession
    from draggan_widget.session.state import SessionState

logger = logging.getLogger(__name__)

COMPILING = "Compiling kernels for the GPU; until they are there PyTorch runs instead"
"""Said while that goes on: everything works, and soon works faster."""

LOOK_AGAIN_S = 0.5
"""So often the worker looks whether kernels still compile."""


class Resting:
    """What belongs to a picture at rest; used by the worker's thread, read by any.

    Attributes:
        blends: Whether the picture at rest is shown as it was before the drags, outside the mask.
    """

    def __init__(self) -> None:
        """Show the picture as it is, with nothing measured."""
        self.blends = False
        self._measured: tuple[SessionState, float | None] | None = None
        self._drawn: tuple[SessionState, Image.Image] | None = None

    def blend(self, session: DragSession, on: bool) -> None:
        """Choose whether the rest is put back.

        Raises:
            InputError: The generator's pictures cannot be blended.
        """
        if on:
            session.check_blendable()
        self.blends = on

    def image(self, session: DragSession) -> Image.Image:
        """Return the picture as it is shown at rest."""
        state = session.state
        if not self.is_blended(session):
            return session.image
        if self._drawn is None or not _same_pictures(self._drawn[0], state):
            self._drawn = state, session.blended_image()
        return self._drawn[1].copy()

    def basis(self, session: DragSession) -> tuple[object, ...]:
        """Return what the picture as it is shown is drawn from: the same objects, the same picture."""
        state = session.state
        return (state.w, state.held_w, state.mask) if self.is_blended(session) else (state.w,)

    def is_blended(self, session: DragSession) -> bool:
        """Return whether the picture as it is shown is another one than the session's."""
        return self.blends and session.status != "running" and changes_outside(session.state)

    def change_outside(self, state: SessionState) -> float | None:
        """Return the mean change outside the mask, of 255; None where there is none or it is not measured yet."""
        if self._measured is None or not _same_pictures(self._measured[0], state):
            return None
        return self._measured[1]

    def is_due(self, session: DragSession) -> bool:
        """Return whether there is something to measure."""
        state = session.state
        if session.status == "running" or not changes_outside(state):
            return False
        return self._measured is None or not _same_pictures(self._measured[0], state)

    def measure(self, session: DragSession) -> None:
        """Measure the change outside the mask; a failure is logged and not tried again for this picture."""
        state = session.state
        try:
            self._measured = state, session.change_outside()
        except SessionBusyError:
            return  # another thread has begun to drag; its end will be told, too
        except Exception as error:
            logger.warning("%s", error, exc_info=not isinstance(error, DragganError))
            self._measured = state, None


def changes_outside(state: SessionState) -> bool:
    """Return whether drags may have changed the picture where a mask holds it."""
    return state.is_masked and state.w is not state.held_w


def compiling_text(session: DragSession) -> str:
    """Return what to say while kernels for the session's device compile, else an empty text."""
    return COMPILING if session.is_compiling else ""


def _same_pictures(one: SessionState, other: SessionState) -> bool:
    """Return whether two states show the same and hold the same; their tensors and arrays are never written to."""
    return one.w is other.w and one.held_w is other.held_w and one.mask is other.mask
