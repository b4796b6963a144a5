"""Where the results of a batch are: in memory, or in a folder from which a batch that was stopped goes on.

A folder belongs to one batch: ``batch.json`` says with what it was made, and each item that is done has a file
``items/00000012.safetensors`` with its row and its latents, written whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from draggan_widget.batch.rows import BatchRow, Finished
from draggan_widget.batch.tasks import Task
from draggan_widget.errors import InputError
from draggan_widget.fingerprint import check_fingerprint
from draggan_widget.whole_files import write_whole

FINGERPRINT_FILE = "batch.json"
ITEMS_FOLDER = "items"
FORMAT = "draggan_widget batch item 1"
"""Value of the metadata entry ``format``; the number changes with the meaning of the entries."""

Latents = tuple[NDArray[Any], NDArray[Any]]
"""Those of the picture before and of the picture now, each ``[1, num_ws, w_dim]``."""


class Store(Protocol):
    """Keeps what comes out of items."""

    def held(self, task: Task) -> BatchRow | None:
        """Return the row of a task that was done before, or None."""
        ...

    def add(self, task: Task, finished: Finished) -> None:
        """Keep what came out of a task."""
        ...

    def latents(self, index: int) -> Latents | None:
        """Return the latents of an item; None if it failed."""
        ...


class Memory:
    """Keeps them in memory."""

    def __init__(self) -> None:
        self._latents: dict[int, Latents] = {}

    def held(self, task: Task) -> BatchRow | None:
        """Return None: nothing was done before."""
        return None

    def add(self, task: Task, finished: Finished) -> None:
        """Keep what came out of a task."""
        if finished.start_w is not None and finished.w is not None:
            self._latents[task.index] = finished.start_w, finished.w

    def latents(self, index: int) -> Latents | None:
        """Return the latents of an item; None if it failed."""
        return self._latents.get(index)


class BatchFolder:
    """Keeps them in a folder.

    Attributes:
        path: Where it is.
    """

    def __init__(self, folder: Path, fingerprint: Mapping[str, Any]) -> None:
        """Make the folder, or take up what it holds.

        Args:
            folder: New, empty, or of the same batch.
            fingerprint: JSON types; everything that results depend on besides their item.

        Raises:
            InputError: The folder cannot be used, is damaged, or holds another batch.
        """
        self.path, self._items = folder, folder / ITEMS_FOLDER
        self._held: dict[int, tuple[str, BatchRow]] = {}
        known = folder / FINGERPRINT_FILE
        try:
            self._items.mkdir(parents=True, exist_ok=True)
            if known.exists():
                check_fingerprint(known, fingerprint, "another batch")
                for path in sorted(self._items.glob("*.safetensors")):
                    digest, row = _read_row(path)
                    if path != self._path(row.index):
                        raise InputError(f"{path} is that of item {row.index}; remove it")
                    self._held[row.index] = digest, row
            elif any(self._items.iterdir()):
                raise InputError(
                    f"{folder} holds results, but {FINGERPRINT_FILE}, which tells of what, is missing; "
                    "choose another folder"
                )
            else:
                self.write(FINGERPRINT_FILE, json.dumps(fingerprint, indent=1) + "\n")
        except OSError as error:
            raise InputError(
                f"{str(folder)!r} cannot be used as the folder of a batch: {error}; choose another one"
            ) from error

    def held(self, task: Task) -> BatchRow | None:
        """Return the row of a task that was done before; what failed is tried again.

        Raises:
            InputError: Another item was there when it was done.
        """
        digest, row = self._held.get(task.index, ("", None))
        if row is None or row.is_failed:
            return None
        if digest != task.digest:
            raise InputError(
                f"{self.path} holds another batch: its item {task.index} was {row.item!r} and is not the same as "
                f"{task.label!r} here; give the same items in the same order, or choose another folder"
            )
        return row

    def add(self, task: Task, finished: Finished) -> None:
        """Keep what came out of a task."""
        tensors = {}
        if finished.start_w is not None and finished.w is not None:
            tensors = {"start_w": finished.start_w, "w": finished.w}
        entry = json.dumps({"digest": task.digest, **finished.row.to_json()})
        data = save(tensors, {"format": FORMAT, "row": entry})
        write_whole(self._path(task.index), data)

    def latents(self, index: int) -> Latents | None:
        """Return the latents of an item; None if it failed.

        Raises:
            InputError: Its file is not there any more, or is damaged.
        """
        path = self._path(index)
        try:
            with safe_open(path, "numpy") as file:
                if not file.keys():
                    return None
                return np.array(file.get_tensor("start_w")), np.array(file.get_tensor("w"))
        except (OSError, SafetensorError) as error:
            raise InputError(
                f"{path} is gone or damaged ({error}); the same batch, done again, makes it anew"
            ) from error

    def write(self, name: str, text: str) -> None:
        """Write a file of the folder; it appears whole or not at all."""
        write_whole(self.path / name, text)

    def _path(self, index: int) -> Path:
        """Return the file of an item."""
        return self._items / f"{index:08}.safetensors"


def _read_row(path: Path) -> tuple[str, BatchRow]:
    """Return digest and row of an item's file."""
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
        if metadata.get("format") != FORMAT:
            raise ValueError(f"its format is {metadata.get('format')!r}")
        values = json.loads(metadata["row"])
        return str(values["digest"]), BatchRow.from_json(values)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is damaged ({error!r}); remove it, and its item is dragged again"
        ) from error
