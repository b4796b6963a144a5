"""A full disk and damaged files: old files stay whole, and the widget keeps its work."""

import errno
import os
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draggan_widget.errors import SessionFileError, StorageError
from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget
from tests.faults.conftest import Make
from tests.faults.survival import assert_survives, work_of
from tests.picture_blobs import PictureBlobs
from tests.session.sessions import pair_session, same

ROOM_BYTES = 512
"""Smaller than any file that is saved here."""

Save = Callable[[DragWidget, Path], object]
SAVES: dict[str, Save] = {
    "work.dgs": lambda widget, path: widget.save(path),
    "work.png": lambda widget, path: widget.save_image(path),
    "work.gif": lambda widget, path: widget.save_animation(path),
    "recipe.json": lambda widget, path: widget.recipe.save(path),  # type: ignore[union-attr]
}


@contextmanager
def full_disk() -> Iterator[None]:
    """Have the system refuse files above :data:`ROOM_BYTES`, as it refuses those for which a disk has no room."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def no_space(*_: object) -> None:
    """Fail as `fsync` does where the disk turns out to be full when what was written is to stay there."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of files")
@pytest.mark.parametrize("name", SAVES)
def test_a_disk_that_fills_up_while_saving_leaves_the_old_file(
    make: Make, tmp_path: Path, name: str
) -> None:
    widget, _ = make()
    work, path = work_of(widget), tmp_path / name
    widget.drag()
    SAVES[name](widget, path)
    before = path.read_bytes()
    assert len(before) > ROOM_BYTES
    with full_disk(), pytest.raises(StorageError) as caught:
        SAVES[name](widget, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    words = f"{name} cannot be written .File too large.; make room there.*the old file is as it was"
    assert_survives(widget, work, words, str(caught.value))
    SAVES[name](widget, path)


def test_a_disk_that_is_full_only_when_the_file_is_to_stay_leaves_the_old_file(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget, _ = make()
    work, path = work_of(widget), tmp_path / "work.dgs"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_space)
        with pytest.raises(StorageError, match="nothing was written") as caught:
            widget.save(path)
    assert list(tmp_path.iterdir()) == []
    assert_survives(widget, work, "No space left on device.*make room", str(caught.value))
    widget.save(path)
    assert same(DragSession.load(path, generator=PictureBlobs()).state, work.state)
    assert list(tmp_path.iterdir()) == [path]


# Damaged session files


def damaged(data: bytes) -> dict[str, bytes]:
    """Return a file in several ways in which files are damaged."""
    header = 8 + struct.unpack("<Q", data[:8])[0]
    flipped = bytearray(data)
    flipped[header + 40] ^= 1
    return {
        "nothing": b"",
        "its first half": data[: len(data) // 2],
        "its last byte lost": data[:-1],
        "one bit of a latent": bytes(flipped),
        "a page of zeros": data[: header + 8] + bytes(200) + data[header + 208 :],
        "something after its end": data + b"more",
        "another kind": b"PK\3\4" + data[4:],
        "a huge header": struct.pack("<Q", 2**40) + data[8:],
    }


WAYS = tuple(damaged(struct.pack("<Q", 100) + bytes(1000)))


@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_session_file_is_refused_and_the_widget_keeps_its_work(
    make: Make, tmp_path: Path, way: str
) -> None:
    widget, browser = make()
    work = work_of(widget)
    path = widget.save(tmp_path / "work.dgs")
    bad = damaged(path.read_bytes())[way]
    path.write_bytes(bad)
    with pytest.raises(SessionFileError) as caught:
        widget.open_file(path)
    answer, _ = browser.ask("open", bad, name="work.dgs")
    assert not answer["ok"]
    words = "work.dgs (is|holds|has|was)"
    assert_survives(widget, work, words, str(caught.value))
    assert_survives(widget, work, words, answer["error"])


def session_file() -> bytes:
    """Return the content of a session file."""
    session = pair_session()
    session.drag(2)
    return session.to_bytes()


def outcome(data: bytes) -> Any:
    """Return the session of a file, or the error that refuses it."""
    session = pair_session()
    before = session.state
    try:
        session.open_file(data, "work.dgs")
    except SessionFileError as error:
        assert session.state is before
        return error
    return session


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_bit_that_is_lost_anywhere_is_noticed_or_harmless(data: st.DataObject) -> None:
    whole = session_file()
    expected = outcome(whole)
    place = data.draw(st.integers(0, 8 * len(whole) - 1))
    flipped = bytearray(whole)
    flipped[place // 8] ^= 1 << place % 8
    found = outcome(bytes(flipped))
    if isinstance(found, DragSession):
        assert same(found.state, expected.state)
    else:
        assert "work.dgs" in str(found)
