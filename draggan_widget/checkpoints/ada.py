"""The layout of stylegan2-ada-pytorch's tensors, which the other layouts are brought to first.

Names and shapes follow the published networks (Karras et al. 2020, "Training generative adversarial networks with
limited data"). What a conditional network's label does to the mapping is constant, and is folded into its first layer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from draggan_widget.checkpoints.divisors import missing_divisors
from draggan_widget.checkpoints.sizes import channels_of, mapping_layers_of, w_dim_of
from draggan_widget.errors import GeneratorError
from draggan_widget.generator import Generator, StyleGAN2Config, StyleGAN3Config
from draggan_widget.generator.latents import LatentGenerator
from draggan_widget.ops import resampling_filter

FLOAT = torch.float32

NOISE_SEED = 0
"""Of noise that a file has no maps of, so that its pictures are the same every time."""

EPSILON = 1e-8
"""Added to mean squares under a root, as published."""

LR_MULTIPLIER = 0.01
"""Learning-rate multiplier of every published mapping."""

BLOCK_NAME = re.compile(r"synthesis\.b(\d{1,5})\.")

MOST_TIMES_LARGER, SPARE_WEIGHTS = 2, 2**22
"""An architecture of more than so many times the numbers of a file, and some, is not built to say what is missing."""

LONGEST_NAME = 200
"""Characters of a tensor's name."""

MOST_NAMED = 40
"""So many tensors are named in an error; a file of another kind misses all of them."""


@dataclass(frozen=True)
class AdaNetwork:
    """A network of that layout.

    Attributes:
        tensors: By their published names, in single precision.
        conv_clamp: Largest absolute activation, or None.
        lr_multiplier: Learning-rate multiplier of the mapping.
        trained_as: How the file's own layout is called, for messages.
        arguments: With which the network says that it was made.
        own_name: What the file's own layout calls a tensor, for messages.
    """

    tensors: Mapping[str, Tensor]
    conv_clamp: float | None = None
    lr_multiplier: float = LR_MULTIPLIER
    trained_as: str = "stylegan2-ada-pytorch"
    arguments: Mapping[str, object] = field(default_factory=dict)
    own_name: Callable[[str], str] = str

    @property
    def classes(self) -> int:
        """Labels to choose from; 0 for a network without labels."""
        embedding = self.tensors.get("mapping.embed.weight")
        return 0 if embedding is None or embedding.ndim != 2 else embedding.shape[1]


def generator_of(network: AdaNetwork, name: str, label: int | None) -> Generator:
    """Return the generator of a network, frozen, on the CPU.

    Args:
        network: All its tensors.
        name: Shown to people.
        label: Which class to draw, from 0, for a conditional network; None for one without labels.

    Raises:
        GeneratorError: Tensors are missing, unexpected, misshapen or not finite, all of which are listed, or there is
            no such label.
    """
    tensors = {key: value for key, value in network.tensors.items() if not _is_filter(key)}
    _check_filters(network.tensors)
    tensors = without_label(tensors, network, label)
    has_noise = any(name.endswith("noise_strength") for name in tensors)
    config = _architecture(tensors, network)
    mean = tensors.get("mapping.w_avg", torch.zeros(config.w_dim))
    check_size(f"the {network.trained_as} network", config, tensors)
    generator = Generator(config, name=name)
    whole = _with_noise(tensors, generator) | {"mapping.w_avg": mean.reshape(1, -1)}
    check_tensors(f"the {network.trained_as} network", generator, whole, network.own_name)
    generator.load_state_dict(whole, assign=True)
    generator.noise = has_noise
    if "mapping.w_avg" not in tensors:
        generator.mapping.measure()
    return generator.frozen()


def _with_noise(tensors: dict[str, Tensor], generator: Generator) -> dict[str, Tensor]:
    """Return tensors with those of the noise, where a network has none at all.

    A network that was trained without noise has no strengths: they are zero then. Some programs draw the noise anew for
    each picture and keep no map of it: then it is one that was drawn once.
    """
    found = dict(tensors)
    for part in ("noise_strength", "noise_const"):
        if any(name.endswith(part) for name in tensors):
            continue
        rng = torch.Generator().manual_seed(NOISE_SEED)
        for name, value in generator.state_dict().items():
            if name.endswith("noise_strength") and name.endswith(part):
                found[name] = torch.zeros_like(value)
            elif name.endswith("noise_const") and name.endswith(part):
                found[name] = torch.randn(value.shape, generator=rng)
    return found


def check_size(
    what: str, config: StyleGAN2Config | StyleGAN3Config, tensors: Mapping[str, Tensor]
) -> None:
    """Refuse an architecture far larger than its tensors, before anything is made of it.

    Raises:
        GeneratorError: It is.
    """
    there = sum(tensor.numel() for tensor in tensors.values())
    if config.weights > MOST_TIMES_LARGER * there + SPARE_WEIGHTS:
        raise GeneratorError(
            f"{what} is not whole: its architecture has {config.weights} weights, but there are {there} numbers only"
        )


def check_tensors(
    what: str,
    generator: LatentGenerator,
    tensors: Mapping[str, Tensor],
    own_name: Callable[[str], str] = str,
) -> None:
    """Raise one error that lists everything in which tensors differ from what a generator needs.

    Args:
        what: Is checked, for the message.
        generator: Needs the tensors.
        tensors: By the generator's names.
        own_name: What the file calls them.

    Raises:
        GeneratorError: They do.
    """
    expected = {name: tuple(t.shape) for name, t in generator.state_dict().items()}
    found = {name: tuple(t.shape) for name, t in tensors.items()}
    problems = [
        f"missing {own_name(name)} {list(expected[name])}"
        for name in expected.keys() - found.keys()
    ]
    problems += [
        f"unexpected {own_name(name)} {list(found[name])}"
        for name in found.keys() - expected.keys()
    ]
    problems += [
        f"{own_name(name)} is {list(found[name])}, expected {list(expected[name])}"
        for name in expected.keys() & found.keys()
        if expected[name] != found[name]
    ]
    problems += [
        f"{own_name(name)} holds no decimals" for name, t in tensors.items() if t.dtype != FLOAT
    ]
    problems += [
        f"{own_name(name)} is not finite" for name, t in tensors.items() if not t.isfinite().all()
    ]
    fitting = {name: t for name, t in tensors.items() if expected.get(name) == tuple(t.shape)}
    problems += missing_divisors(generator, fitting)
    if problems:
        raise GeneratorError(f"{what} does not fit its architecture: {_listed(sorted(problems))}")


def ada_tensors(generator: Generator) -> dict[str, Tensor]:
    """Return a generator's tensors as stylegan2-ada-pytorch would load them.

    Raises:
        GeneratorError: Its mapping is of a kind that the layout does not know.
    """
    config = generator.config
    if config.split is not None or config.z_input != "normalized":
        raise GeneratorError(
            f"the mapping of {generator.name} has no place in stylegan2-ada-pytorch's layout: there z is normalised "
            "and serves all rows alike; write the synthesis alone with part='synthesis'"
        )
    tensors = synthesis_tensors(generator)
    for name, value in generator.mapping.state_dict().items():
        if name != "w_cov":
            tensors[f"mapping.{name}"] = value[0] if name == "w_avg" else value
    return tensors


def synthesis_tensors(generator: Generator) -> dict[str, Tensor]:
    """Return the tensors of a generator's synthesis as stylegan2-ada-pytorch would load them."""
    tensors = {f"synthesis.{k}": v for k, v in generator.synthesis.state_dict().items()}
    taps = resampling_filter(dtype=torch.float32, device=torch.device("cpu"))
    for resolution in generator.config.blocks:
        block = f"synthesis.b{resolution}"
        for part in ("", "conv0.", "conv1."):
            if resolution > 4 or part != "conv0.":
                tensors[f"{block}.{part}resample_filter"] = taps.clone()
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def _architecture(tensors: Mapping[str, Tensor], network: AdaNetwork) -> StyleGAN2Config:
    """Return the architecture that the shapes of the tensors tell."""
    sizes = sorted({int(match[1]) for name in tensors if (match := BLOCK_NAME.match(name))})
    channels = channels_of(tensors, sizes)
    blocks = list(channels)
    const = tensors.get("synthesis.b4.const")
    first = tensors.get("mapping.fc0.weight")
    w_dim = w_dim_of(tensors)
    if const is None or first is None or w_dim is None or len(blocks) < 2:
        needed = ("synthesis.b4.const", "mapping.fc0.weight", "synthesis.b4.conv1.affine.weight")
        absent = [network.own_name(name) for name in needed if name not in tensors]
        raise GeneratorError(
            f"the {network.trained_as} network is not whole: it lacks {', '.join(absent) or 'blocks'}"
        )
    if any(".skip." in name for name in tensors):
        raise GeneratorError(
            "the generator has residual blocks; only those with skip connections to RGB can be read"
        )
    if const.ndim != 3 or first.ndim != 2:
        raise GeneratorError("the network's first tensors have the wrong number of dimensions")
    return StyleGAN2Config(
        resolution=blocks[-1],
        z_dim=first.shape[1],
        w_dim=w_dim,
        mapping_layers=mapping_layers_of(tensors),
        mapping_lr_multiplier=network.lr_multiplier,
        conv_clamp=network.conv_clamp,
        base_width=const.shape[2],
        block_channels=tuple(channels.values()) if blocks == _doubling(blocks[-1]) else None,
    )


def _doubling(resolution: int) -> list[int]:
    """Return 4, 8, 16 and so on, up to a resolution."""
    return [2**k for k in range(2, max(2, resolution.bit_length() - 1) + 1)]


def without_label(
    tensors: dict[str, Tensor], network: AdaNetwork, label: int | None
) -> dict[str, Tensor]:
    """Return the tensors of the network that draws one class only."""
    classes = network.classes
    if not classes:
        if label is not None:
            raise GeneratorError(f"the generator has no classes; leave out label={label}")
        return tensors
    if type(label) is not int or not 0 <= label < classes:
        raise GeneratorError(
            f"the generator draws {classes} classes; choose one with label=0 to {classes - 1}, got {label}: load_generator "
            "takes it, and `draggan-widget convert --label` writes a file of one class for what has no label"
        )
    needed = (
        "mapping.embed.weight",
        "mapping.embed.bias",
        "mapping.fc0.weight",
        "mapping.fc0.bias",
    )
    if absent := [name for name in needed if name not in tensors]:
        raise GeneratorError(f"the conditional network is not whole: it lacks {', '.join(absent)}")
    embedding, offset, weight, bias = (tensors[name] for name in needed)
    z_dim = weight.shape[-1] - len(embedding) if weight.ndim == 2 else 0
    if offset.shape != embedding.shape[:1] or bias.shape != weight.shape[:1] or z_dim < 1:
        raise GeneratorError("the mapping's first layer does not fit the labels")
    if not all(tensors[name].dtype == FLOAT for name in needed):
        raise GeneratorError("the mapping's first layers hold no decimals")
    y = embedding[:, label] / math.sqrt(classes) + offset
    y = y * torch.rsqrt(y.square().mean() + EPSILON)
    width = weight.shape[1]
    rest = {name: value for name, value in tensors.items() if not name.startswith("mapping.embed.")}
    return rest | {
        "mapping.fc0.weight": weight[:, :z_dim] * math.sqrt(z_dim / width),
        "mapping.fc0.bias": bias + weight[:, z_dim:] @ y / math.sqrt(width),
    }


def _is_filter(name: str) -> bool:
    """Whether a tensor is a filter that every network of this kind has."""
    return name.endswith("resample_filter")


def _check_filters(tensors: Mapping[str, Tensor]) -> None:
    """Refuse networks that resample with another filter than the published ones."""
    taps = resampling_filter(dtype=torch.float32, device=torch.device("cpu"))
    for name, value in tensors.items():
        if _is_filter(name) and (
            value.shape != taps.shape or not torch.allclose(value.float(), taps)
        ):
            raise GeneratorError(f"{name} is another filter than the published networks have")


def _listed(problems: Iterable[str]) -> str:
    """Return problems in a row, the first ones only where there are very many."""
    named = list(problems)
    more = f"; and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return "; ".join(named[:MOST_NAMED]) + more
