"""A scale of colours for distances: from yellow, which is alike, over grey to dark blue.

It differs in lightness all the way, and else only between blue and yellow, which the common kinds of colour blindness
leave apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ANCHORS = ((255, 233, 122), (196, 170, 82), (128, 126, 120), (66, 84, 130), (14, 32, 84))
"""The colours of 0, of the largest value, and evenly between them."""

LARGEST = 2.5
"""Distances from here on are all shown by the last colour. It never changes, so that colours can be compared between
moments and handles; most places of most pictures are nearer."""


def heat(distances: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the colours ``[..., 3]`` of distances from 0."""
    positions = np.linspace(0, LARGEST, len(ANCHORS))
    channels = [np.interp(distances, positions, channel) for channel in np.transpose(ANCHORS)]
    colours: NDArray[np.uint8] = np.stack(channels, axis=-1).round().astype(np.uint8)
    return colours


def scale_bar(cells: int) -> NDArray[np.uint8]:
    """Return the scale as a column of pixels ``[cells, 1, 3]``, the largest distance on top."""
    return heat(np.linspace(LARGEST, 0, cells, dtype=np.float32)[:, None])
