"""Photos as a generator sees them: upright, in RGB, cut to its shape and brought to its size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from draggan_widget.errors import InputError
from draggan_widget.inversion.decoding import (
    SMALLEST_PX,
    Photo,
    check_kind,
    check_size,
    opened,
    prepare,
    upright_in_rgb,
)
from draggan_widget.inversion.free_memory import free_bytes

__all__ = [
    "Crop",
    "Photo",
    "Upright",
    "as_tensor",
    "centred_crop",
    "checked_crop",
    "cropped",
    "read_photo",
]


@dataclass(frozen=True)
class Crop:
    """A part of a photo, upright.

    Attributes:
        left, top, width, height: In px.
    """

    left: float
    top: float
    width: float
    height: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        return self.left, self.top, self.left + self.width, self.top + self.height

    def scaled(self, factor: float) -> Crop:
        """Return the same part of the photo at another size."""
        return Crop(*(factor * side for side in (self.left, self.top, self.width, self.height)))


@dataclass(frozen=True, eq=False)
class Upright:
    """A photo that was read.

    Attributes:
        picture: RGB, upright, at most 4096 px long.
        size: Width and height that it had before it was made smaller, upright, px.
    """

    picture: Image.Image
    size: tuple[int, int]

    @property
    def scale(self) -> float:
        """Size of the picture over that of the photo."""
        return self.picture.width / self.size[0]


def read_photo(photo: Photo) -> Upright:
    """Return a photo in RGB, upright, at most 4096 px long.

    What the camera noted about its position is followed; of an animation the first picture is taken; transparent parts
    are white; CMYK, grey, palettes and 16 bits are converted.

    Raises:
        InputError: It cannot be read, shows nothing, or has more than 500 million pixels; the message names the cure.
    """
    check_kind(photo)
    try:
        return _read(photo)
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(
            "the file is no photo that can be read; give a JPEG, PNG, WebP, GIF, BMP or TIFF"
        ) from error
    except MemoryError as error:
        raise InputError(
            "there is not enough memory for the photo; make it smaller with another program"
        ) from error
    except Exception as error:  # decoders raise whatever a damaged file makes them stumble over
        raise InputError(
            f"the photo is damaged: {error}; save it anew with another program"
        ) from error


def centred_crop(size: tuple[int, int], aspect: float) -> Crop:
    """Return the largest part in the middle of a picture.

    Args:
        size: Width and height of the picture, px.
        aspect: Width of the part over its height.
    """
    width, height = size
    wide = min(width, height * aspect)
    high = wide / aspect
    return Crop((width - wide) / 2, (height - high) / 2, wide, high)


def checked_crop(crop: object, size: tuple[int, int], aspect: float) -> Crop:
    """Return a part of a picture; None is the largest in the middle.

    Args:
        crop: ``(left, top, width, height)`` px, a :class:`Crop`, or None.
        size: Width and height of the picture.
        aspect: Width over height that the part must have, up to a pixel.

    Raises:
        InputError: It is no such part, or does not lie in the picture.
    """
    if crop is None:
        return centred_crop(size, aspect)
    if isinstance(crop, str):
        raise InputError(f'crop must be (left, top, width, height) px or "auto", got {crop!r}')
    values = (crop.left, crop.top, crop.width, crop.height) if isinstance(crop, Crop) else crop
    try:
        left, top, width, height = (float(each) for each in values)  # type: ignore[attr-defined]  # tried
    except (TypeError, ValueError) as error:
        raise InputError(f"crop must be (left, top, width, height) px, got {crop!r}") from error
    inside = left >= 0 and top >= 0 and left + width <= size[0] and top + height <= size[1]
    if not (inside and width >= SMALLEST_PX and height >= SMALLEST_PX):
        raise InputError(
            f"crop must lie in the photo of {size[0]} x {size[1]} px and be {SMALLEST_PX} px wide at least, got {crop!r}"
        )
    if abs(width - height * aspect) > 1 + 0.01 * width:
        raise InputError(
            f"crop must be {aspect:g} times as wide as high, got {width:g} x {height:g}"
        )
    return Crop(left, top, width, height)


def cropped(photo: Image.Image, crop: Crop, size: tuple[int, int]) -> Image.Image:
    """Return a part of a photo at a size, averaged where it is made smaller."""
    left, top, right, bottom = crop.box
    box = max(left, 0.0), max(top, 0.0), min(right, photo.width), min(bottom, photo.height)
    return photo.resize(size, Image.Resampling.LANCZOS, box=box)


def as_tensor(picture: Image.Image) -> Tensor:
    """Return an RGB picture as ``[1, 3, H, W]`` in -1..1."""
    values = torch.from_numpy(np.asarray(picture).copy())
    return values.permute(2, 0, 1)[None].float().div(127.5).sub(1)


def _read(photo: Photo) -> Upright:
    """Return a photo as :func:`read_photo` does; raises whatever a decoder raises."""
    with opened(photo) as picture:
        check_size(picture)
        size = picture.size
        if picture is not photo:  # what is given stays as it is
            prepare(picture, free_bytes())
        rgb, turned = upright_in_rgb(picture)
    if min(rgb.size) < SMALLEST_PX:
        raise InputError(
            f"the photo is {size[0]} x {size[1]} px, so narrow that nothing is left of it; cut it first"
        )
    return Upright(rgb, (size[1], size[0]) if turned else size)
