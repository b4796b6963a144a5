"""What there is to do, one task an item: plain values that other processes and machines can be given.

Items are checked no further than that here. One that cannot be used becomes a task that fails, so that it fails alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from draggan_widget.batch.given import Given
from draggan_widget.batch.job import DragJob
from draggan_widget.errors import DragganError, GeneratorError, InputError
from draggan_widget.pretrained import list_generators
from draggan_widget.session import DragSession, Recipe
from draggan_widget.session.plain_values import state_to_json

BatchItem = Recipe | DragJob | DragSession | str | os.PathLike[str] | Mapping[str, Any]
"""A recipe, a job, a session, the file of a session (``.dgs``, ``.png``) or of a recipe or job (``.json``), or JSON."""

KINDS = ("recipe", "job", "state", "file", "unusable")
"""What a task may be: a recipe, a job, a session's state, the content of a session file, or a message why it is none."""

MOST_FILE_BYTES = 1 << 30
"""Of an item; one with a large generator's tuned weights has a tenth of that."""

MOST_LABEL = 60
"""Longest label that is kept."""


@dataclass(frozen=True)
class Origin:
    """Where the generator of an item's pictures is found again.

    Attributes:
        generator: Its key; None for that which a session file names.
        file: A session file, which may have weights of its own that were tuned to a photo.
        sha256: Of that file as it was dragged.
    """

    generator: str | None
    file: Path | None = None
    sha256: str = ""


@dataclass(frozen=True)
class Task:
    """One item of a batch.

    Attributes:
        index: Its place among the items, from 0.
        kind: One of :data:`KINDS`.
        label: What people call it.
        generator: Under which key its generator is found; None for that which a session file names.
        content: JSON types, or the bytes of a file.
        path: Of a session file.
    """

    index: int
    kind: str
    label: str
    generator: str | None
    content: Any
    path: Path | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that the result depends on."""
        digest = hashlib.sha256(json.dumps([self.kind, self.generator]).encode())
        plain = isinstance(self.content, bytes)
        digest.update(
            self.content if plain else json.dumps(self.content, sort_keys=True).encode("utf-8")
        )
        return digest.hexdigest()

    @property
    def origin(self) -> Origin:
        """Where the generator of its pictures is found again."""
        if self.kind != "file":
            return Origin(self.generator)
        return Origin(self.generator, self.path, hashlib.sha256(self.content).hexdigest())


def tasks_of(items: Iterable[object], given: Given) -> Iterator[Task]:
    """Yield the task of each item, when it is asked for.

    Args:
        items: Each a :data:`BatchItem`; anything else becomes a task that fails.
        given: Generators of the batch.
    """
    for index, item in enumerate(items):
        label = f"item {index}"
        try:
            task = _task(index, item, given)
            assert task.digest  # which only plain values have
        except Exception as error:  # whatever somebody's values do when they are looked at
            if isinstance(item, str | os.PathLike):
                label = Path(item).name
            said = str(error) if isinstance(error, DragganError) else repr(error)
            task = Task(index, "unusable", label[:MOST_LABEL], None, {"error": said})
        yield task


def check_name(generator: str) -> None:
    """Refuse the name of a generator in a file that is a path: who sends a file does not choose what is read here.

    Raises:
        GeneratorError: It is none of :func:`list_generators`.
    """
    if all(info.name != generator for info in list_generators()):
        raise GeneratorError(
            f"there is no generator {generator[:80]!r} that has a name here; give the one it was made with (its file, or the loaded one) as generator=, or --generator"
        )


def _task(index: int, item: object, given: Given) -> Task:
    """Return the task of an item.

    Raises:
        InputError: The item is none.
    """
    if isinstance(item, Recipe):
        Recipe.from_json(item.to_json())  # which may be made of anything
        if not given.is_given:
            check_name(item.generator)
        key = given.key(item.generator)
        label = f"recipe, seed {item.start['seed']}"
        return Task(index, "recipe", label, key, item.to_json())
    if isinstance(item, DragJob):
        content = item.to_json()
        key = given.key(content["generator"])
        return Task(index, "job", f"seed {item.seed}"[:MOST_LABEL], key, content)
    if isinstance(item, DragSession):
        content = {"state": state_to_json(item.state), "config": item.config.to_json()}
        return Task(
            index, "state", f"session, seed {item.seed}", given.key(item.generator), content
        )
    if isinstance(item, str | os.PathLike):
        return _file_task(index, Path(item), given)
    if isinstance(item, Mapping):
        is_recipe = "format" in item
        return _task(index, Recipe.from_json(item) if is_recipe else DragJob.from_json(item), given)
    raise InputError(
        f"an item must be a Recipe, a DragJob, a DragSession or the path of a file, got {type(item).__name__}"
    )


def _file_task(index: int, path: Path, given: Given) -> Task:
    """Return the task of a file."""
    if not path.is_file():
        raise InputError(f"there is no file {path}; check the path")
    if path.stat().st_size > MOST_FILE_BYTES:
        raise InputError(
            f"{path} has more than {MOST_FILE_BYTES >> 20} MB; no session or recipe has"
        )
    data, label = path.read_bytes(), path.name[:MOST_LABEL]
    if path.suffix.lower() != ".json":
        key = given.key(None) if given.is_given else None
        return Task(index, "file", label, key, data, path.absolute())
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}") from error
    if not isinstance(value, Mapping):
        raise InputError(f"{path} must hold a recipe or a job")
    task = _task(index, value, given)
    return Task(index, task.kind, label, task.generator, task.content)
