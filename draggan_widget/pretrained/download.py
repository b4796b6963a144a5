"""Files of published generators: fetched when a person asks, resumed, checked, kept in the user's cache.

Nothing here runs at import, and nothing is fetched without :func:`download_generator`.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from draggan_widget.digests import file_digest
from draggan_widget.errors import GeneratorError, InputError, StorageError
from draggan_widget.pretrained.catalogue import GeneratorInfo, catalogue, info_of
from draggan_widget.pretrained.transfer import Progress, alone, fill
from draggan_widget.whole_files import write_whole

CHECKSUMS = "checksums.json"
"""File of the cache that notes the SHA-256 of what was fetched first, where none was published."""

OF_THE_DISK = frozenset(
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "ENOTDIR", "EEXIST", "EACCES", "EPERM")
    if hasattr(errno, name)  # not all of them on every system
)
"""What a system says of a place where nothing can be written; sources never do."""

FOLDER_VARIABLE = "DRAGGAN_WIDGET_CACHE"
"""Environment variable that puts the cache elsewhere."""


def generator_folder() -> Path:
    """Return the folder of downloaded generators; it may not exist yet."""
    given = os.environ.get(FOLDER_VARIABLE)
    root = Path(given) if given else user_cache_path("draggan_widget")
    return root / "generators"


def downloaded_file(info: GeneratorInfo) -> Path | None:
    """Return where a published generator's file lies, None if it was not fetched."""
    path = generator_folder() / info.filename
    return path if path.is_file() else None


def download_generator(
    name: str, *, accept_licence: bool = False, progress: Progress | None = None
) -> Path:
    """Fetch the file of a published generator, unless it is here, and return its path.

    What had come before a break is kept, and fetched no second time. The file is checked against its published SHA-256;
    where there is none, against what this machine noted when it first fetched it.

    Args:
        name: Of :func:`list_generators`.
        accept_licence: Whether the licence that its entry names was read and is kept to.
        progress: Is told how far it is.

    Raises:
        InputError: No such name, the generator comes with the package, or the licence was not accepted.
        GeneratorError: The file cannot be fetched, or is not the one that was published; the message names the cure.
    """
    info = info_of(name)
    if info is None:
        names = ", ".join(each.name for each in catalogue())
        raise InputError(f"there is no generator {name!r}; the names are {names}")
    if info.is_embedded:
        raise InputError(
            f"{name} comes with the package: load_generator({name!r}) needs no download"
        )
    if not info.is_direct:
        raise GeneratorError(
            f"{name} cannot be fetched by a program: get its file at {info.source} and give its path instead of the name"
        )
    if (there := downloaded_file(info)) is not None:
        return there
    if not accept_licence:
        raise InputError(
            f"the weights of {name} are not ours, and have a licence of their own ({info.licence}); "
            "read it, and give accept_licence=True if you keep to it"
        )
    return fetch(info, info.source, generator_folder(), progress)


def fetch(info: GeneratorInfo, address: str, folder: Path, progress: Progress | None) -> Path:
    """Fetch a file into a folder and return its path; as :func:`download_generator`, from any HTTP address."""
    target = folder / info.filename
    unfinished = target.with_suffix(".part")
    with _words_for_failures(info, address, unfinished):
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder.with_name(f"{folder.name}.lock")):
            if not target.is_file():  # another program may have been faster
                fill(address, unfinished, progress or (lambda done, total: None))
                _check(info, unfinished, folder)
                unfinished.replace(target)
    return target


@contextmanager
def _words_for_failures(info: GeneratorInfo, address: str, unfinished: Path) -> Iterator[None]:
    """Say what to do about a source that cannot be reached or breaks off."""
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, StorageError) or getattr(error, "errno", None) in OF_THE_DISK:
            raise GeneratorError(
                f"{info.name} cannot be kept in {unfinished.parent} ({error}); make room there, or name another folder "
                f"by the environment variable {FOLDER_VARIABLE}"
            ) from error
        kept = unfinished.stat().st_size / 2**20 if unfinished.is_file() else 0.0
        come = f"; the {kept:.0f} MB that have come are kept, try again to go on" if kept else ""
        raise GeneratorError(
            f"{info.name} could not be fetched from {address} ({error}){come}. Without a network, copy the file "
            f"here as {unfinished.with_name(info.filename)}, or give its path instead of the name"
        ) from error


def _check(info: GeneratorInfo, file: Path, folder: Path) -> None:
    """Compare a file with its checksum, or note that where nobody knows it.

    Raises:
        GeneratorError: It is another file; it is removed.
    """
    found = file_digest(file)
    noted = _noted(folder)
    known = info.sha256 or noted.get(info.name)
    if known is not None and found != known:
        file.unlink()
        raise GeneratorError(
            f"what came for {info.name} is not the file that was published: its SHA-256 is {found}, expected {known}. "
            f"It was removed; try again, and if it was replaced at its source, remove the entry from {folder / CHECKSUMS}"
        )
    if known is None:
        text = json.dumps({**noted, info.name: found}, indent=2, sort_keys=True)
        write_whole(folder / CHECKSUMS, text + "\n")


def _noted(folder: Path) -> dict[str, Any]:
    """Return the checksums that this machine has noted."""
    try:
        values = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise GeneratorError(
            f"{folder / CHECKSUMS} cannot be read ({error}); remove it, and what is fetched next is noted anew"
        ) from error
    return values if isinstance(values, dict) else {}
