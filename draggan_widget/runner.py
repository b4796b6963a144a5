"""The worker thread that owns torch and the session, and the pictures on their way to the front end.

Message handlers only put commands on its queue or set its flags, and return at once. A command that fails is logged
and told; the worker lives on.
"""

from __future__ import annotations

import enum
import functools
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from draggan_widget.errors import DragganError, SessionBusyError
from draggan_widget.protocol import FrameInfo
from draggan_widget.sender import FrameSender

if TYPE_CHECKING:  # torch is heavy: the worker imports it, so that a cell returns at once
    from draggan_widget.drag import DragStep
    from draggan_widget.frames import EncodedPicture
    from draggan_widget.session import DragResult, DragSession

logger = logging.getLogger(__name__)

PUBLISH_S = 0.1
"""Traits are brought up to date so often while a drag runs; each time costs the browser a redraw."""

RETRY_S = 0.05
"""Traits that could not be written, because somebody held them, are tried again so soon."""

CLOSE_S = 5.0
"""How long closing waits for the step that is under way."""

CLOSED = "the widget was closed; make a new one"

T = TypeVar("T")


class When(enum.Enum):
    """When a command may run that comes while a drag runs."""

    BETWEEN_STEPS = enum.auto()
    AFTER_THE_DRAG = enum.auto()
    INSTEAD_OF_THE_DRAG = enum.auto()
    """The drag is stopped first."""


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


@dataclass(frozen=True, eq=False)
class _Command:
    """Something to do with the session, and where its result goes."""

    call: Callable[[DragSession], Any]
    when: When
    future: Future[Any]
    told: bool
    stops: int
    is_drag: bool

    def is_asked_for(self, stops: int) -> bool:
        """Return whether this is a drag that nobody has called off since."""
        return self.is_drag and self.stops == stops and not self.future.cancelled()


class Runner:
    """Runs commands on a session in a thread of its own, one after the other.

    Attributes:
        frames: The pictures on their way to the front end.
    """

    def __init__(
        self,
        make_session: Callable[[], DragSession],
        stage: Stage,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a runner that has not begun.

        Args:
            make_session: Is called in the thread.
            stage: Is told what happens, from this thread or from one that uses the session itself.
            clock: Seconds from some moment on.
        """
        self._stage = weakref.ref(stage)
        self._clock = clock
        self._commands: deque[_Command] = deque()
        self._wake = threading.Condition()
        self._stops = 0
        self._active_drag: _Command | None = None
        self._closed = False
        self._session: DragSession | None = None
        self._failure: BaseException | None = None
        self._loaded = threading.Event()
        self._unpublished = False
        self._published_at = -PUBLISH_S
        self._picture_due = True
        self._executing = False
        self.frames = FrameSender(self._send, clock)
        self._thread = threading.Thread(
            target=self._work, args=(make_session,), name="draggan-widget", daemon=True
        )

    def begin(self) -> None:
        """Start the thread, which makes the session first."""
        self._thread.start()

    # For the threads of the notebook

    @property
    def is_loaded(self) -> bool:
        """Whether the session is there, or its making has failed."""
        return self._loaded.is_set()

    @property
    def session(self) -> DragSession:
        """The session; waits until it is there.

        Raises:
            DragganError: What kept it from being made.
        """
        self._loaded.wait()
        if self._failure is not None:
            raise self._failure
        session = self._session
        if session is None:
            raise DragganError(CLOSED)
        return session

    @property
    def is_running(self) -> bool:
        """Whether a drag runs, or waits to run, that nobody has asked to stop."""
        session = self._session
        with self._wake:
            drags = [command for command in (self._active_drag, *self._commands) if command]
            if any(each.is_asked_for(self._stops) for each in drags):
                return True
        if session is None or self._executing or session.status != "running":
            return False
        return not session.stop_requested  # somebody drags the session itself

    def submit(
        self,
        call: Callable[[DragSession], T],
        when: When = When.INSTEAD_OF_THE_DRAG,
        *,
        told: bool = False,
    ) -> Future[T]:
        """Queue a command; return where its result will be.

        Args:
            call: Is given the session, in the worker's thread.
            when: What becomes of a drag that runs.
            told: Whether a failure is shown to the person, because no caller waits for it.

        Raises:
            DragganError: The runner was closed.
        """
        return self._put(call, when, told=told, is_drag=False)

    def drag(self, max_steps: int | None = None) -> Future[DragResult]:
        """Queue a drag; one that runs is stopped first. Return where its result will be."""
        call = functools.partial(self._drag, max_steps=max_steps)
        return self._put(call, When.INSTEAD_OF_THE_DRAG, told=False, is_drag=True)

    def start(self) -> None:
        """Queue a drag for which nobody waits; a failure is shown to the person."""
        call = functools.partial(self._drag, max_steps=None)
        self._put(call, When.INSTEAD_OF_THE_DRAG, told=True, is_drag=True, waits=False)

    def _put(
        self,
        call: Callable[[DragSession], T],
        when: When,
        *,
        told: bool,
        is_drag: bool,
        waits: bool = True,
    ) -> Future[T]:
        """Queue a command; what the worker itself waits for is run at once."""
        future: Future[T] = Future()
        if waits and threading.current_thread() is self._thread and self._session is not None:
            command = _Command(call, when, future, told, self._stops, is_drag)
            self._finish(command, self._session)
            return future
        with self._wake:
            if self._closed:
                raise DragganError(CLOSED)
            if when is When.INSTEAD_OF_THE_DRAG:
                self._stop()
            self._commands.append(_Command(call, when, future, told, self._stops, is_drag))
            self._wake.notify()
        return future

    def stop(self) -> None:
        """End the drag that runs within a step, and those that wait before they begin."""
        with self._wake:
            self._stop()

    def _stop(self) -> None:
        """Call off every drag that was asked for so far; the caller holds the lock."""
        self._stops += 1
        if self._session is not None:
            self._session.stop()

    def refresh(self) -> None:
        """Bring what is shown up to date, now or, if somebody holds the traits, soon."""
        self._publish()

    def close(self) -> None:
        """End the thread; what waits is cancelled. May be called again."""
        with self._wake:
            self._closed = True
            self._stop()
            for command in self._commands:
                command.future.cancel()
            self._commands.clear()
            self._wake.notify()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(CLOSE_S)

    # The thread

    def _work(self, make_session: Callable[[], DragSession]) -> None:
        """Make the session, then run commands until the end."""
        end_listening: Callable[[], None] | None = None
        try:
            _leave_a_core()
            self._session = make_session()
            end_listening = self._session.listen(self._changed, lambda: self.frames.is_ready)
        except Exception as error:
            logger.exception("The session could not be made")
            self._failure = error
            self._tell(error)
        self._loaded.set()
        self._show_state()
        while (command := self._next()) is not None:
            if self._session is None:
                self._refuse(command)
            else:
                self._finish(command, self._session)
            del command  # nothing is kept alive while waiting
        if end_listening is not None:
            end_listening()
        self._session = None  # whoever keeps a closed widget need not keep the generator

    def _next(self) -> _Command | None:
        """Wait for the next command; None is the end."""
        while True:
            with self._wake:
                if self._closed or self._stage() is None:
                    return None
                if self._commands:
                    command = self._commands.popleft()
                    self._active_drag = command if command.is_drag else None
                    return command
                if not self._unpublished:
                    self._wake.wait()
                    continue
                self._wake.wait(RETRY_S)
            self._publish()

    def _finish(self, command: _Command, session: DragSession) -> None:
        """Run a command, show what has become of it, and only then hand over its result."""
        if not command.future.set_running_or_notify_cancel():
            return
        was_executing, self._executing = self._executing, True
        try:
            result = command.call(session)
        except Exception as error:
            if command.told:
                self._tell(error)
            settle = functools.partial(command.future.set_exception, error)
        else:
            settle = functools.partial(command.future.set_result, result)
        finally:
            self._executing = was_executing
        self._show_state()
        settle()

    def _refuse(self, command: _Command) -> None:
        """Answer a command that there is no session for."""
        assert self._failure is not None
        if command.future.set_running_or_notify_cancel():
            command.future.set_exception(self._failure)

    def _drag(self, session: DragSession, *, max_steps: int | None) -> DragResult:
        """Drag, and run what may run between the steps."""
        stops = self._stops if self._active_drag is None else self._active_drag.stops

        def between_steps(_: DragStep[Any]) -> None:
            while (command := self._next_between_steps()) is not None:
                self._finish(command, session)
            if self._stops != stops:
                session.stop()

        try:
            return session.drag(max_steps, between_steps)
        finally:
            self._active_drag = None

    def _next_between_steps(self) -> _Command | None:
        """Return the next command that may run while a drag runs."""
        with self._wake:
            for command in self._commands:
                if command.when is When.INSTEAD_OF_THE_DRAG:
                    break
                if command.when is When.BETWEEN_STEPS:
                    self._commands.remove(command)
                    return command
            return None

    def _tell(self, error: BaseException) -> None:
        """Log a failure and show it."""
        logger.warning("%s", error, exc_info=not isinstance(error, DragganError))
        stage = self._stage()
        if stage is not None:
            stage.report(error)

    # What is shown

    def _changed(self, step: DragStep[Any] | None) -> None:
        """Show a change of the session, in whichever thread it was made."""
        session = self._session
        if session is None:
            return
        try:
            if step is not None:
                self._show_step(session, step)
                if self._clock() - self._published_at >= PUBLISH_S:
                    self._publish()
                return
            self._picture_due = True
            if threading.current_thread() is not self._thread and not self._closed:
                self.submit(lambda _: None, When.BETWEEN_STEPS)
        except Exception as error:
            self._tell(error)
            self._publish()

    def _show_step(self, session: DragSession, step: DragStep[Any]) -> None:
        """Send the picture of a step, if anybody waits for one."""
        from draggan_widget.frames import encode_live

        if self.frames.is_ready:
            info = FrameInfo(
                step=step.step,
                final=False,
                point_ids=step.point_ids,
                handles=step.handle_points,
                targets=step.target_points,
                distances=step.distances_px,
                loss=step.loss,
            )
            picture = session.image_of(step)
            self._put_frame(encode_live(picture, halve=self.frames.halves(*picture.size)), info)

    def _show_state(self) -> None:
        """Send the picture at rest if it has changed, and bring the traits up to date."""
        session = self._session
        try:
            if session is not None and self._picture_due and session.status != "running":
                self._show_picture(session)
                self._picture_due = False
        except SessionBusyError:
            pass  # another thread has begun to drag; its end will be told, too
        except Exception as error:
            self._picture_due = False  # it would fail again
            self._tell(error)
        self._publish()

    def _show_picture(self, session: DragSession) -> None:
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
        self._put_frame(encode_still(session.image), info)

    def _put_frame(self, picture: EncodedPicture, info: FrameInfo) -> None:
        """Give a picture to those who see it."""
        self.frames.put(picture.data, picture.mime, (picture.width, picture.height), info)

    def _send(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        """Send a message to the front end, if there still is one."""
        stage = self._stage()
        if stage is not None:
            stage.show(message, buffers)

    def _publish(self) -> None:
        """Bring the traits up to date, now or, if somebody holds them, soon."""
        stage = self._stage()
        if stage is None:
            return
        self._published_at = self._clock()
        try:
            self._unpublished = not stage.publish(self._session)
        except Exception:
            logger.exception("The traits could not be written")
        if self._unpublished and threading.current_thread() is not self._thread:
            with self._wake:
                self._wake.notify()


def _leave_a_core() -> None:
    """Let torch use one core less than there are: browser and server work at the same time.

    Torch's threads wait for each other, so one that gets no core holds up all of them: on two busy cores one thread is
    the fastest.
    """
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), max(1, (os.cpu_count() or 1) - 1)))
