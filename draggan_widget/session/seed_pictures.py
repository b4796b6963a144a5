"""Small pictures of seeds, drawn once and kept; no session is changed by them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from weakref import WeakKeyDictionary

import torch

from draggan_widget.drag.protocols import SketchingGenerator
from draggan_widget.frames import EncodedPicture, encode_thumbnail, to_picture
from draggan_widget.session.state import PictureGenerator

KEPT_PICTURES = 1024
"""Pictures kept of a generator; at some 3 KB each these are 3 MB."""

Key = tuple[int, float]
"""A seed and its truncation."""


class SeedPictures:
    """The small pictures of seeds that were asked for last, for each generator that is still used.

    May be used from several threads: widgets that share a generator share its pictures.
    """

    def __init__(self, kept: int = KEPT_PICTURES) -> None:
        """Keep nothing yet.

        Args:
            kept: So many pictures of a generator are kept.
        """
        self._kept = kept
        self._lock = threading.Lock()
        self._pictures: WeakKeyDictionary[PictureGenerator, OrderedDict[Key, EncodedPicture]] = (
            WeakKeyDictionary()
        )

    def picture(
        self, generator: PictureGenerator, seed: int, truncation_psi: float
    ) -> EncodedPicture:
        """Return the small picture of a seed, 0 to 2**32 - 1, at a truncation."""
        key = seed, truncation_psi
        with self._lock:
            known = self._pictures.setdefault(generator, OrderedDict())
            if key in known:
                known.move_to_end(key)
                return known[key]
        drawn = _drawn(generator, seed, truncation_psi)
        with self._lock:
            known[key] = drawn
            while len(known) > self._kept:
                known.popitem(last=False)
        return drawn


@torch.no_grad()
def _drawn(generator: PictureGenerator, seed: int, truncation_psi: float) -> EncodedPicture:
    """Return the small picture of a seed, drawn as a sketch where the generator can."""
    w = generator.sample_w(seed, truncation_psi)
    draw = generator.sketch if isinstance(generator, SketchingGenerator) else generator.image
    return encode_thumbnail(to_picture(draw(w)))


SEED_PICTURES = SeedPictures()
"""Those of this process."""
