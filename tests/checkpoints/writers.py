"""Checkpoints as other programs write them, made here from their formats alone.

The classes and functions that such pickles name do not exist on this machine; while a file is written, stand-ins of
the same names do. They refuse to be unpickled, so that a reader that executes anything fails.
"""

from __future__ import annotations

import collections
import io
import pickle
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

BUFFERS = (
    *("noise_const", "resample_filter", "w_avg", "freqs", "phases", "transform", "magnitude_ema"),
    *("up_filter", "down_filter"),
)
"""Tensors that the published modules hold as buffers."""

SOURCE = "import os\nos.abort()  # the source of the class travels with it\n"


class EasyDict(dict[str, Any]):
    """A dict, as NVIDIA's pickles hold them."""


class Persistent(nn.Module):
    """A module that is pickled with its source."""

    class_name = "Part"

    def __reduce__(self) -> tuple[Any, ...]:
        meta = EasyDict(
            type="class",
            version=6,
            module_src=SOURCE,
            class_name=self.class_name,
            state=dict(self.__dict__),
        )
        return _reconstruct_persistent_obj, (meta,)


class Network:
    """A network of TensorFlow's pickles."""

    def __init__(self, **state: Any) -> None:
        self.__dict__.update(state)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        raise AssertionError("a file was executed")


def _reconstruct_persistent_obj(meta: Any) -> Any:
    """Stand for what makes a module from its source."""
    raise AssertionError("a file was executed")


def ada_pickle(
    tensors: Mapping[str, Tensor],
    *,
    protocol: int = 4,
    key: str = "G_ema",
    layer_attributes: Mapping[str, Any] | None = None,
    **arguments: Any,
) -> bytes:
    """Return a pickle as stylegan2-ada-pytorch and stylegan3 write them.

    Args:
        tensors: Of the generator, by their published names.
        protocol: Of the pickle.
        key: Where the generator lies.
        layer_attributes: What each of its modules keeps beside tensors.
        arguments: With which it says that it was made.
    """
    generator = _tree(tensors, "Generator")
    for module in generator.modules():
        module.__dict__.update(layer_attributes or {})
    generator._init_args = ()  # type: ignore[assignment]  # as the published modules have it
    generator._init_kwargs = EasyDict(arguments)  # type: ignore[assignment]  # likewise
    judge = _tree({"b4.out.weight": torch.zeros(1, 3)}, "Discriminator")
    data = {"G": None, "D": judge, key: generator, "training_set_kwargs": EasyDict(path="x.zip")}
    with _names(
        {
            "torch_utils.persistence": {"_reconstruct_persistent_obj": _reconstruct_persistent_obj},
            "dnnlib.util": {"EasyDict": EasyDict},
        }
    ):
        return pickle.dumps(data, protocol)


def tensorflow_pickle(tensors: Mapping[str, Tensor], **arguments: Any) -> bytes:
    """Return a pickle as TensorFlow's StyleGAN2 writes them, from tensors by stylegan2-ada-pytorch's names."""
    mapping: list[tuple[str, Any]] = []
    synthesis: list[tuple[str, Any]] = []
    own: list[tuple[str, Any]] = [("lod", np.float32(0))]
    for name, tensor in tensors.items():
        value = tensor.numpy()
        parts = name.split(".")
        if name == "mapping.w_avg":
            own.append(("dlatent_avg", value))
        elif parts[0] == "mapping":
            layer = parts[1].replace("fc", "Dense").replace("embed", "LabelEmbed")
            mapping.append((f"{layer}/{parts[2]}", value.T if parts[2] == "weight" else value))
        elif parts[-1] == "noise_const":
            size = int(parts[1][1:])
            index = 2 * int(np.log2(size)) - (5 if parts[2] == "conv0" else 4)
            synthesis.append((f"noise{index}", value[None, None]))
        elif parts[-1] != "resample_filter":
            synthesis.append(_tensorflow_variable(parts[1:], value))
    parts_of_it = {
        "mapping": Network(variables=mapping, components={}),
        "synthesis": Network(variables=synthesis, components={}),
    }
    networks = tuple(
        Network(
            version=4,
            name=name,
            static_kwargs=dict(arguments),
            components=collections.OrderedDict(parts_of_it if name == "Gs" else {}),
            variables=own if name == "Gs" else [],
            build_module_src=SOURCE,
            build_func_name="G_main",
        )
        for name in ("G", "D", "Gs")
    )
    with _names({"dnnlib.tflib.network": {"Network": Network}}):
        return pickle.dumps(networks, 2)


def rosinality_file(tensors: Mapping[str, Tensor], *, legacy: bool, mean: bool = True) -> bytes:
    """Return a checkpoint as rosinality's stylegan2-pytorch writes them."""
    state: dict[str, Tensor] = {}
    for name, value in tensors.items():
        parts = name.split(".")
        if parts[0] == "mapping":
            if parts[1] != "w_avg":
                state[f"style.{int(parts[1][2:]) + 1}.{parts[2]}"] = value
            continue
        level = int(np.log2(int(parts[1][1:]))) - 2
        if parts[2] == "const":
            state["input.input"] = value[None]
        elif parts[2] == "torgb":
            prefix = "to_rgb1" if level == 0 else f"to_rgbs.{level - 1}"
            path = ".".join(parts[3:])
            renamed = {"weight": "conv.weight", "bias": "bias"}.get(path)
            renamed = renamed or path.replace("affine", "conv.modulation")
            state[f"{prefix}.{renamed}"] = (
                value[None]
                if path == "weight"
                else (value.reshape(1, 3, 1, 1) if path == "bias" else value)
            )
        elif parts[-1] != "resample_filter":
            index = 0 if level == 0 else 2 * level - (1 if parts[2] == "conv0" else 0)
            prefix = "conv1" if index == 0 else f"convs.{index - 1}"
            path = ".".join(parts[3:])
            if path == "noise_const":
                state[f"noises.noise_{index}"] = value[None, None]
            else:
                renamed = {
                    "weight": "conv.weight",
                    "bias": "activate.bias",
                    "noise_strength": "noise.weight",
                }.get(path) or path.replace("affine", "conv.modulation")
                state[f"{prefix}.{renamed}"] = (
                    value[None]
                    if path == "weight"
                    else (value.reshape(1) if path == "noise_strength" else value)
                )
            state[f"{prefix}.conv.blur.kernel"] = torch.ones(4, 4)
    stream = io.BytesIO()
    whole: dict[str, Any] = {"g": {}, "g_ema": collections.OrderedDict(state), "args": None}
    if mean:
        whole["latent_avg"] = tensors["mapping.w_avg"]
    torch.save(whole, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def _tensorflow_variable(parts: list[str], value: Any) -> tuple[str, Any]:
    """Return a synthesis tensor under its name in TensorFlow."""
    size, layer, *rest = parts
    side = size[1:]
    if layer == "const":
        return f"{side}x{side}/Const/const", value[None]
    name = {
        "conv0": "Conv0_up",
        "conv1": "Conv" if side == "4" else "Conv1",
        "torgb": "ToRGB",
    }[layer]
    path = f"{side}x{side}/{name}"
    if rest[0] == "affine":
        if rest[1] == "weight":
            return f"{path}/mod_weight", value.T
        return f"{path}/mod_bias", value - 1
    if rest[0] == "weight":
        flipped = value[:, :, ::-1, ::-1] if layer == "conv0" else value
        return f"{path}/weight", np.ascontiguousarray(flipped.transpose(2, 3, 1, 0))
    return f"{path}/{rest[0]}", value


def _tree(tensors: Mapping[str, Tensor], class_name: str) -> Persistent:
    """Return modules inside each other that hold tensors under their names."""
    root = Persistent()
    root.class_name = class_name
    for name, value in tensors.items():
        *path, last = name.split(".")
        module: nn.Module = root
        for part in path:
            if part not in module._modules:
                module.add_module(part, Persistent())
            module = module.get_submodule(part)
        if last in BUFFERS:
            module.register_buffer(last, value)
        else:
            module.register_parameter(last, nn.Parameter(value))
    return root


@contextmanager
def _names(modules: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Let objects go by other names while something is pickled."""
    before: list[tuple[Any, str, str]] = []
    added: list[str] = []
    for module, members in modules.items():
        parts = module.split(".")
        for count in range(1, len(parts) + 1):
            path = ".".join(parts[:count])
            if path not in sys.modules:
                sys.modules[path] = ModuleType(path)
                added.append(path)
        for name, value in members.items():
            before.append((value, value.__module__, value.__qualname__))
            value.__module__, value.__qualname__ = module, name
            setattr(sys.modules[module], name, value)
    try:
        yield
    finally:
        for value, home, name in before:
            value.__module__, value.__qualname__ = home, name
        for path in added:
            del sys.modules[path]
