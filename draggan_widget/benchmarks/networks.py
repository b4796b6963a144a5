"""The generators that are measured: of random weights in any size, or by name; and what each of them costs once."""

import torch

from draggan_widget.benchmarks.machine import seconds_now
from draggan_widget.drag import DragConfig
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.generator import Generator, StyleGAN2Config
from draggan_widget.generator.config import RESOLUTIONS
from draggan_widget.pretrained import checked_device, load_stylegan2

CHANNEL_MAX = 512
"""Channels of the inner layers of the published networks."""

PIXELS_OF_CHANNELS = 64
"""Up to this resolution the layers of the published networks have all their channels (32768 / 512)."""

SEED = 0
"""Seed of random weights, so that every run measures the same network, and of the latent it is prepared with."""


def device_of(name: str | None) -> torch.device:
    """Return a device; None is a CUDA device where there is one.

    Raises:
        InputError: It cannot be used here.
    """
    return checked_device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def random_generator(size: int, device: torch.device, *, channels: int = CHANNEL_MAX) -> Generator:
    """Return a frozen generator of random weights, as large as the published ones.

    Args:
        size: Width and height of its pictures.
        device: Where to put it.
        channels: Channels of its inner layers.

    Raises:
        InputError: There is no generator of that size or with so many channels.
    """
    if size not in RESOLUTIONS:
        raise InputError(f"sizes must be some of {list(RESOLUTIONS)}, got {size}")
    try:
        config = StyleGAN2Config(
            resolution=size, channel_base=PIXELS_OF_CHANNELS * channels, channel_max=channels
        )
    except GeneratorError as error:
        raise InputError(f"channels must be a whole number of usual size: {error}") from error
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        generator = Generator(config, name=f"random-{size}")
    return generator.to(device).frozen()


def named_generator(name: str, device: torch.device) -> Generator:
    """Return a generator by name or file.

    Raises:
        InputError: It cannot be found or read.
    """
    try:
        return load_stylegan2(name, device=device)
    except GeneratorError as error:
        raise InputError(str(error)) from error


def prepared(generator: Generator) -> dict[str, float]:
    """Make what a generator computes once and keeps, and return how long that took, in seconds.

    Returns:
        ``covariance_s``, and ``kernels_s`` with those of one latent.
    """
    device, config = generator.device, DragConfig()
    started = seconds_now(device)
    _ = generator.w_covariance, generator.w_std
    measured = seconds_now(device)
    block = config.block_of(generator.height, generator.feature_blocks)
    rows = min(config.trainable_rows, generator.num_ws)
    generator.prepared(generator.sample_w(SEED), rows, block)
    return {"covariance_s": measured - started, "kernels_s": seconds_now(device) - measured}
