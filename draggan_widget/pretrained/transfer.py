"""One file over HTTP: encrypted to the end where it began so, by one program at a time, and resumed only from the same file.

What a file may be called, and whether it is the one that was published, is decided elsewhere.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from draggan_widget.errors import GeneratorError

CHUNK_BYTES = 1 << 20
"""Read and written at a time."""

TIMEOUT_S = 30.0
"""A source that says nothing for so long counts as lost; what has come is kept."""

LARGEST_BYTES = 4 << 30
"""No published generator is larger: a source that sends more sends something else."""

NOT_SATISFIABLE = 416
"""HTTP status of a source that has nothing from the place that was asked for."""

Progress = Callable[[int, int | None], object]
"""Is told how many bytes have come, and of how many, if the source says so; an exception of it ends the download."""


@dataclass(frozen=True)
class Origin:
    """Which file an unfinished one is a part of.

    Attributes:
        address: Where it comes from.
        version: What the source calls this version of it (ETag or date), or empty.
        total: Its bytes, or None where the source does not say.
    """

    address: str
    version: str
    total: int | None


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a source to another one, but not from an encrypted connection to a plain one, nor out of HTTP."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the request to the other address.

        Raises:
            URLError: It is less safe than this one.
        """
        _refuse_unsafe(newurl, was_encrypted=urlsplit(req.full_url).scheme == "https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fill(address: str, unfinished: Path, tell: Progress) -> None:
    """Bring an unfinished file to its end, from where it stands if it is a part of what the source has.

    Beside it lies, as long as it is unfinished, a note of what it is a part of.

    Raises:
        OSError, HTTPException, ValueError: The source cannot be reached, breaks off, or answers nonsense.
        GeneratorError: It sends more than any generator has.
    """
    _refuse_unsafe(address, was_encrypted=False)
    note = unfinished.with_suffix(".origin")
    origin = _origin(note)
    have = unfinished.stat().st_size if unfinished.exists() else 0
    if origin is None or origin.address != address or have == 0:
        origin, have = None, 0
    if origin is None or have != origin.total:
        _receive(address, unfinished, note, origin, have, tell)
    note.unlink(missing_ok=True)


def _receive(
    address: str, unfinished: Path, note: Path, origin: Origin | None, have: int, tell: Progress
) -> None:
    """Write what the source sends behind what is here, or over it where that is no part of it."""
    headers = {"Range": f"bytes={have}-"} if have else {}
    if origin is not None and origin.version:
        headers["If-Range"] = origin.version
    request = urllib.request.Request(address, headers=headers)  # noqa: S310  # http or https: checked
    opener = urllib.request.build_opener(_Redirects())
    try:
        response: HTTPResponse = opener.open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code != NOT_SATISFIABLE or not have:
            raise
        error.close()
        _receive(address, unfinished, note, None, 0, tell)
        return
    with response:
        resumed = response.status == 206
        if resumed and not _goes_on(response, origin, have):
            _receive(address, unfinished, note, None, 0, tell)
            return
        done = have if resumed else 0
        length = response.headers.get("Content-Length")
        total = done + int(length) if length is not None and length.isdigit() else None
        _refuse_large(total or 0)
        if not resumed:
            _note(note, Origin(address, _version(response), total))
        with unfinished.open("ab" if resumed else "wb") as file:
            tell(done, total)
            for chunk in iter(lambda: response.read(CHUNK_BYTES), b""):
                done += len(chunk)
                _refuse_large(done)
                file.write(chunk)
                tell(done, total)
    if total is not None and done < total:
        raise ConnectionError(f"the source stopped after {done} of {total} bytes")


def _goes_on(response: HTTPResponse, origin: Origin | None, have: int) -> bool:
    """Whether a part that a source sends is the rest of what is here."""
    told = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
    if told is None or origin is None or int(told[1]) != have:
        return False
    return int(told[2]) == origin.total and _version(response) == origin.version


def _version(response: HTTPResponse) -> str:
    """Return what a source calls this version of a file: a strong ETag, else the date of its last change."""
    tag = response.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return str(tag)
    return str(response.headers.get("Last-Modified", ""))


def _note(note: Path, origin: Origin) -> None:
    """Write down what a file will be a part of."""
    note.write_text(json.dumps(asdict(origin)), encoding="utf-8")


def _origin(note: Path) -> Origin | None:
    """Return what an unfinished file is a part of; None where that is not known."""
    try:
        values = json.loads(note.read_text(encoding="utf-8"))
        return Origin(str(values["address"]), str(values["version"]), values["total"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _refuse_unsafe(address: str, *, was_encrypted: bool) -> None:
    """Raise :class:`URLError` for an address that is none of HTTP's, or not encrypted where the one before was."""
    scheme = urlsplit(address).scheme
    if scheme != "https" and (was_encrypted or scheme != "http"):
        raise urllib.error.URLError(f"it leads to {address[:200]!r}, which is not safe")


def _refuse_large(size: int) -> None:
    """Raise :class:`GeneratorError` for more than any generator has."""
    if size > LARGEST_BYTES:
        raise GeneratorError(f"the source sends {size} bytes or more; no generator is that large")


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock, which the system lets go of when the process ends, however it does.

    Raises:
        GeneratorError: Another program holds it.
    """
    with lock.open("a+b") as file:
        try:
            _take(file)
        except OSError as error:
            raise GeneratorError(
                "another program is fetching a generator; wait until it has ended, and try again"
            ) from error
        yield


if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        """Lock a file, or raise :class:`OSError` at once."""
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        """Lock a file, or raise :class:`OSError` at once."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
