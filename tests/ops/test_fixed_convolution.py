"""Convolutions with fixed kernels against PyTorch's own, with kernels laid out in advance where that can be."""

import itertools
from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.ops import FixedConvolution

CASES = list(itertools.product([1, 2], [False, True], [0, 1]))
"""Stride, whether transposed, padding."""


def reference(x: Tensor, kernel: Tensor, case: tuple[int, bool, int], bias: Tensor) -> Tensor:
    """Return the convolution by PyTorch's functions."""
    stride, transposed, padding = case
    convolve = F.conv_transpose2d if transposed else F.conv2d
    return convolve(x, kernel, bias, stride, padding)


def cases(dtype: torch.dtype) -> Iterator[tuple[tuple[int, bool, int], Tensor, Tensor, Tensor]]:
    """Yield a case, an input, a kernel of 20 input and 36 output channels, and a bias."""
    torch.manual_seed(0)
    for case in CASES:
        kernel = torch.randn(*((20, 36) if case[1] else (36, 20)), 3, 3, dtype=dtype)
        x = torch.randn(2, 20, 7, 9, dtype=dtype, requires_grad=True)
        yield case, x, kernel, torch.randn(36, dtype=dtype)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float64, 1e-12)])
def test_values_and_gradients_are_those_of_the_usual_functions(
    dtype: torch.dtype, tolerance: float
) -> None:
    for case, x, kernel, bias in cases(dtype):
        convolution = FixedConvolution(kernel, stride=case[0], transposed=case[1], cells=16)
        found, expected = convolution(x, case[2], bias), reference(x, kernel, case, bias)
        torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)
        slopes = torch.randn_like(found)
        torch.testing.assert_close(
            torch.autograd.grad(found, x, slopes),
            torch.autograd.grad(expected, x, slopes),
            rtol=tolerance,
            atol=tolerance,
        )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_many_gradients_are_taken_at_once(dtype: torch.dtype) -> None:
    for case, x, kernel, bias in cases(dtype):
        y = FixedConvolution(kernel, stride=case[0], transposed=case[1], cells=7)(x, case[2], bias)
        slopes = torch.randn(3, *y.shape, dtype=dtype)
        (found,) = torch.autograd.grad(y, x, slopes, retain_graph=True, is_grads_batched=True)
        expected = [torch.autograd.grad(y, x, slope, retain_graph=True)[0] for slope in slopes]
        torch.testing.assert_close(found, torch.stack(expected), rtol=1e-4, atol=1e-4)


def test_derivatives_of_derivatives_are_right() -> None:
    x = torch.randn(1, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    kernel = torch.randn(2, 3, 3, 3, dtype=torch.float64)
    convolution = FixedConvolution(kernel, stride=2, transposed=True, cells=3)

    def cubed(x: Tensor) -> Tensor:
        return convolution(x, 1) ** 3

    assert torch.autograd.gradcheck(cubed, x)
    assert torch.autograd.gradgradcheck(cubed, x)
