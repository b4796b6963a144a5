"""Photos of all kinds, large and strange ones, against NumPy: colours, memory, and what nobody should be able to do."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from draggan_widget.errors import InputError
from draggan_widget.inversion import free_memory
from draggan_widget.inversion.decoding import ORIENTATION, prepare
from draggan_widget.inversion.free_memory import free_bytes
from draggan_widget.inversion.photo import read_photo
from tests.inversion.test_photo import (
    CORNER,
    GROUND,
    TURNS,
    has_red_corner,
    kept,
    png,
    upright,
)

LONG = (9000, 80)
"""Is averaged over two pixels when it is read, and brought to 4096 x 36."""

READER = """
import json, sys
from draggan_widget.errors import InputError
from draggan_widget.inversion.photo import read_photo
{before}
def peak_mb():
    lines = open("/proc/self/status").read().split("\\n")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
open("/proc/self/clear_refs", "w").write("5")
before = peak_mb()
try:
    words = str(read_photo(sys.argv[1]).picture.size)
except InputError as error:
    words = str(error)
print(json.dumps([words, peak_mb() - before]))
"""

measured = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="memory is measured on Linux"
)


def ramp() -> NDArray[np.uint8]:
    """Return colours that change along a long picture, ``[80, 9000, 3]``."""
    x, y = np.meshgrid(np.linspace(0, 1, LONG[0]), np.linspace(0, 1, LONG[1]))
    values = np.stack([255 * x, 255 * y, 255 * (1 - x)], -1)
    colours: NDArray[np.uint8] = values.round().astype(np.uint8)
    return colours


def read_in_a_process(path: Path, before: str = "") -> tuple[str, float]:
    """Return size or error of a photo, and by how many MB the memory of a process grew that read it."""
    run = subprocess.run(
        [sys.executable, "-c", READER.format(before=before), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    words, grown = json.loads(run.stdout)
    return words, grown


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "YCbCr", "L", "LA", "P", "1", "I;16"])
def test_large_photos_of_every_mode_keep_their_colours(mode: str) -> None:
    truth = ramp()
    if mode in ("L", "LA", "1", "I;16"):
        truth = np.repeat(truth[..., :1], 3, -1)
    picture = Image.fromarray(truth)
    if mode == "I;16":
        picture = Image.fromarray(truth[..., 0].astype(np.uint16) * 257)
    elif mode == "LA":
        picture = picture.convert("L").convert("LA")
    elif mode == "P":
        picture = picture.quantize(256)
    else:
        picture = picture.convert(mode)
    read = read_photo(picture)
    assert read.size == LONG
    assert read.picture.size == (4096, 36)
    wanted = np.asarray(Image.fromarray(truth).resize((4096, 36), Image.Resampling.BOX))
    change = np.asarray(read.picture).astype(int) - wanted
    blurred = change.reshape(36, 64, 64, 3).mean((0, 2))  # dots of a bitmap are even from afar
    assert np.abs(blurred).max() < (12 if mode in ("P", "1") else 3)


def test_a_photo_that_is_given_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(ramp()).save(path)
    with Image.open(path) as picture:
        assert read_photo(picture).size == LONG
        assert picture.size == LONG
        assert picture.mode == "RGB"
    array = np.asarray(upright()).copy()
    array.setflags(write=False)
    assert has_red_corner(read_photo(array).picture)


@pytest.mark.parametrize("orientation", TURNS)
def test_large_photos_are_set_upright_too(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture = upright((9000, 4000)).transpose(TURNS[orientation])
    read = read_photo(kept(picture, "JPEG", exif=exif))
    assert read.size == (9000, 4000)
    assert read.picture.width == 4096
    assert has_red_corner(read.picture)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # which Pillow tells and goes on
@pytest.mark.parametrize("notes", [b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b""])
def test_notes_that_cannot_be_read_are_no_damage(notes: bytes) -> None:
    assert has_red_corner(read_photo(kept(upright(), "JPEG", exif=notes)).picture)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "GIF", "TIFF", "MPO"])
def test_of_several_pictures_the_first_is_taken(file_format: str) -> None:
    others = [Image.new("RGB", (48, 32))] * 2
    file = kept(upright(), file_format, save_all=True, append_images=others)
    assert has_red_corner(read_photo(file).picture)


@measured
@pytest.mark.parametrize(("colour", "bits"), [(6, 8), (0, 16), (3, 8)])
def test_a_long_file_takes_little_more_memory_than_its_pixels(
    colour: int, bits: int, tmp_path: Path
) -> None:
    samples = {6: 4, 0: 1, 3: 1}[colour]
    width, height = 20_000, 2_000
    row = b"\0" + bytes(width * samples * bits // 8)
    file = png(width, height, colour, bits, row * height)
    if colour == 3:
        at = file.index(b"IDAT") - 4
        file = file[:at] + _palette() + file[at:]
    path = tmp_path / "long.png"
    path.write_bytes(file)
    words, grown = read_in_a_process(path)
    assert words == "(4096, 410)"
    decoded = 4 * width * height / 2**20
    assert grown < decoded + 120


@measured
def test_a_photo_for_which_memory_is_too_small_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(png(20_000, 20_000, 2, 8, bytes(100)))
    limited = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))"
    words, _ = read_in_a_process(path, limited)
    assert "not enough memory for the photo; make it smaller" in words


def test_a_photo_larger_than_what_is_free_is_refused_unread() -> None:
    with Image.open(io.BytesIO(png(9_000, 9_000, 2, 8, b""))) as picture:
        prepare(picture, 4 * 9_000**2)
        with pytest.raises(InputError, match="take 308 MB, but 95 MB are free here; make it sma"):
            prepare(picture, 10**8)
        prepare(picture, None)
    for options, most in (({}, 4), ({"progressive": True}, 6)):
        with Image.open(io.BytesIO(kept(upright((2000, 1000)), "JPEG", **options))) as picture:
            prepare(picture, most * 2_000_000)
            with pytest.raises(InputError, match="2000 x 1000 pixels, which take"):
                prepare(picture, most * 2_000_000 - 1)


def test_free_memory_is_that_of_machine_and_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = tmp_path / "meminfo"
    machine.write_text("MemTotal:       99 kB\nMemAvailable:   3000 kB\n")
    monkeypatch.setattr(free_memory, "MACHINE", machine)
    monkeypatch.setattr(free_memory, "CONTAINERS", ((tmp_path, "max", "current"),))
    assert free_bytes() == 3000 * 1024
    for limit, used, files, free in (
        ("max", "5", "", 3000 * 1024),
        ("1000", "400", "", 600),
        ("1000", "400", "inactive_file 100\n", 700),
        ("1000", "400", "inactive_file 5\ntotal_inactive_file 100\n", 700),
        ("1000", "4000", "", 0),
    ):
        (tmp_path / "max").write_text(limit + "\n")
        (tmp_path / "current").write_text(used + "\n")
        (tmp_path / "memory.stat").write_text("file 3\n" + files)
        assert free_bytes() == free
    monkeypatch.setattr(free_memory, "MACHINE", tmp_path / "nothing")
    monkeypatch.setattr(free_memory, "CONTAINERS", ())
    assert free_bytes() is None


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (torch.zeros(1, 3, 32, 32), r"got \[1, 3, 32, 32\] of float32; of colours from 0 to 1"),
        (np.zeros((3, 32, 32), np.uint8), r"the colours come last: array\.transpose\(1, 2, 0\)"),
        (np.zeros((32, 32), bool), "of bool"),
        (np.zeros((32, 32), np.uint16), "of uint16"),
        (np.array([["a"]]), "must be"),
        (io.BytesIO(b""), "got BytesIO; give what its read"),
        (bytearray(9), "got bytearray"),
        ("https://example.org/cat.jpg", "no photo .*; save it to a file first"),
        ("n" * 5000, "cannot be read .*; check the path|there is no photo"),
        ("\0", "cannot be read|there is no photo"),
        (os.curdir, "there is no photo '.'; check the path"),
        (os.devnull, "there is no photo"),
    ],
)
def test_what_is_given_wrongly_is_told_with_its_cure(photo: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_photo(photo)


def test_a_tensor_of_bytes_is_taken_as_an_array() -> None:
    picture = torch.from_numpy(np.asarray(upright()).copy())
    assert has_red_corner(read_photo(picture).picture)


def test_the_limit_of_pillow_is_as_before_however_many_read_at_once() -> None:
    before = Image.MAX_IMAGE_PIXELS
    file = kept(upright(), "PNG")
    threads = [
        threading.Thread(target=lambda: [read_photo(file) for _ in range(20)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert before == Image.MAX_IMAGE_PIXELS


def _palette() -> bytes:
    """Return the chunk of a PNG with two colours."""
    body = b"PLTE" + bytes([*CORNER, *GROUND])
    return struct.pack(">I", 6) + body + struct.pack(">I", zlib.crc32(body))
