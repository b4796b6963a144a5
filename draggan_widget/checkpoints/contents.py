"""The content of a checkpoint file of any format, told by what is in it and never by its name; nothing is executed."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from torch import Tensor

from draggan_widget.checkpoints.arrays import enough
from draggan_widget.checkpoints.pickles import read_pickle
from draggan_widget.checkpoints.safetensors import open_safetensors
from draggan_widget.checkpoints.tensors import Outside, Tensors, read_legacy
from draggan_widget.errors import GeneratorError

LARGEST_FILE_BYTES = 8 << 30
"""No generator's file is larger."""

LARGEST_PICKLE_BYTES = 64 << 20
"""Of the pickle inside a zip archive, which holds names and shapes only."""

MOST_ENTRIES = 20_000
"""Files in a zip archive; PyTorch writes one for each tensor."""

DIRECTORY_ENTRY = b"PK\x01\x02"
"""With which each entry of an archive's directory begins."""

ZIP_ERRORS = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, struct.error),
    *(KeyError, OverflowError),
)
"""What Python's reader of archives raises for damaged ones."""

LEGACY_STARTS = (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",)
"""The pickled magic number with which PyTorch's files before 1.6 begin."""


@dataclass(frozen=True)
class Contents:
    """What a file holds.

    Attributes:
        format: ``"safetensors"``, ``"PyTorch zip"``, ``"PyTorch legacy"`` or ``"pickle"``.
        root: The record at the top; for safetensors the metadata as a dict.
        tensors: Builds its tensors.
        named: The tensors of a safetensors file by name; empty for the others.
    """

    format: str
    root: object
    tensors: Tensors
    named: dict[str, Tensor]


def read_contents(path: Path) -> Contents:
    """Return what a file holds.

    Raises:
        GeneratorError: It is absent, empty, cut off, unreasonably large, or of no format that holds tensors.
    """
    try:
        is_there, size = path.is_file(), 0
        if is_there:
            size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise GeneratorError(f"{path} cannot be looked at ({error}); check the path") from error
    if not is_there:
        raise GeneratorError(f"there is no file {path}; check the path")
    if size > LARGEST_FILE_BYTES:
        raise GeneratorError(f"{path} has {size} bytes; no generator's file is that large")
    try:
        with path.open("rb") as stream:
            start = stream.read(32)
            stream.seek(0)
            if start.startswith(b"PK\x03\x04"):
                return _of_zip(stream)
            if start.startswith(LEGACY_STARTS):
                root, outside = read_legacy(stream)
                return Contents("PyTorch legacy", root, Tensors(outside, size), {})
            if start[8:9] == b"{":
                return _of_safetensors(path)
            if not _may_be_pickle(start):
                raise GeneratorError(f"it is {_guess(start)}")
            return Contents("pickle", read_pickle(stream), Tensors(file_bytes=size), {})
    except GeneratorError as error:
        raise GeneratorError(f"{path} cannot be read as a checkpoint: {error}") from error
    except (OSError, *ZIP_ERRORS, MemoryError) as error:
        raise GeneratorError(
            f"{path} cannot be read as a checkpoint: it is damaged ({error})"
        ) from error


def _of_zip(stream: BinaryIO) -> Contents:
    """Return what a file of PyTorch since 1.6 holds."""
    content = stream.read()
    if content.count(DIRECTORY_ENTRY) > MOST_ENTRIES:  # before each becomes an object
        raise GeneratorError(f"the archive has more than {MOST_ENTRIES} entries")
    archive = zipfile.ZipFile(io.BytesIO(content))
    entries = archive.infolist()
    pickles = [entry for entry in entries if entry.filename.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise GeneratorError("it is a zip archive, but none of PyTorch's: it has no data.pkl")
    top = pickles[0].filename.removesuffix("data.pkl")
    by_name = {entry.filename: entry for entry in entries}
    if len(by_name) != len(entries):
        raise GeneratorError("the archive has two entries of one name")

    def read(name: str, most: int) -> bytes:
        """Return an entry's bytes; PyTorch never compresses."""
        entry = by_name.get(name)
        if entry is None:
            raise GeneratorError(f"the archive lacks {name}")
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > most:
            raise GeneratorError(
                f"{name} is compressed or too large; PyTorch writes no such archive"
            )
        try:
            return archive.read(entry)
        except ZIP_ERRORS as error:
            raise GeneratorError(f"{name} is damaged ({error})") from error

    if f"{top}byteorder" in by_name and read(f"{top}byteorder", 16) != b"little":
        raise GeneratorError("the file was written on a machine with another order of bytes")
    root = read_pickle(io.BytesIO(read(pickles[0].filename, LARGEST_PICKLE_BYTES)))
    outside: Outside = lambda key, size: enough(  # noqa: E731  # named for its type
        read(f"{top}data/{key}", len(content)), size
    )
    return Contents("PyTorch zip", root, Tensors(outside, len(content)), {})


def _of_safetensors(path: Path) -> Contents:
    """Return what a safetensors file holds."""
    metadata, named = open_safetensors(path)
    return Contents("safetensors", metadata, Tensors(), named)


def _may_be_pickle(start: bytes) -> bool:
    """Whether a file may begin so that is a pickle: of a newer protocol, or with one of the oldest's opcodes."""
    return start[:1] == b"\x80" or start[:1] in (b"(", b"}", b"]", b"c", b")")


def _guess(start: bytes) -> str:
    """Return what a file that is no checkpoint seems to be."""
    kinds = {
        b"\x89PNG": "a PNG picture",
        b"\xff\xd8\xff": "a JPEG picture",
        b"RIFF": "a WebP picture",
        b"GIF8": "a GIF picture",
        b"\x89HDF": "an HDF5 file, as Keras writes them",
        b"<": "a web page, as a failed download leaves it",
        b"\x1f\x8b": "a gzip archive; unpack it first",
        b"version https://git-lfs": "a Git LFS pointer; fetch the file itself with `git lfs pull`",
    }
    if not start:
        return "empty"
    return next((words for head, words in kinds.items() if start.startswith(head)), "no checkpoint")
