"""The traits of the widget and the session they show, kept in line in both directions.

Every change of the session happens in the runner's thread. What a script sets goes there in the order in which it was
set; while such edits are on their way, the runner does not write over them.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import anywidget
import numpy as np
import traitlets as t
from numpy.typing import NDArray

from draggan_widget import protocol
from draggan_widget.commands import When
from draggan_widget.errors import DragganError
from draggan_widget.inputs import TRUNCATION_PSI, kept_ids
from draggan_widget.interrupts import deferred
from draggan_widget.record import HistoryEntry, Record, record_of, record_to_json
from draggan_widget.resting import compiling_text
from draggan_widget.runner import Runner
from draggan_widget.shelf import Shelf
from draggan_widget.traits import (
    NO_POINTS,
    NOT_LOADED,
    Config,
    Loaded,
    Mask,
    Points,
    Running,
    Seed,
    Step,
    Truncation,
    equal,
)

if TYPE_CHECKING:
    from draggan_widget.session import DragSession, SessionState
    from draggan_widget.session.history import History

logger = logging.getLogger(__name__)

LOCK_S = 0.05
"""How long the runner waits for the traits before it tries again later; whoever holds them may wait for the runner."""

POINT_TRAITS = ("handle_points", "target_points", "point_ids", "points_rev")
"""The points as the kernel has them."""

ANSWER_TRAITS = (
    *POINT_TRAITS,
    *("status", "status_text", "running", "step", "distance_px", "can_undo", "can_redo"),
    *("busy_text", "error", "history_position", "film", "change_outside"),
)
"""What answers an edit of the points."""

KERNEL_TRAITS = (
    *ANSWER_TRAITS,
    *("mask", "history", "seed", "truncation_psi", "config", "image_size", "generator_name"),
    *("generators", "auto_run", "blend_outside", "kept_picture", "rest"),
)
"""All that a front end knows of the kernel: what it is told when it has missed it."""

ECHOED_TRAITS = ("auto_run", "blend_outside", "mask")
"""What a page sets, and others learn by an echo: the kernel itself changes nothing of it."""

INTENT_TRAITS = frozenset(
    {*POINT_TRAITS, "mask", "seed", "truncation_psi", "config", "blend_outside"}
)
"""What the runner leaves alone while edits are on their way."""

SCRIPT_TRAITS = frozenset(
    {"handle_points", "target_points", "mask", "seed", "truncation_psi", "config", "running"}
    | {"auto_run", "blend_outside"}
)
"""What a script may set."""

WAITING_TRAITS = frozenset({"handle_points", "target_points", "mask"})
"""Those of them whose values can only be checked once the picture is loaded."""

T = TypeVar("T")


class DragModel(anywidget.AnyWidget):
    """The traits of the widget; attributes as :class:`DragWidget` describes them."""

    handle_points = Points().tag(
        sync=True, echo_update=False, to_json=lambda value, _: value.tolist()
    )
    target_points = Points().tag(
        sync=True, echo_update=False, to_json=lambda value, _: value.tolist()
    )
    point_ids = t.List(t.Int(), read_only=True).tag(sync=True, echo_update=False)
    point_edit = t.Dict({"rev": 0, "ids": [], "placed": []}, read_only=True).tag(
        sync=True, echo_update=False
    )
    page_write = t.Dict({"page": 0, "n": 0}, read_only=True).tag(sync=True, echo_update=False)
    points_rev = t.Int(0, read_only=True).tag(sync=True)
    _state_rev = t.Int(0, read_only=True).tag(
        sync=True, echo_update=False, to_json=lambda _, widget: widget._states_told
    )
    mask = Mask().tag(
        sync=True,
        to_json=lambda value, widget: widget._mask_to_png(value),
        from_json=lambda value, widget: widget._mask_from_png(value),
    )
    running = Running(False).tag(sync=True)
    auto_run = t.Bool(True).tag(sync=True)
    status = t.Unicode("loading", read_only=True).tag(sync=True)
    status_text = t.Unicode("", read_only=True).tag(sync=True)
    step = Step(0, read_only=True).tag(sync=True, to_json=lambda value, _: int(value))
    distance_px = t.Float(0.0, read_only=True).tag(sync=True)
    seed = Seed(0).tag(sync=True)
    truncation_psi = Truncation(TRUNCATION_PSI).tag(sync=True)
    config = Config().tag(
        sync=True, to_json=lambda value, _: {} if value is NOT_LOADED else value.to_json()
    )
    image_size = Loaded([1, 1], read_only=True).tag(sync=True)
    generator_name = Loaded("", read_only=True).tag(sync=True)
    generators = t.List(t.Unicode(), read_only=True).tag(sync=True)
    can_undo = t.Bool(False, read_only=True).tag(sync=True)
    can_redo = t.Bool(False, read_only=True).tag(sync=True)
    history = Record(read_only=True).tag(sync=True, to_json=lambda value, _: record_to_json(value))
    history_position = t.Int(0, read_only=True).tag(sync=True)
    film = t.List(t.Int(), [0, 0], read_only=True).tag(sync=True)
    busy_text = t.Unicode("Loading the generator ...", read_only=True).tag(sync=True)
    error = t.Dict({}, read_only=True).tag(sync=True)
    change_outside = t.Float(None, allow_none=True, read_only=True).tag(sync=True)
    blend_outside = t.Bool(False).tag(sync=True)
    kept_picture = t.Bytes(None, allow_none=True, read_only=True).tag(sync=True)
    rest = t.Int(0, read_only=True).tag(sync=True)
    rest_seen = t.Int(0, read_only=True).tag(sync=True, echo_update=False)

    def __init__(self, seed: int, **traits: Any) -> None:
        """Open the comm with the traits as they are before anything is loaded.

        Args:
            seed: Seed of the picture.
            traits: Other traits to begin with.
        """
        self._trait_lock = threading.RLock()
        self._thread_state = threading.local()
        self._edits_lock = threading.Lock()
        self._edits = 0
        self._agreed: dict[str, object] = {
            "seed": seed,
            "truncation_psi": traits.get("truncation_psi", TRUNCATION_PSI),
        }
        self._shelf = Shelf()
        self._next_id = 1
        self._rev = 0
        self._answer_due = False
        self._states_told = 0
        self._told_in = dict.fromkeys(KERNEL_TRAITS, 0)
        self._was_shown = False
        self._mask_png: tuple[NDArray[np.bool_] | None, bytes | None] = (None, None)
        self._recorded: tuple[History[SessionState] | None, tuple[HistoryEntry, ...]] = (None, ())
        self._kept: bytes | None = None
        self._acted = False
        self._rests = 0
        self._error: dict[str, Any] = {}
        self._errors = 0
        self._runner: Runner | None = None
        super().__init__(seed=seed, **traits)

    @property
    def _worker(self) -> Runner:
        """The runner, which every widget has once it is made."""
        assert self._runner is not None
        return self._runner

    # Traits

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; a trait that is synced is set alone, and what follows from it goes with it."""
        if name in SCRIPT_TRAITS:
            if name in WAITING_TRAITS:
                self.wait_until_loaded()  # for this a person must not have to wait
            with deferred(), self.hold_sync():
                super().__setattr__(name, value)
        else:
            super().__setattr__(name, value)

    @contextmanager
    def hold_sync(self) -> Iterator[None]:
        """Send changes of traits together; no other thread changes any meanwhile."""
        with self._trait_lock, super().hold_sync():
            yield

    @contextmanager
    def hold_trait_notifications(self) -> Iterator[None]:
        """Tell of changes of traits together; no other thread changes any meanwhile."""
        with self._trait_lock, super().hold_trait_notifications():
            yield

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the synced traits; never waits for the picture."""
        with self._without_waiting():
            state: dict[str, Any] = super().get_state(key, drop_defaults)
            return state

    def send_state(self, key: Any = None) -> None:
        """Send synced traits, all or some, numbered, so that a front end knows when it has missed some."""
        with self._trait_lock:
            if key is not None:
                key = {key} if isinstance(key, str) else set(key)
                if told := key & self._told_in.keys():
                    self._states_told += 1
                    self._told_in.update(dict.fromkeys(told, self._states_told))
                    key = key | {"_state_rev"}
            super().send_state(key)

    def _send(self, msg: Mapping[str, Any], buffers: Any = None) -> None:
        """Send a message of the model; an echo of what a page has set is numbered as what is told."""
        if msg["method"] == "echo_update" and msg["state"].keys() & set(ECHOED_TRAITS):
            msg = {**msg, "state": {**msg["state"], "_state_rev": self._states_told}}
        super()._send(msg, buffers)

    def tell_missed(self, since: int | None) -> bool:
        """Send the traits that were told after a message of this number, all without one; False while they are held."""
        if not self._trait_lock.acquire(timeout=LOCK_S):
            return False
        try:
            last = -1 if since is None else since
            self.send_state([name for name in KERNEL_TRAITS if self._told_in[name] > last])
            return True
        finally:
            self._trait_lock.release()

    def wait_until_loaded(self) -> None:
        """Wait for the picture, unless this thread is busy with sending.

        Raises:
            DragganError: It could not be loaded.
        """
        if self._runner is None or getattr(self._thread_state, "sends", False):
            return
        session = self._runner.session
        while not self._was_shown:
            self.publish(session)

    def check_points(self, name: str, points: object) -> NDArray[np.float64]:
        """Return points as a read-only array ``[N, 2]``; raise :class:`InputError` if they cannot be used."""
        checked = self._worker.session.check_points(name, points)  # type: ignore[arg-type]  # there
        return checked

    def check_mask(self, mask: object) -> NDArray[np.bool_] | None:
        """Return a mask as a read-only array ``[H, W]``; raise :class:`InputError` if it cannot be used."""
        if mask is self._mask_png[0]:  # from the front end, and checked
            return self._mask_png[0]
        return self._worker.session.check_mask(mask)  # type: ignore[arg-type]  # it is checked there

    @t.observe("handle_points", "target_points")
    def _points_were_set(self, change: t.Bunch) -> None:
        """Hand points that a script has set to the session."""
        if not self._take_on(change):
            return
        if change.name == "handle_points":
            ids = kept_ids(change.old, self.point_ids, change.new, self._next_id)
            self._note_ids(ids)
            self.set_trait("point_ids", list(ids))
        handles, targets, ids = self.handle_points, self.target_points, tuple(self.point_ids)
        self._edit(lambda session: session.set_points(handles, targets, point_ids=ids))

    @t.observe("mask")
    def _mask_was_set(self, change: t.Bunch) -> None:
        """Hand a mask that a script or the front end has set to the session."""
        if self._take_on(change):
            self._edit(lambda session: setattr(session, "mask", change.new))

    @t.observe("seed", "truncation_psi")
    def _sample_was_set(self, change: t.Bunch) -> None:
        """Go to the picture of a seed or a truncation that a script has set."""
        if not self._take_on(change):
            return
        for name, value in (
            ("handle_points", NO_POINTS),
            ("target_points", NO_POINTS),
            ("point_ids", []),
            ("mask", None),
        ):
            self._agreed[name] = value
            self.set_trait(name, value)

        def sample(session: DragSession) -> None:
            if change.name == "seed":
                session.sample(change.new)
            else:
                session.sample(session.seed, change.new)

        self._edit(sample, When.INSTEAD_OF_THE_DRAG)

    @t.observe("config")
    def _config_was_set(self, change: t.Bunch) -> None:
        """Hand settings that a script has set to the session."""
        if self._take_on(change):
            self._edit(
                lambda session: setattr(session, "config", change.new), When.INSTEAD_OF_THE_DRAG
            )

    @t.observe("blend_outside")
    def _blending_was_set(self, change: t.Bunch) -> None:
        """Show the picture at rest with or without what drags have changed outside the mask."""
        if self._take_on(change):
            self._edit(lambda session: self._worker.blend(session, change.new))

    @t.observe("running")
    def _running_was_set(self, change: t.Bunch) -> None:
        """Start or stop a drag, as a script has asked."""
        if self._take_on(change):
            if change.new:
                self._worker.start()
            else:
                self._worker.stop()

    def is_agreed(self, name: str, value: object) -> bool:
        """Return whether a trait's value is what script and session last agreed on."""
        return name in self._agreed and equal(value, self._agreed[name])

    def _take_on(self, change: t.Bunch) -> bool:
        """Return whether the session must be told of a change; if so, it now counts as agreed."""
        if self._runner is None or self.is_agreed(change.name, change.new):
            return False
        self._agreed[change.name] = change.new
        return True

    def _edit(self, call: Callable[[DragSession], object], when: When = When.BETWEEN_STEPS) -> None:
        """Queue a change that a trait already shows; until it is done the runner keeps off."""
        with self._edits_lock:
            self._edits += 1

        def run(session: DragSession) -> None:
            try:
                call(session)
                self._error = {}
            finally:
                with self._edits_lock:
                    self._edits -= 1

        self._worker.submit(run, when, told=True)

    def _switch(self, source: Any, *, told: bool) -> Future[None]:
        """Go to another generator, and to its session as it was left; a failure keeps the present one."""
        name = source if isinstance(source, str) else getattr(source, "name", str(source))
        text = f"Loading the generator {name:.60} ..."

        def find(session: DragSession) -> DragSession:
            found = self._shelf.find(source, session)
            self._error = {}
            return found

        return self._worker.switch(find, text, told=told)

    def _note_ids(self, ids: tuple[int, ...] | list[int]) -> None:
        """Keep ids from being given again."""
        self._next_id = max(self._next_id, 1 + max(ids, default=0))

    # What the runner shows

    def show(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        """Send a message to the front end."""
        self.send(message, buffers)

    def report(self, error: BaseException) -> None:
        """Show a failure with the next state."""
        self._errors += 1
        own = isinstance(error, DragganError)
        details = "" if own else "".join(traceback.format_exception(error))
        message = str(error) if own else f"{type(error).__name__}: {error}"
        if self._error.get("message") != message:
            self._error = {"seq": self._errors, "message": message, "details": details}

    def publish(self, session: DragSession | None) -> bool:
        """Bring the traits up to date with the session; False if somebody else holds them."""
        if not self._trait_lock.acquire(timeout=LOCK_S):
            return False
        try:
            with self.hold_sync(), self._without_waiting():
                # Edits first: those done by now are in the state that is read after them.
                kept: frozenset[str] = INTENT_TRAITS if self._edits else frozenset()
                for name, value in self._shown(session).items():
                    if name not in kept:
                        self._show_trait(name, value)
                if self._answer_due and not kept:
                    self._answer_due = False
                    self.send_state(ANSWER_TRAITS)
            self._was_shown = session is not None
            return True
        finally:
            self._trait_lock.release()

    def _shown(self, session: DragSession | None) -> dict[str, object]:
        """Return the values of the traits for a session, None while there is none."""
        if session is None:
            failed = self._worker.is_loaded
            return {
                "status": "failed" if failed else "loading",
                "busy_text": "" if failed else self.busy_text,
                "running": False,
                "error": self._error,
            }
        state, running = session.state, self._worker.is_running
        self._note_ids(state.point_ids)
        distance_px = float(max(state.distances_px, default=0.0))
        result = session.result
        return {
            "image_size": [session.generator.width, session.generator.height],
            "generator_name": self._shelf.name_of(session),
            "generators": list(self._shelf.names),
            "handle_points": state.handle_points,
            "target_points": state.target_points,
            "point_ids": list(state.point_ids),
            "points_rev": self._rev,
            "mask": state.mask,
            "seed": state.seed,
            "truncation_psi": state.truncation_psi,
            "config": session.config,
            "step": session.steps,
            "distance_px": distance_px,
            "can_undo": session.history.can_undo,
            "can_redo": session.history.can_redo,
            "history": self._record(session.history),
            "history_position": session.history.current.id,
            "film": [session.film[0], 0 if running else session.film[1]],
            "status": "running" if running else session.status,
            "status_text": "" if running or result is None else result.sentence,
            "busy_text": self._worker.busy_text or compiling_text(session),
            "change_outside": self._worker.resting.change_outside(state),
            "blend_outside": self._worker.resting.blends,
            "running": running,
            "error": self._error,
            "kept_picture": self._kept,
            "rest": self._count_rests(running),
        }

    def _keep_picture(self, picture: bytes) -> None:
        """Show a picture at rest in the traits, with those that are shown next."""
        self._kept = picture

    def _count_rests(self, running: bool) -> int:
        """Return how often what a person did has come to rest.

        What scripts do does not count: a cell that drags and is run by each rest would never end.
        """
        if self._acted and not running and not self._edits:
            self._acted = False
            self._rests += 1
        return self._rests

    def _record(self, history: History[SessionState]) -> tuple[HistoryEntry, ...]:
        """Return the entries of a history, which is the last one's while nothing has changed it."""
        if self._recorded[0] is not history:
            self._recorded = history, record_of(history)
        return self._recorded[1]

    def _show_trait(self, name: str, value: object) -> None:
        """Set a trait to what the session has; an observer that fails is logged."""
        self._agreed[name] = value
        if equal(getattr(self, name), value):
            return
        try:
            self.set_trait(name, value)
        except (Exception, SystemExit):  # no observer ends the thread of the worker
            logger.exception("An observer of %s has failed", name)

    @contextmanager
    def _without_waiting(self) -> Iterator[None]:
        """Read traits as they are in this thread, also while the picture is loading."""
        before = getattr(self._thread_state, "sends", False)
        self._thread_state.sends = True
        try:
            yield
        finally:
            self._thread_state.sends = before

    # Edits on their way to the session

    def _forgiving(self, call: Callable[[DragSession], T]) -> Callable[[DragSession], T]:
        """Return a command that takes back the last error when it has succeeded."""

        def run(session: DragSession) -> T:
            result = call(session)
            self._error = {}
            return result

        return run

    # Masks on the wire

    def _mask_to_png(self, mask: NDArray[np.bool_] | None) -> bytes | None:
        """Return a mask as it is sent; the front end's own bytes as long as it is the same."""
        if mask is None:
            return None
        known = self._mask_png
        if mask is not known[0]:
            known = self._mask_png = mask, protocol.encode_mask(mask)
        return known[1]

    def _mask_from_png(self, png: object) -> NDArray[np.bool_] | None:
        """Return the mask of bytes that were checked before."""
        return None if png is None else self._mask_png[0]
