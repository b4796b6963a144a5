"""Checkpoints of StyleGAN3, pickled whole and as state dicts, by names written down here, against the float64 oracle."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from draggan_widget.checkpoints import load_checkpoint, load_generator_file
from draggan_widget.checkpoints.convert import convert
from draggan_widget.errors import GeneratorError
from draggan_widget.generator import StyleGAN3Config, StyleGAN3Generator
from draggan_widget.generator.alias_free import bands, plans
from tests.checkpoints.layouts import Layer, stylegan3_of
from tests.checkpoints.test_load import TOLERANCE, state_dict_file
from tests.checkpoints.writers import ada_pickle
from tests.generator import oracle, oracle3
from tests.generator.test_stylegan3 import R, T, random_generator

USUAL = StyleGAN3Config(
    resolution=32, z_dim=6, w_dim=5, channel_base=256, channel_max=8, conv_kernel=1, radial=True
)
"""Small, and with all else as published: so that a state dict tells it whole."""


def published(config: StyleGAN3Config) -> dict[str, Tensor]:
    """Return random tensors by their published names."""
    layers: list[Layer] = [
        (
            index,
            plan.after.size,
            plan.before.channels,
            plan.after.channels,
            (plan.up_filter(), plan.down_filter()),
        )
        for index, plan in enumerate(plans(config))
    ]
    return stylegan3_of(config, layers)


def oracles_picture(
    tensors: dict[str, Tensor], config: StyleGAN3Config, w: oracle.Array
) -> oracle.Array:
    """Return the picture ``[3, H, W]`` of w+ ``[num_ws, w_dim]`` in double precision, with the filters of the file."""
    arrays = {name: value.double().numpy() for name, value in tensors.items()}
    first = bands(config)[0]
    x = oracle3.fourier(arrays, w[0], first.size, first.rate, first.cutoff)
    for index, plan in enumerate(plans(config)):
        name = f"synthesis.{plan.name}"
        x = oracle3.layer(
            arrays,
            name,
            x,
            w[index + 1],
            up=plan.up,
            down=plan.down,
            padding=plan.padding,
            filters=(arrays.get(f"{name}.up_filter"), arrays.get(f"{name}.down_filter")),
            to_rgb=plan.to_rgb,
            clamp=256.0,
        )
    return x * 0.25


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
def test_a_pickled_network_draws_the_oracles_pictures(
    config: StyleGAN3Config, label: int | None, tmp_path: Path
) -> None:
    tensors = published(config)
    if label is not None:
        tensors["mapping.embed.weight"] = torch.randn(4, 3)
        tensors["mapping.embed.bias"] = torch.randn(4)
        tensors["mapping.fc0.weight"] = 100 * torch.randn(config.w_dim, config.z_dim + 4)
    file = tmp_path / "stylegan2.pkl"
    file.write_bytes(ada_pickle(tensors, **arguments(config)))
    generator = load_checkpoint(file, label=label)
    assert isinstance(generator, StyleGAN3Generator)
    assert generator.config == config
    w = torch.randn(1, generator.num_ws, config.w_dim)
    picture = oracles_picture(tensors, config, w[0].double().numpy())
    assert np.ptp(picture) > 0.1
    np.testing.assert_allclose(generator.image(w)[0], picture, atol=TOLERANCE)

    arrays = {name: value.double().numpy() for name, value in tensors.items()}
    z = torch.randn(1, config.z_dim)
    parts = [z[0].double().numpy()]
    if label is not None:
        parts.append(oracle.linear(arrays, "mapping.embed", np.eye(3)[label]))
    u = np.concatenate([part / math.sqrt((part**2).mean() + 1e-8) for part in parts])
    expected = oracle.mapping(arrays, u, config.mapping_layers, config.mapping_lr_multiplier)
    np.testing.assert_allclose(generator.w_of_z(z)[0, 0], expected, atol=TOLERANCE)


def test_a_state_dict_tells_its_architecture_by_names_and_shapes(tmp_path: Path) -> None:
    file = tmp_path / "generator.pt"
    file.write_bytes(state_dict_file(published(USUAL)))
    assert load_checkpoint(file).config == USUAL


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


@pytest.mark.parametrize("value", [0.0, -1.0, 1e-60, float("nan"), float("inf")])
@pytest.mark.parametrize("kind", ["pickle", "state dict"])
def test_a_magnitude_that_cannot_be_divided_by_is_refused(
    value: float, kind: str, tmp_path: Path
) -> None:
    tensors = published(USUAL)
    name = next(name for name in tensors if ".L2_" in name and name.endswith("magnitude_ema"))
    tensors[name] = torch.tensor(value, dtype=torch.float64)
    file = tmp_path / "generator"
    file.write_bytes(
        ada_pickle(tensors, **arguments(USUAL)) if kind == "pickle" else state_dict_file(tensors)
    )
    words = "must be above 0, got" if math.isfinite(value) else "is not finite"
    with pytest.raises(GeneratorError, match=rf"{name} .*{words}"):
        load_checkpoint(file)


def test_our_own_file_is_refused_with_everything_that_cannot_be_divided_by(tmp_path: Path) -> None:
    generator = random_generator(T, double=False)
    with torch.no_grad():
        generator.synthesis.layer(1).magnitude_ema.fill_(-2)
        generator.synthesis.layer(3).magnitude_ema.zero_()
        generator.synthesis.layer(2).weight[1] = 0
        generator.synthesis.layer(T.layers).weight.zero_()  # that to RGB may be dark
        generator.synthesis.input.affine.weight[:2] = 0
        generator.synthesis.input.affine.bias[:2] = 0
    file, _ = convert(generator, tmp_path / "own.safetensors")
    with pytest.raises(GeneratorError) as caught:
        load_generator_file(file)
    for words in (
        "L1_22_8.magnitude_ema is a mean of squares and must be above 0, got -2",
        "magnitude_ema is a mean of squares and must be above 0, got 0",
        ".weight has a filter that is nothing but zeros",
        "synthesis.input.affine turns the picture by no direction",
    ):
        assert words in str(caught.value)
    assert str(caught.value).count("zeros") == 2


def test_a_new_network_whose_input_does_not_depend_on_w_loads(tmp_path: Path) -> None:
    fresh = StyleGAN3Generator(T).frozen()
    file, _ = convert(fresh, tmp_path / "own.safetensors")
    assert load_generator_file(file).image(fresh.sample_w(0)).isfinite().all()
