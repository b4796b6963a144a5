"""The pictures of a session, drawn when they are asked for."""

from __future__ import annotations

from typing import Any

from PIL import Image
from torch import Tensor

from draggan_widget.drag import DragStep
from draggan_widget.frames import EncodedPicture, mean_change
from draggan_widget.session.changes import Changes
from draggan_widget.session.pictures import (
    Thumbnails,
    blendable,
    blended_picture,
    picture_of,
    picture_of_step,
)


class Shown(Changes):
    """What a session holds and changes, and its pictures."""

    _picture: tuple[Tensor, Image.Image] | None = None
    _held_picture: tuple[Tensor, Image.Image] | None = None

    _thumbnails: Thumbnails

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
            if self._held_picture is None or self._held_picture[0] is not state.held_w:
                self._held_picture = state.held_w, picture_of(self.generator, state.held_w)
            return mean_change(self._held_picture[1], self.image, ~state.mask)

    def check_blendable(self) -> None:
        """Raise :class:`InputError` if the generator's pictures cannot be blended."""
        blendable(self.generator)

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
