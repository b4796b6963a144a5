"""Pictures and animations as files."""

import io
import math
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw

from draggan_widget.drag.validation import Points
from draggan_widget.errors import InputError
from draggan_widget.video import mp4_bytes
from draggan_widget.whole_files import write_whole

IMAGE_FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"lossless": True}),
}
"""Pillow's format and its options by the ending of the file."""

ANIMATION_FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".gif": ("GIF", {}),
    ".webp": ("WEBP", {"quality": 90}),
    ".png": ("PNG", {}),
}
"""Likewise for animations."""

VIDEO_FORMATS: dict[str, tuple[str, dict[str, Any]]] = {".mp4": ("MP4", {})}
"""Likewise for videos, which Pillow does not write."""

SLOWEST_FPS = 0.02
"""The formats count a picture's milliseconds in 16 bits: a minute is the most."""

FASTEST_FPS = 50.0
"""GIF counts in hundredths of a second, and browsers slow down what is faster than two of them."""

ANIMATION_FPS = 12.0
"""Default frame rate of an animation: a drag of the embedded generator then lasts a few seconds."""

REST_MS = 1000
"""How long the last picture of an animation stays before it starts again."""

LARGEST_SCALE = 16
"""Pictures are enlarged at most so much: small generators' pictures are hard to see, large ones need it not."""

HANDLE_COLOUR = (227, 52, 47)
TARGET_COLOUR = (31, 111, 235)
OUTLINE_COLOUR = (255, 255, 255)

MARK_RADIUS = 1 / 64
"""Radius of a drawn point as a part of the picture's longer side."""


def save_image(
    picture: Image.Image,
    path: str | os.PathLike[str],
    finish_png: Callable[[bytes], bytes] | None = None,
) -> Path:
    """Write a picture as PNG, JPEG or WebP, by the ending of the path; return the path.

    Args:
        picture: RGB.
        path: File.
        finish_png: Gives the content of the file from that of a plain PNG.

    Raises:
        InputError: Another ending, or the folder does not exist.
    """
    target = Path(path)
    file_format, options = _format_of(target, IMAGE_FORMATS)
    content = io.BytesIO()
    picture.save(content, file_format, **options)
    data = content.getvalue()
    if file_format == "PNG" and finish_png is not None:
        data = finish_png(data)
    write_whole(target, data)
    return target


def save_animation(
    pictures: Iterable[Image.Image], path: str | os.PathLike[str], *, fps: float
) -> Path:
    """Write pictures as an animated GIF, WebP or PNG, which repeat for ever, or as an MP4; return the path.

    Args:
        pictures: At least one; of one size. They may be drawn while they are asked for.
        path: File, ending in ``.gif``, ``.webp``, ``.png`` or ``.mp4``.
        fps: Pictures a second, 0.02 to 50.

    Raises:
        InputError: No picture, another ending, a frame rate out of range, the folder does not exist, or there is no
            package to write MP4.
    """
    target = Path(path)
    _format_of(target, {**ANIMATION_FORMATS, **VIDEO_FORMATS})
    write_whole(target, animation_bytes(pictures, target.suffix, fps=fps))
    return target


def animation_bytes(pictures: Iterable[Image.Image], ending: str, *, fps: float) -> bytes:
    """Return the content of an animation's file.

    Args:
        pictures: At least one; of one size.
        ending: Of the file, as for :func:`save_animation`.
        fps: Pictures a second, 0.02 to 50.

    Raises:
        InputError: No picture, a frame rate out of range, or there is no package to write MP4.
    """
    number = isinstance(fps, int | float) and not isinstance(fps, bool) and math.isfinite(fps)
    if not number or not SLOWEST_FPS <= fps <= FASTEST_FPS:
        raise InputError(f"fps must be from {SLOWEST_FPS:g} to {FASTEST_FPS:g}, got {fps!r}")
    if ending.lower() in VIDEO_FORMATS:
        return mp4_bytes(pictures, fps=fps, rest_ms=REST_MS)
    file_format, options = ANIMATION_FORMATS[ending.lower()]
    frames = list(_prepared(pictures, file_format))
    if not frames:
        raise InputError("an animation needs at least one picture, got none")
    durations = [round(1000 / fps)] * (len(frames) - 1) + [REST_MS]
    content = io.BytesIO()
    frames[0].save(
        content,
        file_format,
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        **options,
    )
    return content.getvalue()


def checked_scale(scale: object) -> int:
    """Return by how many times pictures are to be enlarged, 1 to 16; raise :class:`InputError` for anything else."""
    if not isinstance(scale, int) or isinstance(scale, bool) or not 1 <= scale <= LARGEST_SCALE:
        raise InputError(f"scale must be a whole number from 1 to {LARGEST_SCALE}, got {scale!r}")
    return scale


def picture_enlarged(picture: Image.Image, scale: int) -> Image.Image:
    """Return a picture so many times as wide and high, smoothly."""
    if scale == 1:
        return picture
    size = picture.width * scale, picture.height * scale
    return picture.resize(size, Image.Resampling.BICUBIC)


def points_scaled(points: Points, scale: ArrayLike) -> Points:
    """Return where points ``[N, 2]`` px of a picture lie in one so many times as large: pixel centres are at integers.

    Args:
        points: In the picture.
        scale: One factor, or that of the width and that of the height.
    """
    moved: Points = (points + 0.5) * np.asarray(scale) - 0.5
    return moved


def with_points(picture: Image.Image, handle_points: Points, target_points: Points) -> Image.Image:
    """Return a copy of a picture with its points drawn: a line from each handle to its target.

    Args:
        picture: RGB.
        handle_points: ``[N, 2]`` px.
        target_points: ``[N, 2]`` px.
    """
    marked = picture.copy()
    pen = ImageDraw.Draw(marked)
    radius = max(2.0, MARK_RADIUS * max(picture.size))
    for handle, target in zip(handle_points.tolist(), target_points.tolist(), strict=True):
        pen.line([*handle, *target], fill=OUTLINE_COLOUR, width=max(1, round(radius / 2)))
        _dot(pen, target, radius, TARGET_COLOUR)
        _dot(pen, handle, radius, HANDLE_COLOUR)
    return marked


def _format_of(
    path: Path, formats: dict[str, tuple[str, dict[str, Any]]]
) -> tuple[str, dict[str, Any]]:
    """Return Pillow's format and options for a path's ending."""
    if path.suffix.lower() not in formats:
        raise InputError(
            f"the file must end in one of {', '.join(formats)}, got {path.name!r}; rename it"
        )
    return formats[path.suffix.lower()]


def _prepared(pictures: Iterable[Image.Image], file_format: str) -> Iterator[Image.Image]:
    """Yield the pictures, for GIF each with its own best 256 colours."""
    for picture in pictures:
        yield picture.quantize(256) if file_format == "GIF" else picture


def _dot(
    pen: ImageDraw.ImageDraw, centre: tuple[float, float], radius: float, colour: tuple[int, ...]
) -> None:
    """Draw a filled circle with an outline."""
    x, y = centre
    box = (x - radius, y - radius, x + radius, y + radius)
    pen.ellipse(box, fill=colour, outline=OUTLINE_COLOUR, width=max(1, round(radius / 3)))
