"""The layout of stylegan3's alias-free networks."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from draggan_widget.checkpoints.ada import AdaNetwork, check_size, check_tensors, without_label
from draggan_widget.errors import GeneratorError
from draggan_widget.generator import StyleGAN3Config, StyleGAN3Generator
from draggan_widget.generator.alias_free import bands

LAYER_NAME = re.compile(r"synthesis\.L(\d{1,2})_(\d{1,5})_(\d{1,5})\.")

MARK = "synthesis.input.weight"
"""A tensor that no other layout has."""

CHANNEL_BASES = tuple(2**k for k in range(8, 20))
"""Published and smaller networks; tried where a file does not tell."""

ARGUMENTS: Mapping[str, str] = {
    "channel_base": "channel_base",
    "channel_max": "channel_max",
    "num_layers": "layers",
    "num_critical": "critical_layers",
    "first_cutoff": "first_cutoff",
    "first_stopband": "first_stopband",
    "last_stopband_rel": "last_stopband_ratio",
    "margin_size": "margin",
    "output_scale": "output_scale",
    "filter_size": "filter_size",
    "lrelu_upsampling": "nonlinearity_upsampling",
}
"""Arguments of the published network, and the fields that they set."""

WHOLE = (
    "channel_base",
    "channel_max",
    "layers",
    "critical_layers",
    "margin",
    "filter_size",
    "nonlinearity_upsampling",
)
"""Those that count something; configurations often write them as decimals."""


def is_stylegan3(names: Mapping[str, object]) -> bool:
    """Whether tensors are named as there."""
    return MARK in names


def stylegan3_of(network: AdaNetwork, name: str, label: int | None) -> StyleGAN3Generator:
    """Return the generator of a network, frozen, on the CPU; arguments and errors as for ``ada.generator_of``."""
    tensors = without_label(dict(network.tensors), network, label)
    config = _architecture(tensors, network)
    mean = tensors.get("mapping.w_avg", torch.zeros(config.w_dim))
    check_size("the stylegan3 network", config, tensors)
    generator = StyleGAN3Generator(config, name=name)
    whole = tensors | {"mapping.w_avg": mean.reshape(1, -1)}
    check_tensors("the stylegan3 network", generator, whole)
    generator.load_state_dict(whole, assign=True)
    if "mapping.w_avg" not in tensors:
        generator.mapping.measure()
    return generator.frozen()


def _architecture(tensors: Mapping[str, Tensor], network: AdaNetwork) -> StyleGAN3Config:
    """Return the architecture that the arguments, names and shapes tell."""
    found = {
        int(match[1]): (int(match[2]), int(match[3]), name)
        for name in tensors
        if (match := LAYER_NAME.match(name)) and name.endswith(".weight") and "affine" not in name
    }
    first, affine = tensors.get("mapping.fc0.weight"), tensors.get("synthesis.input.affine.weight")
    if first is None or affine is None or not found or sorted(found) != list(range(len(found))):
        raise GeneratorError("the stylegan3 network is not whole: it lacks layers, or its mapping")
    if (
        first.ndim != 2
        or affine.ndim != 2
        or any(tensors[each[2]].ndim != 4 for each in found.values())
    ):
        raise GeneratorError("the network's tensors have the wrong number of dimensions")
    told = {
        field: int(value) if field in WHOLE else value
        for argument, field in ARGUMENTS.items()
        if isinstance(value := network.arguments.get(argument), int | float)
    }
    layers = [name for name in tensors if re.fullmatch(r"mapping\.fc\d+\.weight", name)]
    filters = [value for name, value in tensors.items() if name.endswith("down_filter")]
    arguments = {
        "resolution": found[len(found) - 1][0],
        "z_dim": first.shape[1],
        "w_dim": affine.shape[1],
        "mapping_layers": len(layers),
        "mapping_lr_multiplier": network.lr_multiplier,
        "layers": len(found) - 1,
        "conv_kernel": tensors[found[0][2]].shape[-1],
        "radial": any(value.ndim == 2 for value in filters),
        "conv_clamp": network.conv_clamp,
        "channel_max": max(channels for _, channels, _ in found.values()),
        **told,
    }
    if "conv_clamp" not in network.arguments:
        arguments["conv_clamp"] = StyleGAN3Config.conv_clamp
    if "channel_base" in told:
        return StyleGAN3Config.from_json(arguments)
    return _with_channels(arguments, [found[index][1] for index in range(len(found))])


def _with_channels(arguments: Mapping[str, object], channels: list[int]) -> StyleGAN3Config:
    """Return the architecture whose layers have so many channels."""
    for base in CHANNEL_BASES:
        config = StyleGAN3Config.from_json({**arguments, "channel_base": base})
        if [band.channels for band in bands(config)] == channels:
            return config
    raise GeneratorError(
        f"no usual architecture has layers of {channels} channels; a checkpoint that was pickled whole says which it has"
    )
