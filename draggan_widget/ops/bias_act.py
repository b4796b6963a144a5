"""The activation of every StyleGAN2 layer: leaky ReLU that keeps the variance, then an optional clamp."""

import math

import torch.nn.functional as F
from torch import Tensor

LEAKY_SLOPE = 0.2
"""Slope below zero (Karras et al. 2020, StyleGAN2)."""

ACTIVATION_GAIN = math.sqrt(2.0)
"""Gain that keeps unit variance through a leaky ReLU (He et al. 2015)."""


def leaky_relu_gained(x: Tensor, clamp: float | None = None) -> Tensor:
    """Return ``clip(sqrt(2) * leaky_relu(x, 0.2), -clamp, clamp)``.

    The gain is applied first: a leaky ReLU is positively homogeneous, so the result is the same.

    Args:
        x: Any shape, floating point.
        clamp: Largest absolute value of the result, or None for no limit.

    Returns:
        Tensor of the shape of ``x``.
    """
    y = F.leaky_relu(x * ACTIVATION_GAIN, LEAKY_SLOPE)
    return y if clamp is None else y.clamp(-clamp, clamp)
