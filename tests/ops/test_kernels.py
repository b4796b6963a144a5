"""Values and gradients of every kernel against its PyTorch reference."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from draggan_widget.errors import KernelError
from draggan_widget.ops import (
    Impl,
    Reading,
    feature_search,
    mask_term,
    modulated_epilogue,
    patch_loss,
    smooth_transposed,
    upsample2d,
)
from draggan_widget.ops.bias_act import Epilogue
from draggan_widget.ops.feature_search import search_compiled
from draggan_widget.ops.library import applied
from draggan_widget.ops.mask_term import MaskTerm
from draggan_widget.ops.patch_loss import FLAT_ROUNDINGS, PatchLoss
from draggan_widget.ops.upfirdn2d import Resampling
from tests.ops.conftest import Compiled

LAYOUTS = pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


@dataclass(frozen=True)
class Draw:
    """Random numbers of one type on one device, the same on every device."""

    dtype: torch.dtype
    device: str

    def __call__(self, *shape: int, seed: int = 0) -> Tensor:
        rng = torch.Generator().manual_seed(seed)
        drawn = torch.randn(shape, dtype=torch.float64, generator=rng)
        return drawn.to(self.device, self.dtype)

    def reading(self, channels: int, sizes: tuple[int, int, int, int], seed: int = 0) -> Reading:
        """Return windows of two points and random weights."""
        rows, columns, q, p = sizes
        return Reading(
            self(2, channels, rows, columns, seed=seed),
            self(2, q, rows, seed=seed + 1),
            self(2, p, columns, seed=seed + 2),
        )


def assert_same(
    ours: Callable[..., Tensor], theirs: Callable[..., Tensor], *inputs: Tensor
) -> None:
    """Compare values, and the gradients of a random functional of them."""
    results = []
    for function in (ours, theirs):
        leaves = [each.detach().clone().requires_grad_() for each in inputs]
        value = function(*leaves)
        weights = Draw(value.dtype, value.device.type)(*value.shape, seed=9)
        results.append((value.detach(), *torch.autograd.grad((value * weights).sum(), leaves)))
    for our, their in zip(*results, strict=True):
        torch.testing.assert_close(our, their)


@LAYOUTS
@DTYPES
@pytest.mark.parametrize("clamp", [None, 0.8])
@pytest.mark.parametrize("noisy", [True, False])
@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (1, 40, 4, 4), (1, 2, 64, 80)])
def test_the_epilogue_of_a_convolution(
    compiled: Compiled,
    shape: tuple[int, ...],
    noisy: bool,
    clamp: float | None,
    dtype: torch.dtype,
    layout: torch.memory_format,
) -> None:
    draw = Draw(dtype, compiled.device)
    x = draw(*shape).contiguous(memory_format=layout)
    bias, demodulation = draw(shape[1], seed=1), draw(*shape[:2], seed=2)
    noise = draw(*shape[2:], seed=3) if noisy else None
    limit = math.inf if clamp is None else clamp
    assert_same(
        lambda x, d: applied(Epilogue, compiled.kernels, x, d, bias, noise, limit),
        lambda x, d: modulated_epilogue(x, d, bias, noise, clamp, impl="reference"),
        x,
        demodulation,
    )


@LAYOUTS
def test_the_epilogue_of_a_convolution_without_demodulation(
    compiled: Compiled, layout: torch.memory_format
) -> None:
    draw = Draw(torch.float32, compiled.device)
    x, bias = draw(2, 3, 5, 7).contiguous(memory_format=layout), draw(3, seed=1)
    assert_same(
        lambda x: applied(Epilogue, compiled.kernels, x, None, bias, None, 0.8),
        lambda x: modulated_epilogue(x, None, bias, None, 0.8, impl="reference"),
        x,
    )


@LAYOUTS
@DTYPES
@pytest.mark.parametrize(
    ("name", "reference", "shape"),
    [
        ("upsample", upsample2d, (2, 3, 9, 13)),
        ("upsample", upsample2d, (1, 40, 5, 5)),
        ("upsample", upsample2d, (1, 1, 1, 1)),
        ("smooth", smooth_transposed, (2, 3, 9, 13)),
        ("smooth", smooth_transposed, (1, 40, 5, 5)),
    ],
)
def test_resampling(
    compiled: Compiled,
    name: str,
    reference: Callable[..., Tensor],
    shape: tuple[int, ...],
    dtype: torch.dtype,
    layout: torch.memory_format,
) -> None:
    x = Draw(dtype, compiled.device)(*shape).contiguous(memory_format=layout)
    assert_same(
        lambda x: applied(Resampling, compiled.kernels, name, x),
        lambda x: reference(x, impl="reference"),
        x,
    )


def test_gradients_of_a_layer_can_be_taken_in_batches(compiled: Compiled) -> None:
    draw = Draw(torch.float64, compiled.device)
    x = draw(1, 3, 5, 5).requires_grad_()
    demodulation, bias = draw(1, 3, seed=1).requires_grad_(), draw(3, seed=2)
    smooth = applied(Resampling, compiled.kernels, "smooth", x)
    y = applied(Epilogue, compiled.kernels, smooth, demodulation, bias, None, math.inf)
    directions = draw(4, *y.shape, seed=3)
    leaves = x, demodulation
    together = torch.autograd.grad(y, leaves, directions, retain_graph=True, is_grads_batched=True)
    each = [torch.autograd.grad(y, leaves, one, retain_graph=True) for one in directions]
    for batch, singles in zip(together, zip(*each, strict=True), strict=True):
        torch.testing.assert_close(batch, torch.stack(singles))


@DTYPES
@pytest.mark.parametrize(
    ("channels", "sizes"), [(3, (4, 5, 7, 6)), (128, (5, 5, 7, 7)), (1, (2, 2, 1, 1))]
)
def test_the_patch_loss(
    compiled: Compiled, channels: int, sizes: tuple[int, int, int, int], dtype: torch.dtype
) -> None:
    still = Draw(dtype, compiled.device).reading(channels, sizes, 0)
    moved = Draw(dtype, compiled.device).reading(channels, sizes, 5)
    counted = Draw(dtype, compiled.device)(2, *sizes[2:], seed=8) > -1
    assert_same(
        lambda windows: applied(PatchLoss, compiled.kernels, *still, windows, *moved[1:], counted),
        lambda windows: patch_loss(
            still, moved._replace(windows=windows), counted, impl="reference"
        ),
        moved.windows,
    )


def test_differences_that_are_only_rounding_pull_nowhere(compiled: Compiled) -> None:
    still = Draw(torch.float32, compiled.device).reading(4, (3, 3, 5, 5), 0)
    rounding = FLAT_ROUNDINGS * torch.finfo(torch.float32).eps / 4
    windows = (still.windows * (1 + rounding)).requires_grad_()
    counted = torch.ones(2, 5, 5, dtype=torch.bool, device=compiled.device)
    loss = applied(PatchLoss, compiled.kernels, *still, windows, *still[1:], counted)
    (gradient,) = torch.autograd.grad(loss.sum(), windows)
    assert not loss.any()
    assert not gradient.any()


@DTYPES
@pytest.mark.parametrize("norm", [1, 2])
def test_the_search_of_a_feature(compiled: Compiled, norm: int, dtype: torch.dtype) -> None:
    draw = Draw(dtype, compiled.device)
    searched = draw.reading(6, (4, 5, 9, 8), 0)
    references = draw(2, 6, seed=4)
    inside = draw(2, 9, 8, seed=5) > -0.5
    closeness = draw(72, seed=6)
    for width in (0.0, 0.5, 100.0):
        rest = inside, closeness, width * torch.ones_like(references[:, 0])
        ours = search_compiled(compiled.kernels, searched, references, *rest, norm)
        theirs = feature_search(searched, references, *rest, norm=norm, impl="reference")
        torch.testing.assert_close(ours, theirs)


def test_the_first_of_equally_close_features_is_found(compiled: Compiled) -> None:
    searched = Draw(torch.float64, compiled.device).reading(3, (2, 2, 5, 5), 0)
    flat = searched._replace(windows=torch.zeros_like(searched.windows))
    one = torch.ones(2, 5, 5, dtype=torch.float64, device=compiled.device)
    best, _ = search_compiled(
        compiled.kernels, flat, one[:, 0, :3], one > 0, one[0].flatten(), one[:, 0, 0], 1
    )
    assert best.tolist() == [0, 0]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_search_among_features_that_are_no_numbers_says_so(
    compiled: Compiled, value: float
) -> None:
    searched = Draw(torch.float32, compiled.device).reading(3, (4, 4, 5, 5), 0)
    searched.windows[1, 2, 1, 1] = value
    rest = (
        Draw(torch.float32, compiled.device)(2, 3),
        torch.ones(2, 5, 5, dtype=torch.bool, device=compiled.device),
        torch.arange(25.0, device=compiled.device),
        torch.zeros(2, device=compiled.device),
    )
    _, ours = search_compiled(compiled.kernels, searched, *rest, 1)
    _, theirs = feature_search(searched, *rest, norm=1, impl="reference")
    assert ours.isfinite().tolist() == theirs.isfinite().tolist() == [True, False]


@LAYOUTS
@DTYPES
def test_the_mask_term(compiled: Compiled, dtype: torch.dtype, layout: torch.memory_format) -> None:
    draw = Draw(dtype, compiled.device)
    features = draw(1, 33, 16, 12).contiguous(memory_format=layout)[0]
    start, held = draw(33, 16, 12, seed=1), draw(16, 12, seed=2)
    start[4] = features[4]
    assert_same(
        lambda features: applied(MaskTerm, compiled.kernels, features, start, held),
        lambda features: mask_term(features, start, held, impl="reference"),
        features,
    )


@pytest.mark.cuda
def test_ops_asked_for_their_kernel_run_it() -> None:
    draw = Draw(torch.float32, "cuda")
    x, held = draw(1, 4, 9, 9), draw(9, 9, seed=1)
    demodulation, bias = draw(1, 4, seed=2), draw(4, seed=3)
    still, moved = draw.reading(4, (3, 3, 5, 5), 4), draw.reading(4, (3, 3, 5, 5), 7)
    inside = torch.ones(2, 5, 5, dtype=torch.bool, device="cuda")
    closeness, tolerance = draw(25, seed=5), torch.zeros(2, device="cuda")
    for ours, theirs in (
        (
            [
                upsample2d(x, impl=impl),
                smooth_transposed(x, impl=impl),
                modulated_epilogue(x, demodulation, bias, impl=impl),
                mask_term(x[0], 2 * x[0], held, impl=impl),
                patch_loss(still, moved, inside, impl=impl),
                *feature_search(
                    still, bias[None].repeat(2, 1), inside, closeness, tolerance, norm=1, impl=impl
                ),
            ]
            for impl in ("cuda", "reference")
        ),
    ):
        torch.testing.assert_close(ours, theirs)


def misfits(draw: Draw) -> dict[str, Callable[[Impl], Tensor | tuple[Tensor, ...]]]:
    """Return calls of ops with tensors that PyTorch broadcasts."""
    x, bias, noise = draw(2, 3, 5, 7), draw(3), draw(5, 7)
    still, moved = draw.reading(3, (4, 5, 7, 6)), draw.reading(3, (4, 5, 7, 6), seed=3)
    inside = torch.ones(2, 7, 6, dtype=torch.bool, device=draw.device)
    one = still._replace(row_weights=still.row_weights[:1])
    single = Reading(*(part[:1] for part in still))
    features, start, held = draw(3, 5, 7), draw(3, 5, 7, seed=1), draw(5, 7).abs()
    ranks, tolerance = torch.arange(42.0).to(x), draw(2).abs()
    references = draw(2, 3)

    def search(*rest: Tensor) -> Callable[[Impl], tuple[Tensor, Tensor]]:
        return lambda impl: feature_search(still, *rest, norm=2, impl=impl)

    return {
        "demodulation of one picture": lambda i: modulated_epilogue(
            x, draw(1, 3), bias, noise, impl=i
        ),
        "bias of one channel": lambda i: modulated_epilogue(x, None, bias[:1], noise, impl=i),
        "noise of one pixel": lambda i: modulated_epilogue(x, None, bias, noise[:1, :1], impl=i),
        "noise of each picture": lambda i: modulated_epilogue(
            x, None, bias, draw(2, 1, 5, 7), impl=i
        ),
        "weights of one point": lambda i: patch_loss(one, moved, inside, impl=i),
        "one patch at first": lambda i: patch_loss(single, moved, inside, impl=i),
        "counted for one point": lambda i: patch_loss(still, moved, inside[:1], impl=i),
        "counted as numbers": lambda i: patch_loss(still, moved, inside.to(x), impl=i),
        "one start": lambda i: mask_term(features, start[:1], held, impl=i),
        "held alike": lambda i: mask_term(features, start, held[:1, :1], impl=i),
        "one reference": search(references[:1], inside, ranks, tolerance),
        "inside for one point": search(references, inside[:1], ranks, tolerance),
        "one tolerance": search(references, inside, ranks, tolerance[:1]),
    }


@pytest.mark.parametrize("name", misfits(Draw(torch.float32, "cpu")))
def test_tensors_that_pytorch_broadcasts_never_reach_a_kernel(name: str, on_kernels: None) -> None:
    call = misfits(Draw(torch.float32, "cpu"))[name]
    with pytest.raises(KernelError, match="exactly the documented shapes and types, got"):
        call("cuda")
    torch.testing.assert_close(call("auto"), call("reference"), rtol=0, atol=0)
