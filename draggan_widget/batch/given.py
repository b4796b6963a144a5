"""The generators that a batch is given, by keys that other processes and machines understand."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch

from draggan_widget.digests import weights_digest
from draggan_widget.errors import InputError
from draggan_widget.pretrained import DEFAULT_GENERATOR, is_file
from draggan_widget.session.sources import GeneratorSource, found_generator
from draggan_widget.session.state import PictureGenerator

MOST_DIGEST = 16
"""Characters of the digest in a key."""


class Given:
    """Keys of generators: names and files stand for themselves; loaded ones are kept, and pickled once.

    Attributes:
        is_given: Whether one generator is for all items.
        loaded: Loaded generators by key.
    """

    def __init__(self, generator: GeneratorSource) -> None:
        """Take the generator for all items; None lets each have its own.

        Raises:
            InputError: It is neither a name, a file nor a generator.
        """
        self.is_given = generator is not None
        self.loaded: dict[str, PictureGenerator] = {}
        self._keys: WeakKeyDictionary[torch.nn.Module, str] = WeakKeyDictionary()
        self._looks: dict[tuple[Any, ...], str] = {}
        self._pickled: dict[str, bytes] = {}
        self._for_all = None if generator is None else self._key(generator)

    def key(self, own: GeneratorSource) -> str:
        """Return the key of an item's generator.

        Args:
            own: That of the item; None is the embedded one. One that is for all items comes before it.
        """
        return self._for_all or self._key(DEFAULT_GENERATOR if own is None else own)

    def pickled(self, key: str | None) -> bytes | None:
        """Return a loaded generator as bytes for processes of our own, or None where the key is a name or a file.

        Raises:
            InputError: It cannot leave this process.
        """
        if key not in self.loaded:
            return None
        if key not in self._pickled:
            try:
                self._pickled[key] = pickle.dumps(self.loaded[key])
            except Exception as error:  # whatever a class of somebody does when it is packed
                raise InputError(
                    f"the generator cannot be sent to other processes: {error}; give its name or file, or processes=1"
                ) from error
        return self._pickled[key]

    def unsendable(self, key: str | None) -> InputError | None:
        """Return why a generator cannot leave this process; None where it can, or is a name or a file."""
        try:
            self.pickled(key)
        except InputError as error:
            return error
        return None

    def _key(self, generator: Any) -> str:
        """Return the key of a generator."""
        if isinstance(generator, str | os.PathLike):
            path = Path(generator)
            return str(path.absolute()) if is_file(path) else os.fspath(generator)
        found = found_generator(generator)
        if generator not in self._keys:
            digest = weights_digest(torch.nn.ModuleList([generator]))
            looks = _looks(generator, digest)
            if looks not in self._looks:
                key = f"{len(self.loaded)}:{found.name}:{digest[:MOST_DIGEST]}"
                self._looks[looks], self.loaded[key] = key, found
            self._keys[generator] = self._looks[looks]
        return self._keys[generator]


def _looks(generator: Any, digest: str) -> tuple[Any, ...]:
    """Return what tells generators apart: equal ones that were loaded again and again are kept once.

    Only of one that tells its architecture is it known that nothing else decides how it draws.
    """
    if not hasattr(generator, "config"):
        return (id(generator),)  # it is kept, so that no other one gets its id
    told = (getattr(generator, name, None) for name in ("name", "config", "noise", "scene"))
    return type(generator), str(generator.device), digest, *told
