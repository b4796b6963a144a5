"""An enlarged generator draws the pictures of the smaller one, resampled, and is dragged as it is; in double precision."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.benchmarks.enlarged import enlarged
from draggan_widget.drag import DragConfig, DragOptimizer
from draggan_widget.errors import InputError
from draggan_widget.generator import Generator, StyleGAN2Config
from draggan_widget.generator.config import LatentSplit
from draggan_widget.generator.layers import SynthesisLayer
from draggan_widget.ops import upsample2d

TOLERANCE = 1e-12
STEPS = 4


def small_generator() -> Generator:
    """Return a generator of 16 px, few channels, split mapping and noise, frozen."""
    torch.manual_seed(0)
    config = StyleGAN2Config(
        resolution=16,
        z_dim=6,
        w_dim=8,
        channel_base=64,
        channel_max=6,
        mapping_layers=2,
        split=LatentSplit(dims=4, rows=3),
    )
    generator = Generator(config, name="small")
    generator.scene = "animals"
    for module in generator.modules():
        if isinstance(module, SynthesisLayer):
            torch.nn.init.constant_(module.noise_strength, 0.3)
            torch.nn.init.normal_(module.bias)
    generator.mapping.measure()
    return generator.double().frozen()


SMALL = small_generator()
LARGE = enlarged(SMALL, 64, channel_base=768, channels=12)


def w_pair() -> tuple[Tensor, Tensor]:
    """Return a latent whose rows differ, and its copies for the enlarged generator, whose last rows draw nothing."""
    rng = torch.Generator().manual_seed(1)
    w = torch.randn(1, SMALL.num_ws, SMALL.w_dim, generator=rng, dtype=torch.float64)
    further = torch.randn(1, LARGE.num_ws - SMALL.num_ws, LARGE.w_dim, generator=rng).double()
    return w, torch.cat([w.repeat(1, 1, LARGE.w_dim // SMALL.w_dim), further], dim=1)


def test_it_is_as_deep_and_wide_as_was_asked_for() -> None:
    assert (LARGE.name, LARGE.width, LARGE.w_dim) == ("small-at-64", 64, StyleGAN2Config.w_dim)
    assert [LARGE.config.channels(block) for block in LARGE.feature_blocks] == [12] * 5
    assert (LARGE.scene, LARGE.noise) == (SMALL.scene, SMALL.noise)
    assert not any(weights.requires_grad for weights in LARGE.parameters())


def test_its_picture_is_that_of_the_smaller_one_resampled() -> None:
    w, copies = w_pair()
    torch.testing.assert_close(
        LARGE.image(copies), upsample2d(upsample2d(SMALL.image(w))), rtol=0, atol=TOLERANCE
    )


@pytest.mark.parametrize("block", SMALL.feature_blocks)
def test_its_features_are_copies_of_those_of_the_smaller_one(block: int) -> None:
    w, copies = w_pair()
    features = SMALL.features(w, block)
    times = LARGE.config.channels(block) // features.shape[1]
    assert times > 1
    expected = features.repeat(1, times, 1, 1)
    torch.testing.assert_close(LARGE.features(copies, block), expected, rtol=0, atol=TOLERANCE)


def test_further_blocks_carry_the_first_features_on() -> None:
    w, copies = w_pair()
    expected = SMALL.features(w, 16)
    for block in (32, 64):
        expected = upsample2d(expected[:, : SMALL.config.channels(block)])
        expected = 2 * F.leaky_relu(
            F.leaky_relu(expected, 0.2), 0.2
        )  # two layers, each with a gain
        found = LARGE.features(copies, block)[:, : expected.shape[1]]
        torch.testing.assert_close(found, expected, rtol=1e-7, atol=TOLERANCE)


def test_its_mapping_and_statistics_are_those_of_the_smaller_one() -> None:
    found, expected = LARGE.sample_w(3), SMALL.sample_w(3)
    times = LARGE.w_dim // SMALL.w_dim
    rows = SMALL.num_ws
    torch.testing.assert_close(found[:, :rows], expected.repeat(1, 1, times), rtol=0, atol=1e-12)
    assert torch.equal(LARGE.w_std[:rows], SMALL.w_std)
    assert torch.equal(LARGE.w_mean[:rows], SMALL.w_mean.repeat(1, times))
    assert torch.equal(LARGE.w_covariance[:rows], SMALL.w_covariance.repeat(1, times, times))


def test_copies_have_weights_of_their_own_and_none_that_is_zero() -> None:
    for layer in LARGE.synthesis.layers(16):
        first, second = layer.weight[:6].chunk(2, dim=1)
        assert layer.weight.count_nonzero() == layer.weight.numel()
        assert float((first - second).abs().min()) > 0


@pytest.mark.parametrize("solver", ["official", "kinematic"])
def test_a_drag_of_it_goes_where_one_of_fewer_channels_goes(solver: str) -> None:
    config = DragConfig(solver=solver, feature_block=16)
    narrow = enlarged(SMALL, 64, channel_base=64, channels=6)
    optimizers = [
        DragOptimizer(generator, generator.sample_w(0), config) for generator in (narrow, LARGE)
    ]
    for optimizer in optimizers:
        optimizer.set_points([(30, 30)], [(50, 40)], point_ids=(1,))
    for _ in range(STEPS):
        expected, found = (optimizer.step() for optimizer in optimizers)
        assert found.status == expected.status
        assert found.handle_points == pytest.approx(expected.handle_points, abs=1e-6)
        torch.testing.assert_close(found.w, expected.w, rtol=0, atol=1e-6)
    assert float((found.w - LARGE.sample_w(0)).abs().max()) > 1e-3


@pytest.mark.parametrize(
    ("size", "channels", "words"),
    [
        (8, 12, r"small can be enlarged to \[16, 32, .*\] px, got 8"),
        (48, 12, r"small can be enlarged to .* px, got 48"),
        (32, 8, "small has 6 channels at 4 px, and can only have whole multiples; 8 inner"),
        (32, 0, "channels must be a whole number of usual size"),
        (128, 12, "small has 0 channels at 128 px"),
    ],
)
def test_what_cannot_be_is_told(size: int, channels: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        enlarged(SMALL, size, channel_base=64 * channels, channels=channels)
