"""Hyper-parameters of a StyleGAN2 generator; no tensors."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from draggan_widget.errors import GeneratorError

SMALLEST_BLOCK = 4
"""Resolution of the constant that every StyleGAN2 synthesis starts from."""

RESOLUTIONS = tuple(2**k for k in range(3, 13))
"""Resolutions of pictures."""

WIDEST_CONSTANT = 16
"""Columns of a constant: pictures four times as wide as high."""

LARGEST_NUMBER = 1e30
"""Of what counts nothing: larger ones leave single precision."""

LARGEST = {
    "z_dim": 4096,
    "w_dim": 4096,
    "channel_base": 2**20,
    "channel_max": 4096,
    "mapping_layers": 32,
}
"""Beyond every published architecture: a damaged file must not take all memory before its tensors are looked at."""


@dataclass(frozen=True)
class LatentSplit:
    """How the rows of w+ are mapped from two blocks of z (split mapping).

    The first ``rows`` rows are the mapping of z with every entry after ``dims`` set to zero; the other rows are the
    mapping of z with the first ``dims`` entries set to zero. So the rows that a drag optimises carry only what the
    first block means.

    Attributes:
        dims: Entries of z in the first block, at least 1.
        rows: Rows of w+ made from the first block, at least 1.
    """

    dims: int
    rows: int


@dataclass(frozen=True)
class StyleGAN2Config:
    """Architecture of a StyleGAN2 generator (Karras et al. 2020) with skip connections to RGB.

    Attributes:
        resolution: Height of the picture in pixels, a power of two from 8 to 4096; a block is named by its height.
        z_dim: Length of z.
        w_dim: Length of a row of w.
        channel_base: Channels at resolution r are ``min(channel_base // r, channel_max)``.
        channel_max: Largest number of channels of a layer.
        mapping_layers: Fully connected layers of the mapping network.
        mapping_lr_multiplier: Learning-rate multiplier that the mapping weights were trained with.
        z_input: What the mapping network is given: ``"normalized"`` (z over its root mean square, as published) or
            ``"uniform"`` (``sqrt(3) erf(z / sqrt 2)``, uniform with variance one).
        conv_clamp: Largest absolute activation, or None.
        split: Split mapping, or None when one w serves all rows.
        base_width: Columns of the constant, which has four rows: 4 makes square pictures, 2 those of StyleGAN-Human
            (Fu et al. 2022), which are half as wide as high.
        block_channels: Channels of each block's layers, from the smallest block on; None for those that
            ``channel_base`` and ``channel_max`` give.
    """

    resolution: int
    z_dim: int = 512
    w_dim: int = 512
    channel_base: int = 32768
    channel_max: int = 512
    mapping_layers: int = 8
    mapping_lr_multiplier: float = 0.01
    z_input: str = "normalized"
    conv_clamp: float | None = None
    split: LatentSplit | None = None
    base_width: int = SMALLEST_BLOCK
    block_channels: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse architectures that cannot exist."""
        if type(self.resolution) is not int or self.resolution not in RESOLUTIONS:
            raise GeneratorError(
                f"resolution must be a power of two from 8 to {RESOLUTIONS[-1]}, got {self.resolution!r}"
            )
        if self.z_input not in ("normalized", "uniform"):
            raise GeneratorError(f'z_input must be "normalized" or "uniform", got {self.z_input!r}')
        for name, largest in LARGEST.items():
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= largest:
                raise GeneratorError(
                    f"{name} must be at least 1 and at most {largest}, got {value!r}"
                )
        for name in ("mapping_lr_multiplier", "conv_clamp"):
            value = getattr(self, name)
            optional = name == "conv_clamp" and value is None
            if not optional and not (isinstance(value, int | float) and 0 < value < LARGEST_NUMBER):
                raise GeneratorError(f"{name} must be a positive number, got {value!r}")
        if type(self.base_width) is not int or not 1 <= self.base_width <= WIDEST_CONSTANT:
            raise GeneratorError(
                f"base_width must be a whole number from 1 to {WIDEST_CONSTANT}, got {self.base_width!r}"
            )
        self._check_block_channels()
        split = self.split
        if split and not (type(split.dims) is type(split.rows) is int):
            raise GeneratorError(f"split must hold whole numbers, got {split}")
        if split and not (0 < split.dims < self.z_dim and 0 < split.rows < self.num_ws):
            raise GeneratorError(
                f"split must leave entries of z (of {self.z_dim}) and rows (of {self.num_ws}) on both sides, got {split}"
            )

    @property
    def blocks(self) -> tuple[int, ...]:
        """Resolutions of the synthesis blocks, from 4 to ``resolution``."""
        return tuple(2**k for k in range(2, int(math.log2(self.resolution)) + 1))

    @property
    def num_ws(self) -> int:
        """Rows of w+: two per block, each last row being shared with the next block."""
        return 2 * len(self.blocks)

    @property
    def width(self) -> int:
        """Width of the picture in pixels."""
        return self.columns(self.resolution)

    def columns(self, resolution: int) -> int:
        """Return the width, in cells, of the block that is ``resolution`` cells high."""
        return resolution * self.base_width // SMALLEST_BLOCK

    def channels(self, resolution: int) -> int:
        """Return the number of channels of the block at ``resolution``."""
        if self.block_channels is not None:
            return self.block_channels[self.blocks.index(resolution)]
        return min(self.channel_base // resolution, self.channel_max)

    @property
    def weights(self) -> int:
        """Numbers that a generator of this architecture has at least: mapping, convolutions, styles and noise."""
        mapping = (self.z_dim + (self.mapping_layers - 1) * self.w_dim) * self.w_dim
        total, before = mapping, 0
        for block in self.blocks:
            here = self.channels(block)
            total += (before + here) * (9 * here + self.w_dim) + block * self.columns(block)
            before = here
        return total

    def _check_block_channels(self) -> None:
        """Refuse numbers of channels that no network has."""
        table = self.block_channels
        if table is None:
            return
        known = isinstance(table, tuple) and len(table) == len(self.blocks)
        most = LARGEST["channel_max"]
        if not known or not all(type(each) is int and 1 <= each <= most for each in table):
            raise GeneratorError(
                f"block_channels must be {len(self.blocks)} whole numbers from 1 to {most}, got {table!r}"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "StyleGAN2Config":
        """Return the configuration that :meth:`to_json` wrote.

        Args:
            values: Fields by name; absent fields take their defaults.

        Raises:
            GeneratorError: A field is unknown or has an impossible value.
        """
        if not isinstance(values, Mapping):
            raise GeneratorError(f"an architecture is an object of fields, got {values!r}")
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise GeneratorError(f"unknown architecture fields {unknown}; known: {sorted(known)}")
        split, table = values.get("split"), values.get("block_channels")
        made = {"split": LatentSplit(**split) if split else None}
        return cls(**{**values, **made, "block_channels": tuple(table) if table else None})
