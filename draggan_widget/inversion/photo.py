"""Photos as a generator sees them: upright, in RGB, cut to its shape and brought to its size."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from draggan_widget.errors import InputError

Photo = str | os.PathLike[str] | bytes | Image.Image | NDArray[Any]
"""A path, the bytes of a file, a picture, or an array ``[H, W]``, ``[H, W, 3]`` or ``[H, W, 4]`` of 8 bits."""

MOST_PIXELS = 500_000_000
"""A larger photo is an accident; 20,000 x 20,000 px are 400 million."""

SMALLEST_PX = 8
"""A photo of fewer pixels across shows nothing."""

LONGEST_SIDE_PX = 4096
"""A larger photo is brought to this size when it is read; no generator draws more."""

TRANSPARENT = (255, 255, 255)
"""What shows through where a photo is transparent."""


FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""What is read; of the other formats that Pillow knows some run a program on the file."""

SHRINKABLE_MODES = ("RGB", "L", "CMYK", "RGBA")
"""Pictures of these modes can be averaged as they are; others are thinned out first where they are huge."""

SIXTEEN_BITS = 65535.0


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
    _check_kind(photo)
    try:
        return _read(photo)
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(
            "the file is no photo that can be read; give a JPEG, PNG, WebP, GIF, BMP or TIFF"
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


def _check_kind(photo: object) -> None:
    """Refuse what is no photo at all."""
    if isinstance(photo, np.ndarray):
        if photo.dtype != np.uint8 or photo.ndim not in (2, 3) or 0 in photo.shape:
            raise InputError(
                f"an array must be [H, W] or [H, W, 3] of uint8, got {list(photo.shape)} of {photo.dtype}"
            )
        if photo.ndim == 3 and photo.shape[2] not in (3, 4):
            raise InputError(f"an array must have 3 or 4 colours, got {photo.shape[2]}")
    elif isinstance(photo, str | os.PathLike):
        if not Path(photo).is_file():
            raise InputError(f"there is no photo {os.fspath(photo)!r}; check the path")
    elif not isinstance(photo, bytes | Image.Image):
        raise InputError(
            f"a photo is a path, bytes, a PIL picture or an array, got {type(photo).__name__}"
        )


def _read(photo: Photo) -> Upright:
    """Return a photo as :func:`read_photo` does; raises whatever a decoder raises."""
    picture = _opened(photo)
    size = picture.size
    if size[0] * size[1] > MOST_PIXELS:
        raise InputError(
            f"the photo has {size[0]} x {size[1]} pixels; make it smaller than {MOST_PIXELS} in all"
        )
    if min(size) < SMALLEST_PX:
        raise InputError(
            f"the photo has {size[0]} x {size[1]} pixels, expected {SMALLEST_PX} at least on each side"
        )
    longest = (LONGEST_SIDE_PX, LONGEST_SIDE_PX)
    picture.seek(0)
    # Made smaller before it is converted, which takes four bytes a pixel and more.
    if picture.mode == "1":
        picture = picture.convert("L")
    if picture.mode in SHRINKABLE_MODES:
        picture.thumbnail(longest, Image.Resampling.LANCZOS)
    elif max(size) > 2 * LONGEST_SIDE_PX:
        factor = 2 * LONGEST_SIDE_PX / max(size)
        small = [max(round(factor * side), SMALLEST_PX) for side in size]
        exif, info = picture.getexif(), picture.info
        picture = picture.resize((small[0], small[1]), Image.Resampling.NEAREST)
        picture.info = {**info, "exif": exif.tobytes()}
    upright = ImageOps.exif_transpose(picture)
    turned = (upright.width > upright.height) != (picture.width > picture.height)
    rgb = _in_rgb(upright)
    rgb.thumbnail(longest, Image.Resampling.LANCZOS)
    if min(rgb.size) < SMALLEST_PX:
        raise InputError(
            f"the photo is {size[0]} x {size[1]} px, so narrow that nothing is left of it; cut it first"
        )
    return Upright(rgb, (size[1], size[0]) if turned else size)


def _opened(photo: Photo) -> Image.Image:
    """Return a picture whose pixels are not decoded yet, where it is a file."""
    if isinstance(photo, Image.Image):
        return photo.copy()
    if isinstance(photo, np.ndarray):
        return Image.fromarray(photo)
    source = io.BytesIO(photo if isinstance(photo, bytes) else Path(photo).read_bytes())
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # ours is checked instead
    try:
        return Image.open(source, formats=FORMATS)
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _in_rgb(picture: Image.Image) -> Image.Image:
    """Return a picture in 8-bit RGB, over white where it is transparent."""
    if picture.mode.startswith(("I", "F")):
        return Image.fromarray(_as_levels(picture)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        own = picture.convert("RGBA")
        ground = Image.new("RGBA", own.size, (*TRANSPARENT, 255))
        return Image.alpha_composite(ground, own).convert("RGB")
    return picture.convert("RGB")


def _as_levels(picture: Image.Image) -> NDArray[np.uint8]:
    """Return grey values of 16 bits and more, or of any numbers, as 8 bits: scaled, not cut off."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float32))
    high = float(values.max())
    if picture.mode.startswith("I;16") or 255 < high <= SIXTEEN_BITS:
        white = SIXTEEN_BITS
    elif high <= 1 and picture.mode == "F":
        white = 1.0
    else:
        white = max(high, 255.0)
    levels: NDArray[np.uint8] = (values / white * 255).round().clip(0, 255).astype(np.uint8)
    return levels
