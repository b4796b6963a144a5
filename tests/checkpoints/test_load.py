"""Checkpoints of every layout, made by independent code, against the float64 oracle."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import Tensor

from draggan_widget.checkpoints import load_checkpoint
from draggan_widget.checkpoints.rosinality import MARKS
from draggan_widget.errors import GeneratorError
from draggan_widget.generator import Generator, StyleGAN2Config
from tests.checkpoints.layouts import stylegan2_of
from tests.checkpoints.writers import ada_pickle, rosinality_file, tensorflow_pickle
from tests.generator import oracle

CONFIG = StyleGAN2Config(
    resolution=32, z_dim=6, w_dim=5, mapping_layers=3, block_channels=(7, 6, 5, 3)
)
TOLERANCE = 1e-4


def published(config: StyleGAN2Config = CONFIG) -> dict[str, Tensor]:
    """Return random tensors by the names of stylegan2-ada-pytorch."""
    return stylegan2_of(config)


def state_dict_file(tensors: dict[str, Tensor]) -> bytes:
    stream = io.BytesIO()
    torch.save(tensors, stream)
    return stream.getvalue()


WRITERS: dict[str, Callable[[dict[str, Tensor]], bytes]] = {
    **{
        f"stylegan2-ada-pytorch, protocol {protocol}": partial(ada_pickle, protocol=protocol)
        for protocol in (2, 3, 4, 5)
    },
    "TensorFlow": tensorflow_pickle,
    "rosinality": lambda tensors: rosinality_file(tensors, legacy=False),
    "rosinality before PyTorch 1.6": lambda tensors: rosinality_file(tensors, legacy=True),
    "state dict": state_dict_file,
    "state dict in a wrapper": lambda tensors: state_dict_file({"state_dict": tensors}),  # type: ignore[dict-item]
    "safetensors": save,
}


def assert_agrees_with_the_oracle(
    path: Path, tensors: dict[str, Tensor], config: StyleGAN2Config, **options: Any
) -> None:
    """Compare a picture, and the w of a z, of a loaded file with those of the oracle."""
    generator = load_checkpoint(path)
    arrays = {name: value.double().numpy() for name, value in tensors.items()}
    w = torch.randn(1, generator.num_ws, config.w_dim)
    rgb, _ = oracle.synthesis(arrays, w[0].double().numpy(), config.resolution, **options)
    np.testing.assert_allclose(generator.image(w)[0], rgb, atol=TOLERANCE)
    z = torch.randn(1, config.z_dim)
    u = z[0].double().numpy()
    u = u / math.sqrt((u**2).mean() + 1e-8)
    expected = oracle.mapping(arrays, u, config.mapping_layers, config.mapping_lr_multiplier)
    np.testing.assert_allclose(generator.w_of_z(z)[0, 0], expected, atol=TOLERANCE)
    assert torch.equal(generator.mapping.w_avg[0], tensors["mapping.w_avg"])


@pytest.mark.parametrize("name", WRITERS)
def test_a_checkpoint_of_each_layout_draws_the_oracles_pictures(name: str, tmp_path: Path) -> None:
    tensors = published()
    file = tmp_path / "what it is called does not matter.txt"
    file.write_bytes(WRITERS[name](tensors))
    assert_agrees_with_the_oracle(file, tensors, CONFIG)


def test_rectangular_pictures_keep_their_shape(tmp_path: Path) -> None:
    config = replace(CONFIG, base_width=2)
    tensors = published(config)
    file = tmp_path / "human.pkl"
    file.write_bytes(ada_pickle(tensors))
    assert_agrees_with_the_oracle(file, tensors, config)
    generator = load_checkpoint(file)
    assert (generator.height, generator.width) == (32, 16)


@pytest.mark.parametrize("rows", [256, 512, 1024])
def test_people_from_head_to_foot_have_their_published_sizes(rows: int, tmp_path: Path) -> None:
    blocks = rows.bit_length() - 2  # 4, 8 and so on
    config = replace(CONFIG, resolution=rows, base_width=2, block_channels=(3,) * blocks)
    tensors = published(config)
    file = tmp_path / "human.pkl"
    file.write_bytes(ada_pickle(tensors))
    generator = load_checkpoint(file)
    assert (generator.height, generator.width) == (rows, rows // 2)
    w = torch.randn(1, generator.num_ws, config.w_dim)
    arrays = {name: value.double().numpy() for name, value in tensors.items()}
    rgb, _ = oracle.synthesis(arrays, w[0].double().numpy(), rows)
    np.testing.assert_allclose(generator.image(w)[0], rgb, atol=TOLERANCE)


def test_what_a_module_was_made_with_is_kept(tmp_path: Path) -> None:
    config = replace(CONFIG, mapping_lr_multiplier=0.1)
    tensors = published(config)
    file = tmp_path / "clamped.pkl"
    file.write_bytes(
        ada_pickle(
            tensors,
            synthesis_kwargs={"conv_clamp": 1.5, "num_fp16_res": 4},
            mapping_kwargs={"lr_multiplier": 0.1},
        )
    )
    assert_agrees_with_the_oracle(file, tensors, config, clamp=1.5)


@pytest.mark.parametrize("label", [0, 2])
def test_a_conditional_network_draws_the_class_that_was_chosen(tmp_path: Path, label: int) -> None:
    tensors = published()
    width = CONFIG.z_dim + 4
    tensors["mapping.embed.weight"] = torch.randn(4, 3)
    tensors["mapping.embed.bias"] = torch.randn(4)
    tensors["mapping.fc0.weight"] = torch.randn(CONFIG.w_dim, width)
    file = tmp_path / "classes.pkl"
    file.write_bytes(ada_pickle(tensors, c_dim=3))
    generator = load_checkpoint(file, label=label)

    z = torch.randn(1, CONFIG.z_dim)
    arrays = {name: value.double().numpy() for name, value in tensors.items()}
    one_hot = np.eye(3)[label]
    parts = (z[0].double().numpy(), oracle.linear(arrays, "mapping.embed", one_hot))
    u = np.concatenate([part / math.sqrt((part**2).mean() + 1e-8) for part in parts])
    expected = oracle.mapping(arrays, u, 3, 0.01)
    np.testing.assert_allclose(generator.w_of_z(z)[0, 0], expected, atol=TOLERANCE)


@pytest.mark.parametrize("label", [None, -1, 3, True, 1.0, "cat"])
def test_a_wrong_label_names_the_right_ones(tmp_path: Path, label: Any) -> None:
    tensors = published()
    tensors["mapping.embed.weight"] = torch.randn(4, 3)
    tensors["mapping.embed.bias"] = torch.randn(4)
    tensors["mapping.fc0.weight"] = torch.randn(CONFIG.w_dim, CONFIG.z_dim + 4)
    file = tmp_path / "classes.pkl"
    file.write_bytes(ada_pickle(tensors))
    with pytest.raises(GeneratorError, match="3 classes; choose one with label=0 to 2"):
        load_checkpoint(file, label=label)


def test_a_label_for_a_network_without_classes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "plain.pkl"
    file.write_bytes(ada_pickle(published()))
    with pytest.raises(GeneratorError, match="has no classes; leave out label=1"):
        load_checkpoint(file, label=1)


def test_a_missing_mean_of_w_is_measured(tmp_path: Path) -> None:
    tensors = published()
    file = tmp_path / "generator.pt"
    file.write_bytes(rosinality_file(tensors, legacy=False, mean=False))
    generator = load_checkpoint(file)
    w = generator.w_of_z(torch.randn(4000, CONFIG.z_dim))[:, 0]
    torch.testing.assert_close(generator.mapping.w_avg[0], w.mean(0), atol=0.1, rtol=0)


def test_a_network_without_noise_draws_none(tmp_path: Path) -> None:
    tensors = published()
    quiet = {name: value for name, value in tensors.items() if ".noise_" not in name}
    file = tmp_path / "quiet.pkl"
    file.write_bytes(ada_pickle(quiet))
    silent = {
        name: torch.zeros_like(value) if name.endswith("noise_strength") else value
        for name, value in tensors.items()
    }
    assert_agrees_with_the_oracle(file, silent, CONFIG)
    generator = load_checkpoint(file)
    assert isinstance(generator, Generator)
    assert not generator.noise


def test_noise_without_maps_is_the_same_every_time(tmp_path: Path) -> None:
    file = tmp_path / "generator.pt"
    kept = {key: value for key, value in published().items() if not key.endswith("noise_const")}
    file.write_bytes(rosinality_file(kept, legacy=True))
    first, second = load_checkpoint(file), load_checkpoint(file)
    assert isinstance(first, Generator)
    assert first.noise
    noise = first.synthesis.layers(8)[1].noise_const
    assert noise.std() > 0.5
    assert torch.equal(first.image(first.sample_w(3)), second.image(second.sample_w(3)))


@pytest.mark.parametrize("told", [True, False])
def test_a_clamp_is_read_from_the_layers_where_the_network_does_not_tell_it(
    tmp_path: Path, told: bool
) -> None:
    file = tmp_path / "clamped.pkl"
    arguments: dict[str, Any] = {"synthesis_kwargs": {"conv_clamp": 2.5}} if told else {}
    file.write_bytes(ada_pickle(published(), layer_attributes={"conv_clamp": 256}, **arguments))
    generator = load_checkpoint(file)
    assert isinstance(generator, Generator)
    assert generator.config.conv_clamp == (2.5 if told else 256)


def test_a_run_without_an_average_says_so(tmp_path: Path) -> None:
    file = tmp_path / "generator.pkl"
    file.write_bytes(ada_pickle(published(), key="G_other"))
    with pytest.raises(GeneratorError, match=r"it holds G, D, but no running average .*G_ema"):
        load_checkpoint(file)


def test_everything_that_does_not_fit_is_told_at_once(tmp_path: Path) -> None:
    tensors = published()
    del tensors["synthesis.b8.conv1.bias"]
    tensors["synthesis.b8.extra"] = torch.zeros(2)
    tensors["mapping.fc1.weight"] = torch.zeros(5, 4)
    tensors["mapping.fc2.bias"][0] = float("nan")
    file = tmp_path / "damaged.pkl"
    file.write_bytes(ada_pickle(tensors))
    with pytest.raises(GeneratorError) as caught:
        load_checkpoint(file)
    for problem in (
        "missing synthesis.b8.conv1.bias [6]",
        "unexpected synthesis.b8.extra [2]",
        "mapping.fc1.weight is [5, 4], expected [5, 5]",
        "mapping.fc2.bias is not finite",
    ):
        assert problem in str(caught.value)


def test_a_file_of_rosinality_is_told_by_its_own_names(tmp_path: Path) -> None:
    tensors = published()
    del tensors["synthesis.b16.conv1.weight"]
    tensors["synthesis.b8.conv0.bias"] = torch.zeros(9)
    tensors["synthesis.b4.conv1.affine.weight"] = torch.zeros(4, 4)
    tensors["mapping.fc2.bias"][0] = float("nan")
    file = tmp_path / "damaged.pt"
    whole = torch.load(io.BytesIO(rosinality_file(tensors, legacy=False)), weights_only=False)
    whole["g_ema"]["convs.7.extra"] = torch.zeros(2)
    torch.save(whole, file)
    with pytest.raises(GeneratorError) as caught:
        load_checkpoint(file)
    told = str(caught.value)
    assert "the rosinality stylegan2-pytorch network does not fit its architecture" in told
    for problem in (
        "missing convs.3.conv.weight [5, 5, 3, 3]",
        "unexpected convs.7.extra [2]",
        "convs.0.activate.bias is [9], expected [6]",
        "conv1.conv.modulation.weight is [4, 4], expected [7, 5]",
        "style.3.bias is not finite",
    ):
        assert problem in told
    assert told.count("; ") == 4
    assert "synthesis." not in told


def test_each_missing_tensor_of_rosinality_is_told_by_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "damaged.pt"
    whole = torch.load(io.BytesIO(rosinality_file(published(), legacy=False)), weights_only=False)
    for own in whole["g_ema"]:
        if not own.endswith(("kernel", *MARKS)):
            rest = {name: value for name, value in whole["g_ema"].items() if name != own}
            torch.save({**whole, "g_ema": rest}, file)
            with pytest.raises(GeneratorError) as caught:
                load_checkpoint(file)
            assert own in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            ada_pickle({"b8.fromrgb.weight": torch.zeros(2), "b4.out.bias": torch.zeros(1)}),
            "a discriminator",
        ),
        (
            state_dict_file({"layer1.weight": torch.zeros(2)}),
            "no StyleGAN generator: .*layer1.weight",
        ),
        (state_dict_file({"step": 3}), "holds no tensors, only step"),  # type: ignore[dict-item]
        (b"", "it is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "it is a PNG picture"),
        (b"<!DOCTYPE html><html>", "a web page, as a failed download leaves it"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        (b"PK\x03\x04" + bytes(64), "it is damaged"),
    ],
)
def test_a_foreign_file_is_told_what_it_seems_to_be(
    tmp_path: Path, content: bytes, message: str
) -> None:
    file = tmp_path / "stylegan2-ffhq.pkl"
    file.write_bytes(content)
    with pytest.raises(GeneratorError, match=message):
        load_checkpoint(file)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(GeneratorError, match=r"there is no file .*nothing\.pkl; check the path"):
        load_checkpoint(tmp_path / "nothing.pkl")
