"""The synthesis of one drag: whatever does not change as long as it lasts is computed once.

A drag moves the first rows of w+; the layers of the other rows always convolve with the same modulated kernel and add
the same bias and noise. The solver reads only some cells around the points: the last layers then run on windows, from
where that is cheaper than on whole maps. Both give the numbers of :class:`Synthesis` up to rounding, and gradients in
the moving rows only.

Element-wise steps write over their input where its value is not needed for the gradient.
"""

import functools
import math
from collections.abc import MutableMapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.errors import InputError
from draggan_widget.generator.layers import DEMODULATION_EPSILON, SynthesisLayer
from draggan_widget.generator.synthesis import Synthesis, SynthesisTrace
from draggan_widget.generator.windows import LayerShape, Windows, first_on_windows
from draggan_widget.ops import (
    FixedConvolution,
    modulated_epilogue,
    resampling_filter,
    smooth_transposed,
)
from draggan_widget.ops.bias_act import ACTIVATION_GAIN, LEAKY_SLOPE
from draggan_widget.ops.extension import kernels_for


@dataclass(frozen=True)
class _Style:
    """From a moving row of w+ to the scales of a layer's input and output channels.

    Attributes:
        matrix, offset: The affine map, ``[w_dim, in]`` and ``[in]``.
        energies: Sums of squares of the shared kernel, ``[in, out]``.
    """

    matrix: Tensor
    offset: Tensor
    energies: Tensor

    def scales(self, row: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scales ``[B, in, 1, 1]`` and ``[B, out, 1, 1]`` of rows ``[B, w_dim]``."""
        style = torch.addmm(self.offset, row, self.matrix)
        energy = style.square() @ self.energies
        demodulation = torch.rsqrt(energy + DEMODULATION_EPSILON) * ACTIVATION_GAIN
        return style[:, :, None, None], demodulation[:, :, None, None]


@dataclass(frozen=True)
class _Layer:
    """A layer with all that is fixed, computed.

    Attributes:
        shape: Its sizes.
        convolution: With its kernel, transposed if it up-samples; modulated if there is no ``style``.
        bias: ``[out]``, with the gain of the activation.
        noise: ``[1, 1, h, w]`` likewise, or None.
        smoothing: Filter after the transposed convolution, ``[out, 1, 4, 4]``, or None.
        style: The modulation, or None if its row is fixed.
        clamp: Largest absolute value of the output, or None.
    """

    shape: LayerShape
    convolution: FixedConvolution
    bias: Tensor
    noise: Tensor | None
    smoothing: Tensor | None
    style: _Style | None
    clamp: float | None

    def on_map(self, x: Tensor, row: Tensor) -> Tensor:
        """Return the output ``[B, out, h, w]`` for a whole input and rows of w+ ``[B, w_dim]``."""
        if kernels_for("auto", x) is not None:
            return self._fused(x, row)
        x = self._convolved(x, row, border=1)
        return self._activated(x if self.noise is None else x.add_(self.noise))

    def _fused(self, x: Tensor, row: Tensor) -> Tensor:
        """Return the same as :meth:`on_map`, all that follows the convolution being one kernel."""
        demodulation: Tensor | None = None
        if self.style is not None:
            style, scales = self.style.scales(row)
            x, demodulation = x * style, scales[:, :, 0, 0]
        if self.smoothing is None:
            x = self.convolution(x, 1)
        else:
            x = smooth_transposed(self.convolution(x, 0))
        noise = None if self.noise is None else self.noise[0, 0]
        return modulated_epilogue(x, demodulation, self.bias, noise, self.clamp)

    def on_windows(self, x: Tensor, row: Tensor, windows: Windows) -> Tensor:
        """Return windows of the output, zero outside the map.

        Args:
            x: The windows before, ``[N, in, h, w]``, zero outside the map.
            row: Row of w+ ``[1, w_dim]``.
            windows: Of the output.
        """
        x = self._convolved(x, row, border=0)
        if self.shape.upsample:
            x = windows.cut_upsampled(x)
        inside = windows.inside(x)
        # Not written over: what is cut out is a view, of which autograd would make copies.
        if self.noise is None:
            return self._activated(x * inside)
        return self._activated(torch.addcmul(windows.cut(self.noise) * inside, x, inside))

    def _convolved(self, x: Tensor, row: Tensor, *, border: int) -> Tensor:
        """Return the convolution with bias, which nobody else holds; without a border only what needs none."""
        if self.style is None:
            return self._plain(x, self.bias, border)
        style, demodulation = self.style.scales(row)
        x = self._plain(x * style, None, border)
        return torch.addcmul(self.bias[:, None, None], x, demodulation)

    def _plain(self, x: Tensor, bias: Tensor | None, border: int) -> Tensor:
        """Return the convolution with the kernel as it is, smoothed if it up-samples."""
        if self.smoothing is None:
            return self.convolution(x, border, bias)
        x = self.convolution(x, 1 - border)
        return F.conv2d(x, self.smoothing, bias, padding=border, groups=len(self.bias))

    def _activated(self, x: Tensor) -> Tensor:
        """Return the activation of ``x``, written over it."""
        x = F.leaky_relu_(x, LEAKY_SLOPE)
        return x if self.clamp is None else x.clamp(-self.clamp, self.clamp)


class PreparedSynthesis:
    """The synthesis of a frozen generator up to a block, for latents that differ in their first rows only.

    Made by :meth:`Generator.prepared`; belongs to the weights, and the setting of the noise, that the generator then
    had. Nothing waits for the device.

    Attributes:
        block: Resolution of the block whose output the features are.
        moving_rows: How many rows of w may change.
    """

    def __init__(
        self, synthesis: Synthesis, w: Tensor, moving_rows: int, block: int, *, noise: bool
    ) -> None:
        """Compute what is fixed; arguments and errors as for :meth:`Generator.prepared`."""
        _check(synthesis, w, moving_rows, block)
        self.block, self.moving_rows = block, moving_rows
        # What is made in inference mode would be of no use to a later drag, whose derivatives go through it.
        with torch.inference_mode(False), torch.no_grad():
            self._constant = synthesis.constant[None].clone(memory_format=torch.channels_last)
            self._layers = [
                _moving_layer(layer, noise=noise)
                if i < moving_rows
                else _prepared_layer(layer, w[:, i], noise=noise)
                for i, layer in enumerate(synthesis.layers(block))
            ]
        self._shapes = tuple(layer.shape for layer in self._layers)
        self._first_on_windows = functools.cache(functools.partial(first_on_windows, self._shapes))

    @property
    def map_size(self) -> tuple[int, int]:
        """Rows and columns of the features."""
        return self._shapes[-1].rows, self._shapes[-1].columns

    def trace(self, w: Tensor) -> SynthesisTrace:
        """Return the synthesis up to and with the block, as :meth:`Generator.trace` up to rounding.

        Args:
            w: ``[B, num_ws, w_dim]``; features depend on the moving rows only, the rest of the picture on all.
        """
        maps = self._maps(w, len(self._layers))
        return SynthesisTrace(w, tuple(maps[::2]))  # the last layer of each block

    def feature_windows(
        self, w: Tensor, starts: Tensor, rows: int, columns: int, *, first: int | None = None
    ) -> Tensor:
        """Return cells of the features of ``w``; differentiable in its moving rows.

        Args:
            w: ``[1, num_ws, w_dim]``.
            starts: First column and row of each window, int64 ``[N, 2]``, N at least 1, on the device of ``w``.
            rows: Height of the windows in cells; they lie inside the map.
            columns: Their width.
            first: Layer from which on windows are computed instead of whole maps, 1 to the number of layers (none);
                None is the cheapest. The result does not depend on it.

        Returns:
            ``[N, C, rows, columns]``.
        """
        if first is None:
            first = self._first_on_windows(len(starts), rows, columns)
        windows = [Windows(starts, rows, columns, self.map_size)]
        for shape in reversed(self._shapes[first:]):
            windows.append(windows[-1].before(shape))
        before = windows.pop()
        x = before.cut(self._maps(w, first)[-1])
        if first == len(self._layers):
            return x
        x = x * before.inside(x)
        for index, layer in enumerate(self._layers[first:], first):
            x = layer.on_windows(x, w[:, index], windows.pop())
        return x

    def windows_pay(self, count: int, rows: int, columns: int) -> bool:
        """Return whether :meth:`feature_windows` is cheaper than a :meth:`trace`, by the costs of the layers.

        Forward and backward passes differ by about the same factor for both.

        Args:
            count: How many windows are wanted, at least 1.
            rows, columns: Size of a window in cells.
        """
        return self._first_on_windows(count, rows, columns) < len(self._layers)

    def _maps(self, w: Tensor, count: int) -> list[Tensor]:
        """Return the whole outputs of the first ``count`` layers."""
        maps: list[Tensor] = []
        x = self._constant.expand(len(w), -1, -1, -1)
        for index, layer in enumerate(self._layers[:count]):
            x = layer.on_map(x, w[:, index])
            maps.append(x)
        return maps


_MOVING: MutableMapping[SynthesisLayer, tuple[object, object, _Layer]] = WeakKeyDictionary()
"""Layers as prepared for moving rows, which depend on no latent, with what they were made of; kept as long as they live.
The tensors themselves are kept too: others could else have their places in memory after them."""


def _moving_layer(layer: SynthesisLayer, *, noise: bool) -> _Layer:
    """Return a layer for a moving row: prepared at the first drag, and again if its weights have changed."""
    tensors = *layer.parameters(), *layer.buffers()
    made_of = noise, *((id(each), each.data_ptr(), each._version, each.dtype) for each in tensors)
    found = _MOVING.get(layer)
    if found is None or found[0] != made_of:
        found = _MOVING[layer] = made_of, tensors, _prepared_layer(layer, None, noise=noise)
    return found[2]


def _prepared_layer(layer: SynthesisLayer, row: Tensor | None, *, noise: bool) -> _Layer:
    """Return a layer for a moving row (None), or for a fixed one ``[1, w_dim]``."""
    kernel = layer.weight * layer.weight_gain
    out_channels, in_channels = kernel.shape[:2]
    affine, style = layer.affine, None
    if row is None:
        style = _Style(
            (affine.weight * affine.weight_gain).t().contiguous(),
            affine.bias * affine.bias_gain,
            kernel.square().sum((2, 3)).t().contiguous(),
        )
    else:
        kernel = kernel * affine(row)[0, :, None, None]
        energy = kernel.square().sum((1, 2, 3), keepdim=True)
        kernel = kernel * torch.rsqrt(energy + DEMODULATION_EPSILON) * ACTIVATION_GAIN
    smoothing = None
    if layer.upsample:
        kernel = kernel.transpose(0, 1)
        taps = resampling_filter(dtype=kernel.dtype, device=kernel.device) * 4
        smoothing = taps.repeat(out_channels, 1, 1, 1)
    noise_map = layer.noise_const[None, None] * (layer.noise_strength * ACTIVATION_GAIN)
    height, width = layer.noise_const.shape
    shape = LayerShape(in_channels, out_channels, height, width, layer.upsample)
    return _Layer(
        shape,
        FixedConvolution(
            kernel,
            stride=2 if layer.upsample else 1,
            transposed=layer.upsample,
            cells=math.isqrt(math.prod(shape.input_size)),
        ),
        layer.bias * ACTIVATION_GAIN,
        noise_map if noise and bool(layer.noise_strength != 0) else None,
        smoothing,
        style,
        layer.clamp,
    )


def _check(synthesis: Synthesis, w: Tensor, moving_rows: int, block: int) -> None:
    """Refuse what cannot be prepared."""
    config = synthesis.config
    if any(parameter.requires_grad for parameter in synthesis.parameters()):
        raise InputError("the generator must be frozen; call generator.requires_grad_(False)")
    expected = [1, config.num_ws, config.w_dim]
    if list(w.shape) != expected:
        raise InputError(f"w must be {expected}, got {list(w.shape)}; sample_w makes one")
    if type(moving_rows) is not int or not 0 <= moving_rows <= config.num_ws:
        raise InputError(
            f"moving_rows must be a whole number from 0 to {config.num_ws}, got {moving_rows!r}"
        )
    if block not in config.blocks:
        raise InputError(f"block must be one of {config.blocks}, got {block}")
