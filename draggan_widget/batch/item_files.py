"""Items of a batch in files: a list in a JSON file, or the files of a folder."""

from __future__ import annotations

import json
from pathlib import Path

from draggan_widget.batch.tasks import BatchItem
from draggan_widget.errors import InputError

ITEM_ENDINGS = (".dgs", ".json", ".png")
"""Files of a folder that are items: sessions, recipes and jobs, pictures with a session in them."""


def read_items(path: Path) -> list[BatchItem]:
    """Return the items of a file or a folder; each is looked at only when the batch comes to it.

    Args:
        path: A JSON file with a list of recipes, jobs and paths beside it, one single item, or a folder, whose files
            are taken by name.

    Raises:
        InputError: There is no such file or folder, it holds no item, or it is no JSON.
    """
    if path.is_dir():
        files = [each for each in path.iterdir() if each.suffix.lower() in ITEM_ENDINGS]
        if not files:
            raise InputError(f"there is no item in {path}; items end in {', '.join(ITEM_ENDINGS)}")
        return [*sorted(files)]
    if not path.is_file():
        raise InputError(f"there is no file or folder {path}; check the path")
    if path.suffix.lower() != ".json":
        return [path]
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}") from error
    if not isinstance(value, list):
        return [path]
    if not value:
        raise InputError(f"{path} holds no item")
    return [path.parent / each if isinstance(each, str) else each for each in value]
