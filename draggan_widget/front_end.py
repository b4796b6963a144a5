"""What the front end sets and says: checked whole, then handed to the session; answers go back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets as t
from numpy.typing import NDArray

from draggan_widget import protocol
from draggan_widget.answers import Answer
from draggan_widget.calls import call_of, is_known, newly_placed
from draggan_widget.commands import When
from draggan_widget.errors import DragganError, InputError
from draggan_widget.heard import Heard
from draggan_widget.kept_answers import KeptAnswers
from draggan_widget.model import ECHOED_TRAITS, DragModel
from draggan_widget.protocol import decode_args, rid_argument
from draggan_widget.protocol.values import integer
from draggan_widget.questions import question_of
from draggan_widget.traits import equal
from draggan_widget.works import LongQuestion, Works

if TYPE_CHECKING:
    from draggan_widget.session import DragSession

logger = logging.getLogger(__name__)

HOST_TRAITS = frozenset({"_dom_classes", "_view_count", "layout", "tabbable", "tooltip"})
"""What the notebook itself may set."""

BROWSER_TRAITS = HOST_TRAITS | {
    *protocol.POINT_TRAITS,
    *("mask", "auto_run", "blend_outside", "running", "rest_seen", "page_write"),
}
"""What the front end may set."""

IGNORED_TRAITS = frozenset({"_state_rev"})
"""What the kernel alone counts; some hosts send it back with all the others, and late."""

LONGEST_NAMES = 200
"""So much of what a front end has made up is repeated to it."""


class FrontEnd(DragModel):
    """The model with a front end that is never trusted."""

    def __init__(self, seed: int, **traits: Any) -> None:
        """Hear nothing yet; as :class:`DragModel`."""
        self._in_marimo = False
        self._taken_edit: protocol.PointEdit | None = None
        self._heard = Heard()
        self._replies, self._answers = KeptAnswers(self.send), KeptAnswers(self.send)
        self._works = Works(lambda slice_: self._worker.queue(slice_), self._answers.send)
        super().__init__(seed, **traits)

    def _handle_msg(self, msg: Mapping[str, Any]) -> None:
        """Take a message of the host, unless it is none."""
        buffers = msg.get("buffers") or []
        try:
            protocol.check_envelope(msg["content"].get("data"), len(buffers))
        except InputError as error:
            self._refuse(error)
            return
        super()._handle_msg({**msg, "buffers": buffers})

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the front end has set, all of it or, if anything is wrong, nothing."""
        with self._trait_lock:
            state = {name: v for name, v in sync_data.items() if not self._is_unchanged(name, v)}
            try:
                state = self._heard.newest_of(state)
                self._accept(state)
            except (DragganError, t.TraitError) as error:
                self._complain(error)
                self._answer_refused(state)
        self._worker.refresh()

    def _is_unchanged(self, name: str, value: object) -> bool:
        """Return whether the front end only repeats what it may not set; some hosts send all traits."""
        if name in IGNORED_TRAITS:
            return True
        if name in BROWSER_TRAITS or name not in self.keys:
            return False
        return equal(self.get_state(name)[name], value)

    def _accept(self, state: Mapping[str, Any]) -> None:
        """Check everything that was set, and then do it."""
        if unknown := sorted(state.keys() - BROWSER_TRAITS):
            named = ", ".join(unknown)[:LONGEST_NAMES]
            raise InputError(f"the front end may not set {named}; reload the page after an update")
        points = {name: state[name] for name in protocol.POINT_TRAITS if name in state}
        echoed = [name for name in ECHOED_TRAITS if name in state]
        is_news = not all(equal(self.get_state(name)[name], state[name]) for name in echoed)
        edit = None
        if points or "mask" in state:
            size = self._loaded_size()
            if points:
                edit = protocol.decode_points(points, size=size, known=self._known_pairs())
            if "mask" in state:
                self._mask_png = _decoded_mask(state["mask"], size)
        flags = {name for name in ("auto_run", "blend_outside", "running") if name in state}
        for name in flags:
            protocol.decode_flag(name, state[name])
        if "rest_seen" in state:
            integer("rest_seen", state["rest_seen"], 0)
        plain = HOST_TRAITS | {"auto_run", "blend_outside", "mask", "rest_seen"}
        if is_news:
            # Other pages are told by an echo with this number, and by the next one that they have missed it.
            self._states_told += 1
            self._answer_due = True
        super().set_state({name: state[name] for name in state if name in plain})
        self._told_in.update(dict.fromkeys(flags.union(echoed), self._states_told))
        if edit is not None:
            self._take_points(edit)
        if "running" in state:
            self._start_or_stop(state["running"])

    def _loaded_size(self) -> protocol.Size:
        """Return the size of the picture, which must be there and stay."""
        if not self._worker.is_loaded or self._worker.busy_text:
            raise InputError("the picture is still loading; wait a moment and try again")
        generator = self._worker.session.generator
        return generator.width, generator.height

    def _known_pairs(self) -> dict[int, tuple[protocol.Pair, protocol.Pair]]:
        """Return handle and target of each id, while they are complete."""
        handles, targets = self.handle_points.tolist(), self.target_points.tolist()
        if not len(handles) == len(targets) == len(self.point_ids):
            return {}
        pairs = zip(handles, targets, strict=True)
        return {
            key: ((handle[0], handle[1]), (target[0], target[1]))
            for key, (handle, target) in zip(self.point_ids, pairs, strict=True)
        }

    def _take_points(self, edit: protocol.PointEdit) -> None:
        """Hand an edit of the points to the session, and answer it when it is done."""
        self._note_ids(edit.ids)
        if edit == self._taken_edit:
            # marimo hands everything on twice, and a page repeats what it does not know to be heard.
            self._rev, self._answer_due = max(self._rev, edit.rev), True
            return
        self._taken_edit = edit

        def run(session: DragSession) -> None:
            try:
                if not is_known(edit, session.state):
                    session.set_points(
                        list(edit.handles),
                        list(edit.targets),
                        point_ids=edit.ids,
                        placed=newly_placed(edit, session.state),
                    )
            finally:
                self._rev, self._answer_due = max(self._rev, edit.rev), True
                self._acted = self._in_marimo

        self._edit(run)

    def _answer_refused(self, state: Mapping[str, Any]) -> None:
        """Send back the values of what was refused."""
        rev = protocol.decode_rev(state)
        if rev is not None:
            self._rev, self._answer_due = max(self._rev, rev), True
        self.send_state([name for name in state if name in self.keys])

    def _receive(self, _: ipywidgets.Widget, content: object, buffers: Sequence[object]) -> None:
        """Take a custom message of the front end; may run in any thread."""
        try:
            message = protocol.decode_message(content, buffers)
        except InputError as error:
            self._refuse(error)
            self._answer_unread(content, error)
            return
        if not self._heard.is_new(message):
            return
        if isinstance(message, protocol.Command):
            self._obey(message)
            return
        if isinstance(message, protocol.Setting):
            beside = {"mask": next(iter(buffers or ()), b"")} if message.mask else {}
            self.set_state({**message.state, **beside})
            return
        if isinstance(message, protocol.Ask):
            self._answer(message)
            return
        if isinstance(message, protocol.Ack):
            self._worker.acknowledge(message)
            return
        if isinstance(message, protocol.Release):
            self._worker.release(message.id, message.end)
            return
        if isinstance(message, protocol.Pull):
            self._pull(message)
            return
        self._tell_what_is_new(message)

    def _answer_unread(self, content: object, error: InputError) -> None:
        """Answer a command or question that cannot be read: who waits for it would send it again and again."""
        rid = content.get("rid") if isinstance(content, Mapping) else None
        if not isinstance(content, Mapping) or type(rid) is not int or rid < 1:
            return
        if content.get("k") == "cmd":
            self._replies.send(protocol.reply_message(rid, str(error)))
        elif content.get("k") == "ask":
            self._answers.send(protocol.answer_message(rid, str(error), {}))

    def _tell_what_is_new(self, message: protocol.Hello | protocol.Poll) -> None:
        """Answer a page that is new or waits in vain: it may have missed what was sent outside of a handler."""
        # Before anything is told: what comes between is told of with the next answer.
        more = self._worker.has_more
        if isinstance(message, protocol.Hello):
            self._worker.frames.greet(message)
        else:
            self._worker.frames.answer_poll(message.have, message.page)
        self._worker.refresh()
        told = self.tell_missed(message.state_rev)
        if isinstance(message, protocol.Poll):
            self._replies.again(message.replies)
            self._answers.again(message.answers, message.seen)
        rev = self._states_told if told else None
        come = self._heard.come_of(message)
        self._answers.tell(message.n)
        self.send(protocol.here_message(message.n, rev, more=more or not told, come=come))

    def _pull(self, pull: protocol.Pull) -> None:
        """Have the picture follow a pointer, which pulls at a known pair or at one that is still on its way."""
        try:
            protocol.check_inside(pull, self._loaded_size())
        except DragganError as error:
            self._refuse(error)
            return
        # A pair that is gone is none that comes: what pulls at it has not heard of that yet.
        begins = pull.id >= self._next_id or pull.id in self._worker.session.point_ids
        self._acted = self._in_marimo
        self._worker.pull(pull.id, pull.x, pull.y, pull.seq, begins=begins)

    def _obey(self, command: protocol.Command) -> None:
        """Do what a person has asked for, and answer when it is done or, for a drag, begun."""

        def answer(error: BaseException | None) -> None:
            text = "" if error is None else str(error) or type(error).__name__
            self._replies.send(protocol.reply_message(command.rid, text))

        if command.name == "run":
            self._start(answer)
        elif command.name == "stop":
            self._worker.stop()
            answer(None)
        elif command.name == "generator":
            self._choose(command.args["name"], answer)
        else:
            # Who changes settings is told beside them, and nobody else.
            told = command.name != "configure"
            future = self._worker.submit(self._forgiving(call_of(command)), told=told)
            future.add_done_callback(lambda done: answer(_failure_of(done)))
            future.add_done_callback(lambda _: self._note_act())

    def _choose(self, name: str, answer: Callable[[BaseException | None], None]) -> None:
        """Go to another generator of those that can be chosen; the front end opens no files."""
        try:
            self._loaded_size()
            self._shelf.check(name)
        except DragganError as error:
            answer(error)
            return
        future = self._switch(name, told=True)
        future.add_done_callback(lambda done: answer(_failure_of(done)))
        future.add_done_callback(lambda _: self._note_act())

    def _answer(self, ask: protocol.Ask) -> None:
        """Answer a question once the session has time for it; a failure is told to who has asked."""
        try:
            if ask.name == "cancel":
                self._works.cancel(decode_args(ask.name, ask.args, {"rid": rid_argument})["rid"])
                self._answers.send(protocol.answer_message(ask.rid, "", {}))
                return
            question = question_of(ask, self._worker.resting.is_blended)
            if isinstance(question, LongQuestion):
                if question.ends_drag:
                    self._worker.stop()
                    self._works.begin(ask.rid, question, self._note_act)
                else:
                    self._works.begin(ask.rid, question)
                return
            future = self._worker.submit(question.answer, question.when)
        except DragganError as error:
            self._answers.send(protocol.answer_message(ask.rid, str(error), {}))
            return

        def answer(done: Future[Answer]) -> None:
            error = _failure_of(done)
            if error is not None:
                words = str(error) or type(error).__name__
                self._answers.send(protocol.answer_message(ask.rid, words, {}))
                return
            found = done.result()
            self._answers.send(
                protocol.answer_message(ask.rid, "", found.result), list(found.files)
            )

        future.add_done_callback(answer)

    def _start_or_stop(self, running: bool) -> None:
        """Start or stop a drag, as the front end has asked."""
        if running:
            self._start(lambda error: None)
        else:
            self._worker.stop()

    def _start(self, answer: Callable[[BaseException | None], None]) -> None:
        """Start a drag, unless one runs, once the edits before it are done; answer when it may begin."""
        if self._worker.is_running:
            answer(None)
            return

        def checked(done: Future[None]) -> None:
            error = _failure_of(done)
            if error is None:
                self._worker.start()
                self._acted = self._in_marimo
            else:
                # Whoever holds the traits may wait for this thread: they are told once they are free.
                self._answer_due = True
                self._worker.refresh()
            answer(error)

        check = self._forgiving(lambda session: session.check_startable())
        future = self._worker.submit(check, When.BETWEEN_STEPS, told=True)
        future.add_done_callback(checked)

    def _refuse(self, error: Exception) -> None:
        """Do nothing of what a message asks for, and say why."""
        self._complain(error)
        self._worker.refresh()

    def _note_act(self) -> None:
        """Have a host that runs cells by what a page says run those that depend on what a person has just done."""
        if self._in_marimo:
            self._acted = True
            self._worker.refresh()

    def _complain(self, error: Exception) -> None:
        """Log what the front end has done wrong, and show it there."""
        logger.warning("The front end: %s", error)
        self.report(error)


def _failure_of(done: Future[Any]) -> BaseException | None:
    """Return why a command has failed, None if it has not."""
    return DragganError("the widget was closed") if done.cancelled() else done.exception()


def _decoded_mask(
    value: object, size: protocol.Size
) -> tuple[NDArray[np.bool_] | None, bytes | None]:
    """Return the front end's mask as a read-only array, and its bytes."""
    mask = protocol.decode_mask(value, size)
    if mask is None:
        return None, None
    mask.setflags(write=False)
    assert isinstance(value, bytes | bytearray | memoryview)
    return mask, bytes(value)
