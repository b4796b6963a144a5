"""What stands out of a plain ground, such as a wall, the sky or a sheet of paper: told by the border of a photo alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from draggan_widget.inversion.decoding import SMALLEST_PX
from draggan_widget.inversion.photo import Crop

RING_SHARE = 0.03
"""Width of the border that is looked at, as a share of the shorter side."""

PLAIN_LEVELS = 10.0
"""A pixel of the border belongs to the ground if it differs from a smooth change of colour by at most so many of 255."""

PLAIN_SHARE = 0.6
"""So much of the border must belong to the ground; over the rest what is shown may leave the photo."""

SEED, TRIALS = 0, 60
"""Three pixels are drawn so often; where two thirds of the border are ground, all three are in a third of the trials."""

SLOPE = 3
"""Terms of a change of colour that is the same everywhere."""

ROUNDS = 5
"""How often the quadratic is found anew, with what belonged to it before."""

STANDING_OUT_LEVELS = 16.0
"""What differs from the ground by more is no ground."""

LEAST_SHARE = 0.002
"""Smaller things, as a share of the photo, are specks."""

Values = NDArray[np.float64]


def standing_out(photo: Image.Image) -> Crop | None:
    """Return the smallest part with all that stands out of a plain ground.

    Args:
        photo: RGB, small.

    Returns:
        The part, without width where nothing stands out; None where the ground is not plain.
    """
    values = np.asarray(photo, dtype=np.float64)
    ring = _ring(values.shape[:2])
    terms = _terms(values.shape[:2])
    ground, plain = _ground(values, terms, ring)
    if plain < PLAIN_SHARE:
        return None
    apart = np.abs(values - ground).max(2) > STANDING_OUT_LEVELS
    # A thing is at least as thick as a few pixels: what is thinner is noise, or the edge of a frame.
    solid = Image.fromarray(apart).convert("L").filter(ImageFilter.MedianFilter(5))
    found = np.asarray(solid) > 0
    if found.mean() < LEAST_SHARE:
        return Crop(0, 0, 0, 0)
    (left, right), (top, bottom) = (
        np.flatnonzero(found.any(axis))[[0, -1]].tolist() for axis in (0, 1)
    )
    return Crop(left, top, right + 1 - left, bottom + 1 - top)


def around(part: Crop, share: float, size: tuple[int, int], aspect: float) -> Crop:
    """Return a part of a shape with another part in its middle, as far as the photo reaches.

    Args:
        part: That is to lie in it.
        share: How much larger it is.
        size: Width and height of the photo.
        aspect: Width over height.
    """
    largest = min(size[0], size[1] * aspect)
    least = min(SMALLEST_PX * max(aspect, 1.0), largest)
    width = min(max(share * max(part.width, part.height * aspect), least), largest)
    height = width / aspect
    x, y = part.left + part.width / 2, part.top + part.height / 2
    left = min(max(x - width / 2, 0), size[0] - width)
    top = min(max(y - height / 2, 0), size[1] - height)
    return Crop(left, top, width, height)


def _ground(values: Values, terms: Values, ring: NDArray[np.bool_]) -> tuple[Values, float]:
    """Return the colours of the ground ``[H, W, 3]``, and which share of the border has them.

    The slope through three pixels with which most of the border agrees (Fischler and Bolles 1981), and then the
    quadratic through all that do.
    """
    seen, colours = terms[ring], values[ring]
    rng = np.random.default_rng(SEED)
    best = np.zeros(len(seen), dtype=bool)
    for _ in range(TRIALS):
        three = rng.integers(0, len(seen), SLOPE)
        slope = np.linalg.lstsq(seen[three, :SLOPE], colours[three])[0]
        belong = _apart(colours, seen[:, :SLOPE] @ slope) <= PLAIN_LEVELS
        best = belong if belong.sum() > best.sum() else best
    for _ in range(ROUNDS):
        factors = np.linalg.lstsq(seen[best], colours[best])[0]
        best = _apart(colours, seen @ factors) <= PLAIN_LEVELS
    return terms @ factors, float(best.mean())


def _apart(colours: Values, others: Values) -> Values:
    """Return the largest difference of two colours, for each of a row of them."""
    differences: Values = np.abs(colours - others).max(1)
    return differences


def _ring(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the border of a photo, ``[H, W]``."""
    wide = max(round(RING_SHARE * min(shape)), 1)
    ring = np.ones(shape, dtype=bool)
    ring[wide:-wide, wide:-wide] = False
    return ring


def _terms(shape: tuple[int, ...]) -> Values:
    """Return the terms of a quadratic over a photo, ``[H, W, 6]``; the constant comes first."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, each) for each in shape), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
