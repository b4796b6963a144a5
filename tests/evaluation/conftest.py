"""Small generators for the tests of the evaluation: untrained, so that only the numbers mean nothing."""

from pathlib import Path

import pytest
import torch

from draggan_widget.checkpoints import save_generator_file
from draggan_widget.generator import Generator, StyleGAN2Config
from draggan_widget.pretrained import load_stylegan2
from draggan_widget.training.presets import PRESETS

NO_SCENE = StyleGAN2Config(
    resolution=64, z_dim=16, w_dim=16, channel_base=512, channel_max=16, mapping_layers=2
)


@pytest.fixture(scope="session")
def scene_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator of 32 px whose z counts as a scene of the animals."""
    torch.manual_seed(1)
    generator = Generator(PRESETS["tiny"].generator, name="small-animals")
    generator.scene = "animals"
    return saved(generator, tmp_path_factory.mktemp("generators"))


@pytest.fixture(scope="session")
def strange_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator of 64 px about whose scenes nothing is known."""
    torch.manual_seed(2)
    return saved(Generator(NO_SCENE, name="strange"), tmp_path_factory.mktemp("generators"))


@pytest.fixture(scope="session")
def scene_generator(scene_file: Path) -> Generator:
    """The generator of ``scene_file``."""
    return load_stylegan2(scene_file)


@pytest.fixture(scope="session")
def strange_generator(strange_file: Path) -> Generator:
    """The generator of ``strange_file``."""
    return load_stylegan2(strange_file)


def saved(generator: Generator, folder: Path) -> Path:
    """Return the file of a generator, in single precision."""
    path = folder / f"{generator.name}.safetensors"
    save_generator_file(generator, path, dtype=torch.float32)
    return path
