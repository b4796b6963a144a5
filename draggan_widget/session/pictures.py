"""The pictures of a session's latents, drawn and blended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from draggan_widget.drag import DragStep
from draggan_widget.drag.validation import Mask
from draggan_widget.errors import InputError
from draggan_widget.export import picture_enlarged, points_scaled, with_points
from draggan_widget.frames import EncodedPicture, encode_thumbnail, to_picture
from draggan_widget.generator.blending import blended_image
from draggan_widget.generator.stylegan2 import Generator
from draggan_widget.session.driver import Moment
from draggan_widget.session.state import PictureGenerator

MOST_THUMBNAILS = 400
"""Thumbnails kept, twice as many as a history has entries; at 2 KB a picture less than 1 MB."""


class Thumbnails:
    """Small pictures of latents, each drawn once."""

    def __init__(self, generator: PictureGenerator) -> None:
        self._generator = generator
        self._made: dict[int, tuple[Tensor, EncodedPicture]] = {}

    def of(self, w: Tensor) -> EncodedPicture:
        """Return the small picture of a latent ``[1, num_ws, w_dim]``, which nobody writes to."""
        known = self._made.pop(id(w), None)
        made = (w, encode_thumbnail(picture_of(self._generator, w))) if known is None else known
        self._made[id(w)] = made  # the latent is kept, so that no other one gets its identity
        if len(self._made) > MOST_THUMBNAILS:
            del self._made[next(iter(self._made))]
        return made[1]


def picture_of(generator: PictureGenerator, w: Tensor) -> Image.Image:
    """Return the picture of a latent ``[1, num_ws, w_dim]``."""
    with torch.no_grad():
        return to_picture(generator.image(w))


def picture_of_step(generator: PictureGenerator, step: DragStep[Any]) -> Image.Image:
    """Return the picture of a step, continued from what the step has computed."""
    if step.trace is None:
        return picture_of(generator, step.w)
    with torch.no_grad():
        return to_picture(generator.image_from_trace(step.trace))


def pictures_of(
    generator: PictureGenerator, moments: Iterable[Moment], *, points: bool, scale: int = 1
) -> Iterator[Image.Image]:
    """Yield the pictures of a drag, so many times enlarged, with its points where ``points`` asks for them."""
    for moment in moments:
        picture = picture_enlarged(picture_of(generator, moment.w), scale)
        if points:
            handles, targets = (
                points_scaled(each, scale) for each in (moment.handle_points, moment.target_points)
            )
            picture = with_points(picture, handles, targets)
        yield picture


def blendable(generator: PictureGenerator) -> Generator:
    """Return a generator whose pictures can be blended.

    Raises:
        InputError: It is no StyleGAN2.
    """
    if not isinstance(generator, Generator):
        raise InputError(
            f"only pictures of a StyleGAN2 Generator can be blended, got {type(generator).__name__}"
        )
    return generator


def blended_picture(
    generator: Generator, w: Tensor, before: Tensor, mask: Mask, feather_px: float | None
) -> Image.Image:
    """Return the picture of ``w`` inside a mask and that of ``before`` outside; see :func:`blended_image`."""
    return to_picture(blended_image(generator, w, before, mask, feather_px))
