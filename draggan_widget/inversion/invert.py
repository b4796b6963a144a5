"""A photo's latent: :func:`invert`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from draggan_widget.errors import InputError
from draggan_widget.generator import AnyGenerator
from draggan_widget.inversion.likeness import Likeness, Perceptual, psnr_db
from draggan_widget.inversion.photo import Crop, Photo, as_tensor, checked_crop, cropped, read_photo
from draggan_widget.inversion.score import Score, score_of
from draggan_widget.inversion.search import Look, searched
from draggan_widget.inversion.tuning import tuned

STEPS = 400
"""Steps of the search; a minute on two cores at 128 px."""

MOST_STEPS = 100_000


@dataclass(frozen=True, eq=False)
class Inversion:
    """What was found for a photo.

    Attributes:
        generator: Draws the reconstruction; tuned to the photo if that was asked for.
        w: Its latent, ``[1, num_ws, w_dim]``.
        target: The part of the photo that was looked for, at the generator's size.
        crop: Where that part lies in the photo.
        score: How like it the reconstruction is.
    """

    generator: AnyGenerator
    w: Tensor
    target: Image.Image
    crop: Crop
    score: Score


def invert(
    photo: Photo,
    generator: AnyGenerator,
    *,
    crop: Any = None,
    steps: int = STEPS,
    start: Tensor | None = None,
    tune: int = 0,
    perceptual: Perceptual | None = None,
    on_look: Callable[[Look], object] | None = None,
) -> Inversion:
    """Return the latent whose picture is most like a photo.

    The generator's constant noise stays as it is, in the search as in every later picture, so that nothing of what was
    found is lost.

    Args:
        photo: A path, bytes, a picture or an array.
        generator: Frozen.
        crop: ``(left, top, width, height)`` px of the upright photo; None is the largest part in its middle.
        steps: Steps of the search, 1 to 100,000.
        start: Latent to begin from; None compares random pictures with the photo first.
        tune: Steps of pivotal tuning (Roich et al. 2021): a copy of the generator is changed, around the latent that
            was found, until it draws what the latent cannot say. 0 leaves it.
        perceptual: A further distance of pictures, such as LPIPS.
        on_look: Is called after each step; an exception of it ends the search, as an interrupt does.

    Raises:
        InputError: The photo cannot be read, or an argument cannot be used.
    """
    for name, value, least in (("steps", steps, 1), ("tune", tune, 0)):
        if type(value) is not int or not least <= value <= MOST_STEPS:
            raise InputError(
                f"{name} must be a whole number from {least} to {MOST_STEPS}, got {value!r}"
            )
    picture = read_photo(photo)
    size = generator.width, generator.height
    part = checked_crop(crop, picture.size, size[0] / size[1])
    shown = cropped(picture, part, size)
    target = as_tensor(shown).to(generator.device)
    tell = on_look or (lambda look: None)
    found: Look | None = None
    for found in searched(generator, Likeness(target, perceptual), steps, start):
        tell(found)
    assert found is not None
    assert found.w is not None
    w, drawing = found.w, generator
    if tune:
        drawing = tuned(generator, w, Likeness(target, perceptual), tune, tell)
    with torch.no_grad():
        reached = psnr_db(drawing.image(w), target)
    return Inversion(drawing, w, shown, part, score_of(reached, generator.name))
