"""Tensor operations that a StyleGAN2 needs and PyTorch does not name; each in a file of its own."""

from draggan_widget.ops.bias_act import leaky_relu_gained
from draggan_widget.ops.fixed_convolution import FixedConvolution
from draggan_widget.ops.upfirdn2d import (
    BINOMIAL_TAPS,
    resampling_filter,
    smooth_transposed,
    upfirdn2d,
    upsample2d,
)

__all__ = [
    "BINOMIAL_TAPS",
    "FixedConvolution",
    "leaky_relu_gained",
    "resampling_filter",
    "smooth_transposed",
    "upfirdn2d",
    "upsample2d",
]
