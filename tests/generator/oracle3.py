"""StyleGAN3 once more, in NumPy float64, straight from the paper: modulated weights, sums over every tap.

Written independently of the package (Karras et al. 2021, sections 2 and 3, appendix C). It is told the numbers of a
layer (factors, sizes, filters) and works on a place of the output at a time. Slow; for small networks.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tests.generator.oracle import Array, convolve, linear


def fourier(tensors: dict[str, Array], w: Array, size: int, rate: float, cutoff: float) -> Array:
    """Return the first map ``[C, size, size]``."""
    t = linear(tensors, "synthesis.input.affine", w)
    t = t / math.hypot(t[0], t[1])
    freqs, phases = tensors["synthesis.input.freqs"], tensors["synthesis.input.phases"]
    out = np.zeros((len(freqs), size, size))
    for channel, ((fx, fy), phase) in enumerate(zip(freqs, phases, strict=True)):
        # The place (x, y) is shifted by -t, then turned.
        gx, gy = fx * t[0] + fy * t[1], -fx * t[1] + fy * t[0]
        moved = phase - gx * t[2] - gy * t[3]
        strength = min(max(1 - (math.hypot(gx, gy) - cutoff) / (rate / 2 - cutoff), 0), 1)
        for row in range(size):
            for column in range(size):
                x, y = ((i + 0.5 - size / 2) / rate for i in (column, row))
                out[channel, row, column] = strength * math.sin(
                    2 * math.pi * (gx * x + gy * y + moved)
                )
    weight = tensors["synthesis.input.weight"] / math.sqrt(len(freqs))
    mixed: Array = np.einsum("oc,chw->ohw", weight, out)
    return mixed


def layer(
    tensors: dict[str, Array],
    name: str,
    x: Array,
    w: Array,
    *,
    up: int,
    down: int,
    padding: tuple[int, int],
    filters: tuple[Array | None, Array | None],
    to_rgb: bool,
    clamp: float | None,
) -> Array:
    """Return the output of a layer for a map ``[C, s, s]``."""
    raw = tensors[f"{name}.weight"]
    style = linear(tensors, f"{name}.affine", w)
    weight = raw * style[None, :, None, None]
    if to_rgb:
        weight = weight / math.sqrt(raw[0].size)
    else:
        weight = weight / np.sqrt((weight**2).sum((1, 2, 3), keepdims=True))
    weight = weight / math.sqrt(float(tensors[f"{name}.magnitude_ema"]))
    k = raw.shape[-1] - 1
    x = convolve(np.pad(x, ((0, 0), (k, k), (k, k))), weight)
    x = x + tensors[f"{name}.bias"][:, None, None]

    channels, size, _ = x.shape
    spread = np.zeros((channels, size * up, size * up))
    spread[:, ::up, ::up] = x
    before, after = padding
    spread = crop_or_pad(spread, before, after)
    if filters[0] is not None:
        spread = filtered(spread, np.outer(filters[0], filters[0]) * up**2)
    if not to_rgb:
        spread = np.where(spread > 0, spread, 0.2 * spread) * math.sqrt(2)
    if clamp is not None:
        spread = np.clip(spread, -clamp, clamp)
    if filters[1] is not None:
        square = filters[1] if filters[1].ndim == 2 else np.outer(filters[1], filters[1])
        spread = filtered(spread, square)
    return spread[:, ::down, ::down]


def crop_or_pad(x: Array, before: int, after: int) -> Array:
    """Return a map with samples added at both ends of its axes, or removed where the number is negative."""
    wide = np.pad(x, ((0, 0), (max(before, 0), max(after, 0)), (max(before, 0), max(after, 0))))
    start, end = max(-before, 0), wide.shape[1] - max(-after, 0)
    return wide[:, start:end, start:end]


def filtered(x: Array, square: NDArray[np.float64]) -> Array:
    """Return each channel under a symmetric filter ``[k, k]``, valid region only."""
    return np.stack([convolve(each[None], square[None, None])[0] for each in x])
