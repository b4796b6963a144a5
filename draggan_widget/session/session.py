"""The headless, synchronous heart: a generator, a latent, points, a mask, and the drags between them.

Has no threads and no traits of its own. One thread at a time may change a session; :meth:`DragSession.stop` may come
from any.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from torch import Tensor

from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.drag.charts import check_known_z
from draggan_widget.drag.validation import (
    Mask,
    Points,
    check_mask,
    check_point_ids,
    check_points,
)
from draggan_widget.errors import InputError
from draggan_widget.export import save_animation, save_image, with_points
from draggan_widget.frames import mean_change, to_picture
from draggan_widget.generator.blending import blended_image
from draggan_widget.generator.stylegan2 import Generator
from draggan_widget.inputs import check_startable, checked_seed, kept_ids
from draggan_widget.session.access import Access
from draggan_widget.session.driver import NEAR, DragResult, Driver, Moment
from draggan_widget.session.history import Entry, History
from draggan_widget.session.session_file import SavedSession, load_session, save_session
from draggan_widget.session.sources import (
    GeneratorSource,
    checked_config,
    checked_latent,
    first_latent,
    found_generator,
    sampled,
)
from draggan_widget.session.state import (
    PictureGenerator,
    SessionState,
    closed,
)

DEFAULT_CONFIG = DragConfig()
"""Settings of a session for which none are given."""

ANIMATION_FPS = 12.0
"""Default frame rate of an animation: a drag of the embedded generator then lasts a few seconds."""

Listener = Callable[["DragStep[Any] | None"], None]
"""Is told after each change: of the steps of a drag, or None for any other change."""

Draws = Callable[[], bool]
"""Says before a step whether its picture will be drawn."""


def draws_nothing() -> bool:
    """Return False: a listener who needs no pictures."""
    return False


class DragSession:
    """A picture of a generator that can be dragged.

    Setting an attribute checks the value and raises :class:`InputError` with the old value kept. Points and mask may
    be set while a drag runs (in ``on_step``); everything else waits for its end.

    A live drag follows a pointer: :meth:`follow` moves the picture once for each place of the pointer, then
    :meth:`settle` lets it arrive, or :meth:`release` leaves it where it is. Between these calls points and mask may be
    set, all within the one entry of the history; whatever else is called ends the live drag first, as :meth:`release`
    does.

    Attributes:
        generator: Makes the pictures.
        history: States to which :meth:`undo` and :meth:`redo` go.
        status: ``"idle"``, ``"running"``, or how the last drag ended: ``"arrived"``, ``"stalled"``, ``"max_steps"``,
            ``"stopped"``, ``"failed"``.
    """

    def __init__(
        self,
        generator: GeneratorSource = None,
        *,
        seed: int = 0,
        w: Tensor | ArrayLike | None = None,
        z: Tensor | ArrayLike | None = None,
        config: DragConfig = DEFAULT_CONFIG,
        device: torch.device | str | None = None,
    ) -> None:
        """Start with a sample, or with a given latent.

        Args:
            generator: A generator, or what :func:`load_generator` takes; None is the embedded one.
            seed: Seed of the first picture, 0 to 2**32 - 1.
            w: Latent of the first picture instead, ``[1, num_ws, w_dim]``.
            z: The z that it comes from, ``[1, z_dim]``; without it a given latent cannot be dragged in the space
                ``"z"``. Alone it gives the latent too, not truncated.
            config: Settings of the drag.
            device: Where to load the generator; only for a generator that is given by name.

        Raises:
            InputError: A value of the wrong type, shape or range.
            GeneratorError: The generator cannot be found or read.
        """
        seed = checked_seed(seed)
        self.generator = found_generator(generator, device)
        self._config = checked_config(config, self.generator)
        self._access = Access()
        self._stop = threading.Event()
        self._listeners: tuple[tuple[Listener, Draws], ...] = ()
        start, start_z = first_latent(self.generator, seed, w, z)
        self._begin(History((Entry("sample", SessionState.first(seed, start, start_z)),)))

    def _begin(self, history: History[SessionState]) -> None:
        """Take up a history, with nothing computed yet."""
        self.history = history
        self.status = "idle"
        self._state = history.current.state
        self._driver = Driver(self.generator, self._is_drawn)
        self._live_from: SessionState | None = None
        self._live_since = 0.0, 0
        self._drag_w: Tensor | None = None
        self._result: DragResult | None = None
        self._picture: tuple[Tensor, Image.Image] | None = None
        self._next_id = 1 + max((i for e in history.entries for i in e.state.point_ids), default=0)

    def __repr__(self) -> str:
        """Return the session in a line."""
        g, s = self.generator, self._state
        return (
            f"<DragSession {g.name} {g.width}x{g.height}, seed {s.seed}, "
            f"{len(s.point_ids)} points, {self.status}>"
        )

    # What the session holds

    @property
    def state(self) -> SessionState:
        """Present state; it never changes, and the next change makes another."""
        return self._state

    @property
    def seed(self) -> int:
        """Seed of the sample that the picture came from."""
        return self._state.seed

    @property
    def point_ids(self) -> tuple[int, ...]:
        """One id a handle; it stays with the handle as long as that lives."""
        return self._state.point_ids

    @property
    def distances_px(self) -> NDArray[np.float64]:
        """From each handle to its target, ``[N]`` px; empty while their numbers differ."""
        return self._state.distances_px

    @property
    def trajectory(self) -> tuple[Moment, ...]:
        """The pictures of the last drag, the last one included."""
        return self._driver.trajectory

    @property
    def steps(self) -> int:
        """How many times the latent was moved since the last drag began."""
        return self._driver.steps

    @property
    def result(self) -> DragResult | None:
        """How the last drag ended; None once anything was changed since, and after a failure or single steps."""
        return self._result

    @property
    def is_following(self) -> bool:
        """Whether a live drag is open, from the first :meth:`follow` on."""
        return self._live_from is not None

    @property
    def stop_requested(self) -> bool:
        """Whether a drag runs, or a live one is open, that :meth:`stop` has asked to end."""
        return (self._access.is_dragging or self.is_following) and self._stop.is_set()

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

    @property
    def mask(self) -> Mask | None:
        """Boolean ``[H, W]``, True where the picture may move, read-only; None for everywhere."""
        return self._state.mask

    @mask.setter
    def mask(self, mask: ArrayLike | None) -> None:
        checked = self.check_mask(mask)
        with self._access.exclusive():
            self._put("mask", replace(self._state, mask=checked))

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
            self._tell()

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
            self._leave_picture()
            state = replace(self._state, start_w=checked, w=checked, start_z=None, z=None)
            self._put("latent", state)

    @property
    def z(self) -> Tensor | None:
        """The z of the picture, ``[1, z_dim]``, a copy; None where nobody knows it, because a w was given.

        A drag in the space ``"z"`` moves it, and w with it. A drag in another space leaves it as it is: w is then that
        of z and what was added, which a later drag in the space ``"z"`` takes along.
        """
        return None if self._state.z is None else self._state.z.clone()

    @property
    def image(self) -> Image.Image:
        """The picture."""
        with self._access.exclusive():
            if self._picture is None or self._picture[0] is not self._state.w:
                self._picture = self._state.w, self._draw(self._state.w)
            return self._picture[1].copy()

    def image_of(self, step: DragStep[Any]) -> Image.Image:
        """Return the picture of a step, continued from what the step has computed."""
        if step.trace is None:
            return self._draw(step.w)
        with torch.no_grad():
            return to_picture(self.generator.image_from_trace(step.trace))

    def change_outside(self) -> float | None:
        """Return by how much the last drag has changed the picture outside the mask.

        Returns:
            Mean absolute difference, of 255, between the picture before the last drag (or live drag) and the present
            one, over all pixels where the mask is False. None where nothing lies outside a mask, and
            without a drag of this picture.
        """
        with self._access.exclusive():
            mask, before = self._state.mask, self._drag_w
            if mask is None or before is None or mask.all():
                return None
            return mean_change(self._draw(before), self.image, ~mask)

    def blended_image(self, feather_px: float | None = None) -> Image.Image:
        """Return the picture, with everything outside the mask as it was before the last drag (or live drag).

        The features of both pictures are blended, block by block; see :func:`blended_image`. Without a mask or a drag
        it is the picture itself. The session's picture does not change.

        Args:
            feather_px: Width of the seam inside the mask, px; None is 1/32 of the picture.

        Raises:
            InputError: The generator is no StyleGAN2, or ``feather_px`` is negative or not finite.
        """
        with self._access.exclusive():
            mask, before = self._state.mask, self._drag_w
            if not isinstance(self.generator, Generator):
                raise InputError(
                    f"only pictures of a StyleGAN2 Generator can be blended, got {type(self.generator).__name__}"
                )
            if mask is None or before is None:
                return self.image
            return to_picture(
                blended_image(self.generator, self._state.w, before, mask, feather_px)
            )

    # Changes

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
        appearance, unless it is ``placed``. Unequal numbers are kept until a drag begins.

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
        with self._access.exclusive():
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

    def clear_points(self) -> None:
        """Remove every handle and target."""
        self.set_points([], [])

    def sample(self, seed: int) -> None:
        """Go to the picture of a seed, 0 to 2**32 - 1; it has no points and no mask yet."""
        seed = checked_seed(seed)
        with self._at_rest():
            self._leave_picture()
            self._put("sample", SessionState.first(seed, *sampled(self.generator, seed)))

    def reset(self) -> None:
        """Go back to the first picture of this seed or latent; the handles return to where they were put down."""
        with self._at_rest():
            old = self._state
            self._leave_picture()
            start = replace(old, w=old.start_w, z=old.start_z, handle_points=old.put_points)
            self._put("reset", start)

    def undo(self) -> bool:
        """Go back by one change of latent, points or mask; return whether there was one."""
        with self._at_rest():
            if self.history.can_undo:
                self._return_to(self.history.undo())
                return True
            return False

    def redo(self) -> bool:
        """Take one undone change up again; return whether there was one."""
        with self._at_rest():
            if self.history.can_redo:
                self._return_to(self.history.redo())
                return True
            return False

    # Drags

    def drag(
        self,
        max_steps: int | None = None,
        on_step: Callable[[DragStep[Any]], None] | None = None,
    ) -> DragResult:
        """Move the picture until every handle lies on its target.

        Args:
            max_steps: Most moves of the latent, at least 1; None is ``config.max_steps``.
            on_step: Is called with each step; may set points and mask, and call :meth:`stop`.

        Returns:
            How it ended. Whatever ends a drag, an exception included, picture and handles belong together.

        Raises:
            InputError: There are no points, unequal numbers of handles and targets, or no z for the space z.
            GeneratorError: The generator gives numbers that are not finite.
        """
        limit = self._limit(max_steps)
        with self._dragging("drag") as driver:
            started = time.perf_counter()
            driver.stand_at(self._state, self._config)
            driver.begin(self._state)
            self._drag_w, before = self._state.w, driver.evaluations
            self.status = driver.run(limit, self._stop, self._taker(on_step))
            return self._ended(started, before)

    def follow(self, handle_index: int, target: ArrayLike) -> DragStep[Any]:
        """Aim a handle elsewhere, and move the latent once towards all targets; the way to follow a pointer.

        The first call begins a live drag, which stays open until :meth:`settle` or :meth:`release`; ``status`` is
        ``"running"`` meanwhile, and other threads are kept out. The other targets stay: a point whose target is where
        it was put down is a pin. Where every handle has arrived, the latent stays as it is.

        Args:
            handle_index: Which handle, 0 to N - 1.
            target: Where it should go, ``[2]`` px, inside the picture.

        Returns:
            The picture after the move, counted from the begin of the live drag.

        Raises:
            InputError: No such handle or target, or nothing can be dragged; the live drag stays as it is.
            GeneratorError: The generator gives numbers that are not finite. What was done is in the history, the
                handles belong to the picture, and the live drag has ended.
        """
        with self._access.at_rest():
            self.check_startable()
            aimed = self._state.with_target(
                handle_index, self.check_points("target", cast(ArrayLike, [target]))[0]
            )
            with self._following():
                if self._live_from is None:
                    self._open()
                if aimed.target_points is not self._state.target_points:
                    self._state = aimed
                    self._driver.follow(aimed)
                step = self._driver.step()
                self._take(step)
                return step

    def settle(
        self,
        max_steps: int | None = None,
        on_step: Callable[[DragStep[Any]], None] | None = None,
    ) -> DragResult:
        """End the live drag: go on until every handle lies on its target, as :meth:`drag` does.

        The whole live drag becomes one entry of the history. A :meth:`stop` since its begin ends it without a step.

        Args:
            max_steps: Most moves of the latent from now on, at least 1; None is ``config.max_steps``.
            on_step: Is called with the picture after each move; may set points and mask, and call :meth:`stop`.

        Returns:
            How it ended; its steps, seconds and evaluations are those of the whole live drag.

        Raises:
            InputError: No live drag is open.
            GeneratorError: The generator gives numbers that are not finite; as for :meth:`follow`.
        """
        limit = self._limit(max_steps)
        with self._access.at_rest():
            self._check_following()
            with self._following():
                self.status = (
                    self._driver.settle(limit, self._stop, self._taker(on_step))
                    if self._state.point_ids
                    else "stopped"
                )
            return self._close()

    def release(self) -> DragResult:
        """End the live drag at once, with one entry of the history; the picture stays as it is.

        Returns:
            How it ended: ``"arrived"`` or ``"stopped"``.

        Raises:
            InputError: No live drag is open.
        """
        with self._access.at_rest():
            self._check_following()
            return self._close()

    def step(self) -> DragStep[Any]:
        """Move the latent once, and return the picture after it.

        Raises:
            InputError: There are no points, unequal numbers of handles and targets, or no z for the space z.
            GeneratorError: The generator gives numbers that are not finite.
        """
        with self._dragging("step") as driver:
            driver.stand_at(self._state, self._config)
            step = driver.step()
            self._take(step)
            self.status = "stopped" if step.status == "running" else step.status
            return step

    def stop(self) -> None:
        """End the drag that runs, within one step; from any thread. Without a drag nothing happens.

        While a live drag is open, its :meth:`settle` will end, or not begin.
        """
        self._stop.set()

    # Files

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write latents, points, masks, settings and history to one file (``.dgs``); return its path.

        While a drag runs, the picture that it has come to is the present one of the file.
        """
        if self._access.is_followed_here and not self._access.is_dragging:
            self.release()
        state, history = self._state, self.history
        if state is not history.current.state:
            history = history.push(Entry("drag", state))
        return save_session(path, self.generator, SavedSession(self._config, history))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        generator: GeneratorSource = None,
        device: torch.device | str | None = None,
    ) -> DragSession:
        """Return the session of a file.

        Args:
            path: A file that :meth:`save` wrote.
            generator: The generator it was made with; None finds it by the name in the file.
            device: Where to load a generator that is given by name.

        Raises:
            SessionFileError: The file is absent, damaged, or made with another generator.
            GeneratorError: The generator cannot be found or read.
        """

        def find(name: str) -> PictureGenerator:
            return found_generator(name if generator is None else generator, device)

        found, saved = load_session(path, find)
        session = cls(found, w=saved.history.current.state.w, config=saved.config)
        session._begin(saved.history)
        return session

    def save_image(self, path: str | os.PathLike[str], *, blended: bool = False) -> Path:
        """Write the picture as PNG, JPEG or WebP, by the ending of the path; return the path.

        Args:
            path: File.
            blended: Write :meth:`blended_image` instead.

        Raises:
            InputError: Another ending, no such folder, or the generator's pictures cannot be blended.
        """
        return save_image(self.blended_image() if blended else self.image, path)

    def save_animation(
        self, path: str | os.PathLike[str], *, fps: float = ANIMATION_FPS, points: bool = False
    ) -> Path:
        """Write the last drag as an animated GIF, WebP or PNG, drawn anew from its latents; return the path.

        Args:
            path: File, ending in ``.gif``, ``.webp`` or ``.png``.
            fps: Pictures a second, 0.02 to 50.
            points: Whether handles and targets are drawn.

        Raises:
            InputError: There was no drag, or an argument cannot be used.
        """
        if not self.trajectory:
            raise InputError("there is no drag to animate; call drag() first")

        def pictures() -> Iterator[Image.Image]:
            for moment in self.trajectory:
                picture = self._draw(moment.w)
                if points:
                    picture = with_points(picture, moment.handle_points, moment.target_points)
                yield picture

        return save_animation(pictures(), path, fps=fps)

    # For those who show a session

    def listen(self, listener: Listener, draws: Draws = draws_nothing) -> Callable[[], None]:
        """Call a function after each change, in the thread that makes it; return how to end that.

        Args:
            listener: Is called.
            draws: Says whether the listener will draw the next step of a drag. What is computed then is the whole
                picture's first part, from which :meth:`image_of` goes on, and not only what the solver needs.
        """
        self._listeners = (*self._listeners, (listener, draws))

        def end() -> None:
            self._listeners = tuple(each for each in self._listeners if each[0] is not listener)

        return end

    def check_points(self, name: str, points: ArrayLike) -> Points:
        """Return points as a read-only array ``[N, 2]``; raise :class:`InputError` if they cannot be used."""
        return closed(check_points(name, points, self.generator.width, self.generator.height))

    def check_startable(self) -> None:
        """Raise :class:`InputError` if no drag can start with these points and this latent."""
        check_startable(self._state.handle_points, self._state.target_points)
        if self._config.space == "z":
            check_known_z(self._state.z)

    def check_mask(self, mask: ArrayLike | None) -> Mask | None:
        """Return a mask as a read-only array; raise :class:`InputError` if it cannot be used."""
        checked = check_mask(mask, self.generator.width, self.generator.height)
        return None if checked is None else closed(checked)

    # Inside

    def _take(self, step: DragStep[Any]) -> None:
        """Make a step's picture and handles the session's."""
        self._state = self._state.with_tracked(step.w, step.z, step.point_ids, step.handle_points)
        self._tell(step)

    def _taker(
        self, on_step: Callable[[DragStep[Any]], None] | None
    ) -> Callable[[DragStep[Any]], None]:
        """Return what takes each step of a drag, and tells who asked to be told."""

        def take(step: DragStep[Any]) -> None:
            self._take(step)
            if on_step is not None:
                on_step(step)

        return take

    def _limit(self, max_steps: int | None) -> int:
        """Return the most moves of a drag; raise :class:`InputError` if they are no number from 1."""
        limit = self._config.max_steps if max_steps is None else max_steps
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            raise InputError(f"max_steps must be a whole number from 1, got {limit!r}")
        return limit

    def _ended(self, started: float, evaluations: int) -> DragResult:
        """Return how a drag has ended that began at this time and number of evaluations."""
        driver, distances = self._driver, closed(self._state.distances_px)
        nearest, confidences = driver.nearest_px, driver.confidences
        if nearest is None or len(nearest) != len(distances):
            nearest = distances  # points came or went after the last picture
        if len(confidences) != len(distances):
            confidences = closed(np.ones(len(distances)))
        self._result = DragResult(
            status=self.status,
            steps=driver.steps,
            handle_points=self._state.handle_points,
            distances_px=distances,
            seconds=time.perf_counter() - started,
            generator_evaluations=driver.evaluations - evaluations,
            nearest_px=nearest,
            near_px=NEAR * max(self.generator.width, self.generator.height),
            confidences=confidences,
            masked=self._state.mask is not None,
        )
        return self._result

    def _put(self, label: str, state: SessionState, subject: object = None) -> None:
        """Take up a state that a person has asked for; at rest it becomes an entry of the history."""
        before, self._state = self._state, state
        if not self._access.is_dragging and not self.is_following:
            self.status, self._result = "idle", None
            completes = label == self.history.current.label and not before.is_complete
            self.history = self.history.record(Entry(label, state, subject), completes=completes)
        self._driver.follow(state)
        self._tell()

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
        self._tell()

    def _leave_picture(self) -> None:
        """Forget what belongs to a picture that another one replaces."""
        self._driver.forget()
        self._drag_w = None

    def _tell(self, step: DragStep[Any] | None = None) -> None:
        """Tell the listeners of a change."""
        for listener, _ in self._listeners:
            listener(step)

    def _is_drawn(self) -> bool:
        """Return whether anybody will draw the next step."""
        return any(draws() for _, draws in self._listeners)

    def _draw(self, w: Tensor) -> Image.Image:
        """Return the picture of a latent."""
        with torch.no_grad():
            return to_picture(self.generator.image(w))

    @contextmanager
    def _at_rest(self) -> Iterator[None]:
        """Keep other threads out; a live drag ends first."""
        with self._access.at_rest():
            if self.is_following:
                self._close()
            yield

    @contextmanager
    def _dragging(self, label: str) -> Iterator[Driver]:
        """Lend the driver; whatever happens, the session ends up with a picture and its own handles."""
        with self._at_rest():
            before = self._state
            self.check_startable()
            self._stop.clear()
            self.status, self._result = "running", None
            try:
                with self._access.dragging():
                    yield self._driver
            except BaseException as error:
                self._fail(error)
                raise
            finally:
                self._record(label, before)

    def _fail(self, error: BaseException) -> None:
        """Take back what an exception has left in between."""
        self._driver.forget()  # it may stand between two pictures
        self.status = "failed" if isinstance(error, Exception) else "stopped"

    def _record(self, label: str, before: SessionState) -> None:
        """Make an entry of what a drag has done since a state."""
        if self._state is not before:
            self.history = self.history.push(Entry(label, self._state))
        self._tell()

    # Live drags

    def _open(self) -> None:
        """Begin a live drag."""
        self._live_from, self._drag_w = self._state, self._state.w
        self._access.hold()
        self._stop.clear()
        self.status, self._result = "running", None
        self._driver.stand_at(self._state, self._config)
        self._driver.begin(self._state)
        self._live_since = time.perf_counter(), self._driver.evaluations

    @contextmanager
    def _following(self) -> Iterator[None]:
        """Count as dragging; an exception ends the live drag, and what was done is in the history."""
        try:
            with self._access.dragging():
                yield
        except BaseException as error:
            self._fail(error)
            self._commit()
            raise
        self._access.hold()  # the thread that began the live drag may have ended

    def _close(self) -> DragResult:
        """End the live drag with one entry of the history, and return how it ended."""
        if self.status == "running":
            self.status = "arrived" if self._has_arrived() else "stopped"
        result = self._ended(*self._live_since)
        self._commit()
        return result

    def _commit(self) -> None:
        """End the live drag, and make an entry of what it has done."""
        before, self._live_from = self._live_from, None
        self._access.let_go()
        assert before is not None
        self._record("drag", before)

    def _check_following(self) -> None:
        """Raise :class:`InputError` without a live drag."""
        if not self.is_following:
            raise InputError("no live drag is open; call follow() first")

    def _has_arrived(self) -> bool:
        """Return whether there are points, and each handle lies on its target."""
        g, distances = self.generator, self._state.distances_px
        radius = self._config.stop_radius_px(g.width, g.height, len(distances))
        return len(distances) > 0 and bool((distances <= radius).all())
