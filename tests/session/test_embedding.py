"""Sessions inside pictures."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from draggan_widget.errors import SessionFileError
from draggan_widget.session import DragSession
from draggan_widget.session.embedding import (
    CHUNK,
    IEND_SIZE,
    chunk,
    holds_session,
    packed,
    with_session,
)
from tests.picture_blobs import PictureBlobs, blob_session
from tests.session.files import load
from tests.session.sessions import pair_session, same

MOST = "draggan_widget.session.embedding.MOST_EMBEDDED_BYTES"


@pytest.fixture
def picture(tmp_path: Path) -> tuple[DragSession, Path]:
    """Return a session that was dragged, and its picture as a PNG file."""
    session = pair_session()
    session.mask = np.tri(64, dtype=bool)
    session.drag(3)
    session.undo()
    return session, session.save_image(tmp_path / "a.png")


def test_a_png_opens_as_the_session_it_was_saved_from(picture: tuple[DragSession, Path]) -> None:
    session, path = picture
    loaded = load(path)
    for mine, theirs in zip(session.history.entries, loaded.history.entries, strict=True):
        assert same(mine.state, theirs.state)
    assert loaded.redo()
    assert loaded.recipe is not None
    assert loaded.config == session.config


def test_the_png_is_a_picture_for_everybody_else(picture: tuple[DragSession, Path]) -> None:
    session, path = picture
    with Image.open(path) as image:
        assert image.tobytes() == session.image.tobytes()
        assert image.text["Software"].startswith("draggan_widget ")
    with Image.open(path) as image:
        image.verify()


def test_a_picture_can_be_saved_without_the_session(tmp_path: Path) -> None:
    session = pair_session()
    plain = session.save_image(tmp_path / "a.png", with_session=False)
    assert CHUNK not in plain.read_bytes()
    with pytest.raises(SessionFileError, match=r"a\.png is a PNG without a session: only a PNG th"):
        load(plain)
    marked = session.to_png(points=True, with_session=False)
    assert Image.open(io.BytesIO(marked)).tobytes() != session.image.tobytes()
    assert CHUNK in session.to_png()


def test_a_session_is_told_from_a_photo_by_its_content(picture: tuple[DragSession, Path]) -> None:
    session, path = picture
    png, begin = path.read_bytes(), session.to_bytes()[:9]
    assert all(holds_session(each) for each in (png, png[:-40], begin, session.to_bytes()))
    plain = session.to_png(with_session=False)
    # A GIF of 123 px has a brace where a session file has one.
    gif = b"GIF89a\x08\0\x7b\0"
    for photo in (plain, plain[:60], gif, b"\xff\xd8\xff", b"nonsense", b""):
        assert not holds_session(photo)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.jpg", "a JPEG"), ("a.webp", "a WebP"), ("a.gif", "a GIF")]
)
def test_other_pictures_hold_no_session_and_the_cure_is_named(
    tmp_path: Path, name: str, kind: str
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / name)
    with pytest.raises(SessionFileError, match=rf"{kind}.*holds no session.*invert\(\.\.\.\)"):
        load(tmp_path / name)


def test_a_png_that_another_program_has_saved_anew_is_refused(
    picture: tuple[DragSession, Path],
) -> None:
    with Image.open(picture[1]) as image:
        image.copy().save(picture[1])
    with pytest.raises(SessionFileError, match="until another program saves it anew"):
        load(picture[1])


def damaged(png: bytes) -> bytes:
    at = png.index(CHUNK) + 20
    return png[:at] + bytes([png[at] ^ 1]) + png[at + 1 :]


def cut(png: bytes) -> bytes:
    return png[: png.index(CHUNK) + 60]


def half_a_stream(png: bytes) -> bytes:
    plain = png[: png.index(CHUNK) - 4] + png[-IEND_SIZE:]
    return with_session(plain, zlib.compress(os.urandom(5000))[:3000])


def no_stream(png: bytes) -> bytes:
    plain = png[: png.index(CHUNK) - 4] + png[-IEND_SIZE:]
    return with_session(plain, b"no stream")


@pytest.mark.parametrize("change", [damaged, cut, half_a_stream, no_stream])
def test_a_damaged_png_is_refused(
    picture: tuple[DragSession, Path], change: Callable[[bytes], bytes]
) -> None:
    path = picture[1]
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(SessionFileError, match=r"damaged PNG|cut off"):
        load(path)


def test_a_bomb_is_not_unpacked(
    picture: tuple[DragSession, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("draggan_widget.session.embedding.MOST_BYTES", 1000)
    with pytest.raises(SessionFileError, match="unpacks to too much"):
        load(picture[1])


def test_of_a_session_that_is_too_large_the_present_state_is_kept(
    picture: tuple[DragSession, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, path = picture
    for x in range(20, 30):  # so that the past is larger than the present
        session.set_points([[x, 30]], [[x + 5, 31]])
        session.set_points([[x, 30], [30, x]], [[x + 5, 31], [33, x]])
    session.save_image(path)
    whole = len(path.read_bytes())
    packed_bytes = len(packed(session.to_bytes()) or b"")
    monkeypatch.setattr(MOST, packed_bytes - 1)
    session.save_image(path)
    assert len(path.read_bytes()) < whole
    assert same(load(path).state, session.state)
    monkeypatch.setattr(MOST, 10)
    session.save_image(path)
    with pytest.raises(SessionFileError, match="without a session"):
        load(path)


def test_a_chunk_is_as_the_standard_says() -> None:
    whole = chunk(b"teXt", b"abc")
    assert whole == struct.pack(">I", 3) + b"teXtabc" + struct.pack(">I", zlib.crc32(b"teXtabc"))


def test_opening_is_one_change_that_undo_takes_back(picture: tuple[DragSession, Path]) -> None:
    saved, path = picture
    session = DragSession(PictureBlobs(), seed=7)
    before, entries = session.state, len(session.history.entries)
    sources: tuple[Path | bytes, ...] = (path, path.read_bytes())
    for count, source in enumerate(sources, start=1):
        session.open_file(source)
        assert session.history.current.label == "open"
        assert torch.equal(session.w, saved.w)
        assert session.image.tobytes() == saved.image.tobytes()
        assert np.array_equal(session.mask, saved.mask)  # type: ignore[arg-type]
        assert session.history.current.words == f"Opened {path.name if count == 1 else 'the file'}"
        assert len(session.history.entries) == entries + count
        assert session.undo()
        assert session.state is before
    assert session.redo()
    assert session.drag(2).steps == 2
    recipe = session.recipe
    assert recipe is not None
    again = DragSession.replay(recipe, generator=PictureBlobs())
    assert same(again.state, session.state)


def test_of_a_png_the_signature_and_the_session_are_enough(
    picture: tuple[DragSession, Path],
) -> None:
    png = picture[1].read_bytes()
    at = png.index(CHUNK) - 4
    (length,) = struct.unpack(">I", png[at : at + 4])
    session = DragSession(PictureBlobs(), seed=7)
    session.open_file(png[:8] + png[at : at + 12 + length])
    assert torch.equal(session.w, picture[0].w)


def test_opening_twice_loses_nothing(picture: tuple[DragSession, Path], tmp_path: Path) -> None:
    other = blob_session()
    other.handle_points = [[3, 4]]
    session = DragSession(PictureBlobs(), seed=7)
    session.open_file(other.save(tmp_path / "b.dgs"))
    session.open_file(picture[1])
    assert session.undo()
    assert session.handle_points.tolist() == [[3, 4]]
    session.handle_points = [[3, 4], [5, 5]]
    assert session.point_ids == (1, 2)


def test_what_cannot_be_opened_changes_nothing(picture: tuple[DragSession, Path]) -> None:
    session = DragSession(PictureBlobs(), seed=7)
    before = session.history
    other = PictureBlobs()
    next(iter(other.parameters())).data += 1
    with pytest.raises(SessionFileError, match=r"b\.png is no complete session file"):
        session.open_file(b"nonsense", "b.png")
    with pytest.raises(SessionFileError, match="another generator"):
        DragSession(other).open_file(picture[1])
    assert session.history is before
