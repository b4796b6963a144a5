"""What must hold after every fault: nothing that was done is lost, the person is told, and the worker drags on.

Scripts in kernels use it too, so it needs no pytest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from draggan_widget.commands import When
from draggan_widget.session import DragSession, SessionState
from draggan_widget.session.history import History
from draggan_widget.widget import DragWidget
from tests.patience import PATIENCE_S, until
from tests.picture_blobs import MANY_STEPS, PictureBlobs
from tests.session.sessions import same

HANDLE, TARGET, FAR = [30.0, 32.0], [33.0, 31.0], [52.0, 32.0]
"""Where the blob is at first, where the work leaves it, and where a fault finds it on its way to."""

MASK = np.zeros((64, 64), dtype=bool)
MASK[4:, 4:] = True
"""Where the picture may move: all but a rim at the left and at the top."""

NEAR_PX = 0.6
"""A tracked handle lies so near to the centre of its blob, also by the solver that knows whole pixels only."""


@dataclass(frozen=True, eq=False)
class Work:
    """What a person has done so far.

    Attributes:
        state: Latent, points and mask.
        history: All that led there.
    """

    state: SessionState
    history: History[SessionState]


def worked_session(generator: PictureBlobs | None = None, config: Any = MANY_STEPS) -> DragSession:
    """Return a session over a blob with a mask, a pair of points and a drag that has arrived.

    Args:
        generator: The blob; None makes one.
        config: Settings of the drags to come.
    """
    blobs = PictureBlobs() if generator is None else generator
    session = DragSession(blobs, w=blobs.start(), config=MANY_STEPS)
    session.mask = MASK
    session.set_points([HANDLE], [TARGET])
    assert session.drag().status == "arrived"
    session.config = config
    return session


def worked_widget(
    generator: PictureBlobs | None = None, config: Any = MANY_STEPS, **arguments: Any
) -> DragWidget:
    """Return a widget over a :func:`worked_session`."""
    widget = DragWidget(worked_session(generator, config), **arguments)
    until(lambda: widget.status != "loading")
    return widget


def work_of(widget: DragWidget) -> Work:
    """Return what was done with a widget that is at rest."""
    session = widget.session
    return Work(session.state, session.history)


def assert_survives(
    widget: DragWidget, work: Work, words: str | None, told: str | None = None
) -> None:
    """Assert that a fault has cost a widget nothing.

    Args:
        widget: After the fault.
        work: What was done before it.
        words: What the person is told, as a regular expression; None where nothing is wrong and nothing may be said.
        told: Where that was said; None is the message that the widget shows.
    """
    assert_kept(widget, work)
    shown = widget.error.get("message", "")
    if words is None:
        assert shown == ""
    else:
        assert re.search(words, shown if told is None else told), told or shown
    assert_alive(widget, work)


def assert_kept(widget: DragWidget, work: Work) -> None:
    """Assert that latent, points, mask and history are those of before, or one drag further on."""
    # What is called off goes on until the end of its step.
    widget._worker.submit(lambda _: None, When.AFTER_THE_DRAG).result(PATIENCE_S)
    until(lambda: not widget.running)
    session = widget.session
    until(lambda: widget.history_position == session.history.current.id)
    assert not session.is_following
    for entry in work.history.entries:
        assert same(session.history.entry(entry.id).state, entry.state)
    now = session.state
    assert same(now, session.history.current.state)
    assert now.point_ids == work.state.point_ids
    assert np.array_equal(now.mask, MASK)  # type: ignore[arg-type]  # it is there
    assert bool(now.w.isfinite().all())
    if not torch.equal(now.w, work.state.w):
        assert_belongs_together(session)
    assert np.array_equal(widget.handle_points, now.handle_points)
    assert np.array_equal(widget.target_points, now.target_points)
    assert np.array_equal(widget.mask, now.mask)  # type: ignore[arg-type]
    assert_seen(widget)


def assert_belongs_together(session: DragSession) -> None:
    """Assert that the handle of a session lies on the blob of its latent."""
    blobs = session.generator
    assert isinstance(blobs, PictureBlobs)
    off = blobs.centres(session.w)[0].numpy() - session.handle_points[0]
    assert np.abs(off).max() < NEAR_PX, off


def assert_seen(widget: DragWidget) -> None:
    """Assert that the browser knows what the kernel knows, where a test has one."""
    end: Any = widget.comm
    state: dict[str, Any] | None = getattr(end, "state", None)
    if state is None:
        return
    until(lambda: state["handle_points"] == widget.handle_points.tolist())
    until(lambda: state["target_points"] == widget.target_points.tolist())
    until(lambda: state["history_position"] == widget.history_position)
    until(lambda: state["error"] == widget.error)
    assert state["status"] == widget.status


def assert_alive(widget: DragWidget, work: Work) -> None:
    """Assert that a further drag arrives, and that undo leads back to the work, bit for bit."""
    session = widget.session
    session_config, widget.config = widget.config, MANY_STEPS
    x, y = session.handle_points[0]
    widget.target_points = [[x - 3.0 if x > 32 else x + 3.0, y]]
    assert widget.drag().status == "arrived"
    assert_belongs_together(widget.session)
    widget.config = session_config
    while widget.history_position != work.history.current.id:
        assert widget.undo(), "undo does not lead back"
    assert same(widget.session.state, work.state)
    assert widget.error == {}


def until_moving(widget: DragWidget, work: Work, steps: int = 3) -> None:
    """Wait until a drag that was begun after the work has moved the picture some times."""
    session = widget.session
    until(lambda: session.state.w is not work.state.w and session.steps >= steps)
