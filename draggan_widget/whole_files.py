"""Files that are written whole or not at all."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from draggan_widget.errors import DiskFullError, InputError

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""A full disk, a quota that is used up, and a file larger than files may be there."""


def write_whole(path: Path, content: bytes | str | Callable[[BinaryIO], object]) -> None:
    """Write a file beside its place and move it there, so that a failure leaves the old one.

    Args:
        path: File.
        content: Its bytes, its text, or what writes it to a stream.

    Raises:
        InputError: The folder does not exist, or the path itself is one.
        DiskFullError: There is no room for it.
    """
    folder = path.parent
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; create it or choose another path")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the path of a file")
    # A private folder rather than a private file, so that the file gets the usual permissions.
    with (
        _room_for(path),
        tempfile.TemporaryDirectory(dir=folder, prefix=f".{path.name}.") as private,
    ):
        unfinished = Path(private) / path.name
        with unfinished.open("wb") as stream:
            if callable(content):
                content(stream)
            else:
                stream.write(content.encode("utf-8") if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)


@contextmanager
def _room_for(path: Path) -> Iterator[None]:
    """Say of a full disk what became of a file, and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        left = "the old file is as it was" if path.exists() else "nothing was written"
        raise DiskFullError(
            f"there is no room for {path} ({error.strerror}); {left}: "
            "free some space, or save it somewhere else"
        ) from error
