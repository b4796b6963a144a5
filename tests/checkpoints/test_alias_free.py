"""Checkpoints of StyleGAN3, pickled whole and as state dicts; the pictures are proved in tests/generator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from draggan_widget.checkpoints import load_checkpoint
from draggan_widget.errors import GeneratorError
from draggan_widget.generator import StyleGAN3Config, StyleGAN3Generator
from tests.checkpoints.test_load import state_dict_file
from tests.checkpoints.writers import ada_pickle
from tests.generator.test_stylegan3 import R, T, random_generator


def published(config: StyleGAN3Config) -> dict[str, Tensor]:
    """Return random tensors by their published names."""
    state = random_generator(config, double=False).state_dict()
    tensors = {name: value.clone().contiguous() for name, value in state.items()}
    return tensors | {"mapping.w_avg": tensors["mapping.w_avg"][0]}


def arguments(config: StyleGAN3Config) -> dict[str, Any]:
    """Return what a published network says that it was made with."""
    synthesis = {
        "channel_base": config.channel_base,
        "channel_max": config.channel_max,
        "num_layers": config.layers,
        "margin_size": config.margin,
        "conv_kernel": config.conv_kernel,
        "use_radial_filters": config.radial,
    }
    return {"synthesis_kwargs": synthesis, "img_resolution": config.resolution}


@pytest.mark.parametrize("config", [T, R], ids=["t", "r"])
@pytest.mark.parametrize("label", [None, 1])
def test_a_pickled_network_draws_the_same_pictures(
    config: StyleGAN3Config, label: int | None, tmp_path: Path
) -> None:
    tensors = published(config)
    if label is not None:
        tensors["mapping.embed.weight"], tensors["mapping.embed.bias"] = (
            torch.randn(4, 3),
            torch.zeros(4),
        )
        tensors["mapping.fc0.weight"] = torch.randn(config.w_dim, config.z_dim + 4)
    file = tmp_path / "stylegan2.pkl"
    file.write_bytes(ada_pickle(tensors, **arguments(config)))
    generator = load_checkpoint(file, label=label)
    assert isinstance(generator, StyleGAN3Generator)
    assert generator.config == config
    w = torch.randn(1, generator.num_ws, config.w_dim)
    assert torch.equal(generator.image(w), random_generator(config, double=False).image(w))


def test_a_state_dict_tells_its_architecture_by_names_and_shapes(tmp_path: Path) -> None:
    config = StyleGAN3Config(
        resolution=32, z_dim=6, w_dim=5, channel_base=256, channel_max=8, conv_kernel=1, radial=True
    )
    file = tmp_path / "generator.pt"
    file.write_bytes(state_dict_file(published(config)))
    generator = load_checkpoint(file)
    assert generator.config == config


def test_channels_of_no_usual_architecture_are_told(tmp_path: Path) -> None:
    tensors = published(T)
    file = tmp_path / "generator.pt"
    file.write_bytes(
        state_dict_file(
            {name.replace("L0_22_8", "L0_22_9"): value for name, value in tensors.items()}
        )
    )
    with pytest.raises(GeneratorError, match="no usual architecture has layers of"):
        load_checkpoint(file)


def test_a_network_without_its_layers_is_told(tmp_path: Path) -> None:
    tensors = {name: value for name, value in published(T).items() if "L3_" not in name}
    file = tmp_path / "generator.pkl"
    file.write_bytes(ada_pickle(tensors, **arguments(T)))
    with pytest.raises(GeneratorError, match="lacks layers"):
        load_checkpoint(file)
