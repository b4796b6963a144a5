"""Photos as they come: turned, in other colours, huge, damaged, hostile."""

from __future__ import annotations

import contextlib
import io
import math
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from draggan_widget.errors import InputError
from draggan_widget.inversion.photo import (
    Crop,
    as_tensor,
    centred_crop,
    checked_crop,
    cropped,
    read_photo,
)

CORNER = (200, 40, 40)
GROUND = (40, 120, 60)
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What a camera that noted this orientation did to the upright picture."""


def upright(size: tuple[int, int] = (48, 32)) -> Image.Image:
    """Return a picture whose upper left corner is red."""
    picture = Image.new("RGB", size, GROUND)
    picture.paste(CORNER, (0, 0, size[0] // 2, size[1] // 2))
    return picture


def kept(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    """Return the file of a picture."""
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def has_red_corner(picture: Image.Image) -> bool:
    """Whether the upper left corner is red, and the others are green."""
    right, low = picture.width - 4, picture.height - 4
    corners = np.asarray(picture)[[3, 3, low, low], [3, right, 3, right]].astype(int)
    wanted = [CORNER, GROUND, GROUND, GROUND]
    return bool(np.abs(corners - wanted).max() < 30)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_what_a_camera_noted_of_its_position_is_followed(
    orientation: int, file_format: str
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture = upright()
    if orientation in TURNS:
        picture = picture.transpose(TURNS[orientation])
    read = read_photo(kept(picture, file_format, exif=exif))
    assert read.picture.size == read.size == (48, 32)
    assert has_red_corner(read.picture)


@pytest.mark.parametrize(
    "mode", ["CMYK", "L", "P", "1", "YCbCr", "RGBA", "LA", "HSV", "LAB", "RGBX"]
)
def test_every_mode_becomes_rgb(mode: str) -> None:
    picture = upright().convert("RGBA" if mode == "LA" else "RGB")
    converted = (
        picture.convert("L").convert("RGB").convert("LA")
        if mode == "LA"
        else Image.new("LAB", picture.size)
        if mode == "LAB"
        else picture.convert(mode)
    )
    read = read_photo(converted).picture
    assert read.mode == "RGB"
    if mode not in ("1", "L", "LA", "LAB", "P"):
        assert has_red_corner(read)


def test_a_cmyk_jpeg_keeps_its_colours() -> None:
    assert has_red_corner(read_photo(kept(upright().convert("CMYK"), "JPEG", quality=95)).picture)


def test_an_animation_gives_its_first_picture(tmp_path: Path) -> None:
    path = tmp_path / "moving.gif"
    upright().save(path, save_all=True, append_images=[Image.new("RGB", (48, 32))] * 2)
    assert has_red_corner(read_photo(path).picture)


def test_transparent_parts_are_white() -> None:
    picture = upright().convert("RGBA")
    picture.putalpha(Image.new("L", picture.size, 0))
    assert read_photo(kept(picture, "PNG")).picture.getpixel((3, 3)) == (255, 255, 255)
    palette = upright().convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    index = palette.getpixel((40, 20))
    read = read_photo(kept(palette, "PNG", transparency=index)).picture
    assert read.getpixel((40, 20)) == (255, 255, 255)
    assert np.abs(np.asarray(read)[3, 3].astype(int) - CORNER).max() < 30
    levels = bytes([128] * 256)
    assert read_photo(kept(palette, "PNG", transparency=levels)).picture.mode == "RGB"


@pytest.mark.parametrize("high", [65535, 1000, 100])
def test_sixteen_bits_of_grey_are_scaled_and_not_cut(high: int) -> None:
    values = np.linspace(0, high, 64 * 64).reshape(64, 64).astype(np.uint16)
    for photo in (kept(Image.fromarray(values), "PNG"), Image.fromarray(values)):
        read = np.asarray(read_photo(photo).picture)[..., 0]
        assert read[-1, -1] == round(high / 65535 * 255)


def test_other_numbers_are_scaled_too() -> None:
    ramp = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    for values in (ramp, ramp * 255, ramp * 65535, ramp * 1e6, np.where(ramp > 2, ramp, np.nan)):
        read = np.asarray(read_photo(Image.fromarray(values.astype(np.float32))).picture)
        assert read.max() == (0 if np.isnan(values).all() else 255)


def test_arrays_are_taken() -> None:
    picture = np.asarray(upright())
    assert has_red_corner(read_photo(picture).picture)
    assert read_photo(picture[..., 0]).picture.mode == "RGB"
    assert read_photo(np.dstack([picture, picture[..., :1]])).picture.mode == "RGB"
    assert has_red_corner(read_photo(np.asfortranarray(picture)).picture)


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (np.zeros((32, 32, 3), np.float32), "of uint8, got .* of float32"),
        (np.zeros((32, 32, 2), np.uint8), "3 or 4 colours, got 2"),
        (np.zeros((0, 32, 3), np.uint8), "uint8"),
        (np.zeros((1, 3, 32, 32), np.uint8), "uint8"),
        (np.zeros((4, 32, 3), np.uint8), "expected 8 at least"),
        (Image.new("RGB", (7, 100)), "expected 8 at least"),
        (3, "got int"),
        (None, "got NoneType"),
        ([1, 2], "got list"),
        ("nowhere.png", "there is no photo 'nowhere.png'; check the path"),
        (b"", "no photo that can be read"),
        (b"GIF89a", "damaged|no photo"),
        (b"\x89PNG\r\n\x1a\n", "damaged|no photo"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "no photo that can be read"),
        (b"cos\nsystem\n(S'true'\ntR.", "no photo that can be read"),
    ],
)
def test_what_is_no_photo_is_refused(photo: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_photo(photo)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_damaged_files_are_errors_of_ours_or_pictures(file_format: str) -> None:
    rng = np.random.default_rng(1)
    whole = kept(Image.fromarray(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)), file_format)
    for trial in range(30):
        damaged = bytearray(whole)
        if trial % 2:
            for place in rng.integers(0, min(len(whole), 400), 8):
                damaged[place] = rng.integers(0, 256)
        else:
            del damaged[int(rng.integers(1, len(whole))) :]
        with contextlib.suppress(InputError):
            assert read_photo(bytes(damaged)).picture.mode == "RGB"


def png(width: int, height: int, colour: int, bits: int, data: bytes) -> bytes:
    """Return a PNG with these numbers in its header."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(data, 9)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_photo_of_more_pixels_than_there_is_memory_is_refused_unread() -> None:
    tracemalloc.start()
    with pytest.raises(InputError, match=r"60000 x 60000 pixels; make it smaller"):
        read_photo(png(60_000, 60_000, 2, 8, b""))
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_a_long_jpeg_is_read_at_a_part_of_its_size() -> None:
    read = read_photo(kept(upright((20_000, 100)), "JPEG"))
    assert read.size == (20_000, 100)
    assert read.picture.width <= 4096
    assert math.isclose(read.scale, read.picture.width / 20_000)


@pytest.mark.slow
def test_a_huge_bitmap_is_read() -> None:
    row = b"\x00" + b"\xff" * (20_000 // 8)
    read = read_photo(png(20_000, 20_000, 0, 1, row * 20_000))
    assert read.picture.size == (4096, 4096)
    assert read.picture.getpixel((100, 100)) == (255, 255, 255)


def test_a_thread_of_pixels_shows_nothing() -> None:
    with pytest.raises(InputError, match="so narrow that nothing is left of it"):
        read_photo(Image.new("RGB", (30_000, 10)))


def test_the_crop_is_the_largest_part_in_the_middle() -> None:
    assert centred_crop((100, 60), 1.0) == Crop(20, 0, 60, 60)
    assert centred_crop((60, 100), 0.5) == Crop(5, 0, 50, 100)
    assert checked_crop(None, (100, 60), 1.0) == Crop(20, 0, 60, 60)
    assert checked_crop((1, 2, 30, 30), (100, 60), 1.0) == Crop(1, 2, 30, 30)
    assert checked_crop(Crop(1, 2, 30, 30), (100, 60), 1.0) == Crop(1, 2, 30, 30)


@pytest.mark.parametrize(
    ("crop", "words"),
    [
        ((0, 0, 61, 61), "must lie in the photo of 100 x 60 px"),
        ((-1, 0, 30, 30), "must lie in the photo"),
        ((0, 0, 4, 4), "8 px wide at least"),
        ((0, 0, 50, 30), "1 times as wide as high, got 50 x 30"),
        ((0, 0, math.nan, 30), "must lie in the photo"),
        ((0, 0, 30), "must be"),
        ("1234", "must be"),
        (5, "must be"),
    ],
)
def test_a_crop_that_is_none_is_refused(crop: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        checked_crop(crop, (100, 60), 1.0)


def test_a_part_is_cut_and_brought_to_size() -> None:
    part = cropped(upright(), Crop(0, 0, 12, 8), (6, 4))
    assert part.size == (6, 4)
    assert np.abs(np.asarray(part).astype(int) - CORNER).max() <= 1
    assert as_tensor(part).shape == (1, 3, 4, 6)
    assert as_tensor(Image.new("RGB", (2, 2), (0, 255, 0)))[0, :, 0, 0].tolist() == [-1, 1, -1]
