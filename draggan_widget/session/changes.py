"""What a person changes at a session: points, mask, settings, latent; undo and redo."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import ArrayLike
from torch import Tensor

from draggan_widget.drag import DragConfig
from draggan_widget.drag.validation import Mask, Points, check_point_ids
from draggan_widget.errors import InputError
from draggan_widget.inputs import checked_index, checked_seed, checked_truncation, kept_ids
from draggan_widget.interrupts import deferred
from draggan_widget.session.drags import Drags
from draggan_widget.session.entry_words import entry_words
from draggan_widget.session.history import Entry, History
from draggan_widget.session.plain_values import mask_to_json, state_to_json, tensor_to_json
from draggan_widget.session.sources import checked_config, checked_latent, sampled
from draggan_widget.session.state import SessionState, same_mask


class Changes(Drags):
    """A session's changes, each an entry of the history, between and during its drags."""

    # Points

    @property
    def handle_points(self) -> Points:
        """What is held, ``[N, 2]`` px, read-only; a drag moves them with the picture.

        Setting them leaves the targets alone; handles and targets belong together by their index. A new handle that
        lies exactly on an old one is the old one, and keeps the appearance by which it is tracked.
        """
        return self._state.handle_points

    @handle_points.setter
    def handle_points(self, points: ArrayLike) -> None:
        self.set_points(points, self._state.target_points)

    @property
    def target_points(self) -> Points:
        """Where the handles should go, ``[N, 2]`` px, read-only; setting them leaves the handles alone."""
        return self._state.target_points

    @target_points.setter
    def target_points(self, points: ArrayLike) -> None:
        self.set_points(self._state.handle_points, points)

    def set_points(
        self,
        handle_points: ArrayLike,
        target_points: ArrayLike,
        *,
        point_ids: Sequence[int] | None = None,
        placed: Collection[int] = (),
    ) -> None:
        """Say what is held and where it should go; also while a drag runs.

        A handle whose id is known stays where it was tracked, whatever ``handle_points`` says, and keeps its
        appearance, unless it is ``placed``. Unequal numbers are kept until a drag begins, and end one that runs.

        Args:
            handle_points: ``[N, 2]`` px, inside the picture.
            target_points: ``[M, 2]`` px, inside the picture.
            point_ids: One id a handle, from 1, all different; None finds old handles by their position.
            placed: Ids whose handle was put down anew.

        Raises:
            InputError: Wrong shapes, numbers or ids, or a point outside the picture; nothing is changed.
        """
        handles = self.check_points("handle_points", handle_points)
        targets = self.check_points("target_points", target_points)
        with deferred(), self._access.exclusive():
            old = self._state
            if point_ids is None:
                point_ids = kept_ids(old.handle_points, old.point_ids, handles, self._next_id)
            ids, put_down = check_point_ids(point_ids, placed, len(handles))
            if min(ids, default=1) < 1:
                raise InputError(f"point_ids must be from 1, got {min(ids)}")
            new = old.with_points(handles, targets, ids, put_down)
            self._next_id = max(self._next_id, 1 + max(ids, default=0))
            self._driver.place(put_down)
            self._put("points", new, subject=new.moved_parts(old))
            points = {"handles": handles.tolist(), "targets": targets.tolist()}
            self._recorder.note("points", **points, ids=list(ids), placed=sorted(put_down))

    def clear_points(self) -> None:
        """Remove every handle and target."""
        self.set_points([], [])

    # Mask and settings

    @property
    def mask(self) -> Mask | None:
        """Boolean ``[H, W]``, True where the picture may move, read-only; None for everywhere.

        What it holds stays as it is in the picture in which it is set. Setting an equal one changes nothing.
        """
        return self._state.mask

    @mask.setter
    def mask(self, mask: ArrayLike | None) -> None:
        checked = self.check_mask(mask)
        with deferred(), self._access.exclusive():
            if not same_mask(checked, self._state.mask):
                self._put("mask", replace(self._state, mask=checked, held_w=self._state.w))
                self._recorder.note("mask", mask=mask_to_json(checked))

    @property
    def config(self) -> DragConfig:
        """Settings of the drag."""
        return self._config

    @config.setter
    def config(self, config: DragConfig) -> None:
        checked_config(config, self.generator)
        with self._at_rest():
            self._config = config
            self._driver.forget()
            self._recorder.note("config", config=config.to_json())
            self._listeners.tell()

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Set some of the settings, by name; the others stay.

        Raises:
            InputError: A name or a value that cannot be used, also with the others; nothing is changed.
        """
        self.config = DragConfig.from_json({**self._config.to_json(), **settings})

    # Latent

    @property
    def w(self) -> Tensor:
        """Latent of the picture, ``[1, num_ws, w_dim]``, a copy.

        Setting it makes it the start to which :meth:`reset` returns; points and mask stay, and z is forgotten.
        """
        return self._state.w.clone()

    @w.setter
    def w(self, w: Tensor | ArrayLike) -> None:
        checked = checked_latent(self.generator, w)
        with self._at_rest():
            self._driver.forget()
            state = replace(
                self._state, start_w=checked, w=checked, held_w=checked, start_z=None, z=None
            )
            self._put("latent", state)
            self._recorder.note("latent", w=tensor_to_json(checked))

    def sample(self, seed: int, truncation_psi: float | None = None) -> None:
        """Go to the picture of a seed; it has no points and no mask yet.

        Args:
            seed: 0 to 2**32 - 1.
            truncation_psi: -1 to 1.5: 0 is the average picture, 1 the whole variety; None keeps the last one. Samples
                of one seed that follow each other with another truncation are one entry of the history.

        Raises:
            InputError: A value of the wrong type or range.
        """
        seed = checked_seed(seed)
        given = None if truncation_psi is None else checked_truncation(truncation_psi)
        with self._at_rest():
            old = self._state
            psi = old.truncation_psi if given is None else given
            self._driver.forget()
            state = SessionState.first(seed, *sampled(self.generator, seed, psi), psi)
            if seed == old.seed and psi != old.truncation_psi:
                self._put("truncation", state, subject=("truncation", seed))
            else:
                self._put("sample", state)
            self._recorder.note("sample", seed=seed, truncation_psi=psi)

    def reset(self) -> None:
        """Go back to the first picture of this seed or latent; the handles return to where they were put down."""
        with self._at_rest():
            old = self._state
            self._driver.forget()
            w, z = old.start_w, old.start_z
            start = replace(old, w=w, held_w=w, z=z, handle_points=old.put_points)
            self._put("reset", start)
            self._recorder.note("reset")

    def go_to(self, state: SessionState, words: str) -> None:
        """Go to a state of this generator from elsewhere, as one change that :meth:`undo` takes back.

        Args:
            state: Of a session with this generator.
            words: What the history says of it.
        """
        with self._at_rest():
            self._driver.forget()
            self._next_id = max(self._next_id, 1 + max(state.point_ids, default=0))
            self._put("open", state, words=words)
            self._recorder.note("open", state=state_to_json(state), words=words)

    def renew(self) -> None:
        """Have the next drag look at the picture anew: what handles looked like is read from it again."""
        with self._at_rest():
            self._driver.forget()
            self._recorder.note("renew")

    # History

    def undo(self) -> bool:
        """Go back by one change of latent, points or mask; return whether there was one."""
        with self._at_rest():
            if self.history.can_undo:
                self._return_to(self.history.undo())
                self._recorder.note("undo")
                return True
            return False

    def redo(self) -> bool:
        """Take one undone change up again; return whether there was one."""
        with self._at_rest():
            if self.history.can_redo:
                self._return_to(self.history.redo())
                self._recorder.note("redo")
                return True
            return False

    def jump(self, entry_id: int) -> bool:
        """Go to any entry of the history by its id; return whether it was another one than the present.

        Raises:
            InputError: There is no such entry.
        """
        with self._at_rest():
            history = self.history.jump(entry_id)
            if history.position == self.history.position:
                return False
            self._return_to(history)
            self._recorder.note("jump", entry=entry_id)
            return True

    def take(self, index: int) -> None:
        """Make one picture of the last drag the present one, with the points that it had; an entry of the history.

        The present picture stays in the history. Where nothing would change, there is no entry.

        Args:
            index: Which picture of :attr:`trajectory`, 0 to count - 1, or from the end, -1 being the last.

        Raises:
            InputError: There is no such picture.
        """
        with self._at_rest():
            moments = self.trajectory
            place = checked_index("index", index, len(moments), "pictures of a drag")
            state = moments[place].state
            if state.equals(self._state):
                self._listeners.tell()
                return
            self._driver.forget()
            self._put("take", state, words=f"Picture {place + 1} of the drag")
            self._recorder.note("take", index=place)

    # Inside

    def _put(
        self, label: str, state: SessionState, subject: object = None, words: str = ""
    ) -> None:
        """Take up a state that a person has asked for; at rest it becomes an entry of the history."""
        before, self._state = self._state, state
        if not self._access.is_dragging and not self.is_following:
            self.status, self._result = "idle", None
            completes = label == self.history.current.label == "points" and not before.is_complete
            entry = Entry(label, state, subject)
            renews = state.w is not self.history.current.state.w
            history = self.history.record(entry, completes=completes, renews=renews)
            assert history.current.parent is not None
            made_from = history.entry(history.current.parent).state
            words = words or entry_words(label, made_from, state)
            self.history = history.amend(replace(history.current, words=words))
        self._driver.follow(state)
        self._listeners.tell()

    def _return_to(self, history: History[SessionState]) -> None:
        """Take up the present state of a history."""
        old, new = self._state, history.current.state
        if new.w is not old.w:
            self._driver.forget()
        else:  # the same picture: the handles that stayed keep the appearance they are tracked by
            where = dict(zip(old.point_ids, old.handle_points.tolist(), strict=True))
            handles = zip(new.point_ids, new.handle_points.tolist(), strict=True)
            self._driver.place(frozenset(key for key, at in handles if where.get(key) != at))
        self.history, self._state, self.status, self._result = history, new, "idle", None
        self._driver.follow(new)
        self._listeners.tell()
