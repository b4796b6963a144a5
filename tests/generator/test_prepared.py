"""The prepared synthesis against the plain one, in float64: values and gradients, whole maps and windows."""

import itertools
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from draggan_widget.drag.protocols import PreparableGenerator
from draggan_widget.drag.protocols import PreparedSynthesis as DragPreparedSynthesis
from draggan_widget.errors import InputError
from draggan_widget.generator import Generator, PreparedSynthesis, StyleGAN2Config
from tests.generator.networks import random_generator

TOLERANCE = 1e-12
"""Largest difference of equal numbers in float64, relative to the largest of them."""


def small(resolution: int, *, clamp: float | None = None) -> StyleGAN2Config:
    """Return the architecture of a network of few channels, of different number in neighbouring blocks."""
    return StyleGAN2Config(
        resolution=resolution,
        z_dim=6,
        w_dim=5,
        channel_base=4 * resolution,
        channel_max=7,
        mapping_layers=1,
        conv_clamp=clamp,
    )


def latent(generator: Generator, batch: int = 1) -> Tensor:
    """Return a random w+, the same every time."""
    rng = torch.Generator().manual_seed(1)
    return torch.randn(batch, generator.num_ws, generator.w_dim, generator=rng, dtype=torch.float64)


def moved(w: Tensor, rows: int) -> Tensor:
    """Return a latent with other first rows that take a gradient."""
    change = torch.zeros_like(w)
    change[:, :rows] = 0.3
    return (w + change).requires_grad_()


def assert_equal(found: Tensor, expected: Tensor) -> None:
    """Compare two tensors of numbers that differ by rounding only."""
    scale = float(expected.detach().abs().max())
    torch.testing.assert_close(found, expected, rtol=0, atol=TOLERANCE * scale)


def random_sum(features: Tensor) -> Tensor:
    """Return a sum in which every feature has another weight, and not only its sign matters."""
    rng = torch.Generator().manual_seed(2)
    weights = torch.randn(features.shape, generator=rng, dtype=features.dtype)
    return (weights * features * (1 + features)).sum()


def gradient(value: Tensor, w: Tensor, rows: int) -> Tensor:
    """Return the derivative with respect to the first rows of w."""
    return torch.autograd.grad(value, w)[0][:, :rows]


def assert_windows_equal(
    generator: Generator, block: int, moving_rows: int, starts: Tensor, rows: int, columns: int
) -> None:
    """Compare windows, computed as such from every layer on, with those cut out of the whole features."""
    w = latent(generator)
    prepared = generator.prepared(w, moving_rows, block)
    w = moved(w, moving_rows)
    features = generator.features(w, block)[0]
    expected = torch.stack([features[:, y : y + rows, x : x + columns] for x, y in starts.tolist()])
    slope = gradient(random_sum(expected), w, moving_rows)
    layers = 2 * generator.feature_blocks.index(block) + 1
    for first in (*range(1, layers + 1), None):
        found = prepared.feature_windows(w, starts, rows, columns, first=first)
        assert_equal(found, expected)
        assert_equal(gradient(random_sum(found), w, moving_rows), slope)


@pytest.mark.parametrize("noise", [True, False])
@pytest.mark.parametrize("clamp", [None, 1.5])
@pytest.mark.parametrize("moving_rows", [1, 4, 8])
def test_the_trace_is_that_of_the_generator(
    noise: bool, clamp: float | None, moving_rows: int
) -> None:
    generator = random_generator(small(32, clamp=clamp))
    generator.noise = noise
    w = latent(generator)
    prepared = generator.prepared(w, moving_rows, 16)
    w = moved(w, moving_rows)
    trace, expected = prepared.trace(w), generator.trace(w, 16)
    assert trace.w is w
    assert len(trace.maps) == len(expected.maps)
    for found, wanted in zip(trace.maps, expected.maps, strict=True):
        assert_equal(found, wanted)
    assert_equal(
        gradient(random_sum(trace.features), w, moving_rows),
        gradient(random_sum(expected.features), w, moving_rows),
    )
    assert_equal(generator.image_from_trace(trace), generator.image(w))


@pytest.mark.parametrize("moving_rows", [0, 3])
def test_several_latents_are_traced_at_once(moving_rows: int) -> None:
    generator = random_generator(small(32))
    w = latent(generator)
    several = torch.cat([moved(w, moving_rows), w])
    found = generator.prepared(w, moving_rows, 32).trace(several).features
    assert_equal(found, generator.features(several, 32))


def test_fixed_rows_are_read_for_the_picture_only() -> None:
    generator = random_generator(small(32))
    w = latent(generator)
    prepared = generator.prepared(w, 3, 16)
    other = w.clone()
    other[:, 3:] += 1
    other.requires_grad_()
    features = prepared.trace(other).features
    assert_equal(features, generator.features(w, 16))
    assert torch.autograd.grad(features.sum(), other)[0][:, 3:].count_nonzero() == 0


@pytest.mark.parametrize("size", [(1, 1), (3, 4), (6, 5), (8, 8), (15, 16), (16, 16)])
@pytest.mark.parametrize(("noise", "clamp"), [(True, None), (False, 1.5)])
def test_windows_at_all_borders_and_of_all_parities_are_cut_out_of_the_map(
    size: tuple[int, int], noise: bool, clamp: float | None
) -> None:
    generator = random_generator(small(16, clamp=clamp))
    generator.noise = noise
    rows, columns = size
    starts = torch.tensor(list(itertools.product(range(17 - columns), range(17 - rows))))
    assert_windows_equal(generator, 16, 4, starts, rows, columns)


@pytest.mark.parametrize(("base_width", "size"), [(2, (5, 4)), (6, (7, 9))])
def test_windows_of_rectangular_pictures_are_cut_out_of_the_map(
    base_width: int, size: tuple[int, int]
) -> None:
    generator = random_generator(replace(small(16), base_width=base_width))
    rows, columns = size
    places = itertools.product(range(4 * base_width + 1 - columns), range(17 - rows))
    assert_windows_equal(generator, 16, 4, torch.tensor(list(places)), rows, columns)


@pytest.mark.parametrize("moving_rows", [1, 6])
@pytest.mark.parametrize(
    ("resolution", "block", "size"),
    [(32, 8, 3), (64, 32, 13), (128, 128, 10), (512, 64, 20), (1024, 128, 13)],
)
def test_windows_of_every_block_are_cut_out_of_the_map(
    resolution: int, block: int, size: int, moving_rows: int
) -> None:
    generator = random_generator(small(resolution))
    last = block - size
    places = sorted({0, min(1, last), last // 2, last // 2 + 1, max(last - 1, 0), last})
    starts = torch.tensor([(x, places[-1 - i]) for i, x in enumerate(places)] + [(0, 0)])
    assert_windows_equal(generator, block, moving_rows, starts, size, size)
    assert_windows_equal(generator, block, moving_rows, starts[-1:], size, size)


def test_many_gradients_are_taken_at_once() -> None:
    generator = random_generator(small(32))
    w = latent(generator)
    prepared = generator.prepared(w, 3, 32)
    w = moved(w, 3)
    starts = torch.tensor([[0, 3], [20, 11]])
    values = prepared.feature_windows(w, starts, 5, 6, first=3).sum((1, 2, 3))
    rows = torch.autograd.grad(values, w, torch.eye(2).double(), True, is_grads_batched=True)[0]
    for row, value in zip(rows, values, strict=True):
        assert_equal(row, torch.autograd.grad(value, w, retain_graph=True)[0])


@pytest.mark.parametrize("moving_rows", [0, 3])
def test_prepared_in_single_precision_the_features_are_so_too(moving_rows: int) -> None:
    generator = random_generator(small(32)).float()
    w = latent(generator, 2).float()
    w[1, moving_rows:] = w[0, moving_rows:]
    prepared = generator.prepared(w[:1], moving_rows, 32)
    features = generator.features(w, 32)
    torch.testing.assert_close(prepared.trace(w).features, features, rtol=1e-4, atol=1e-4)
    found = prepared.feature_windows(w[:1], torch.tensor([[1, 2]]), 5, 6, first=3)[0]
    torch.testing.assert_close(found, features[0, :, 2:7, 1:7], rtol=1e-4, atol=1e-4)


def test_what_is_kept_for_further_drags_is_made_anew_where_the_weights_or_the_noise_have_changed() -> (
    None
):
    generator = random_generator(small(32))
    w = latent(generator)
    assert_equal(generator.prepared(w, 4, 16).trace(w).features, generator.features(w, 16))
    generator.synthesis.layers(16)[1].weight[0].neg_()
    assert_equal(generator.prepared(w, 4, 16).trace(w).features, generator.features(w, 16))
    generator.noise = False
    assert_equal(generator.prepared(w, 4, 16).trace(w).features, generator.features(w, 16))
    assert_equal(generator.prepared(w, 2, 16).trace(w).features, generator.features(w, 16))


@pytest.mark.cuda
@pytest.mark.filterwarnings("ignore:Synchronization debug mode is a prototype:UserWarning")
def test_nothing_waits_for_the_device() -> None:
    generator = random_generator(small(32)).float().cuda()
    w = latent(generator).float().cuda()
    prepared = generator.prepared(w, 3, 32)
    w, starts = moved(w, 3), torch.tensor([[1, 2]], device="cuda")
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        features = prepared.trace(w).features
        windows = prepared.feature_windows(w, starts, 5, 6, first=3)
        torch.autograd.grad(features.sum() + windows.sum(), w)
    finally:
        torch.cuda.set_sync_debug_mode(before)
    torch.testing.assert_close(windows[0], features[0, :, 2:7, 1:7], rtol=1e-3, atol=1e-3)


def test_windows_pay_where_they_are_few_and_small() -> None:
    generator = random_generator(small(128))
    prepared = generator.prepared(latent(generator), 4, 128)
    assert prepared.windows_pay(1, 10, 10)
    assert not prepared.windows_pay(1, 128, 128)
    assert not prepared.windows_pay(200, 10, 10)


def test_the_drag_knows_what_can_be_prepared() -> None:
    generator = random_generator(small(32))
    assert isinstance(generator, PreparableGenerator)
    assert isinstance(generator.prepared(latent(generator), 3, 32), DragPreparedSynthesis)
    assert isinstance(generator.prepared(latent(generator), 3, 32), PreparedSynthesis)


def test_only_a_frozen_generator_is_prepared() -> None:
    generator = random_generator(small(32)).requires_grad_()
    with pytest.raises(InputError, match="must be frozen"):
        generator.prepared(latent(generator), 3, 32)


@pytest.mark.parametrize(
    ("batch", "moving_rows", "block", "message"),
    [
        (2, 3, 32, r"w must be \[1, 8, 5\]"),
        (1, 9, 32, "moving_rows must be a whole number from 0 to 8, got 9"),
        (1, 3, 64, "block must be one of"),
    ],
)
def test_what_cannot_be_prepared_is_refused(
    batch: int, moving_rows: int, block: int, message: str
) -> None:
    generator = random_generator(small(32))
    with pytest.raises(InputError, match=message):
        generator.prepared(latent(generator, batch), moving_rows, block)
