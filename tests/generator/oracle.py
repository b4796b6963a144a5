"""StyleGAN2 once more, in NumPy float64, straight from the paper: modulated weights, zero insertion, direct sums.

Written independently of the package (Karras et al. 2020, section 2 and appendix B), so that a mistake there is not
repeated here. Slow; for small networks.
"""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def leaky(x: Array) -> Array:
    """Return sqrt(2) times the leaky ReLU of slope 0.2."""
    return np.where(x > 0, x, 0.2 * x) * math.sqrt(2)


def linear(tensors: dict[str, Array], name: str, x: Array, multiplier: float = 1.0) -> Array:
    """Return the equalised linear layer ``name`` of the vector ``x``."""
    weight = tensors[f"{name}.weight"]
    return (
        weight @ x * (multiplier / math.sqrt(weight.shape[1]))
        + tensors[f"{name}.bias"] * multiplier
    )


def convolve(x: Array, weight: Array) -> Array:
    """Return the cross-correlation of ``x`` ``[C, H, W]`` with ``weight`` ``[O, C, k, k]``, valid region only."""
    k = weight.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(1, 2))
    summed: Array = np.einsum("chwij,ocij->ohw", windows, weight)
    return summed


def insert_zeros(x: Array) -> Array:
    """Return ``x`` ``[C, H, W]`` with a zero after each row and column but the last."""
    out = np.zeros((x.shape[0], 2 * x.shape[1] - 1, 2 * x.shape[2] - 1))
    out[:, ::2, ::2] = x
    return out


def binomial(x: Array) -> Array:
    """Return ``x`` filtered per channel with [1, 3, 3, 1] along both axes, sum 4, one zero on each side."""
    kernel = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64 * 4
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    return np.stack([convolve(c[None], kernel[None, None])[0] for c in padded])


def styled(
    tensors: dict[str, Array],
    name: str,
    x: Array,
    w: Array,
    *,
    up: bool,
    noise: bool,
    clamp: float | None,
) -> Array:
    """Return a modulated and demodulated 3x3 convolution with noise, bias and activation."""
    raw = tensors[f"{name}.weight"]
    weight = (
        raw
        / math.sqrt(raw.shape[1] * 9)
        * linear(tensors, f"{name}.affine", w)[None, :, None, None]
    )
    weight = weight / np.sqrt((weight**2).sum((1, 2, 3), keepdims=True) + 1e-8)
    if up:
        spread = np.pad(insert_zeros(x), ((0, 0), (2, 2), (2, 2)))
        x = binomial(convolve(spread, weight[:, :, ::-1, ::-1]))
    else:
        x = convolve(np.pad(x, ((0, 0), (1, 1), (1, 1))), weight)
    if noise:
        x = x + tensors[f"{name}.noise_const"] * tensors[f"{name}.noise_strength"]
    x = leaky(x + tensors[f"{name}.bias"][:, None, None])
    return x if clamp is None else np.clip(x, -clamp, clamp)


def to_rgb(tensors: dict[str, Array], name: str, x: Array, w: Array, clamp: float | None) -> Array:
    """Return the modulated 1x1 convolution to RGB."""
    raw = tensors[f"{name}.weight"]
    weight = (
        raw * (linear(tensors, f"{name}.affine", w) / math.sqrt(raw.shape[1]))[None, :, None, None]
    )
    rgb = convolve(x, weight) + tensors[f"{name}.bias"][:, None, None]
    return rgb if clamp is None else np.clip(rgb, -clamp, clamp)


def synthesis(
    tensors: dict[str, Array],
    w: Array,
    resolution: int,
    *,
    noise: bool = True,
    clamp: float | None = None,
) -> tuple[Array, dict[int, Array]]:
    """Return the picture ``[3, H, W]`` of w+ ``[num_ws, w_dim]``, and the features by block."""
    x = tensors["synthesis.b4.const"]
    rgb = np.zeros((3, 2, 2))
    features: dict[int, Array] = {}
    row, size = 0, 4
    while size <= resolution:
        block = f"synthesis.b{size}"
        if size > 4:
            x = styled(tensors, f"{block}.conv0", x, w[row], up=True, noise=noise, clamp=clamp)
            row += 1
        x = styled(tensors, f"{block}.conv1", x, w[row], up=False, noise=noise, clamp=clamp)
        row += 1
        features[size] = x
        before = binomial(np.pad(insert_zeros(rgb), ((0, 0), (1, 1), (1, 1)))) if size > 4 else 0.0
        rgb = before + to_rgb(tensors, f"{block}.torgb", x, w[row], clamp)
        size *= 2
    return rgb, features


def mapping(tensors: dict[str, Array], u: Array, layers: int, multiplier: float) -> Array:
    """Return w of one mapping input."""
    for index in range(layers):
        u = leaky(linear(tensors, f"mapping.fc{index}", u, multiplier))
    return u
