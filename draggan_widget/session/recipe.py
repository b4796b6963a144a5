"""What was done in a session, from its first picture on, as JSON: enough to do it again."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from draggan_widget.drag import DragConfig
from draggan_widget.errors import InputError
from draggan_widget.inputs import checked_seed, checked_truncation
from draggan_widget.whole_files import write_whole

FORMAT = "draggan_widget recipe 1"
"""Value of the entry ``format``; the number changes with the meaning of the entries."""

MOST_TEXT = 1000
"""Longest name that is read."""

MOST_THREADS = 1024
"""More threads than any machine has cores for."""

ENDS = ("itself", "stop", "break")
"""How a drag ended: by itself, because :meth:`DragSession.stop` was called, or by an exception."""

KINDS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "sample": {"seed": (int,), "truncation_psi": (int, float)},
    "latent": {"w": (dict,)},
    "points": {"handles": (list,), "targets": (list,), "ids": (list,), "placed": (list,)},
    "mask": {"mask": (str, type(None))},
    "config": {"config": (dict,)},
    "open": {"state": (dict,), "words": (str,)},
    "drag": {"max_steps": (int,), "drawn": (str,), "during": (list,), "end": (str,)},
    "step": {"drawn": (str,)},
    "begin": {},
    "follow": {"moves": (list,), "drawn": (str,)},
    "settle": {"max_steps": (int,), "drawn": (str,), "during": (list,), "end": (str,)},
    "release": {},
    "undo": {},
    "redo": {},
    "reset": {},
    "jump": {"entry": (int,)},
    "take": {"index": (int,)},
    "renew": {},
    "threads": {"count": (int,)},
}
"""What may be done, and the kinds of its values.

``drawn`` has a ``1`` for each picture that was computed whole because somebody looked, and a ``0`` for the others: the
two differ in rounding. ``during`` lists edits of points and mask with the number of pictures before each. ``moves``
are ``[index, x, y]``. ``renew`` is a session file that was read again: what the optimizer knew is gone. ``threads`` are
those of torch, which round differently, too.
"""

DURING = frozenset({"points", "mask"})
"""What may be done while a drag runs."""

Edit = Mapping[str, Any]
"""One thing that was done: ``do``, one of :data:`KINDS`, and its values."""


@dataclass(frozen=True)
class Recipe:
    """What was done in a session, in order; :meth:`DragSession.replay` does it again.

    Attributes:
        generator: Name of the generator.
        start: The first picture: ``{"seed": ..., "truncation_psi": ...}``, and ``w`` and ``z`` where they were given.
        config: First settings of the drag.
        edits: What was done, each ``{"do": ..., ...}``.
    """

    generator: str
    start: Mapping[str, Any]
    config: DragConfig
    edits: tuple[Edit, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as an object of JSON."""
        return {
            "format": FORMAT,
            "generator": self.generator,
            "start": dict(self.start),
            "config": self.config.to_json(),
            "edits": [dict(edit) for edit in self.edits],
        }

    @classmethod
    def from_json(cls, value: object) -> Recipe:
        """Return the recipe of an object of JSON.

        Raises:
            InputError: It is none; what its entries hold is checked when they are done again.
        """
        if not isinstance(value, Mapping) or value.get("format") != FORMAT:
            raise InputError(f"a recipe must be an object whose format is {FORMAT!r}")
        name, start, edits = (value.get(key) for key in ("generator", "start", "edits"))
        if not isinstance(name, str) or len(name) > MOST_TEXT:
            raise InputError("a recipe's generator must be a name")
        names = {"seed", "truncation_psi"}
        if not isinstance(start, Mapping) or not names <= set(start) <= names | {"w", "z"}:
            raise InputError("a recipe's start must have seed and truncation_psi, perhaps w and z")
        checked_seed(start["seed"])
        checked_truncation(start["truncation_psi"])
        if not isinstance(edits, list | tuple):
            raise InputError("a recipe's edits must be a list")
        config = value.get("config")
        if not isinstance(config, Mapping):
            raise InputError("a recipe's config must be an object")
        return cls(
            name,
            dict(start),
            DragConfig.from_json(dict(config)),
            tuple(_checked_edit(edit) for edit in edits),
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the recipe as a JSON file; return its path."""
        target = Path(path)
        write_whole(target, json.dumps(self.to_json()))
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Recipe:
        """Return the recipe of a JSON file.

        Raises:
            InputError: There is no such file, or it holds no recipe.
        """
        try:
            return cls.from_json(json.loads(Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            raise InputError(f"there is no recipe {path}; check the path") from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path} is no recipe: {error}") from error


def to_text(data: bytes) -> str:
    """Return bytes as they stand in JSON."""
    return base64.b64encode(data).decode("ascii")


def from_text(name: str, value: object) -> bytes:
    """Return the bytes of a text in JSON.

    Raises:
        InputError: It is none.
    """
    try:
        if not isinstance(value, str):
            raise ValueError("it is no text")
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"{name} must be bytes in base 64: {error}") from error


def _checked_edit(edit: object, allowed: frozenset[str] | None = None) -> Edit:
    """Return an edit whose values are of the right kinds."""
    kind = edit.get("do") if isinstance(edit, Mapping) else None
    if not isinstance(edit, Mapping) or not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"an edit's do must be one of {', '.join(KINDS)}, got {str(kind)[:80]!r}")
    if allowed is not None and kind not in allowed:
        raise InputError(f"during a drag only {', '.join(sorted(allowed))} may change, got {kind}")
    kinds = KINDS[kind]
    if set(edit) != {"do", *kinds}:
        raise InputError(f"{kind} must have {', '.join(kinds) or 'nothing'}, got {sorted(edit)}")
    for name, types in kinds.items():
        if type(edit[name]) not in types:
            raise InputError(f"{kind}.{name} cannot be {str(edit[name])[:80]!r}")
    if not set(edit.get("drawn", "")) <= {"0", "1"}:
        raise InputError(f"{kind}.drawn must consist of 0 and 1")
    if edit.get("end", ENDS[0]) not in ENDS:
        raise InputError(f"{kind}.end must be one of {', '.join(ENDS)}")
    if not all(isinstance(each, list | tuple) and len(each) == 3 for each in edit.get("moves", ())):
        raise InputError(f"{kind}.moves must be lists of an index, x and y")
    if not 1 <= edit.get("count", 1) <= MOST_THREADS:
        raise InputError(f"{kind}.count must be from 1 to {MOST_THREADS}")
    checked = dict(edit)
    if "during" in kinds:
        checked["during"] = [_checked_during(each) for each in edit["during"]]
    return checked


def _checked_during(item: object) -> list[Any]:
    """Return an edit during a drag, with the number of pictures before it."""
    if not isinstance(item, list | tuple) or len(item) != 2 or type(item[0]) is not int:
        raise InputError("during must be pairs of a number of pictures and an edit")
    return [item[0], _checked_edit(item[1], DURING)]
