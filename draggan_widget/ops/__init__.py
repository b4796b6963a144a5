"""Tensor operations that a StyleGAN2 and a drag need and PyTorch does not name; each in a file of its own.

Each is written in PyTorch; most have a CUDA kernel too, see :mod:`extension`.
"""

from draggan_widget.ops.bias_act import leaky_relu_gained, modulated_epilogue
from draggan_widget.ops.extension import Impl
from draggan_widget.ops.feature_search import feature_search
from draggan_widget.ops.fixed_convolution import FixedConvolution
from draggan_widget.ops.mask_term import mask_term
from draggan_widget.ops.patch_loss import Reading, patch_loss
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
    "Impl",
    "Reading",
    "feature_search",
    "leaky_relu_gained",
    "mask_term",
    "modulated_epilogue",
    "patch_loss",
    "resampling_filter",
    "smooth_transposed",
    "upfirdn2d",
    "upsample2d",
]
