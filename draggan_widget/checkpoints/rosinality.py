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
    parts = {path: _renamed(path, value) for path, value in tensors.items()}
    renamed = {name: part for name, part in parts.values() if name}
    if mean_w is not None:
        renamed["mapping.w_avg"] = mean_w.flatten()
    own = {name: path for path, (name, _) in parts.items()}
    return AdaNetwork(
        renamed,
        trained_as="rosinality stylegan2-pytorch",
        own_name=lambda name: own.get(name) or _own_name(name),
    )


def _renamed(path: str, value: Tensor) -> tuple[str, Tensor]:
    """Return a tensor under its name in the other layout; empty for filters, which are the published ones."""
    if path == "input.input":
        return "synthesis.b4.const", _without(value, 1, 3)
    if match := re.fullmatch(r"style\.(\d{1,2})\.(weight|bias)", path):
        return f"mapping.fc{int(match[1]) - 1}.{match[2]}", value
    if match := re.fullmatch(r"noises\.noise_(\d{1,2})", path):
        return f"{_layer(int(match[1]))}.noise_const", _without(value, 2, 2)
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
        value = _without(value, 1, 4)
    elif part == "noise_strength" and value.numel() == 1:
        value = value.reshape(torch.Size([]))
    elif part == "bias":
        value = value.flatten()
    return f"{layer}.{part}", value


def _without(value: Tensor, ones: int, rest: int) -> Tensor:
    """Return a tensor without its first axes, where these have one entry each and so many are left; else as it is."""
    has_ones = value.ndim == ones + rest and set(value.shape[:ones]) == {1}
    return value.reshape(value.shape[ones:]) if has_ones else value


def _own_name(name: str) -> str:
    """Return what this layout calls a tensor of the other one."""
    if name == "synthesis.b4.const":
        return "input.input"
    if name == "mapping.w_avg":
        return "latent_avg"
    if match := re.fullmatch(r"mapping\.fc(\d{1,2})\.(weight|bias)", name):
        return f"style.{int(match[1]) + 1}.{match[2]}"
    match = re.fullmatch(r"synthesis\.b(\d{1,5})\.(torgb|conv0|conv1)\.(.+)", name)
    if match is None:
        return name
    level, part = int(match[1]).bit_length() - 3, match[3]
    if match[2] == "torgb":
        layer, known = "to_rgb1" if level == 0 else f"to_rgbs.{level - 1}", _COLOURS
    else:
        index = 2 * level - (match[2] == "conv0")
        layer, known = "conv1" if index == 0 else f"convs.{index - 1}", _LAYERS
        if part == "noise_const":
            return f"noises.noise_{index}"
    own = {theirs: path for path, theirs in {**known, **_MODULATION}.items()}
    return f"{layer}.{own.get(part, part)}"


def _layer(index: int) -> str:
    """Return the convolution at a position: one at 4 px, then two at each size."""
    size = 4 << ((index + 1) // 2)
    return f"synthesis.b{size}.conv{0 if index % 2 else 1}"
