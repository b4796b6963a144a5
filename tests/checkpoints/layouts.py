"""Tensors of the published networks by their published names and shapes, written down here and not asked of the package.

Names and shapes are those of the networks in stylegan2-ada-pytorch and stylegan3; numbers are random.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from draggan_widget.generator import StyleGAN2Config, StyleGAN3Config

TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0])
FILTER = torch.outer(TAPS, TAPS) / 64
"""With which StyleGAN2 resamples."""

ODD = 0.3
"""Standard deviation of what a new network has as a constant: so every tensor matters."""


def stylegan2_tensors(
    *,
    channels: Sequence[int],
    z_dim: int,
    w_dim: int,
    mapping_layers: int,
    columns: int = 4,
    multiplier: float = 0.01,
) -> dict[str, Tensor]:
    """Return the tensors of a StyleGAN2 with skip connections to RGB.

    Args:
        channels: Of each block, from the smallest on, which has 4 rows.
        z_dim, w_dim: Lengths of z and w.
        mapping_layers: Of the mapping.
        columns: Of the smallest block.
        multiplier: Of the learning rate of the mapping, by which its weights are larger than they act.
    """
    torch.manual_seed(0)
    tensors = dict(_mapping(z_dim, w_dim, mapping_layers, multiplier))
    inputs = 0
    for index, outputs in enumerate(channels):
        rows, wide = 4 * 2**index, columns * 2**index
        block = f"synthesis.b{rows}"
        if index == 0:
            tensors[f"{block}.const"] = torch.randn(outputs, rows, wide)
        layers = [("conv1", outputs)] if index == 0 else [("conv0", inputs), ("conv1", outputs)]
        for layer, before in layers:
            tensors |= _affine(f"{block}.{layer}", w_dim, before)
            tensors[f"{block}.{layer}.weight"] = torch.randn(outputs, before, 3, 3)
            tensors[f"{block}.{layer}.noise_strength"] = ODD * torch.randn([])
            tensors[f"{block}.{layer}.bias"] = ODD * torch.randn(outputs)
            tensors[f"{block}.{layer}.noise_const"] = torch.randn(rows, wide)
            tensors[f"{block}.{layer}.resample_filter"] = FILTER.clone()
        tensors |= _affine(f"{block}.torgb", w_dim, outputs)
        tensors[f"{block}.torgb.weight"] = torch.randn(3, outputs, 1, 1)
        tensors[f"{block}.torgb.bias"] = ODD * torch.randn(3)
        tensors[f"{block}.resample_filter"] = FILTER.clone()
        inputs = outputs
    return tensors


def stylegan2_of(config: StyleGAN2Config) -> dict[str, Tensor]:
    """Return the tensors of a StyleGAN2 of an architecture that says the channels of its blocks."""
    assert config.block_channels is not None
    return stylegan2_tensors(
        channels=config.block_channels,
        z_dim=config.z_dim,
        w_dim=config.w_dim,
        mapping_layers=config.mapping_layers,
        columns=config.base_width,
        multiplier=config.mapping_lr_multiplier,
    )


def stylegan3_of(config: StyleGAN3Config, layers: Sequence[Layer]) -> dict[str, Tensor]:
    """Return the tensors of a StyleGAN3.

    Args:
        config: Its architecture.
        layers: Each by number, size, channels before and after, and its filters.
    """
    torch.manual_seed(0)
    tensors = dict(
        _mapping(config.z_dim, config.w_dim, config.mapping_layers, config.mapping_lr_multiplier)
    )
    first = layers[0][2]
    tensors["synthesis.input.weight"] = torch.randn(first, first)
    tensors["synthesis.input.affine.weight"] = ODD * torch.randn(4, config.w_dim)
    tensors["synthesis.input.affine.bias"] = torch.tensor([1.0, 0.2, -0.1, 0.3])
    tensors["synthesis.input.transform"] = torch.eye(3)
    tensors["synthesis.input.freqs"] = torch.randn(first, 2)
    tensors["synthesis.input.phases"] = torch.rand(first) - 0.5
    for number, size, before, after, filters in layers:
        layer = f"synthesis.L{number}_{size}_{after}"
        kernel = 1 if number == len(layers) - 1 else config.conv_kernel
        tensors |= _affine(layer, config.w_dim, before)
        tensors[f"{layer}.weight"] = torch.randn(after, before, kernel, kernel)
        tensors[f"{layer}.bias"] = ODD * torch.randn(after)
        tensors[f"{layer}.magnitude_ema"] = torch.tensor(1 + number / 10)
        for name, taps in zip(("up_filter", "down_filter"), filters, strict=True):
            if taps is not None:
                tensors[f"{layer}.{name}"] = taps.clone()
    return tensors


Layer = tuple[int, int, int, int, tuple[Tensor | None, Tensor | None]]
"""Number, size, channels before and after, filters of a layer."""


def _mapping(
    z_dim: int, w_dim: int, layers: int, multiplier: float
) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a mapping."""
    for index in range(layers):
        inputs = z_dim if index == 0 else w_dim
        yield f"mapping.fc{index}.weight", torch.randn(w_dim, inputs) / multiplier
        yield f"mapping.fc{index}.bias", ODD * torch.randn(w_dim) / math.sqrt(multiplier)
    yield "mapping.w_avg", torch.randn(w_dim)


def _affine(layer: str, w_dim: int, channels: int) -> dict[str, Tensor]:
    """Return what makes the style of a layer out of w."""
    return {
        f"{layer}.affine.weight": torch.randn(channels, w_dim),
        f"{layer}.affine.bias": 1 + ODD * torch.randn(channels),
    }
