"""Resampling against a direct sum over the definition."""

import importlib
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from draggan_widget.ops import resampling_filter, smooth_transposed, upfirdn2d, upsample2d


def direct(
    x: Tensor, kernel: Tensor, up: int, down: int, padding: tuple[int, int, int, int], gain: float
) -> Tensor:
    """Return the definition, one output sample at a time."""
    left, right, top, bottom = padding
    height, width = x.shape[2] * up + top + bottom, x.shape[3] * up + left + right
    spread = torch.zeros(*x.shape[:2], height, width, dtype=x.dtype)
    for row in range(x.shape[2]):
        for column in range(x.shape[3]):
            at = row * up + top, column * up + left
            if 0 <= at[0] < height and 0 <= at[1] < width:
                spread[:, :, at[0], at[1]] = x[:, :, row, column]
    size = len(kernel)
    flipped = kernel.flip((0, 1))
    rows, columns = (height - size) // down + 1, (width - size) // down + 1
    out = torch.zeros(*x.shape[:2], rows, columns, dtype=x.dtype)
    for row in range(rows):
        for column in range(columns):
            window = spread[
                :, :, row * down : row * down + size, column * down : column * down + size
            ]
            out[:, :, row, column] = (window * flipped).sum((2, 3)) * gain
    return out


@pytest.mark.parametrize(
    ("up", "down", "padding"),
    [
        (1, 1, (0, 0, 0, 0)),
        (2, 1, (2, 1, 2, 1)),
        (1, 2, (1, 1, 1, 1)),
        (3, 2, (4, 0, 1, 2)),
        (2, 1, (-1, 3, 2, -1)),
    ],
)
def test_agrees_with_the_definition(up: int, down: int, padding: tuple[int, int, int, int]) -> None:
    x = torch.randn(2, 3, 5, 7, dtype=torch.float64)
    kernel = torch.randn(4, 4, dtype=torch.float64)
    result = upfirdn2d(x, kernel, up=up, down=down, padding=padding, gain=1.5)
    torch.testing.assert_close(result, direct(x, kernel, up, down, padding, 1.5))


def test_upsample2d_is_the_binomial_filter_at_gain_four() -> None:
    x = torch.randn(2, 3, 6, 5, dtype=torch.float64)
    kernel = resampling_filter(dtype=torch.float64)
    expected = upfirdn2d(x, kernel, up=2, padding=(2, 1, 2, 1), gain=4)
    torch.testing.assert_close(upsample2d(x), expected)


def test_smooth_transposed_is_the_binomial_filter_at_gain_four() -> None:
    x = torch.randn(2, 3, 9, 13, dtype=torch.float64)
    kernel = resampling_filter(dtype=torch.float64)
    torch.testing.assert_close(
        smooth_transposed(x), upfirdn2d(x, kernel, padding=(1, 1, 1, 1), gain=4)
    )


def test_upsampling_keeps_a_constant_inside() -> None:
    up = upsample2d(torch.ones(1, 1, 8, 8))
    torch.testing.assert_close(up[..., 2:-2, 2:-2], torch.ones(1, 1, 12, 12))


@pytest.mark.parametrize("op", [upsample2d, smooth_transposed])
def test_gradients_are_those_of_finite_differences(op: Callable[[Tensor], Tensor]) -> None:
    x = torch.randn(1, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(op, (x,))


def test_smoothing_is_differentiable_also_when_its_first_call_was_for_a_frame() -> None:
    importlib.import_module("draggan_widget.ops.upfirdn2d")._smoothing.cache_clear()
    with torch.inference_mode():
        smooth_transposed(torch.ones(1, 1, 5, 5))
    x = torch.ones(1, 1, 5, 5, requires_grad=True)
    (gradient,) = torch.autograd.grad(smooth_transposed(x).sum(), x)
    assert gradient[0, 0, 2, 2] == 4
