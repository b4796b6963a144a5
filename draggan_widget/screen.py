"""What a runner shows of its session: pictures of steps and at rest, traits and failures; starts no drag and no thread."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from draggan_widget.errors import DragganError, SessionBusyError
from draggan_widget.failures import in_words
from draggan_widget.pace import Pace
from draggan_widget.protocol import Ack, FrameInfo
from draggan_widget.pulls import Place
from draggan_widget.resting import Resting
from draggan_widget.sender import FrameSender

if TYPE_CHECKING:  # torch is heavy: the worker imports it, so that a cell returns at once
    from PIL import Image

    from draggan_widget.drag import DragStep
    from draggan_widget.frames import EncodedPicture
    from draggan_widget.session import DragSession

logger = logging.getLogger(__name__)

PUBLISH_S = 0.1
"""Traits are brought up to date so often while a drag runs; each time costs the browser a redraw."""


class Stage(Protocol):
    """Where a runner shows what happens; it is held weakly."""

    def show(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        """Send a message to the front end."""
        ...

    def publish(self, session: DragSession | None) -> bool:
        """Show the session's state, None while there is none; return False to be asked again."""
        ...

    def report(self, error: BaseException) -> None:
        """Tell a person of a failure that no caller will see."""
        ...


class Screen:
    """Shows a session to a stage.

    Attributes:
        frames: The pictures on their way to the front end.
        pace: How fast steps and pictures come.
        resting: What is shown of the picture at rest.
        followed: What the steps of a live drag follow, None without one.
        picture_due: Whether the picture at rest has changed since it was shown.
        is_unpublished: Whether the traits could not be written, because somebody held them.
    """

    def __init__(self, stage: Stage, clock: Callable[[], float]) -> None:
        """Show nothing yet.

        Args:
            stage: Is told what happens; held weakly.
            clock: Seconds from some moment on.
        """
        self.frames = FrameSender(self._send, clock)
        self.pace = Pace(clock)
        self.resting = Resting()
        self.followed: Place | None = None
        self.picture_due = True
        self.is_unpublished = False
        self._stage = weakref.ref(stage)
        self._clock = clock
        self._published_at = -PUBLISH_S
        self._traits_due = False
        self._unseen: DragStep[Any] | None = None

    @property
    def is_gone(self) -> bool:
        """Whether there is no stage any more."""
        return self._stage() is None

    @property
    def is_behind(self) -> bool:
        """Whether something waits to be shown by :meth:`catch_up`."""
        return self._unseen is not None or self._traits_due or self.is_unpublished

    def acknowledge(self, ack: Ack) -> None:
        """Note what a front end has taken."""
        self.frames.acknowledge(ack)
        if ack.shown:
            self.pace.acknowledged(ack.seq)

    def tell(self, error: BaseException) -> None:
        """Log a failure and show it."""
        failure = in_words(error)
        logger.warning("%s", failure, exc_info=not isinstance(failure, DragganError))
        stage = self._stage()
        if stage is not None:
            stage.report(failure)

    def show_step(self, session: DragSession, step: DragStep[Any]) -> None:
        """Send the picture of a step, if anybody waits for one, and from time to time the traits."""
        self.pace.stepped()
        self._unseen = step
        self._traits_due = True
        self.catch_up(session)

    def catch_up(self, session: DragSession) -> None:
        """Show what could not be shown before: the newest step, once it is welcome, and the traits."""
        step = self._unseen
        if step is not None and self.frames.is_ready:
            self._unseen = None
            self._send_step(session, step)
        pause_s = max(PUBLISH_S, self.frames.delay_s)  # pictures need the way more than traits do
        due = self._traits_due and self._clock() - self._published_at >= pause_s
        if due or self.is_unpublished:
            self.publish(session)

    def end_steps(self) -> None:
        """Forget the newest step: what follows is another picture."""
        self._unseen = self.followed = None

    def show_state(self, session: DragSession | None) -> None:
        """Send the picture at rest if it has changed, and bring the traits up to date."""
        try:
            if session is not None and self.picture_due and session.status != "running":
                self._send_still(session)
                self.picture_due, self._unseen = False, None
        except SessionBusyError:
            pass  # another thread has begun to drag; its end will be told, too
        except Exception as error:
            self.picture_due = False  # it would fail again
            self.tell(error)
        self.publish(session)

    def publish(self, session: DragSession | None) -> None:
        """Bring the traits up to date, now or, if somebody holds them, soon."""
        stage = self._stage()
        if stage is None:
            return
        self._published_at, self._traits_due = self._clock(), False
        try:
            self.is_unpublished = not stage.publish(session)
        except (Exception, SystemExit):
            logger.exception("The traits could not be written")

    def _send_step(self, session: DragSession, step: DragStep[Any]) -> None:
        """Send the picture of a step."""
        place = self.followed
        info = FrameInfo(
            step=step.step,
            final=False,
            point_ids=step.point_ids,
            handles=step.handle_points,
            targets=step.target_points,
            distances=step.distances_px,
            loss=step.loss,
            pull=0 if place is None else place.seq,
        )
        seq = self.frames.put(self._moving(session.image_of(step)), info)
        if place is not None:
            self.pace.sent(seq, place.asked_s)

    def _send_still(self, session: DragSession) -> None:
        """Send the picture at rest, whoever waits for one."""
        from draggan_widget.frames import encode_still

        state = session.state
        paired = state if state.is_complete else replace(state, point_ids=())
        info = FrameInfo(
            step=session.steps,
            final=True,
            point_ids=paired.point_ids,
            handles=paired.handle_points[: len(paired.point_ids)],
            targets=paired.target_points[: len(paired.point_ids)],
            distances=paired.distances_px[: len(paired.point_ids)],
            loss=None,
        )
        picture = self.resting.image(session)
        encoded = encode_still(picture)
        is_long = self.frames.is_long(len(encoded.data))
        self.frames.put(encoded, info, self._moving(picture) if is_long else None)

    def _moving(self, picture: Image.Image) -> EncodedPicture:
        """Return a picture as it is sent while it moves."""
        from draggan_widget.frames import encode_live

        rendition = self.frames.rendition(*picture.size)
        return encode_live(picture, divisor=rendition.divisor, quality=rendition.quality)

    def _send(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        """Send a message to the front end, if there still is one."""
        stage = self._stage()
        if stage is not None:
            stage.show(message, buffers)
