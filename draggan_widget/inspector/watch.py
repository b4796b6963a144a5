"""The newest moment of a session, for somebody who looks at it now and then from another thread.

What the drag waits for is only that references to the step are kept; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.drag.points import Origin
from draggan_widget.drag.validation import Points
from draggan_widget.inspector.record import Record, Row
from draggan_widget.session import DragSession, SessionState


@dataclass(frozen=True, eq=False)
class Moment:
    """What a session held at one moment.

    Attributes:
        state: Picture, points and mask.
        config: Settings of its drags.
        origins: Where each handle's reference was taken, one a handle.
        rows: The drag so far; empty if another picture is shown than the last one of it.
        trace: The synthesis up to the solver's feature block, if it was computed.
    """

    state: SessionState
    config: DragConfig
    origins: tuple[Origin, ...]
    rows: tuple[Row, ...]
    trace: Any | None


@dataclass(frozen=True, eq=False)
class _Last:
    """The last step, and the settings that it was made with."""

    step: DragStep[Any]
    config: DragConfig

    def is_of(self, session: DragSession) -> bool:
        """Return whether the session still has its picture and its settings."""
        return self.step.w is session.state.w and self.config is session.config


class Watch:
    """Listens to a session until :meth:`end`."""

    def __init__(
        self, session: DragSession, wants: Callable[[], bool], tell: Callable[[], None]
    ) -> None:
        """Begin to listen.

        Args:
            session: What is watched.
            wants: Says whether a moment would be looked at now; asked by the thread that drags, before and after each
                step.
            tell: Is called after a step that was wanted before and after it, and after every other change.
        """
        self.session = session
        self._wants, self._tell = wants, tell
        self._record = Record()
        self._last: _Last | None = None
        self._offered: Moment | None = None
        self._end = session.listen(self._changed, wants)

    def end(self) -> None:
        """Listen no more."""
        self._end()

    @property
    def moment(self) -> Moment:
        """What the session holds now; may be asked for by any thread."""
        return self._moment(self._last)

    def next_moment(self) -> Moment:
        """Return what was told of last, or what the session holds now if that was asked for before.

        What was told of while a drag runs was computed to be looked at; the drag may be some steps further.
        """
        offered, self._offered = self._offered, None
        return self.moment if offered is None else offered

    def _moment(self, last: _Last | None) -> Moment:
        """Return what the session holds after a last step."""
        session, record = self.session, self._record
        state, config = session.state, session.config
        step = None if last is None or not last.is_of(session) else last.step
        return Moment(
            state,
            config,
            origins_of(state, step),
            record.rows if record.w is state.w else (),
            None if step is None else step.trace,
        )

    def _changed(self, step: DragStep[Any] | None) -> None:
        """Keep a step; called by the thread that drags."""
        if step is None:
            if self.session.status != "running":
                self._record.rest()
            if self._last is not None and not self._last.is_of(self.session):
                self._last = None  # the next drag takes its references anew
            self._offered = None
            self._tell()
            return
        self._record.add(step)
        self._last = _Last(step, self.session.config)
        # One that was not computed to be looked at would have to be synthesised once more: the next one will be.
        if step.trace is not None and self._wants():
            self._offered = self._moment(self._last)
            self._tell()


def origins_of(state: SessionState, step: DragStep[Any] | None) -> tuple[Origin, ...]:
    """Return where the reference of each handle was taken, or will be when a drag begins.

    Args:
        state: What the session holds.
        step: The last step, if its picture is that of the state.
    """
    known: dict[int, tuple[Origin, Points]] = {}
    if step is not None:
        tracked = zip(step.origins, step.handle_points, strict=True)
        known = dict(zip(step.point_ids, tracked, strict=True))
    found = []
    for key, place in zip(state.point_ids, state.handle_points, strict=True):
        origin = Origin(state.w, place)
        if key in known and np.array_equal(known[key][1], place):
            origin = known[key][0]
        found.append(origin)
    return tuple(found)
