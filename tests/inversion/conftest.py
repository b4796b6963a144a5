"""Small generators of each kind to look for photos in."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch

from draggan_widget.generator import (
    AnyGenerator,
    Generator,
    StyleGAN2Config,
    StyleGAN3Generator,
)
from tests.generator.small import ALIAS_FREE

SMALL = StyleGAN2Config(
    resolution=32, z_dim=6, w_dim=8, channel_base=256, channel_max=16, mapping_layers=2
)
KINDS: dict[str, Callable[[], AnyGenerator]] = {
    "square": lambda: Generator(SMALL, name="square"),
    "rectangular": lambda: Generator(replace(SMALL, base_width=2), name="rectangular"),
    "wide": lambda: Generator(replace(SMALL, base_width=8), name="wide"),
    "wide w": lambda: Generator(replace(SMALL, z_dim=512, w_dim=512), name="wide w"),
    "alias-free": lambda: StyleGAN3Generator(ALIAS_FREE, name="alias-free"),
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Compute on one thread: on such small maps several mostly wait for one another."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def small_generator(kind: str) -> AnyGenerator:
    """Return a generator with random weights, and pictures of moderate colours."""
    torch.manual_seed(3)
    generator = KINDS[kind]()
    with torch.no_grad():
        generator.mapping.measure()
        spread = generator.image(generator.w_of_z(torch.randn(8, generator.z_dim))).std()
        if isinstance(generator, Generator):
            for name, weights in generator.synthesis.named_parameters():
                if "torgb.weight" in name:
                    weights.mul_(0.4 / spread)
    return generator.frozen()


@pytest.fixture(scope="session")
def generator() -> Generator:
    """A StyleGAN2 of 32 px."""
    made = small_generator("square")
    assert isinstance(made, Generator)
    return made
