"""Files that are written whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from draggan_widget.errors import InputError, StorageError


def write_whole(path: Path, content: bytes | str | Callable[[BinaryIO], object]) -> None:
    """Write a file beside its place and move it there, so that a failure leaves the old one.

    Args:
        path: File.
        content: Its bytes, its text, or what writes it to a stream.

    Raises:
        InputError: The folder does not exist, or the path itself is one.
        StorageError: The disk is full, or nothing may be written there.
    """
    folder = path.parent
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; create it or choose another path")
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the path of a file")
    try:
        # A private folder rather than a private file, so that the file gets the usual permissions.
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{path.name}.") as private:
            unfinished = Path(private) / path.name
            with unfinished.open("wb") as stream:
                if callable(content):
                    content(stream)
                else:
                    stream.write(content.encode("utf-8") if isinstance(content, str) else content)
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(path)
    except OSError as error:
        left = "the old file is as it was" if path.exists() else "nothing was written"
        raise StorageError(
            f"{path} cannot be written ({error.strerror or error}); make room there or choose another folder: {left}"
        ) from error
