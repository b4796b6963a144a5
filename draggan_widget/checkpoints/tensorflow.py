"""StyleGAN2's first pickles, written by TensorFlow: their variables in the layout of stylegan2-ada-pytorch."""

from __future__ import annotations

import re

from torch import Tensor

from draggan_widget.checkpoints.ada import LONGEST_NAME, LR_MULTIPLIER, AdaNetwork
from draggan_widget.checkpoints.pickles import Made, entries
from draggan_widget.checkpoints.tensors import Tensors
from draggan_widget.errors import GeneratorError

NETWORK = "dnnlib.tflib.network.Network"
"""What such a pickle holds three of: generator, discriminator, and the running average of the generator."""

DEEPEST = 8
"""Networks inside each other."""

MOST_VARIABLES = 2000

MOST_NETWORKS = 100
"""All of those together, which may be one over and over."""


def is_tensorflow(root: object) -> bool:
    """Whether a record is the three networks of such a pickle."""
    return (
        isinstance(root, tuple | list)
        and len(root) == 3
        and all(isinstance(each, Made) and each.path == NETWORK for each in root)
    )


def read_tensorflow(root: object, tensors: Tensors) -> AdaNetwork:
    """Return the running average of the generator.

    Raises:
        GeneratorError: It is damaged, or conditional in the way of the first version.
    """
    assert isinstance(root, tuple | list)
    state = entries(root[2].state)
    variables = _variables(state, tensors)
    if "mapping/LabelConcat/weight" in variables:
        raise GeneratorError(
            "the network joins its label to z before both are normalised, as TensorFlow's first version did; "
            "only later conditional networks can be read"
        )
    if not variables:
        raise GeneratorError("the network of TensorFlow's has no variables")
    arguments = entries(state.get("static_kwargs"))
    clamp, multiplier = arguments.get("conv_clamp"), arguments.get("mapping_lrmul", LR_MULTIPLIER)
    return AdaNetwork(
        {
            name: value
            for name, value in (_renamed(path, value) for path, value in variables.items())
            if name
        },
        conv_clamp=float(clamp) if isinstance(clamp, int | float) else None,
        lr_multiplier=float(multiplier) if isinstance(multiplier, int | float) else LR_MULTIPLIER,
        trained_as="TensorFlow StyleGAN2",
    )


def _variables(state: dict[str, object], tensors: Tensors) -> dict[str, Tensor]:
    """Return the variables of a network and of the networks in it, by path."""
    found: dict[str, Tensor] = {}
    waiting = [("", state, 0)]
    networks = 0
    while waiting:
        prefix, own, depth = waiting.pop()
        networks += 1
        variables = own.get("variables")
        pairs = variables if isinstance(variables, list) else []
        if depth > DEEPEST or networks > MOST_NETWORKS or len(pairs) > MOST_VARIABLES:
            raise GeneratorError("the file's networks have no end")
        for pair in pairs:
            name, record = pair if isinstance(pair, tuple) and len(pair) == 2 else (None, None)
            value = tensors.tensor(record)
            if isinstance(name, str) and value is not None:
                found[prefix + name] = value
        components = entries(own.get("components"))
        if len(components) > MOST_NETWORKS or any(len(n) > LONGEST_NAME for n in components):
            raise GeneratorError("the file's networks have no end")
        for name, part in components.items():
            inner = entries(part.state) if isinstance(part, Made) else {}
            waiting.append((f"{prefix}{name}/", inner, depth + 1))
    return found


def _renamed(path: str, value: Tensor) -> tuple[str, Tensor]:
    """Return a variable under its name in the other layout; an empty name for what has no place there."""
    if path == "dlatent_avg":
        return "mapping.w_avg", value
    if match := re.fullmatch(r"mapping/Dense(\d{1,2})/(weight|bias)", path):
        return f"mapping.fc{match[1]}.{match[2]}", value.t() if match[2] == "weight" else value
    if match := re.fullmatch(r"mapping/LabelEmbed/(weight|bias)", path):
        return f"mapping.embed.{match[1]}", value.t() if match[1] == "weight" else value
    if path == "synthesis/4x4/Const/const":
        return "synthesis.b4.const", value[0]
    if match := re.fullmatch(r"synthesis/noise(\d{1,2})", path):
        return f"{_layer_of_noise(int(match[1]))}.noise_const", value[0, 0]
    if match := re.fullmatch(r"synthesis/(\d{1,5})x\d+/(Conv|Conv0_up|Conv1|ToRGB)/(\w+)", path):
        layer = {"Conv0_up": "conv0", "ToRGB": "torgb"}.get(match[2], "conv1")
        return _part(f"synthesis.b{match[1]}.{layer}", match[3], value)
    return "", value


def _part(layer: str, part: str, value: Tensor) -> tuple[str, Tensor]:
    """Return a layer's variable under its name in the other layout."""
    if part == "weight":
        if value.ndim != 4:
            raise GeneratorError(f"{layer}'s weight has {value.ndim} dimensions, expected 4")
        kernel = value.permute(3, 2, 0, 1)
        return f"{layer}.weight", kernel.flip((2, 3)) if layer.endswith("conv0") else kernel
    if part == "mod_weight":
        return f"{layer}.affine.weight", value.t()
    if part == "mod_bias":
        return f"{layer}.affine.bias", value + 1
    return (f"{layer}.{part}", value) if part in ("bias", "noise_strength") else ("", value)


def _layer_of_noise(index: int) -> str:
    """Return the layer that a noise belongs to: one at 4 px, then two at each size."""
    size = 4 << ((index + 1) // 2)
    return f"synthesis.b{size}.conv{0 if index % 2 else 1}"
