"""Sizes and sampling rates of an alias-free network (Karras et al. 2021); no weights.

Maps are larger than the picture by a margin, so that what is beyond its border can move in; rates and frequencies are
counted per width of the picture.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from torch import Tensor

from draggan_widget.errors import GeneratorError
from draggan_widget.generator.config import (
    LARGEST,
    LARGEST_NUMBER,
    RESOLUTIONS,
    LatentSplit,
)
from draggan_widget.generator.low_pass import low_pass

MOST_LAYERS = 64

MOST_TAPS = 256
"""Of a filter: ten times the published ones."""

MOST_FREQUENCY_STEP = 16.0
"""Bounds of frequencies, as multiples."""


@dataclass(frozen=True)
class StyleGAN3Config:
    """Architecture of a StyleGAN3 generator; defaults are those of its configuration t.

    Attributes:
        resolution: Width and height of the picture in pixels, a power of two.
        z_dim, w_dim: Lengths of z and of a row of w.
        channel_base, channel_max: A layer of cut-off f has ``min(channel_base / 2 / f, channel_max)`` channels.
        mapping_layers: Fully connected layers of the mapping network.
        mapping_lr_multiplier: Learning-rate multiplier that the mapping weights were trained with.
        layers: Layers between the input and the one to RGB.
        critical_layers: Last layers that are sampled critically.
        first_cutoff, first_stopband: Frequencies of the first layer.
        last_stopband_ratio: Stopband of the last layer as a part of its cut-off.
        margin: Cells around the picture.
        output_scale: Factor on the picture.
        conv_kernel: Size of the convolutions, 3 in configuration t and 1 in r.
        filter_size: Taps of a filter for each step of the rate.
        nonlinearity_upsampling: Rate at which the nonlinearity is applied, as a multiple of the layer's.
        radial: Whether filters that lower the rate are radially symmetric, as in configuration r.
        conv_clamp: Largest absolute activation, or None.
    """

    resolution: int
    z_dim: int = 512
    w_dim: int = 512
    channel_base: int = 32768
    channel_max: int = 512
    mapping_layers: int = 2
    mapping_lr_multiplier: float = 0.01
    layers: int = 14
    critical_layers: int = 2
    first_cutoff: float = 2.0
    first_stopband: float = 2**2.1
    last_stopband_ratio: float = 2**0.3
    margin: int = 10
    output_scale: float = 0.25
    conv_kernel: int = 3
    filter_size: int = 6
    nonlinearity_upsampling: int = 2
    radial: bool = False
    conv_clamp: float | None = 256.0

    def __post_init__(self) -> None:
        """Refuse architectures that cannot exist."""
        if type(self.resolution) is not int or self.resolution not in RESOLUTIONS:
            raise GeneratorError(
                f"resolution must be one of {RESOLUTIONS}, got {self.resolution!r}"
            )
        whole = {
            **LARGEST,
            "layers": MOST_LAYERS,
            "critical_layers": self.layers,
            "margin": 64,
            "conv_kernel": 15,
            "filter_size": 32,
            "nonlinearity_upsampling": 8,
        }
        for name, largest in whole.items():
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= largest:
                raise GeneratorError(
                    f"{name} must be a whole number from 1 to {largest}, got {value!r}"
                )
        for name in (
            *("mapping_lr_multiplier", "first_cutoff", "first_stopband", "last_stopband_ratio"),
            *("output_scale", "conv_clamp"),
        ):
            value = getattr(self, name)
            optional = name == "conv_clamp" and value is None
            if not optional and not (isinstance(value, int | float) and 0 < value < LARGEST_NUMBER):
                raise GeneratorError(f"{name} must be a positive number, got {value!r}")
        if not isinstance(self.radial, bool):
            raise GeneratorError(f"radial must be true or false, got {self.radial!r}")
        self._check_bands()

    def _check_bands(self) -> None:
        """Refuse frequencies between which no filter lies, or only one that would take all memory."""
        last_cutoff = self.resolution / 2
        if not MOST_FREQUENCY_STEP**-1 <= self.first_cutoff <= last_cutoff:
            raise GeneratorError(
                f"first_cutoff must be at least {1 / MOST_FREQUENCY_STEP} and at most {last_cutoff}, got {self.first_cutoff}"
            )
        if not self.first_cutoff < self.first_stopband <= MOST_FREQUENCY_STEP * self.resolution:
            raise GeneratorError(
                f"first_stopband must lie above first_cutoff, which is {self.first_cutoff}, got {self.first_stopband}"
            )
        if not 1 < self.last_stopband_ratio <= MOST_FREQUENCY_STEP:
            raise GeneratorError(
                f"last_stopband_ratio must be above 1 and at most {MOST_FREQUENCY_STEP}, got {self.last_stopband_ratio}"
            )
        taps = max(max(plan.up_taps, plan.down_taps) for plan in plans(self))
        if taps > MOST_TAPS:
            raise GeneratorError(f"its filters have {taps} taps; at most {MOST_TAPS} are possible")

    @property
    def weights(self) -> int:
        """Numbers that a generator of this architecture has at least: mapping, convolutions and styles."""
        total = (self.z_dim + (self.mapping_layers - 1) * self.w_dim) * self.w_dim
        total += bands(self)[0].channels ** 2
        for plan in plans(self):
            inputs = plan.before.channels
            total += inputs * (plan.after.channels * plan.kernel**2 + self.w_dim)
        return total

    @property
    def num_ws(self) -> int:
        """Rows of w+: one for the input, one for each layer, and one for RGB."""
        return self.layers + 2

    @property
    def z_input(self) -> str:
        """What the mapping network is given for z."""
        return "normalized"

    @property
    def split(self) -> LatentSplit | None:
        """No split mapping."""
        return None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> StyleGAN3Config:
        """Return the configuration that :meth:`to_json` wrote.

        Raises:
            GeneratorError: A field is unknown or has an impossible value.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(values, Mapping) or (unknown := sorted(set(values) - known)):
            raise GeneratorError(f"an architecture has the fields {sorted(known)}, got {unknown}")
        return cls(**values)


@dataclass(frozen=True)
class Band:
    """A signal between two layers.

    Attributes:
        rate: Samples per width of the picture.
        cutoff: Highest frequency that is kept.
        half_width: Half of the width of the transition.
        size: Cells of the map, margin included.
        channels: Of the map.
    """

    rate: int
    cutoff: float
    half_width: float
    size: int
    channels: int


@dataclass(frozen=True)
class LayerPlan:
    """One layer: from which band to which, and how its nonlinearity is filtered.

    Attributes:
        name: As the published networks call it.
        before, after: The bands.
        kernel: Size of the convolution.
        up, down: Factors by which the rate is raised before the nonlinearity and lowered after it.
        up_taps, down_taps: Taps of their filters; 1 is none.
        radial: Whether the second filter is radially symmetric.
        to_rgb: Whether it is the last one, without a nonlinearity.
    """

    name: str
    before: Band
    after: Band
    kernel: int
    up: int
    down: int
    up_taps: int
    down_taps: int
    radial: bool
    to_rgb: bool

    @property
    def padding(self) -> tuple[int, int]:
        """Samples to add before and after each line, at the raised rate, so that the output has its size."""
        wanted = (self.after.size - 1) * self.down + 1
        there = (self.before.size + self.kernel - 1) * self.up
        total = wanted - there + self.up_taps + self.down_taps - 2
        low = (total + self.up) // 2
        return low, total - low

    def up_filter(self) -> Tensor | None:
        """Return the filter ``[taps]`` after zeros were put in, None for none."""
        rate = self.before.rate * self.up
        return low_pass(self.up_taps, self.before.cutoff, 2 * self.before.half_width, rate)

    def down_filter(self) -> Tensor | None:
        """Return the filter ``[taps]`` or ``[taps, taps]`` before samples are dropped, None for none."""
        rate, width = self.after.rate * self.down, 2 * self.after.half_width
        return low_pass(self.down_taps, self.after.cutoff, width, rate, radial=self.radial)


@functools.cache
def bands(config: StyleGAN3Config) -> tuple[Band, ...]:
    """Return the band of each layer's output, then that of the picture (Karras et al. 2021, section 3.2)."""
    last_cutoff = config.resolution / 2
    last_stopband = last_cutoff * config.last_stopband_ratio
    found = []
    for index in range(config.layers + 1):
        share = min(index / max(config.layers - config.critical_layers, 1), 1.0)
        cutoff = config.first_cutoff * (last_cutoff / config.first_cutoff) ** share
        stopband = config.first_stopband * (last_stopband / config.first_stopband) ** share
        rate = 2 ** math.ceil(math.log2(min(2 * stopband, config.resolution)))
        half_width = max(stopband, rate / 2) - cutoff
        is_near_end = index >= config.layers - 1
        size = config.resolution if is_near_end else rate + 2 * config.margin
        channels = round(min(config.channel_base / 2 / cutoff, config.channel_max))
        is_picture = index == config.layers
        found.append(Band(rate, cutoff, half_width, size, 3 if is_picture else channels))
    return tuple(found)


@functools.cache
def plans(config: StyleGAN3Config) -> tuple[LayerPlan, ...]:
    """Return the layers, the one to RGB last."""
    every = bands(config)
    found = []
    for index, after in enumerate(every):
        before = every[max(index - 1, 0)]
        to_rgb = index == config.layers
        raised = max(before.rate, after.rate) * (1 if to_rgb else config.nonlinearity_upsampling)
        up, down = raised // before.rate, raised // after.rate
        taps = [
            1 if to_rgb or factor == 1 else config.filter_size * factor for factor in (up, down)
        ]
        critical = index >= config.layers - config.critical_layers
        found.append(
            LayerPlan(
                f"L{index}_{after.size}_{after.channels}",
                before,
                after,
                1 if to_rgb else config.conv_kernel,
                up,
                down,
                taps[0],
                taps[1],
                config.radial and not critical,
                to_rgb,
            )
        )
    return tuple(found)
