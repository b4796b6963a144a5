"""A scale of colours for distances: from yellow, which is alike, over grey to dark blue.

It differs in lightness all the way, and else only between blue and yellow, which the common kinds of colour blindness
leave apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ANCHORS: tuple[tuple[float, tuple[int, int, int]], ...] = (
    (0.0, (255, 233, 122)),
    (0.5, (196, 170, 82)),
    (1.0, (128, 126, 120)),
    (2.0, (66, 84, 130)),
    (4.0, (14, 32, 84)),
)
"""Distances and their colours. Equal steps of colour are small distances where it matters: near what is alike. The scale
never changes, so that colours can be compared between moments and handles; beyond its end they are all the same."""


def heat(distances: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the colours ``[..., 3]`` of distances from 0."""
    values = [value for value, _ in ANCHORS]
    columns = np.transpose([colour for _, colour in ANCHORS])
    channels = [np.interp(distances, values, column) for column in columns]
    found: NDArray[np.uint8] = np.stack(channels, axis=-1).round().astype(np.uint8)
    return found


def scale_bar(cells: int) -> NDArray[np.uint8]:
    """Return the scale as a column of pixels ``[cells, 1, 3]``, the largest distance on top, equal steps of colour."""
    numbers = np.linspace(len(ANCHORS) - 1, 0, cells)
    values = np.interp(numbers, np.arange(len(ANCHORS)), [value for value, _ in ANCHORS])
    return heat(values.astype(np.float32)[:, None])
