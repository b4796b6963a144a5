"""A trained generator in the size of the published ones: the same pictures, resampled, and the same drags.

Random weights cost what trained ones cost, but nothing taught their features to move together. So a small trained
generator is given more blocks, which carry its last features on and add nothing to its picture, and more channels,
which are copies of those that it has. Copies are told apart by weights drawn at random, whose sum over the copies of
an input is zero: they change nothing (Chen et al. 2016 widen networks likewise), but leave no zeros to be skipped.
"""

import dataclasses
import math

import torch
from torch import Tensor, nn

from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.generator import Generator, StyleGAN2Config
from draggan_widget.generator.config import RESOLUTIONS
from draggan_widget.generator.layers import FullyConnected, SynthesisLayer, ToRGB
from draggan_widget.generator.mapping import Mapping
from draggan_widget.generator.synthesis import SynthesisBlock

SEED = 0
"""Seed of the weights that tell copies apart, so that every run measures the same network."""


def enlarged(generator: Generator, size: int, *, channel_base: int, channels: int) -> Generator:
    """Return a frozen generator of larger pictures and more channels that draws what a smaller one draws.

    Its pictures are those of the smaller one, resampled as a picture is from block to block. Its features up to the
    block of that size are those of the smaller one, each as many times as there are more channels. Its rows of w hold
    as many copies of those of the smaller one as fit into the width of the published networks.

    Args:
        generator: Any generator.
        size: Width and height of the new pictures, at least those of the smaller one.
        channel_base: Of the new architecture.
        channels: Channels of its inner layers, its ``channel_max``.

    Raises:
        InputError: There is no generator of that size, or it would be smaller or not a whole number of times as wide.
    """
    if size not in RESOLUTIONS or size < generator.width:
        possible = [each for each in RESOLUTIONS if each >= generator.width]
        raise InputError(f"{generator.name} can be enlarged to {possible} px, got {size}")
    w_dim = max(StyleGAN2Config.w_dim // generator.w_dim, 1) * generator.w_dim
    try:
        deep = dataclasses.replace(generator.config, resolution=size)
        wide = dataclasses.replace(
            deep, channel_base=channel_base, channel_max=channels, w_dim=w_dim
        )
    except GeneratorError as error:
        raise InputError(f"channels must be a whole number of usual size: {error}") from error
    for block in wide.blocks:
        has, wanted = deep.channels(block), wide.channels(block)
        if not 0 < has <= wanted or wanted % has:
            raise InputError(
                f"{generator.name} has {has} channels at {block} px, and can only have whole multiples; "
                f"{channels} inner channels would give {wanted}"
            )
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        found = _wider(_deeper(generator, deep), wide)
    found.name = f"{generator.name}-at-{size}"
    return found.to(generator.device).frozen()


def _like(generator: Generator, config: StyleGAN2Config) -> Generator:
    """Return a generator of another architecture, on the CPU, with what is no weight."""
    found = Generator(config, name=generator.name).to(generator.mapping.w_avg.dtype)
    found.noise, found.scene = generator.noise, generator.scene
    return found


def _deeper(generator: Generator, config: StyleGAN2Config) -> Generator:
    """Return the generator with more blocks, which hand the first channels on and add nothing to the picture."""
    deep = _like(generator, config)
    kept = {name: tensor.cpu() for name, tensor in generator.state_dict().items()}
    deep.mapping.w_cov = kept.get("mapping.w_cov")
    for index, block in enumerate(config.blocks):
        if block > generator.width:
            layers = deep.synthesis.layers(block)[2 * index - 1 :]
            for layer in layers:
                _hand_on(layer)
            torgb = deep.synthesis.get_submodule(f"b{block}.torgb")
            assert isinstance(torgb, ToRGB)
            torgb.weight.zero_()
    deep.load_state_dict(kept, strict=False)
    return deep


def _hand_on(layer: SynthesisLayer) -> None:
    """Make a layer resample its first input channels, whatever w is; only its activation is added."""
    layer.affine.weight.zero_()
    layer.weight.zero_()
    outputs = torch.arange(len(layer.weight))
    layer.weight[outputs, outputs, 1, 1] = 1 / layer.weight_gain


def _wider(generator: Generator, config: StyleGAN2Config) -> Generator:
    """Return the generator, which lies on the CPU, with every channel and entry of w several times."""
    wide = _like(generator, config)
    for name, new in wide.named_modules():
        old = generator.get_submodule(name)
        if isinstance(new, SynthesisLayer) and isinstance(old, SynthesisLayer):
            new.weight.copy_(_widened_kernel(old.weight * old.weight_gain, new) / new.weight_gain)
            _copied(old, new, "bias")
            _copied(old, new, "noise_strength")
            _copied(old, new, "noise_const")
        elif isinstance(new, FullyConnected | ToRGB) and isinstance(old, FullyConnected | ToRGB):
            weight = old.weight * (old.weight_gain / new.weight_gain)
            new.weight.copy_(
                _repeated(weight, new.weight) * (weight.shape[1] / new.weight.shape[1])
            )
            _copied(old, new, "bias")
        elif isinstance(new, SynthesisBlock) and hasattr(new, "const"):
            _copied(old, new, "const")
        elif isinstance(new, Mapping) and isinstance(old, Mapping):
            _copied(old, new, "w_avg")
            if old.w_cov is not None:
                new.w_cov = old.w_cov.new_empty(len(old.w_cov), config.w_dim, config.w_dim)
                _copied(old, new, "w_cov")
    return wide


def _widened_kernel(kernel: Tensor, layer: SynthesisLayer) -> Tensor:
    """Return a kernel for copies of inputs and outputs, with the same sums and the same energy for each input.

    The output is scaled by the energy of the kernel's modulated inputs, so copies with an even share of the weight,
    whose squares are less than its square, would be too loud. What is drawn at random, and sums to zero over the
    copies of an input, makes up for the rest.

    Args:
        kernel: ``[out, in, 3, 3]``.
        layer: The wider layer.
    """
    outputs, inputs = layer.weight.shape[0] // len(kernel), layer.weight.shape[1] // kernel.shape[1]
    shared = kernel.repeat(outputs, 1, 1, 1)[:, None]
    drawn = torch.randn(len(shared), inputs, *shared.shape[2:], dtype=kernel.dtype)
    drawn -= drawn.mean(1, keepdim=True)
    lengths = _length(drawn, (1, 3, 4)).clamp(min=torch.finfo(kernel.dtype).tiny)
    drawn *= _length(shared, (1, 3, 4)) * math.sqrt(1 - 1 / inputs) / lengths
    return (shared / inputs + drawn).flatten(1, 2)


def _length(values: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Return root sums of squares over some axes, which stay with length one."""
    found: Tensor = torch.linalg.vector_norm(values, dim=axes, keepdim=True)
    return found


def _copied(old: nn.Module, new: nn.Module, name: str) -> None:
    """Set a tensor of the wider module to copies of that of the other."""
    tensor, like = getattr(old, name), getattr(new, name)
    like.copy_(_repeated(tensor, like))


def _repeated(tensor: Tensor, like: Tensor) -> Tensor:
    """Return a tensor repeated along every axis until it is as large as another."""
    return tensor.repeat([b // a for a, b in zip(tensor.shape, like.shape, strict=True)])
