"""The alias-free generator against the float64 oracle and against the promises of its paper."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from draggan_widget.drag import DragConfig
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.generator import StyleGAN3Config, StyleGAN3Generator
from draggan_widget.generator.alias_free import bands, plans
from draggan_widget.generator.low_pass import low_pass
from draggan_widget.session import DragSession
from tests.generator import oracle3
from tests.generator.oracle import Array
from tests.generator.small import ALIAS_FREE

T = ALIAS_FREE
R = replace(T, conv_kernel=1, radial=True)


def random_generator(config: StyleGAN3Config, *, double: bool = True) -> StyleGAN3Generator:
    """Return a generator whose every tensor matters."""
    torch.manual_seed(0)
    generator = StyleGAN3Generator(config)
    generator = generator.double() if double else generator
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        for index in range(config.layers + 1):
            generator.synthesis.layer(index).magnitude_ema.fill_(1 + index / 10)
        generator.mapping.w_avg.normal_()
    return generator.frozen()


@pytest.mark.parametrize("config", [T, R], ids=["t", "r"])
@pytest.mark.parametrize("clamp", [None, 1.0])
def test_pictures_and_features_agree_with_the_oracle(
    config: StyleGAN3Config, clamp: float | None
) -> None:
    config = replace(config, conv_clamp=clamp)
    generator = random_generator(config)
    tensors = {name: value.double().numpy() for name, value in generator.state_dict().items()}
    w = torch.randn(1, generator.num_ws, config.w_dim, dtype=torch.float64)
    rows = w[0].numpy()
    first = bands(config)[0]
    x = oracle3.fourier(tensors, rows[0], first.size, first.rate, first.cutoff)
    found: dict[int, Array] = {}
    for index, plan in enumerate(plans(config)):
        taps = [
            None if each is None else each.double().numpy()
            for each in (plan.up_filter(), plan.down_filter())
        ]
        x = oracle3.layer(
            tensors,
            f"synthesis.{plan.name}",
            x,
            rows[index + 1],
            up=plan.up,
            down=plan.down,
            padding=plan.padding,
            filters=(taps[0], taps[1]),
            to_rgb=plan.to_rgb,
            clamp=clamp,
        )
        margin = (plan.after.size - plan.after.rate) // 2
        inner = slice(margin, plan.after.size - margin)
        found[plan.after.rate] = x[:, inner, inner] if not plan.to_rgb else found[plan.after.rate]
    np.testing.assert_allclose(generator.image(w)[0], x * 0.25, atol=1e-9)
    assert sorted(found) == list(generator.feature_blocks)
    for block, features in found.items():
        np.testing.assert_allclose(generator.features(w, block)[0], features, atol=1e-9)


def test_a_picture_is_continued_from_any_block() -> None:
    generator = random_generator(T)
    w = torch.randn(2, generator.num_ws, T.w_dim, dtype=torch.float64)
    for block in generator.feature_blocks:
        trace = generator.trace(w, block)
        assert trace.features.shape[-2:] == (block, block)
        torch.testing.assert_close(generator.image_from_trace(trace), generator.image(w))


@pytest.mark.parametrize(("resolution", "kernel", "radial"), [(1024, 3, False), (512, 1, True)])
def test_the_published_networks_have_their_published_layers(
    resolution: int, kernel: int, radial: bool
) -> None:
    wide = 2 if radial else 1
    config = StyleGAN3Config(
        resolution=resolution,
        channel_base=32768 * wide,
        channel_max=512 * wide,
        conv_kernel=kernel,
        radial=radial,
    )
    names = [plan.name for plan in plans(config)]
    assert config.num_ws == 16
    assert len(names) == 15
    assert names[0] == f"L0_36_{512 * wide}"
    assert names[-1] == f"L14_{resolution}_3"
    if resolution == 1024:
        assert names == [
            *("L0_36_512", "L1_36_512", "L2_52_512", "L3_52_512", "L4_84_512", "L5_148_512"),
            *("L6_148_512", "L7_276_323", "L8_276_203", "L9_532_128", "L10_1044_81", "L11_1044_51"),
            *("L12_1044_32", "L13_1024_32", "L14_1024_3"),
        ]


def test_filters_pass_what_is_below_the_cutoff_and_stop_what_is_above() -> None:
    for plan in plans(StyleGAN3Config(resolution=256)):
        for taps, rate, cutoff, half in (
            (
                plan.up_filter(),
                plan.before.rate * plan.up,
                plan.before.cutoff,
                plan.before.half_width,
            ),
            (
                plan.down_filter(),
                plan.after.rate * plan.down,
                plan.after.cutoff,
                plan.after.half_width,
            ),
        ):
            if taps is None:
                continue
            assert float(taps.sum()) == pytest.approx(1, abs=1e-6)
            assert torch.equal(taps, taps.flip(0))
            places = torch.arange(len(taps)) - (len(taps) - 1) / 2
            response = [
                float((taps * torch.cos(2 * math.pi * f / rate * places)).sum())
                for f in (0.0, cutoff, cutoff + 2 * half)
            ]
            assert response[0] == pytest.approx(1, abs=1e-6)
            assert 0.3 < response[1] < 0.9
            assert abs(response[2]) < 0.2


def test_a_radial_filter_is_the_same_in_every_direction() -> None:
    taps = low_pass(12, 4.0, 6.0, 32.0, radial=True)
    assert taps is not None
    for turned in (taps.t(), taps.flip(0), taps.rot90()):
        torch.testing.assert_close(turned, taps)
    assert low_pass(1, 4.0, 6.0, 32.0) is None


def test_shifting_the_canvas_shifts_the_picture() -> None:
    """What the architecture is for (Karras et al. 2021, section 2): translation equivariance."""
    config = replace(T, resolution=64, layers=9, margin=10, channel_base=512, channel_max=16)
    generator = random_generator(config)
    w = torch.randn(1, generator.num_ws, config.w_dim, dtype=torch.float64)
    before = generator.image(w)
    shift = 8
    generator.synthesis.input.transform[0, 2] = shift / config.resolution
    moved = generator.image(w)
    inner = slice(16, 48)
    expected = before[..., inner, 16 + shift : 48 + shift]
    error = (moved[..., inner, inner] - expected).abs().mean()
    difference = (moved[..., inner, inner] - before[..., inner, inner]).abs().mean()
    assert error < 0.05 * difference


@pytest.mark.parametrize("solver", ["kinematic", "whitened", "paper", "official"])
def test_points_of_its_pictures_can_be_dragged(solver: str) -> None:
    config = replace(T, resolution=64, channel_max=16, channel_base=512)
    generator = random_generator(config, double=False)
    session = DragSession(generator=generator, config=DragConfig(solver=solver, max_steps=3))
    first = session.w
    session.set_points([[30, 30]], [[36, 32]])
    result = session.drag()
    assert result.status in ("arrived", "stalled", "max_steps")
    assert not torch.equal(session.w, first)
    assert session.image.size == (64, 64)


def gradient_error(generator: StyleGAN3Generator, w: Tensor) -> float:
    """Return how far the derivative of a feature is from its finite difference."""
    block = generator.feature_blocks[1]
    way = torch.randn_like(w)
    moving = w.clone().requires_grad_()
    (slope,) = torch.autograd.grad(generator.features(moving, block).square().sum(), moving)
    ends = [generator.features(w + sign * 1e-5 * way, block).square().sum() for sign in (1, -1)]
    numeric = (ends[0] - ends[1]) / 2e-5
    return float(((slope * way).sum() - numeric).abs() / numeric.abs())


def test_features_are_differentiable_in_w() -> None:
    generator = random_generator(T)
    w = torch.randn(1, generator.num_ws, T.w_dim, dtype=torch.float64)
    assert gradient_error(generator, w) < 1e-5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *itertools.product(["layers", "margin", "conv_kernel", "filter_size"], [0, -1, 10**6, 1.5]),
        *itertools.product(["first_cutoff", "output_scale"], [0.0, -1.0, math.nan, "1"]),
        ("resolution", 48),
        ("radial", 1),
    ],
)
def test_impossible_architectures_are_refused(field: str, value: Any) -> None:
    with pytest.raises(GeneratorError, match=field):
        replace(T, **{field: value})


def test_wrong_latents_and_blocks_are_refused() -> None:
    generator = random_generator(T)
    with pytest.raises(InputError, match=r"w must be \[B, 7, 5\]"):
        generator.image(torch.zeros(1, 3, 5))
    with pytest.raises(InputError, match="block must be one of"):
        generator.trace(torch.zeros(1, 7, 5, dtype=torch.float64), 7)
