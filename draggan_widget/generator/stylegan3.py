"""StyleGAN3: the alias-free generator (Karras et al. 2021), with features for dragging.

A layer's map has a margin around the picture. Features for dragging are maps without it, so that their cells lie under
the picture as those of every other generator do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from draggan_widget.errors import InputError
from draggan_widget.generator.alias_free import LayerPlan, StyleGAN3Config, bands, plans
from draggan_widget.generator.latents import LatentGenerator
from draggan_widget.generator.layers import DEMODULATION_EPSILON, FullyConnected
from draggan_widget.ops.bias_act import ACTIVATION_GAIN, LEAKY_SLOPE


@dataclass(frozen=True)
class LayerTrace:
    """A synthesis that has run up to a layer.

    Attributes:
        w: The latent it ran with, ``[B, num_ws, w_dim]``.
        layers: How many layers have run.
        map: Output of the last one, margin included, ``[B, C, s, s]``.
        margin: Cells of it on each side that lie beyond the picture.
    """

    w: Tensor
    layers: int
    map: Tensor
    margin: int

    @property
    def features(self) -> Tensor:
        """Output of the last layer under the picture, ``[B, C, r, r]``."""
        inner = slice(self.margin, self.map.shape[-1] - self.margin)
        return self.map[..., inner, inner]


class FourierInput(nn.Module):
    """Sine waves over the canvas, turned and shifted by w, mixed by a matrix."""

    freqs: Tensor
    phases: Tensor
    transform: Tensor

    def __init__(self, config: StyleGAN3Config) -> None:
        super().__init__()
        band = bands(config)[0]
        self.size, self.rate, self.cutoff = band.size, band.rate, band.cutoff
        waves = torch.randn(band.channels, 2)
        radius = waves.square().sum(1, keepdim=True).sqrt()
        self.weight = nn.Parameter(torch.randn(band.channels, band.channels))
        self.affine = FullyConnected(config.w_dim, 4)
        with torch.no_grad():
            self.affine.weight.zero_()
            self.affine.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0]))
        self.register_buffer("transform", torch.eye(3))
        # Frequencies uniform over the disc of the band.
        self.register_buffer(
            "freqs", waves / (radius * radius.square().exp().pow(0.25)) * self.cutoff
        )
        self.register_buffer("phases", torch.rand(band.channels) - 0.5)

    def forward(self, w: Tensor) -> Tensor:
        """Return the first map ``[B, C, s, s]`` for rows ``[B, w_dim]``."""
        turn = self._transform(w)
        waves = self.freqs @ turn[:, :2, :2]
        phases = self.phases + (self.freqs @ turn[:, :2, 2:])[..., 0]
        radius = waves.norm(dim=2)
        fade = 1 - (radius - self.cutoff) / (self.rate / 2 - self.cutoff)
        x = self._places() @ waves.transpose(1, 2)[:, None] + phases[:, None, None]
        x = torch.sin(2 * math.pi * x) * fade.clamp(0, 1)[:, None, None]
        mixed = x @ (self.weight / math.sqrt(len(self.weight))).t()
        first: Tensor = mixed.permute(0, 3, 1, 2)
        return first

    def _transform(self, w: Tensor) -> Tensor:
        """Return the turn and shift of the canvas that w asks for, ``[B, 3, 3]``."""
        t = self.affine(w)
        cosine, sine, x, y = (t / t[:, :2].norm(dim=1, keepdim=True)).unbind(1)
        zero, one = torch.zeros_like(x), torch.ones_like(x)
        turn = torch.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, one], 1)
        shift = torch.stack([one, zero, -x, zero, one, -y, zero, zero, one], 1)
        return turn.reshape(-1, 3, 3) @ shift.reshape(-1, 3, 3) @ self.transform

    def _places(self) -> Tensor:
        """Return where the cells lie, in widths of the picture from its middle, ``[s, s, 2]`` as (x, y)."""
        line = (torch.arange(self.size) - (self.size - 1) / 2) / self.rate
        y, x = torch.meshgrid(line, line, indexing="ij")
        return torch.stack([x, y], -1).to(self.freqs)


class AliasFreeLayer(nn.Module):
    """Modulated convolution and a nonlinearity at a raised rate, between two filters."""

    magnitude_ema: Tensor
    up_filter: Tensor | None
    down_filter: Tensor | None

    def __init__(self, plan: LayerPlan, w_dim: int, clamp: float | None) -> None:
        super().__init__()
        inputs, outputs = plan.before.channels, plan.after.channels
        self.plan, self.clamp = plan, clamp
        self.affine = FullyConnected(w_dim, inputs, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, plan.kernel, plan.kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.register_buffer("magnitude_ema", torch.ones([]))
        self.register_buffer("up_filter", plan.up_filter())
        self.register_buffer("down_filter", plan.down_filter())

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Return the output ``[B, out, s, s]`` for a map and rows ``[B, w_dim]``."""
        x = self._convolved(x, self.affine(w)) + self.bias[:, None, None]
        low, high = self.plan.padding
        up, down = self.plan.up, self.plan.down
        x = _raised(x, self.up_filter, up, low, high)
        if not self.plan.to_rgb:
            x = F.leaky_relu(x, LEAKY_SLOPE) * ACTIVATION_GAIN
        if self.clamp is not None:
            x = x.clamp(-self.clamp, self.clamp)
        return _filtered(x, self.down_filter)[..., ::down, ::down]

    def _convolved(self, x: Tensor, style: Tensor) -> Tensor:
        """Return the modulated convolution, over ``kernel - 1`` cells of zeros around the map."""
        border = self.plan.kernel - 1
        gain = torch.rsqrt(self.magnitude_ema)
        if self.plan.to_rgb:
            style = style / math.sqrt(self.weight[0].numel())
            return F.conv2d(x * style[:, :, None, None], self.weight * gain, padding=border)
        # The scale of neither weights nor style survives the demodulation; as published, both are brought to one.
        weight = self.weight * self.weight.square().mean((1, 2, 3), keepdim=True).rsqrt()
        style = style * style.square().mean().rsqrt()
        energy = style.square() @ weight.square().sum((2, 3)).t()
        demodulation = torch.rsqrt(energy + DEMODULATION_EPSILON) * gain
        x = F.conv2d(x * style[:, :, None, None], weight, padding=border)
        return x * demodulation[:, :, None, None]


class AliasFreeSynthesis(nn.Module):
    """The layers of a StyleGAN3 network, by their published names."""

    def __init__(self, config: StyleGAN3Config) -> None:
        super().__init__()
        self.config = config
        self.input = FourierInput(config)
        for plan in plans(config):
            self.add_module(plan.name, AliasFreeLayer(plan, config.w_dim, config.conv_clamp))

    def layer(self, index: int) -> AliasFreeLayer:
        """Return the layer at a position."""
        layer = self.get_submodule(plans(self.config)[index].name)
        assert isinstance(layer, AliasFreeLayer)
        return layer

    def trace(self, w: Tensor, layers: int, start: LayerTrace | None = None) -> LayerTrace:
        """Return the synthesis of ``w`` ``[B, num_ws, w_dim]`` after so many layers, continued from an earlier one."""
        x = self.input(w[:, 0]) if start is None else start.map
        for index in range(0 if start is None else start.layers, layers):
            x = self.layer(index)(x, w[:, index + 1])
        band = bands(self.config)[max(layers - 1, 0)]
        return LayerTrace(w, layers, x, (band.size - band.rate) // 2)


class StyleGAN3Generator(LatentGenerator):
    """StyleGAN3 generator with features for dragging; attributes as those of :class:`Generator`.

    A feature block is a sampling rate: the last layer of that rate, without its margin.
    """

    config: StyleGAN3Config

    def __init__(self, config: StyleGAN3Config, *, name: str = "stylegan3") -> None:
        super().__init__(config, name=name)
        self.width = self.height = config.resolution
        self.synthesis = AliasFreeSynthesis(config)
        self._layers = {band.rate: index + 1 for index, band in enumerate(bands(config)[:-1])}
        self.feature_blocks = tuple(sorted(self._layers))

    def trace(self, w: Tensor, block: int) -> LayerTrace:
        """Return the synthesis up to and with a block; differentiable in ``w``.

        Args:
            w: ``[B, num_ws, w_dim]``.
            block: One of ``feature_blocks``.

        Raises:
            InputError: ``w`` has another shape, or there is no such block.
        """
        self.check_w(w)
        if block not in self._layers:
            raise InputError(f"block must be one of {self.feature_blocks}, got {block}")
        return self.synthesis.trace(w, self._layers[block])

    def features(self, w: Tensor, block: int) -> Tensor:
        """Return the output of a block, ``[B, C, block, block]``; arguments and errors as for :meth:`trace`."""
        return self.trace(w, block).features

    def image_from_trace(self, trace: LayerTrace) -> Tensor:
        """Return the picture ``[B, 3, H, W]``, about -1..1, of a synthesis that has run up to some layer."""
        whole = self.synthesis.trace(trace.w, self.config.layers + 1, trace)
        return whole.map * self.config.output_scale

    def image(self, w: Tensor) -> Tensor:
        """Return the pictures ``[B, 3, H, W]``, about -1..1, of latents ``[B, num_ws, w_dim]``.

        Raises:
            InputError: ``w`` has another shape.
        """
        self.check_w(w)
        return self.synthesis.trace(w, self.config.layers + 1).map * self.config.output_scale


def _raised(x: Tensor, taps: Tensor | None, up: int, low: int, high: int) -> Tensor:
    """Return a map with its rate raised: zeros put in, ``low`` and ``high`` samples added, filtered."""
    if up > 1:
        batch, channels, height, width = x.shape
        spread = x.new_zeros(batch, channels, height, up, width, up)
        spread[:, :, :, 0, :, 0] = x
        x = spread.reshape(batch, channels, height * up, width * up)
    return _filtered(F.pad(x, (low, high, low, high)), None if taps is None else taps * up)


def _filtered(x: Tensor, taps: Tensor | None) -> Tensor:
    """Return each channel filtered, only where the filter lies inside: by a line along both axes, or by a square."""
    if taps is None:
        return x
    flat = x.flatten(0, 1)[:, None]
    taps = taps.to(x.dtype)
    if taps.ndim == 1:
        flat = F.conv2d(F.conv2d(flat, taps[None, None, :, None]), taps[None, None, None])
    else:
        flat = F.conv2d(flat, taps[None, None])
    return flat.reshape(*x.shape[:2], *flat.shape[2:])
