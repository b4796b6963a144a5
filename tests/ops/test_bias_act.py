"""The gained leaky ReLU."""

import math

import torch

from draggan_widget.ops import leaky_relu_gained


def test_values_on_both_sides_of_zero() -> None:
    y = leaky_relu_gained(torch.tensor([-2.0, 0.0, 3.0]))
    torch.testing.assert_close(y, torch.tensor([-0.4, 0.0, 3.0]) * math.sqrt(2))


def test_clamp_limits_the_result_after_the_gain() -> None:
    y = leaky_relu_gained(torch.tensor([-100.0, 1.0, 100.0]), clamp=2.0)
    torch.testing.assert_close(y, torch.tensor([-2.0, math.sqrt(2), 2.0]))


def test_unit_variance_is_nearly_kept() -> None:
    x = torch.randn(200_000, generator=torch.Generator().manual_seed(0))
    second_moment = leaky_relu_gained(x).square().mean().item()
    assert abs(second_moment - (1 + 0.2**2)) < 0.01
