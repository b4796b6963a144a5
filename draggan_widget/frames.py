"""Image tensors to pictures, and pictures to the bytes that a browser shows.

The formats and qualities follow measurements: JPEG is the only one fast enough while the picture moves; lossless WebP
is 30 % smaller than PNG and encoded 1.5 to 3 times faster.
"""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

LIVE_QUALITY = 90
"""JPEG quality of pictures while they move; 40 dB and more."""

LIVE_QUALITY_SMALL = 95
"""JPEG quality up to :data:`SMALL_SIDE_PX`, where it costs no time."""

LEAN_METHOD = 2
"""Effort of WebP for slow ways: at the same quality a third smaller than the fastest, in 15 to 40 ms at 512 px."""

SMALL_SIDE_PX = 512
"""Longest side of a picture that is encoded at the higher quality."""

RESULT_MARK = "draggan_widget result"
"""Stands in pictures that a notebook keeps, 48 bytes from the begin of a PNG and 24 from that of a JPEG: both are whole
threes, so that it reads the same in base 64."""

THUMBNAIL_SIDE_PX = 128
"""Longest side of a picture to choose by: sharp in 64 px of a page at two device pixels each."""

THUMBNAIL_QUALITY = 82
"""Quality of such a picture, which then has some 3 KB."""

WEBP_LONGEST_SIDE_PX = 16383
"""The format has no larger pictures."""


@dataclass(frozen=True)
class EncodedPicture:
    """A picture as a browser takes it.

    Attributes:
        data: The file.
        mime: Its type.
        width: Width in pixels.
        height: Height in pixels.
    """

    data: bytes
    mime: str
    width: int
    height: int


def to_rgb(image: Tensor) -> NDArray[np.uint8]:
    """Return an image tensor as 8-bit RGB.

    Args:
        image: ``[1, 3, H, W]``, nominally -1..1; what lies outside is clipped.

    Returns:
        ``[H, W, 3]``.
    """
    levels = image.detach()[0].float().add(1).mul(127.5).round().clamp(0, 255)
    rgb: NDArray[np.uint8] = levels.byte().permute(1, 2, 0).contiguous().cpu().numpy()
    return rgb


def to_picture(image: Tensor) -> Image.Image:
    """Return an image tensor ``[1, 3, H, W]``, nominally -1..1, as a picture."""
    return Image.fromarray(to_rgb(image))


def mean_change(before: Image.Image, after: Image.Image, where: NDArray[np.bool_]) -> float:
    """Return the mean absolute difference of two RGB pictures, of 255, over pixels and colours.

    Args:
        before: Picture of the size H x W.
        after: Another one.
        where: Pixels that count, ``[H, W]``, at least one.
    """
    difference = np.asarray(before).astype(np.int16) - np.asarray(after)
    return float(np.abs(difference[where]).mean())


def encode_live(
    picture: Image.Image, *, divisor: int = 1, quality: int | None = None
) -> EncodedPicture:
    """Return a moving picture as JPEG with full colour resolution, or for slow ways as a much smaller WebP.

    Args:
        picture: RGB.
        divisor: Width and height are divided by it.
        quality: Of the WebP, or of a JPEG where there is no WebP; None for the other one.
    """
    if divisor > 1:
        picture = picture.reduce(divisor)
    if quality is not None:
        kind = "WEBP" if features.check("webp") else "JPEG"
        return _encoded(picture, kind, quality=quality, method=LEAN_METHOD)
    small = max(picture.size) <= SMALL_SIDE_PX
    quality = LIVE_QUALITY_SMALL if small else LIVE_QUALITY
    return _encoded(picture, "JPEG", quality=quality, subsampling=0)


def encode_still(picture: Image.Image) -> EncodedPicture:
    """Return a picture at rest without loss: WebP, or PNG where there is no WebP."""
    if max(picture.size) <= WEBP_LONGEST_SIDE_PX and features.check("webp"):
        return _encoded(picture, "WEBP", lossless=True, quality=0, method=0)
    return encode_png(picture)


def encode_thumbnail(picture: Image.Image) -> EncodedPicture:
    """Return a picture at most :data:`THUMBNAIL_SIDE_PX` wide and high: WebP, or JPEG where there is no WebP."""
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX), Image.Resampling.LANCZOS)
    kind = "WEBP" if features.check("webp") else "JPEG"
    return _encoded(small, kind, quality=THUMBNAIL_QUALITY)


def encode_png(picture: Image.Image) -> EncodedPicture:
    """Return a picture as PNG, for places that keep it."""
    return _encoded(picture, "PNG")


def encode_result(picture: Image.Image, largest_png_px: int, *, marked: bool) -> EncodedPicture:
    """Return a picture for a notebook's file: PNG, or JPEG if a side is longer than ``largest_png_px``.

    Args:
        picture: RGB.
        largest_png_px: Longest side of a PNG.
        marked: Whether it says :data:`RESULT_MARK`, by which a style sheet finds it.
    """
    if max(picture.size) > largest_png_px:
        comment = {"comment": RESULT_MARK} if marked else {}
        return _encoded(picture, "JPEG", quality=LIVE_QUALITY, subsampling=0, **comment)
    texts = PngInfo()
    if marked:
        texts.add_text("Source", RESULT_MARK)
    return _encoded(picture, "PNG", pnginfo=texts)


def _encoded(picture: Image.Image, file_format: str, **options: Any) -> EncodedPicture:
    """Return a picture encoded by Pillow."""
    stream = io.BytesIO()
    picture.save(stream, file_format, **options)
    return EncodedPicture(
        stream.getvalue(), f"image/{file_format.lower()}", picture.width, picture.height
    )
