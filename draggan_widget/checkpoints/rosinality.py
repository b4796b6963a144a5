"""Checkpoints of rosinality's stylegan2-pytorch: their tensors in the layout of stylegan2-ada-pytorch."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from draggan_widget.checkpoints.ada import AdaNetwork

MARKS = frozenset(("input.input", "conv1.conv.weight", "to_rgb1.conv.weight"))
"""Tensors that no other layout has."""

_LAYERS = {"conv.weight": "weight", "activate.bias": "bias", "noise.weight": "noise_strength"}
_COLOURS = {"conv.weight": "weight", "bias": "bias"}
_MODULATION = {"conv.modulation.weight": "affine.weight", "conv.modulation.bias": "affine.bias"}


def is_rosinality(names: Mapping[str, object]) -> bool:
    """Whether tensors are named as there."""
    return names.keys() >= MARKS


def read_rosinality(tensors: Mapping[str, Tensor], mean_w: Tensor | None) -> AdaNetwork:
    """Return the network of a state dict; without a mean of w it is measured when the network is used.

    Args:
        tensors: Of the running average of the generator.
        mean_w: ``latent_avg`` of the checkpoint, ``[w_dim]``, or None.
    """
    renamed = {}
    for path, value in tensors.items():
        name, part = _renamed(path, value)
        if name:
            renamed[name] = part
    if mean_w is not None:
        renamed["mapping.w_avg"] = mean_w.flatten()
    return AdaNetwork(renamed, trained_as="rosinality stylegan2-pytorch")


def _renamed(path: str, value: Tensor) -> tuple[str, Tensor]:
    """Return a tensor under its name in the other layout; empty for filters, which are the published ones."""
    if path == "input.input":
        return "synthesis.b4.const", value[0]
    if match := re.fullmatch(r"style\.(\d{1,2})\.(weight|bias)", path):
        return f"mapping.fc{int(match[1]) - 1}.{match[2]}", value
    if match := re.fullmatch(r"noises\.noise_(\d{1,2})", path):
        return f"{_layer(int(match[1]))}.noise_const", value[0, 0]
    if match := re.fullmatch(r"(?:conv1|convs\.(\d{1,2}))\.(.+)", path):
        layer = _layer(0 if match[1] is None else int(match[1]) + 1)
        return _part(layer, match[2], _LAYERS, value)
    if match := re.fullmatch(r"to_rgb(?:1|s\.(\d{1,2}))\.(.+)", path):
        size = 4 if match[1] is None else 8 << int(match[1])
        return _part(f"synthesis.b{size}.torgb", match[2], _COLOURS, value)
    return path, value


def _part(layer: str, path: str, parts: Mapping[str, str], value: Tensor) -> tuple[str, Tensor]:
    """Return a layer's tensor under its name in the other layout."""
    if path.endswith("kernel"):
        return "", value
    part = {**parts, **_MODULATION}.get(path)
    if part is None:
        return f"{layer}.{path}", value
    if part == "weight":
        value = value[0]
    elif part == "noise_strength":
        value = value.reshape(torch.Size([]))
    elif part == "bias":
        value = value.flatten()
    return f"{layer}.{part}", value


def _layer(index: int) -> str:
    """Return the convolution at a position: one at 4 px, then two at each size."""
    size = 4 << ((index + 1) // 2)
    return f"synthesis.b{size}.conv{0 if index % 2 else 1}"
