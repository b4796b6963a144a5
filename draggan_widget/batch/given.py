"""The generators that a batch is given, by keys that other processes and machines understand."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from draggan_widget.digests import weights_digest
from draggan_widget.errors import InputError
from draggan_widget.pretrained import DEFAULT_GENERATOR
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
        self._keys: dict[int, str] = {}
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
            except (pickle.PicklingError, AttributeError, TypeError, RuntimeError) as error:
                raise InputError(
                    f"the generator cannot be sent to other processes: {error}; give its name or file, or processes=1"
                ) from error
        return self._pickled[key]

    def _key(self, generator: Any) -> str:
        """Return the key of a generator."""
        if isinstance(generator, str | os.PathLike):
            path = Path(generator)
            return str(path.absolute()) if path.is_file() else os.fspath(generator)
        if id(generator) not in self._keys:  # it is kept, so that no other one gets its id
            found = found_generator(generator)
            digest = weights_digest(torch.nn.ModuleList([generator]))
            key = f"{len(self.loaded)}:{found.name}:{digest[:MOST_DIGEST]}"
            self._keys[id(generator)], self.loaded[key] = key, found
        return self._keys[id(generator)]
