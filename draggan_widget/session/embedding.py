"""A session inside a PNG, in a chunk of its own that other programs pass over; reading it executes nothing."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from draggan_widget._version import __version__
from draggan_widget.errors import SessionFileError

SIGNATURE = b"\x89PNG\r\n\x1a\n"

CHUNK = b"dgWs"
"""Ancillary, private and safe to copy, by the case of its letters; holds a session file, compressed by zlib.

No text chunk: libraries refuse to open pictures with texts above a megabyte.
"""

SOFTWARE = b"Software\0draggan_widget " + __version__.encode("latin-1")
"""A text that pictures carry beside it, for programs that show such texts."""

IHDR_ENDS_AT = 33
IEND_SIZE = 12
"""A PNG's first chunk ends, and its last one begins, so many bytes from the ends of the file."""

BRACE_AT, LONGEST_HEADER = 8, 2**32
"""A session file begins with the length of its header, in bytes of this number, and goes on with JSON."""

MOST_EMBEDDED_BYTES = 16 * 2**20
"""A larger session, compressed, is not put into a picture."""

MOST_BYTES = 512 * 2**20
"""Nothing that unpacks to more is read: the whole history of a picture of 1024 px is less than half of it."""

PICTURES = {b"\xff\xd8\xff": "a JPEG", b"GIF8": "a GIF", b"RIFF": "a WebP picture", b"BM": "a BMP"}
"""Pictures that cannot hold a session, by how they begin."""

CURE = (
    "only a PNG that draggan_widget has saved holds one, and only until another program saves it anew; "
    "open the session file (.dgs), or have the generator look for what it shows: invert(...)"
)


def packed(session: bytes) -> bytes | None:
    """Return a session file as it is put into a picture, None if it is too large."""
    data = zlib.compress(session, 9)
    return data if len(data) <= MOST_EMBEDDED_BYTES else None


def with_session(png: bytes, data: bytes) -> bytes:
    """Return a PNG, as Pillow writes it, with a packed session in it."""
    head, body, end = png[:IHDR_ENDS_AT], png[IHDR_ENDS_AT:-IEND_SIZE], png[-IEND_SIZE:]
    return b"".join((head, chunk(b"tEXt", SOFTWARE), body, chunk(CHUNK, data), end))


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def holds_session(data: bytes) -> bool:
    """Return whether a file is a session file or a PNG with a session in it, whole or not; anything else may be a photo."""
    if not data.startswith(SIGNATURE):
        header_bytes = int.from_bytes(data[:BRACE_AT], "little")
        return header_bytes < LONGEST_HEADER and data[BRACE_AT : BRACE_AT + 1] == b"{"
    at = len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8].ljust(8, b"\0"))
        if kind == CHUNK:
            return True
        at += 12 + length
    return False


def embedded_session(source: str, data: bytes) -> bytes:
    """Return the session file that a file is or, if it is a PNG, holds.

    Args:
        source: What messages call the file.
        data: Its content.

    Raises:
        SessionFileError: It is a picture without a session, or damaged.
    """
    for begin, kind in PICTURES.items():
        if data.startswith(begin):
            raise SessionFileError(f"{source} is {kind}, which holds no session: {CURE}")
    if not data.startswith(SIGNATURE):
        return data
    for name, content in _chunks(source, data):
        if name == CHUNK:
            return _unpacked(source, content)
    raise SessionFileError(f"{source} is a PNG without a session: {CURE}")


def _chunks(source: str, png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each chunk of a PNG."""
    at = len(SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8].ljust(8, b"\0"))
        content, check = png[at + 8 : at + 8 + length], png[at + 8 + length : at + 12 + length]
        if check != struct.pack(">I", zlib.crc32(kind + content)):
            raise SessionFileError(f"{source} is a damaged PNG; take another copy of it")
        yield kind, content
        at += 12 + length


def _unpacked(source: str, data: bytes) -> bytes:
    """Return a session that was packed."""
    unpacking = zlib.decompressobj()
    try:
        session = unpacking.decompress(data, MOST_BYTES)
    except zlib.error as error:
        raise SessionFileError(f"{source} is a damaged PNG; take another copy of it") from error
    if not unpacking.eof:
        raise SessionFileError(f"{source} holds a session that is cut off or unpacks to too much")
    return session
