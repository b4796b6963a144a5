"""The worker thread that owns torch and the session; the screen shows what becomes of it.

Message handlers only put commands on its queue or set its flags, and return at once. A command that fails is logged
and told; the worker lives on.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from draggan_widget.commands import Command, When
from draggan_widget.errors import DragganError, NoMemoryError, SessionBusyError
from draggan_widget.failures import in_words, let_go_of_memory
from draggan_widget.protocol import Ack
from draggan_widget.pulls import Place, Pulls
from draggan_widget.resting import LOOK_AGAIN_S
from draggan_widget.screen import Screen, Stage
from draggan_widget.torch_start import is_ending, leave_a_core, take_a_gradient

if TYPE_CHECKING:  # torch is heavy: the worker imports it, so that a cell returns at once
    from draggan_widget.drag import DragStep
    from draggan_widget.session import DragResult, DragSession

logger = logging.getLogger(__name__)

RETRY_S = 0.05
"""What could not be shown is tried again so soon."""

REST_S = 1.0
"""A pointer that rests is looked after so often: it may be lost."""

CLOSE_S = 5.0
"""How long closing waits for the step that is under way."""

CLOSED = "the widget was closed; make a new one"

T = TypeVar("T")


class Runner:
    """Runs commands on a session in a thread of its own, one after the other.

    Attributes:
        frames: The pictures on their way to the front end.
        pace: How fast steps and pictures come.
        resting: What is shown of the picture at rest.
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
        self._commands: deque[Command] = deque()
        self._wake = threading.Condition()
        self._stops = 0
        self._active_drag: Command | None = None
        self._closed = False
        self._session: DragSession | None = None
        self._failure: BaseException | None = None
        self._loaded = threading.Event()
        self._end_listening: Callable[[], None] = lambda: None
        self._switches: dict[object, str] = {}
        self._executing = False
        self._at_work = True  # with the making of the session
        self._pulls = Pulls(clock)
        self._is_following = False
        self._screen = Screen(stage, clock)
        self.frames, self.pace = self._screen.frames, self._screen.pace
        self.resting = self._screen.resting
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
    def busy_text(self) -> str:
        """What is being loaded in the place of the session; empty if nothing is."""
        return next(iter(self._switches.copy().values()), "")

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

    @property
    def has_more(self) -> bool:
        """Whether something is being done, or waits to be done, that will be shown."""
        session = self._session
        with self._wake:
            if self._at_work or self._commands or self._screen.is_behind:
                return not self._closed
        return session is not None and (self.resting.is_due(session) or session.is_compiling)

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

    def queue(self, call: Callable[[DragSession], object]) -> Future[object]:
        """Queue a slice of long work behind all that waits, also from the worker's own thread; drags come first.

        Raises:
            DragganError: The runner was closed.
        """
        return self._put(call, When.AFTER_THE_DRAG, told=True, is_drag=False, waits=False)

    def drag(self, max_steps: int | None = None) -> Future[DragResult]:
        """Queue a drag; one that runs is stopped first. Return where its result will be."""
        call = functools.partial(self._drag, max_steps=max_steps)
        return self._put(call, When.INSTEAD_OF_THE_DRAG, told=False, is_drag=True)

    def start(self) -> None:
        """Queue a drag for which nobody waits; a failure is shown to the person."""
        call = functools.partial(self._drag, max_steps=None)
        self._put(call, When.INSTEAD_OF_THE_DRAG, told=True, is_drag=True, waits=False)

    def switch(
        self, find: Callable[[DragSession], DragSession], text: str, *, told: bool
    ) -> Future[None]:
        """Queue the change to another session; a failure keeps the present one.

        Args:
            find: Returns the other session for the present one, in the worker's thread.
            text: What is shown meanwhile.
            told: Whether a failure is shown to the person.
        """
        switch = object()

        def run(session: DragSession) -> None:
            try:
                if session.status == "running" or session.is_following:
                    raise SessionBusyError("a drag is running; stop it first")
                self._publish()
                self._take_up(find(session))
            finally:
                self._switches.pop(switch, None)  # before what has become of it is shown

        self._switches[switch] = text
        try:
            future = self.submit(run, told=told)
        except DragganError:
            del self._switches[switch]
            raise
        # What is called off or refused never runs.
        future.add_done_callback(lambda _: self._switches.pop(switch, None))
        self._publish()
        return future

    def pull(self, point_id: int, x: float, y: float, seq: int, *, begins: bool = True) -> None:
        """Have the picture follow a pointer that pulls at a pair; only the newest place counts.

        The first place stops a drag that runs and begins a live one, in which every pointer joins. A pair that is not
        there yet is waited for.

        Args:
            point_id: Of the pair.
            x, y: Where its target belongs, px.
            seq: Number of the place, which comes back with the pictures that follow it.
            begins: Whether the pair can be pulled at anew; otherwise only what has begun goes on.
        """
        with self._wake:
            if not begins and point_id not in self._pulls:
                return
            if self._closed or not self._pulls.move(point_id, x, y, seq):
                return
            if not self._is_following:
                self._is_following = True
                when = When.INSTEAD_OF_THE_DRAG
                self._put(self._follow, when, told=True, is_drag=True, waits=False)
            self._wake.notify()

    def release(self, point_id: int, end: str) -> None:
        """Let go of a pair; with the last one the live drag ends.

        Args:
            point_id: Of the pair.
            end: ``"settle"`` goes on until every handle has arrived, ``"stay"`` leaves the picture as it is, and
                ``"undo"`` takes the whole live drag back.
        """
        with self._wake:
            self._pulls.release(point_id, end)
            self._wake.notify()

    def blend(self, session: DragSession, on: bool) -> None:
        """Choose whether the picture at rest is shown with the rest put back; to be called by a command.

        Raises:
            InputError: The generator's pictures cannot be blended.
        """
        self.resting.blend(session, on)
        self._screen.picture_due = True

    def acknowledge(self, ack: Ack) -> None:
        """Note what a front end has taken, which makes room for the next picture."""
        self._screen.acknowledge(ack)
        with self._wake:
            self._wake.notify()

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
            command = Command(call, when, future, told, self._stops, is_drag)
            self._finish(command, self._session)
            return future
        with self._wake:
            if self._closed:
                raise DragganError(CLOSED)
            if when is When.INSTEAD_OF_THE_DRAG:
                self._stop()
            self._commands.append(Command(call, when, future, told, self._stops, is_drag))
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
        self._wake.notify()

    def refresh(self) -> None:
        """Bring what is shown up to date, now or, if somebody holds the traits, soon."""
        self._publish()

    def close(self) -> None:
        """End the thread; what waits is cancelled. May be called again."""
        with self._wake:
            self._closed = True
            self._stop()
            waiting = list(self._commands)
            self._commands.clear()
            self._wake.notify()
        for command in waiting:  # without the lock: who is told may want to tell of it
            command.future.cancel()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(CLOSE_S)

    # The thread

    def _work(self, make_session: Callable[[], DragSession]) -> None:
        """Make the session, then run commands until the end."""
        gradient = threading.Thread(target=take_a_gradient, daemon=True)
        try:
            leave_a_core()
            if not self._is_over:
                gradient.start()
                self._take_up(make_session())
        except Exception as error:
            self._failure = in_words(error)
            if not self._is_over:  # an interpreter that ends refuses imports and threads
                logger.exception("The session could not be made")
                self._screen.tell(self._failure)
        self._loaded.set()
        if not self._is_over:
            self._screen.show_state(self._session)
        self._at_work = False
        while (command := self._next()) is not None:
            if self._session is None:
                self._refuse(command)
            else:
                self._finish(command, self._session)
            del command  # nothing is kept alive while waiting
            self._at_work = False
        self._end_listening()
        self._end_listening = lambda: None
        self._session = None  # whoever keeps a closed widget need not keep the generator
        if gradient.ident is not None:
            gradient.join()  # an interpreter must not end in the middle of it

    @property
    def _is_over(self) -> bool:
        """Whether nobody will see what comes: the runner was closed, or the interpreter is ending."""
        return self._closed or is_ending()

    def _take_up(self, session: DragSession) -> None:
        """Show a session in the place of the one before."""
        if session is self._session:
            return
        self._end_listening()
        self._session = session
        self._end_listening = session.listen(self._changed, lambda: self.frames.is_ready)
        self._screen.picture_due = True

    def _next(self) -> Command | None:
        """Wait for the next command; None is the end."""
        while True:
            with self._wake:
                if self._closed or self._screen.is_gone:
                    return None
                if self._commands:
                    command = self._commands.popleft()
                    self._at_work = True
                    self._active_drag = command if command.is_drag else None
                    return command
                if self._screen.is_unpublished:
                    self._wake.wait(RETRY_S)
                elif not self._rest_is_due:
                    compiles = self._session is not None and self._session.is_compiling
                    self._wake.wait(LOOK_AGAIN_S if compiles else None)
                    if not compiles:
                        continue
            self._rest()

    @property
    def _rest_is_due(self) -> bool:
        """Whether something of the picture at rest is still to be computed."""
        return self._session is not None and self.resting.is_due(self._session)

    def _rest(self) -> None:
        """Compute what is shown of the picture at rest, and bring the traits up to date."""
        if self._session is not None and self._rest_is_due:
            self.resting.measure(self._session)
        self._publish()

    def _finish(self, command: Command, session: DragSession) -> None:
        """Run a command, show what has become of it, and only then hand over its result."""
        if not command.future.set_running_or_notify_cancel():
            return
        was_executing, self._executing = self._executing, True
        try:
            result = command.call(session)
        except BaseException as error:
            # Also SystemExit, which an observer may raise: the thread lives on.
            failure = in_words(error)
            if command.told:
                self._screen.tell(failure)
            if isinstance(failure, NoMemoryError):  # the picture at rest is to be drawn with it
                self._screen.end_steps()
                let_go_of_memory(failure)
            settle = functools.partial(command.future.set_exception, failure)
        else:
            settle = functools.partial(command.future.set_result, result)
        finally:
            self._executing = was_executing
        self._screen.show_state(self._session)
        settle()

    def _refuse(self, command: Command) -> None:
        """Answer a command that there is no session for."""
        assert self._failure is not None
        if command.future.set_running_or_notify_cancel():
            command.future.set_exception(self._failure)

    def _drag(self, session: DragSession, *, max_steps: int | None) -> DragResult:
        """Drag, and run what may run between the steps."""
        try:
            return session.drag(max_steps, self._between_steps(session))
        finally:
            self._active_drag = None

    def _between_steps(self, session: DragSession) -> Callable[[DragStep[Any]], None]:
        """Return what runs between the steps of the active drag, and ends it when it was called off."""
        stops = self._stops_of_drag

        def run(_: DragStep[Any]) -> None:
            while (command := self._next_between_steps()) is not None:
                self._finish(command, session)
            if self._stops != stops:
                session.stop()

        return run

    @property
    def _stops_of_drag(self) -> int:
        """The count of stops by which the active drag counts as asked for."""
        return self._stops if self._active_drag is None else self._active_drag.stops

    def _next_between_steps(self) -> Command | None:
        """Return the next command that may run while a drag runs."""
        with self._wake:
            for command in self._commands:
                if command.when is When.INSTEAD_OF_THE_DRAG:
                    break
                if command.when is When.BETWEEN_STEPS:
                    self._commands.remove(command)
                    return command
            return None

    # What is shown

    def _changed(self, step: DragStep[Any] | None) -> None:
        """Show a change of the session, in whichever thread it was made."""
        session = self._session
        if session is None:
            return
        try:
            if step is not None:
                self._screen.show_step(session, step)
                self._ask_again()
                return
            self._screen.picture_due = True
            if threading.current_thread() is not self._thread and not self._closed:
                self.submit(lambda _: None, When.BETWEEN_STEPS)
        except Exception as error:
            self._screen.tell(error)
            self._publish()

    def _publish(self) -> None:
        """Bring the traits up to date, now or, if somebody holds them, soon."""
        self._screen.publish(self._session)
        self._ask_again()

    def _ask_again(self) -> None:
        """Have the worker write the traits soon, if this thread could not."""
        if self._screen.is_unpublished and threading.current_thread() is not self._thread:
            with self._wake:
                self._wake.notify()

    # Live drags

    def _follow(self, session: DragSession) -> None:
        """Follow pointers until they have let go, and end the live drag as they ask: one entry of the history."""
        before = session.history
        try:
            if self._stops != self._stops_of_drag:
                return self._drop_pulls()
            session.begin_following()
            self._publish()
            end = self._follow_pulls(session)
            if end == "settle":
                session.settle(on_step=self._between_steps(session))
            else:
                session.release()
            if end == "undo" and session.history is not before:
                session.undo()
        except BaseException:
            self._drop_pulls()
            if session.is_following:
                session.release()
            raise
        finally:
            self._active_drag = None
            self._screen.end_steps()

    def _follow_pulls(self, session: DragSession) -> str:
        """Take steps towards where pointers pull, rest where there is nothing to do, and return how to end."""
        stops, moves = self._stops_of_drag, False
        while True:
            self._screen.catch_up(session)
            keys = session.point_ids if session.state.is_complete else ()
            with self._wake:
                if self._stops != stops or self._screen.is_gone:
                    return self._let_go("stay")
                command, place = self._next_between_steps(), None
                if command is None:
                    end = self._pulls.end
                    if end != "undo":
                        place = self._pulls.next(keys)
                    if end and place is None:
                        return self._let_go(end)
                    if place is None and not (moves and keys):
                        self._wake.wait(RETRY_S if self._screen.is_behind else REST_S)
                        continue
            if command is not None:
                self._finish(command, session)
                del command  # nothing is kept alive while waiting
                moves = True
                continue
            moves = self._follow_once(session, place)

    def _follow_once(self, session: DragSession, place: Place | None) -> bool:
        """Move the picture once towards a place, or towards those that are known; return whether it has to go on."""
        index, at = 0, session.target_points[0].tolist()
        if place is not None:
            index, at = session.point_ids.index(place.key), (place.x, place.y)
            self._screen.followed = place
        return session.follow(index, at).status == "running"

    def _let_go(self, end: str) -> str:
        """End every pull, so that the next one begins a live drag of its own; the caller holds the lock."""
        self._pulls.finish()
        self._is_following = False
        return end

    def _drop_pulls(self) -> None:
        """End every pull of a live drag that does not go on."""
        with self._wake:
            self._let_go("stay")
