"""Pictures out of whatever a photo is given as, in RGB and not too large; huge ones are converted strip by strip."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from draggan_widget.errors import InputError

Photo = str | os.PathLike[str] | bytes | Image.Image | NDArray[Any] | Tensor
"""A path, the bytes of a file, a picture, or an array ``[H, W]``, ``[H, W, 3]`` or ``[H, W, 4]`` of 8 bits."""

MOST_PIXELS = 500_000_000
"""A larger photo is an accident; 20,000 x 20,000 px are 400 million."""

SMALLEST_PX = 8
"""A photo of fewer pixels across shows nothing."""

BYTES_A_PIXEL = {"1": 1, "L": 1, "P": 1}
"""What decoded pictures take, by mode; four bytes where nothing else is said."""

LONGEST_SIDE_PX = 4096
"""A larger photo is brought to this size when it is read; no generator draws more."""

STRIP_PX = 1 << 22
"""So many pixels are converted at once."""

TRANSPARENT = (255, 255, 255)
"""What shows through where a photo is transparent."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""What is read; of the other formats that Pillow knows some run a program on the file."""

PROGRESSIVE_BYTES_A_PIXEL = 6
"""What a JPEG takes at most that comes in several passes, whose numbers are all kept until the last."""

SIXTEEN_BITS = 65535.0

ORIENTATION = 0x0112
"""Entry of a photo's notes that tells how the camera was held."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets a photo upright, by that entry."""

_OPENING = threading.Lock()
"""Held while Pillow's own limit is away, which is one for all threads."""


def check_kind(photo: object) -> None:
    """Refuse what is no photo at all.

    Raises:
        InputError: It is none; the message says what would be one.
    """
    if isinstance(photo, np.ndarray | Tensor):
        _check_array(photo)
    elif isinstance(photo, str | os.PathLike):
        _check_path(photo)
    elif not isinstance(photo, bytes | Image.Image):
        cure = "; give what its read() returns" if hasattr(photo, "read") else ""
        raise InputError(
            f"a photo is a path, bytes, a PIL picture or an array, got {type(photo).__name__}{cure}"
        )


@contextmanager
def opened(photo: Photo) -> Iterator[Image.Image]:
    """Lend the picture of a photo of the right kind; the pixels of a file are not decoded yet.

    Raises:
        OSError: Whatever Pillow raises, and the system.
    """
    if isinstance(photo, Image.Image):
        yield photo
    elif isinstance(photo, np.ndarray | Tensor):
        values = photo.detach().cpu().numpy() if isinstance(photo, Tensor) else photo
        yield Image.fromarray(np.ascontiguousarray(values))
    else:
        with io.BytesIO(photo) if isinstance(photo, bytes) else Path(photo).open("rb") as stream:
            with _OPENING:
                limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # ours is checked
                try:
                    picture = Image.open(stream, formats=FORMATS)
                finally:
                    Image.MAX_IMAGE_PIXELS = limit
            with picture:
                yield picture


def check_size(picture: Image.Image) -> None:
    """Refuse a picture that shows nothing, or has more than 500 million pixels.

    Raises:
        InputError: It does.
    """
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise InputError(
            f"the photo has {width} x {height} pixels; make it smaller than {MOST_PIXELS} in all"
        )
    if min(width, height) < SMALLEST_PX:
        raise InputError(
            f"the photo has {width} x {height} pixels, expected {SMALLEST_PX} at least on each side"
        )


def prepare(picture: Image.Image, free: int | None) -> None:
    """Let a file's picture be decoded at a part of its size, where its format can; refuse it if memory is too small.

    Args:
        picture: Not decoded yet.
        free: Bytes that are free; None where that is not known.

    Raises:
        InputError: It has more pixels than there is memory for.
    """
    width, height = picture.size
    whole = PROGRESSIVE_BYTES_A_PIXEL * width * height if "progressive" in picture.info else 0
    picture.draft(None, (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    decoded = BYTES_A_PIXEL.get(picture.mode, 4) * picture.width * picture.height
    needed = max(whole, decoded)
    if free is not None and needed > free:
        raise InputError(
            f"the photo has {width} x {height} pixels, which take {needed >> 20} MB, but {free >> 20} MB are free here; "
            "make it smaller with another program"
        )


def upright_in_rgb(picture: Image.Image) -> tuple[Image.Image, bool]:
    """Return a picture in RGB, upright, at most 4096 px long, and whether width and height changed places.

    Raises:
        OSError: Whatever Pillow raises for damaged files.
    """
    picture.load()
    turn = _turn(picture)
    rgb = _shrunk(picture)
    rgb.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), Image.Resampling.LANCZOS)
    upright = rgb if turn is None else rgb.transpose(turn)
    return upright, turn in (TURNS[5], TURNS[6], TURNS[7], TURNS[8])


def _check_array(photo: NDArray[Any] | Tensor) -> None:
    """Refuse arrays that are no pictures of 8 bits."""
    shape, kind = list(photo.shape), str(photo.dtype).removeprefix("torch.")
    if kind != "uint8" or len(shape) not in (2, 3) or 0 in shape:
        raise InputError(
            f"an array must be [H, W] or [H, W, 3] of uint8, got {shape} of {kind}; of colours from 0 to 1 write "
            "(255 * array).round().astype('uint8')"
        )
    if len(shape) == 3 and shape[2] not in (3, 4):
        swapped = shape[0] in (3, 4)
        cure = "; the colours come last: array.transpose(1, 2, 0)" if swapped else ""
        raise InputError(f"an array must have 3 or 4 colours, got {shape[2]}{cure}")


def _check_path(photo: str | os.PathLike[str]) -> None:
    """Refuse paths at which no file can be read."""
    try:
        path = Path(photo)
        is_there = path.is_file()
        if is_there:
            with path.open("rb"):
                pass
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"the photo {os.fspath(photo)!r:.200} cannot be read ({error!s:.200}); check the path"
        ) from error
    if not is_there:
        is_address = str(photo).startswith(("http://", "https://"))
        cure = "save it to a file first" if is_address else "check the path"
        raise InputError(f"there is no photo {os.fspath(photo)!r:.200}; {cure}")


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """Return what sets a picture upright; None if it is, or if what the camera noted cannot be read."""
    with contextlib.suppress(
        Exception
    ):  # notes are as anybody has written them; the picture may be whole
        return TURNS.get(picture.getexif().get(ORIENTATION, 1))
    return None


def _shrunk(picture: Image.Image) -> Image.Image:
    """Return a picture in RGB, averaged to less than twice the longest side; never more than a strip is converted."""
    factor = max(max(picture.size) // LONGEST_SIDE_PX, 1)
    white = _white(picture)
    width, height = picture.size
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top, strip in _strips(picture, factor):
        small.paste(_in_rgb(strip, white).reduce(factor), (0, top // factor))
    return small


def _strips(picture: Image.Image, factor: int) -> Iterator[tuple[int, Image.Image]]:
    """Yield strips of a picture, each with its first row; they have a multiple of so many rows."""
    rows = max(STRIP_PX // (picture.width * factor), 1) * factor
    for top in range(0, picture.height, rows):
        yield top, picture.crop((0, top, picture.width, min(top + rows, picture.height)))


def _in_rgb(picture: Image.Image, white: float) -> Image.Image:
    """Return a picture in 8-bit RGB, over white where it is transparent; ``white`` is what 255 is of other numbers."""
    if picture.mode.startswith(("I", "F")):
        values = _numbers(picture) / white * 255
        return Image.fromarray(values.round().clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        own = picture.convert("RGBA")
        ground = Image.new("RGBA", own.size, (*TRANSPARENT, 255))
        return Image.alpha_composite(ground, own).convert("RGB")
    return picture.convert("RGB")


def _numbers(picture: Image.Image) -> NDArray[np.float32]:
    """Return the values of a picture of whole or decimal numbers; what is none is 0."""
    return np.nan_to_num(np.asarray(picture, dtype=np.float32))


def _white(picture: Image.Image) -> float:
    """Return which number is white in a picture of 16 bits or more, or of any numbers; of others 255."""
    if picture.mode.startswith("I;16"):
        return SIXTEEN_BITS
    if not picture.mode.startswith(("I", "F")):
        return 255.0
    high = max(float(_numbers(strip).max()) for _, strip in _strips(picture, 1))
    if 255 < high <= SIXTEEN_BITS:
        return SIXTEEN_BITS
    return 1.0 if high <= 1 and picture.mode == "F" else max(high, 255.0)
