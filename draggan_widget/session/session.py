"""The headless, synchronous heart: a generator, a latent, points, a mask, and the drags between them.

Has no threads and no traits of its own. One thread at a time may change a session; :meth:`DragSession.stop` may come
from any. Its construction, pictures and files are here; what it holds, its live drags, its drags and its changes are
its bases, each of which builds on the one before.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from numpy.typing import ArrayLike
from PIL import Image
from torch import Tensor

from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.errors import InputError
from draggan_widget.export import save_animation, save_image
from draggan_widget.frames import EncodedPicture, mean_change
from draggan_widget.inputs import TRUNCATION_PSI, checked_seed, checked_truncation
from draggan_widget.session.changes import Changes
from draggan_widget.session.entry_words import entry_words, first_words
from draggan_widget.session.history import Entry, History
from draggan_widget.session.pictures import (
    Thumbnails,
    blendable,
    blended_picture,
    picture_of,
    picture_of_step,
    pictures_of,
)
from draggan_widget.session.session_file import SavedSession, load_session, save_session
from draggan_widget.session.sources import (
    GeneratorSource,
    checked_config,
    first_latent,
    found_generator,
)
from draggan_widget.session.state import PictureGenerator, SessionState

DEFAULT_CONFIG = DragConfig()
"""Settings of a session for which none are given."""

ANIMATION_FPS = 12.0
"""Default frame rate of an animation: a drag of the embedded generator then lasts a few seconds."""


class DragSession(Changes):
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
        super().__init__(found, checked, History((Entry("sample", state, words=words),)))
        self._picture: tuple[Tensor, Image.Image] | None = None
        self._thumbnails = Thumbnails(found)

    def __repr__(self) -> str:
        """Return the session in a line."""
        g, s = self.generator, self._state
        return (
            f"<DragSession {g.name} {g.width}x{g.height}, seed {s.seed}, "
            f"{len(s.point_ids)} points, {self.status}>"
        )

    # Pictures

    @property
    def image(self) -> Image.Image:
        """The picture."""
        with self._access.exclusive():
            if self._picture is None or self._picture[0] is not self._state.w:
                self._picture = self._state.w, picture_of(self.generator, self._state.w)
            return self._picture[1].copy()

    def image_at(self, entry_id: int) -> Image.Image:
        """Return the picture of an entry of the history.

        Raises:
            InputError: There is no such entry.
        """
        with self._access.exclusive():
            w = self.history.entry(entry_id).state.w
            return self.image if w is self._state.w else picture_of(self.generator, w)

    def thumbnail(self, entry_id: int) -> EncodedPicture:
        """Return the picture of an entry of the history, at most :data:`THUMBNAIL_SIDE_PX` wide and high.

        Raises:
            InputError: There is no such entry.
        """
        with self._access.exclusive():
            return self._thumbnails.of(self.history.entry(entry_id).state.w)

    def image_of(self, step: DragStep[Any]) -> Image.Image:
        """Return the picture of a step, continued from what the step has computed."""
        return picture_of_step(self.generator, step)

    def change_outside(self) -> float | None:
        """Return by how much drags have changed the picture outside the mask.

        Returns:
            Mean absolute difference, of 255, between the present picture and the one in which the mask was set, or
            with which the latent began if that was later, over all pixels where the mask is False; however many drags
            lie between them. None where nothing lies outside a mask.
        """
        with self._access.exclusive():
            state = self._state
            if state.mask is None or not state.is_masked:
                return None
            return mean_change(picture_of(self.generator, state.held_w), self.image, ~state.mask)

    def blended_image(self, feather_px: float | None = None) -> Image.Image:
        """Return the picture, with everything outside the mask as it was when the mask was set.

        It is as it was when the latent began if that was later, however many drags have followed. The features of both
        pictures are blended, block by block; see :func:`blended_image`. Where no mask holds anything it is the
        picture itself. The session's picture does not change.

        Args:
            feather_px: Width of the seam inside the mask, px; None is 1/32 of the picture.

        Raises:
            InputError: The generator is no StyleGAN2, or ``feather_px`` is negative or not finite.
        """
        with self._access.exclusive():
            state, stylegan2 = self._state, blendable(self.generator)
            if state.mask is None or not state.is_masked:
                return self.image
            return blended_picture(stylegan2, state.w, state.held_w, state.mask, feather_px)

    # Files

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write latents, points, masks, settings and history to one file (``.dgs``); return its path.

        While a drag runs, the picture that it has come to is the present one of the file.
        """
        if self._access.is_followed_here and not self._access.is_dragging:
            self.release()
        state, history = self._state, self.history
        if state is not history.current.state:
            words = entry_words("drag", history.current.state, state)
            history = history.push(Entry("drag", state, words=words))
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
        pictures = pictures_of(self.generator, self.trajectory, points=points)
        return save_animation(pictures, path, fps=fps)
