"""The headless, synchronous heart: a generator, a latent, points, a mask, and the drags between them.

Has no threads and no traits of its own. One thread at a time may change a session; :meth:`DragSession.stop` may come
from any. Its construction and its files are here; what it holds, its live drags, its drags, its changes and its pictures
are its bases, each of which builds on the one before.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.errors import InputError
from draggan_widget.export import (
    ANIMATION_FPS,
    checked_scale,
    save_animation,
    save_image,
    with_points,
)
from draggan_widget.frames import encode_png
from draggan_widget.inputs import TRUNCATION_PSI, checked_seed, checked_truncation
from draggan_widget.session.embedding import packed, with_session
from draggan_widget.session.entry_words import entry_words, first_words
from draggan_widget.session.history import Entry, History
from draggan_widget.session.pictures import Thumbnails, pictures_of
from draggan_widget.session.plain_values import start_from_json, start_to_json
from draggan_widget.session.recipe import Recipe
from draggan_widget.session.replay import play
from draggan_widget.session.session_file import (
    SavedSession,
    load_session,
    read_session,
    save_session,
    session_bytes,
)
from draggan_widget.session.shown import Shown
from draggan_widget.session.sources import (
    GeneratorSource,
    checked_config,
    first_latent,
    found_generator,
)
from draggan_widget.session.state import PictureGenerator, SessionState

DEFAULT_CONFIG = DragConfig()
"""Settings of a session for which none are given."""


class DragSession(Shown):
    """A picture of a generator that can be dragged.

    Setting an attribute checks the value and raises :class:`InputError` with the old value kept. Points and mask may
    be set while a drag runs (in ``on_step``); everything else waits for its end.

    A live drag follows a pointer: :meth:`follow` moves the picture once for each place of the pointer, then
    :meth:`settle` lets it arrive, or :meth:`release` leaves it where it is. Between these calls points and mask may be
    set, all within the one entry of the history; whatever else is called ends the live drag first, as :meth:`release`
    does.

    Attributes:
        generator: Makes the pictures.
        history: States to which :meth:`undo`, :meth:`redo` and :meth:`jump` go; ``history.entries`` are all of them.
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
        truncation_psi: float = TRUNCATION_PSI,
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
            truncation_psi: Of the pictures of seeds, -1 to 1.5; 0 is the average picture, 1 the whole variety.
            config: Settings of the drag.
            device: Where to load the generator; only for a generator that is given by name.

        Raises:
            InputError: A value of the wrong type, shape or range.
            GeneratorError: The generator cannot be found or read.
        """
        seed, psi = checked_seed(seed), checked_truncation(truncation_psi)
        found = found_generator(generator, device)
        checked = checked_config(config, found)
        start, start_z = first_latent(found, seed, w, z, psi)
        state = SessionState.first(seed, start, start_z, psi)
        words = first_words(state, sampled=w is None and z is None)
        first = start_to_json(state, w, z)
        recipe = Recipe(found.name, first, checked, ())
        super().__init__(found, checked, History((Entry("sample", state, words=words),)), recipe)
        self._thumbnails = Thumbnails(found)

    def __repr__(self) -> str:
        """Return the session in a line."""
        g, s = self.generator, self._state
        return (
            f"<DragSession {g.name} {g.width}x{g.height}, seed {s.seed}, "
            f"{len(s.point_ids)} points, {self.status}>"
        )

    # Files

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write latents, points, masks, settings and history to one file (``.dgs``); return its path.

        While a drag runs, the picture that it has come to is the present one of the file.
        """
        if self._access.is_followed_here and not self._access.is_dragging:
            self.release()
        return save_session(path, self.generator, self._saved())

    def to_bytes(self) -> bytes:
        """Return the content of the file that :meth:`save` writes; a live drag goes on."""
        return session_bytes(self.generator, self._saved())

    def to_png(
        self, *, points: bool = False, blended: bool = False, with_session: bool = True
    ) -> bytes:
        """Return the picture as a PNG file.

        Args:
            points: Whether handles and targets are drawn.
            blended: Give :meth:`blended_image` instead.
            with_session: Whether the file holds the session too, so that :meth:`load` and :meth:`open_file` take it.

        Raises:
            InputError: The generator's pictures cannot be blended.
        """
        picture, state = self.blended_image() if blended else self.image, self._state
        if points and state.is_complete:
            picture = with_points(picture, state.handle_points, state.target_points)
        png = encode_png(picture).data
        return self._with_session(png) if with_session else png

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
            path: A file that :meth:`save` wrote, or a PNG of :meth:`save_image`.
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
        session._begin(saved.history, saved.recipe)
        session._recorder.note("renew")
        return session

    def open_file(self, source: str | os.PathLike[str] | bytes, name: str = "the file") -> None:
        """Go to picture, points and mask of a file, as one change that :meth:`undo` takes back; settings stay.

        Args:
            source: A file that :meth:`save` or :meth:`save_image` wrote, or its content.
            name: What messages call a content.

        Raises:
            SessionFileError: The file is absent, damaged, or made with another generator.
        """
        if isinstance(source, bytes):
            _, saved = read_session(name, source, lambda _: self.generator)
        else:
            _, saved = load_session(source, lambda _: self.generator)
            name = Path(source).name
        self.go_to(saved.history.current.state, f"Opened {name}")

    @classmethod
    def replay(
        cls,
        recipe: Recipe,
        *,
        generator: GeneratorSource = None,
        seed: int | None = None,
        device: torch.device | str | None = None,
        on_step: Callable[[DragStep[Any]], None] | None = None,
    ) -> DragSession:
        """Return a new session in which everything was done that a recipe tells.

        On the machine, with the versions and on the device of the recipe, every latent is the same bit for bit.

        Args:
            recipe: :attr:`recipe` of a session.
            generator: The generator; None finds it by the name in the recipe.
            seed: Do it with the first picture of another seed.
            device: Where to load a generator that is given by name.
            on_step: Is called with the picture after each step.

        Raises:
            InputError: The recipe asks for what cannot be done with this generator.
            GeneratorError: The generator cannot be found or read.
        """
        found = found_generator(recipe.generator if generator is None else generator, device)
        w, z = start_from_json(recipe.start) if seed is None else (None, None)
        first_seed = recipe.start["seed"] if seed is None else seed
        psi = recipe.start["truncation_psi"]
        session = cls(found, seed=first_seed, w=w, z=z, truncation_psi=psi, config=recipe.config)
        play(session, recipe, on_step)
        return session

    def save_image(
        self,
        path: str | os.PathLike[str],
        *,
        blended: bool = False,
        with_session: bool = True,
    ) -> Path:
        """Write the picture as PNG, JPEG or WebP, by the ending of the path; return the path.

        Args:
            path: File.
            blended: Write :meth:`blended_image` instead.
            with_session: Whether a PNG holds the session too, so that :meth:`load` and :meth:`open_file` take it. Of a
                very long session it is the present state alone.

        Raises:
            InputError: Another ending, no such folder, or the generator's pictures cannot be blended.
        """
        picture = self.blended_image() if blended else self.image
        return save_image(picture, path, self._with_session if with_session else None)

    def save_animation(
        self,
        path: str | os.PathLike[str],
        *,
        fps: float = ANIMATION_FPS,
        points: bool = False,
        scale: int = 1,
    ) -> Path:
        """Write the last drag as an animated GIF, WebP, PNG or MP4, drawn anew from its latents; return the path.

        Args:
            path: File, ending in ``.gif``, ``.webp``, ``.png`` or ``.mp4``.
            fps: Pictures a second, 0.02 to 50.
            points: Whether handles and targets are drawn.
            scale: By how many times the pictures are enlarged, 1 to 16.

        Raises:
            InputError: There was no drag, an argument cannot be used, or the package that writes MP4 is not there.
        """
        if not self.trajectory:
            raise InputError("there is no drag to animate; call drag() first")
        times = checked_scale(scale)
        pictures = pictures_of(self.generator, self.trajectory, points=points, scale=times)
        return save_animation(pictures, path, fps=fps)

    # Inside

    def _saved(self) -> SavedSession:
        """Return what a session file holds; a drag that runs counts as ended here."""
        state, history = self._state, self.history
        if state is not history.current.state:
            words = entry_words("drag", history.current.state, state)
            history = history.push(Entry("drag", state, words=words))
        return SavedSession(self._config, history, self.recipe)

    def _with_session(self, png: bytes) -> bytes:
        """Return a PNG with the session in it; of one that is too large the present state alone, or nothing."""
        saved = self._saved()
        data = packed(session_bytes(self.generator, saved))
        if data is None:
            now = saved.history.current
            alone = SavedSession(
                saved.config, History((Entry(now.label, now.state, words=now.words),))
            )
            data = packed(session_bytes(self.generator, alone))
        return png if data is None else with_session(png, data)
