"""Layers of the StyleGAN2 synthesis and mapping networks.

Modulated convolutions are written in the non-fused form: scale the input channels, convolve with shared weights,
scale the output channels. The result is that of modulating the weights, but convolutions stay ordinary, batches share
them, and no gradient of the weights is needed to differentiate with respect to the style.

Tensor names and layouts are those of the published PyTorch networks: weights ``[out, in, k, k]`` are stored before
the equalised learning-rate gain.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from draggan_widget.ops import leaky_relu_gained, modulated_epilogue, smooth_transposed
from draggan_widget.ops.bias_act import ACTIVATION_GAIN

DEMODULATION_EPSILON = 1e-8
"""Added under the square root of the demodulation (Karras et al. 2020, eq. 3)."""


class FullyConnected(nn.Module):
    """Linear layer with equalised learning rate, optionally followed by the gained leaky ReLU."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        activate: bool = False,
        bias_init: float = 0.0,
        lr_multiplier: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / lr_multiplier)
        self.bias = nn.Parameter(torch.full((out_features,), bias_init / lr_multiplier))
        self.weight_gain = lr_multiplier / math.sqrt(in_features)
        self.bias_gain = lr_multiplier
        self.activate = activate

    def forward(self, x: Tensor) -> Tensor:
        """Return ``[B, out_features]`` for ``x`` ``[B, in_features]``."""
        y = F.linear(x, self.weight * self.weight_gain, self.bias * self.bias_gain)
        return leaky_relu_gained(y) if self.activate else y


class SynthesisLayer(nn.Module):
    """Modulated and demodulated 3x3 convolution, noise, bias and activation; doubles the size if ``upsample``."""

    noise_const: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        w_dim: int,
        size: tuple[int, int],
        *,
        upsample: bool = False,
        clamp: float | None = None,
    ) -> None:
        super().__init__()
        self.affine = FullyConnected(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.randn(size))
        self.weight_gain = 1 / math.sqrt(in_channels * 9)
        self.upsample = upsample
        self.clamp = clamp
        self._prepared: tuple[Tensor, object, tuple[Tensor, Tensor]] | None = None

    def forward(self, x: Tensor, w: Tensor, *, noise: bool = True) -> Tensor:
        """Return the layer's output.

        Args:
            x: Feature map ``[B, in_channels, h, w]``.
            w: Row of w+ ``[B, w_dim]``.
            noise: Whether the constant noise is added.

        Returns:
            ``[B, out_channels, h, w]``, or twice the size.
        """
        style = self.affine(w)
        kernel, energies = self._kernel()
        energy = style.square() @ energies
        demodulation = torch.rsqrt(energy + DEMODULATION_EPSILON) * ACTIVATION_GAIN
        x = x * style[:, :, None, None].to(x.dtype)
        if self.upsample:
            x = smooth_transposed(F.conv_transpose2d(x, kernel, stride=2))
        else:
            x = F.conv2d(x, kernel, padding=1)
        bias = (self.bias * ACTIVATION_GAIN).to(x.dtype)
        shift: Tensor | None = None
        if noise:
            shift = (self.noise_const * (self.noise_strength * ACTIVATION_GAIN)).to(x.dtype)
        return modulated_epilogue(x, demodulation.to(x.dtype), bias, shift, self.clamp)

    def _kernel(self) -> tuple[Tensor, Tensor]:
        """Return the kernel as the convolution takes it, and its energy ``[in_channels, out_channels]``.

        Frozen weights are prepared once, which saves about a sixth of a drag's step on a CPU.
        """
        weight = self.weight
        if weight.requires_grad:
            return self._prepared_kernel()
        # The weight itself is kept beside its address, which another one can have after it.
        key = weight.data_ptr(), weight._version, weight.dtype
        made = self._prepared
        if made is None or made[0] is not weight or made[1] != key:
            with torch.inference_mode(False):  # of what is made within it nothing can be derived
                made = self._prepared = weight, key, self._prepared_kernel()
        return made[2]

    def _prepared_kernel(self) -> tuple[Tensor, Tensor]:
        """Compute what :meth:`_kernel` returns."""
        kernel = self.weight * self.weight_gain
        energies = kernel.square().sum((2, 3)).t()
        return (kernel.transpose(0, 1).contiguous() if self.upsample else kernel), energies


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to RGB, without demodulation."""

    def __init__(self, in_channels: int, w_dim: int, *, clamp: float | None = None) -> None:
        super().__init__()
        self.affine = FullyConnected(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(3, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))
        self.weight_gain = 1 / math.sqrt(in_channels)
        self.clamp = clamp

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Return RGB ``[B, 3, h, w]`` for the feature map ``x`` ``[B, in_channels, h, w]`` and ``w`` ``[B, w_dim]``."""
        style = self.affine(w) * self.weight_gain
        matrix = self.weight[None, :, :, 0, 0] * style[:, None]
        rgb = torch.einsum("boc,bchw->bohw", matrix, x) + self.bias[:, None, None]
        return rgb if self.clamp is None else rgb.clamp(-self.clamp, self.clamp)
