"""Pictures as an MP4 that every browser plays; the package that writes it is optional."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from draggan_widget.errors import InputError

CODEC = "libx264"
PIXELS = "yuv420p"
"""H.264 with a colour for four pixels: what Safari, Firefox and the phones play, and nothing finer."""

QUALITY = "16"
"""Constant rate factor of x264, 0 to 51; below 18 nobody sees a difference."""

TICKS_PER_S = 1000
"""Times are whole milliseconds."""

CURE = "pip install 'draggan-widget[video]', or save a GIF"


def can_write_mp4() -> bool:
    """Return whether the package that writes MP4 is there."""
    return find_spec("av") is not None


def mp4_bytes(pictures: Iterable[Image.Image], *, fps: float, rest_ms: int) -> bytes:
    """Return an MP4 of pictures.

    Args:
        pictures: At least one; RGB, of one size. Of an odd size the last column or row is shown twice.
        fps: Pictures a second.
        rest_ms: How long the last picture stays, milliseconds.

    Raises:
        InputError: There is no picture, or no package that writes MP4.
    """
    if not can_write_mp4():
        raise InputError(f"an MP4 needs the package av: {CURE}")
    frames = [_even(picture) for picture in pictures]
    if not frames:
        raise InputError("an animation needs at least one picture, got none")
    # A file on disk: to put its index first, so that a page can play before it has all, FFmpeg opens it once more.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        _write(path, frames, fps, rest_ms)
        return path.read_bytes()


def _write(path: Path, frames: list[Image.Image], fps: float, rest_ms: int) -> None:
    """Write an MP4."""
    import av
    from av.video.stream import VideoStream

    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream(CODEC, rate=Fraction(fps).limit_denominator(TICKS_PER_S))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = PIXELS
        stream.options = {"crf": QUALITY}
        stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        # A player ends with the last picture's begin, so that one is told twice.
        times = [round(TICKS_PER_S * k / fps) for k in range(len(frames))]
        for time, frame in zip([*times, times[-1] + rest_ms], [*frames, frames[-1]], strict=True):
            shown = av.VideoFrame.from_ndarray(np.asarray(frame), format="rgb24")
            shown.pts, shown.time_base = time, Fraction(1, TICKS_PER_S)
            container.mux(stream.encode(shown))
        container.mux(stream.encode())


def _even(picture: Image.Image) -> Image.Image:
    """Return a picture of even width and height, which H.264 asks for."""
    width, height = picture.size
    size = width + width % 2, height + height % 2
    if size == picture.size:
        return picture
    even = Image.new("RGB", size)
    for at in ((width % 2, height % 2), (width % 2, 0), (0, height % 2), (0, 0)):
        even.paste(picture, at)
    return even
