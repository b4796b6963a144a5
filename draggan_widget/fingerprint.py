"""What the results in a folder depend on besides what each is of: kept beside them as JSON, and compared."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from draggan_widget.errors import InputError


def check_fingerprint(file: Path, wanted: Mapping[str, Any], words: str) -> None:
    """Refuse a folder whose results depend on something else, and tell in what it differs.

    Args:
        file: The fingerprint in the folder.
        wanted: JSON types by name: what results depend on now.
        words: What a folder holds whose results depend on something else.

    Raises:
        InputError: It differs, or the file is damaged.
    """
    held, here, missing = _read(file), json.loads(json.dumps(wanted)), object()
    names = {n for n in (*held, *here) if held.get(n, missing) != here.get(n, missing)}
    if names:
        differences = ", ".join(
            f"{name} {held.get(name)!r} there, {here.get(name)!r} here" for name in sorted(names)
        )
        raise InputError(f"{file.parent} holds {words}: {differences}; choose another folder")


def _read(path: Path) -> dict[str, Any]:
    """Return the object in a file."""
    try:
        values = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(f"{path} is damaged: {error}; choose another folder") from error
    if not isinstance(values, dict):
        raise InputError(f"{path} is damaged: it holds no object; choose another folder")
    return values
