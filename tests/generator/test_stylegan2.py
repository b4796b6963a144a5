"""The generator against the float64 oracle, and the promises of its interface."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.generator import Generator, LatentSplit, StyleGAN2Config
from tests.generator import oracle
from tests.generator.networks import random_generator

CONFIG = StyleGAN2Config(
    resolution=32, z_dim=6, w_dim=5, channel_base=96, channel_max=7, mapping_layers=3
)
SPLIT = replace(CONFIG, z_input="uniform", split=LatentSplit(dims=4, rows=3))


def arrays(generator: Generator) -> dict[str, oracle.Array]:
    """Return the tensors by name, as the oracle wants them."""
    return {k: v.double().numpy() for k, v in generator.state_dict().items()}


@pytest.mark.parametrize("noise", [True, False])
@pytest.mark.parametrize("clamp", [None, 1.5])
def test_pictures_and_features_agree_with_the_oracle(noise: bool, clamp: float | None) -> None:
    generator = random_generator(replace(CONFIG, conv_clamp=clamp))
    generator.noise = noise
    w = torch.randn(2, generator.num_ws, 5, dtype=torch.float64)
    for index in range(2):
        rgb, features = oracle.synthesis(
            arrays(generator), w[index].numpy(), 32, noise=noise, clamp=clamp
        )
        np.testing.assert_allclose(generator.image(w)[index], rgb, atol=1e-10)
        for block in generator.feature_blocks:
            found = generator.features(w, block)[index]
            np.testing.assert_allclose(found, features[block], atol=1e-10)


@pytest.mark.parametrize("base_width", [2, 3, 8])
def test_rectangular_pictures_of_any_widths_agree_with_the_oracle(base_width: int) -> None:
    config = replace(CONFIG, base_width=base_width, block_channels=(7, 3, 5, 2))
    generator = random_generator(config)
    assert (generator.height, generator.width) == (32, 8 * base_width)
    w = torch.randn(1, generator.num_ws, 5, dtype=torch.float64)
    rgb, features = oracle.synthesis(arrays(generator), w[0].numpy(), 32)
    assert generator.image(w).shape == (1, 3, generator.height, generator.width)
    np.testing.assert_allclose(generator.image(w)[0], rgb, atol=1e-10)
    for block in generator.feature_blocks:
        np.testing.assert_allclose(generator.features(w, block)[0], features[block], atol=1e-10)
    assert StyleGAN2Config.from_json(config.to_json()) == config


@pytest.mark.parametrize("wrong", [{"base_width": 0}, {"base_width": 17}, {"base_width": 2.0}])
def test_pictures_of_impossible_shapes_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(GeneratorError, match="base_width must be a whole number from 1 to 16"):
        replace(CONFIG, **wrong)


@pytest.mark.parametrize("wrong", [(7, 3, 5), (7, 3, 5, 0), (7, 3, 5, 2.5), (7, 3, 5, 10**6)])
def test_impossible_tables_of_channels_are_refused(wrong: Any) -> None:
    with pytest.raises(GeneratorError, match="block_channels must be 4 whole numbers from 1"):
        replace(CONFIG, block_channels=wrong)


def test_channel_widths_follow_base_and_maximum() -> None:
    config = StyleGAN2Config(resolution=1024)
    assert [config.channels(r) for r in config.blocks] == [
        512,
        512,
        512,
        512,
        512,
        256,
        128,
        64,
        32,
    ]
    assert config.num_ws == 18


def test_mapping_of_a_normalized_z_agrees_with_the_oracle() -> None:
    generator = random_generator(CONFIG)
    z = torch.randn(1, 6, dtype=torch.float64)
    u = z[0].numpy() / math.sqrt((z[0].numpy() ** 2).mean() + 1e-8)
    w = oracle.mapping(arrays(generator), u, 3, CONFIG.mapping_lr_multiplier)
    np.testing.assert_allclose(
        generator.mapping(z)[0], np.tile(w, (generator.num_ws, 1)), atol=1e-10
    )


def test_split_mapping_gives_each_block_its_rows() -> None:
    generator = random_generator(SPLIT)
    z = torch.randn(1, 6, dtype=torch.float64)
    u = np.array([math.erf(v / math.sqrt(2)) * math.sqrt(3) for v in z[0].tolist()])
    first, second = u * (np.arange(6) < 4), u * (np.arange(6) >= 4)
    rows = generator.mapping(z)[0].numpy()
    for block, chosen in ((first, rows[:3]), (second, rows[3:])):
        w = oracle.mapping(arrays(generator), block, 3, SPLIT.mapping_lr_multiplier)
        np.testing.assert_allclose(chosen, np.tile(w, (len(chosen), 1)), atol=1e-10)


def test_split_rows_do_not_depend_on_the_other_block() -> None:
    generator = random_generator(SPLIT)
    z = torch.randn(1, 6, dtype=torch.float64)
    other = z.clone()
    other[:, 4:] += 1
    before, after = generator.mapping(z), generator.mapping(other)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


def test_truncation_of_a_normalised_z_runs_from_the_mean_to_the_sample() -> None:
    generator = random_generator(CONFIG)
    z = torch.randn(1, 6, dtype=torch.float64)
    mean = generator.mapping.rows(generator.mapping.w_avg[None])
    full = generator.mapping(z)
    torch.testing.assert_close(generator.mapping(z, 0.0), mean)
    torch.testing.assert_close(generator.mapping(z, 0.7), mean + 0.7 * (full - mean))


def test_truncation_of_a_uniform_z_gives_a_w_of_the_mapping() -> None:
    generator = random_generator(SPLIT)
    assert SPLIT.z_input == "uniform"
    z = torch.randn(1, 6, dtype=torch.float64)
    assert torch.equal(generator.mapping(z, 0.7), generator.mapping(z * 0.7))


def test_a_picture_continued_from_any_block_is_the_same() -> None:
    generator = random_generator(CONFIG)
    w = torch.randn(1, generator.num_ws, 5, dtype=torch.float64)
    for block in generator.feature_blocks:
        trace = generator.trace(w, block)
        assert [len(m[0, 0]) for m in trace.maps] == [
            b for b in generator.feature_blocks if b <= block
        ]
        assert torch.equal(generator.image_from_trace(trace), generator.image(w))


def test_features_have_the_gradient_of_finite_differences() -> None:
    generator = random_generator(CONFIG)
    w = torch.randn(1, generator.num_ws, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda w: generator.features(w, 8).sum((2, 3)), (w,))


def test_features_depend_on_no_row_after_their_block() -> None:
    generator = random_generator(CONFIG)
    w = torch.randn(1, generator.num_ws, 5, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(generator.features(w, 8).square().sum(), w)
    used = gradient[0].abs().sum(1) > 0
    assert used.tolist() == [True] * 3 + [False] * (generator.num_ws - 3)


def test_a_frozen_generator_gives_no_weight_a_gradient() -> None:
    generator = random_generator(CONFIG)
    assert not any(p.requires_grad for p in generator.parameters())


def test_prepared_weights_follow_every_change_of_the_weights() -> None:
    generator = random_generator(CONFIG)
    w = torch.randn(1, generator.num_ws, 5, dtype=torch.float64)
    generator.image(w)
    generator.synthesis.get_parameter("b8.conv0.weight").mul_(-0.5)
    changed, _ = oracle.synthesis(arrays(generator), w[0].numpy(), 32)
    np.testing.assert_allclose(generator.image(w)[0], changed, atol=1e-10)
    assert generator.float().image(w.float()).dtype == torch.float32
    loaded = {k: torch.full_like(v, 0.1) for k, v in generator.state_dict().items()}
    generator.load_state_dict(loaded)
    replaced, _ = oracle.synthesis(arrays(generator), w[0].numpy(), 32)
    np.testing.assert_allclose(generator.image(w.float())[0], replaced, rtol=1e-4, atol=1e-4)


def test_samples_are_repeatable_and_differ_by_seed() -> None:
    generator = Generator(CONFIG).frozen()
    assert torch.equal(generator.sample_w(3), generator.sample_w(3))
    assert not torch.equal(generator.sample_w(3), generator.sample_w(4))
    assert generator.sample_w(3).shape == (1, generator.num_ws, 5)


def test_w_std_is_the_deviation_of_the_mapping() -> None:
    generator = Generator(SPLIT).frozen()
    z = torch.randn(20_000, 6)
    measured = generator.mapping(z).var(0).mean(-1).sqrt()
    torch.testing.assert_close(generator.w_std, measured, rtol=0.05, atol=0)


def test_the_statistics_of_w_are_those_of_random_pictures() -> None:
    generator = Generator(SPLIT).frozen()
    generator.mapping.measure()
    rng = torch.Generator().manual_seed(5)
    w = generator.mapping(torch.randn(40_000, 6, generator=rng))
    torch.testing.assert_close(generator.w_mean, w.mean(0), rtol=0, atol=0.03)
    for row in (0, generator.num_ws - 1):
        covariance = torch.cov(w[:, row].T)
        torch.testing.assert_close(
            generator.w_covariance[row], covariance, rtol=0.05, atol=0.03 * covariance.max().item()
        )


def test_a_covariance_that_nobody_measured_is_estimated_alike() -> None:
    generator = Generator(CONFIG).frozen()
    estimated = generator.w_covariance
    generator.mapping.measure()
    del generator.w_covariance
    assert torch.equal(generator.w_covariance, estimated)


def test_a_wrong_latent_or_block_names_the_cure() -> None:
    generator = Generator(CONFIG).frozen()
    with pytest.raises(
        InputError, match=r"w must be \[B, 8, 5\], got \[1, 5\]; sample_w makes one"
    ):
        generator.image(torch.zeros(1, 5))
    with pytest.raises(InputError, match=r"block must be one of \(4, 8, 16, 32\), got 64"):
        generator.trace(torch.zeros(1, 8, 5), 64)


@pytest.mark.parametrize("seed", [-1, 1.5, True, 2**63])
def test_a_wrong_seed_is_refused(seed: int) -> None:
    with pytest.raises(InputError, match="seed must be a whole number from 0"):
        Generator(CONFIG).sample_w(seed)


def test_a_truncation_that_is_not_finite_is_refused() -> None:
    with pytest.raises(InputError, match="truncation_psi must be finite, got nan"):
        Generator(CONFIG).sample_w(0, math.nan)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resolution": 48}, "power of two"),
        ({"z_input": "raw"}, "z_input"),
        ({"w_dim": 0}, "w_dim must be at least 1"),
        ({"split": LatentSplit(6, 3)}, "on both sides"),
    ],
)
def test_impossible_architectures_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(GeneratorError, match=message):
        replace(CONFIG, **change)  # type: ignore[arg-type]  # wrong on purpose


def test_the_architecture_survives_json() -> None:
    assert StyleGAN2Config.from_json(SPLIT.to_json()) == SPLIT
    with pytest.raises(GeneratorError, match="unknown architecture fields"):
        StyleGAN2Config.from_json({"resolution": 32, "colour": 1})


@pytest.mark.parametrize("config", [CONFIG, SPLIT])
def test_the_z_of_a_sample_gives_its_w(config: StyleGAN2Config) -> None:
    generator = Generator(config).frozen()
    generator.mapping.measure()
    z = generator.sample_z(3, 0.7)
    w = generator.w_of_z(z)
    if config.z_input == "normalized":  # there w is truncated, and not z
        assert torch.equal(z, generator.sample_z(3))
        w = torch.lerp(generator.w_mean, w, 0.7)
    torch.testing.assert_close(w, generator.sample_w(3, 0.7))


def test_a_sketch_is_the_whole_picture_up_to_its_size_and_what_the_first_blocks_say_above() -> None:
    generator = random_generator(StyleGAN2Config(32, z_dim=8, w_dim=16, channel_max=8))
    w = torch.cat([generator.sample_w(seed) for seed in (1, 2)])
    with torch.no_grad():
        torch.testing.assert_close(generator.sketch(w), generator.image(w))
        expected = generator.synthesis.image(generator.trace(w, 16), 16)
        torch.testing.assert_close(generator.sketch(w, 16), expected)
        assert generator.sketch(w, 16).shape == (2, 3, 16, 16)
