"""How large the parts of a StyleGAN2 are, by most of the tensors that tell it: one that is missing or misshapen is outvoted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor

WITNESSES = (
    *(("conv1.weight", 0), ("torgb.weight", 1), ("conv1.bias", 0)),
    *(("conv0.weight", 0), ("conv0.bias", 0), ("torgb.affine.bias", 0)),
)
"""Tensors of a block, and the axis that has as many entries as the block has channels."""


def channels_of(tensors: Mapping[str, Tensor], blocks: Sequence[int]) -> dict[int, int]:
    """Return the channels of each block of which a tensor tells them.

    Args:
        tensors: By the names of stylegan2-ada-pytorch.
        blocks: Sizes, the smallest first.
    """
    following = [*blocks[1:], None]
    told = {
        block: _most(
            _sizes(
                tensors,
                *((f"synthesis.b{block}.{part}", axis) for part, axis in WITNESSES),
                (f"synthesis.b{after}.conv0.weight", 1),
                (f"synthesis.b{after}.conv0.affine.bias", 0),
            )
        )
        for block, after in zip(blocks, following, strict=True)
    }
    return {block: channels for block, channels in told.items() if channels is not None}


def w_dim_of(tensors: Mapping[str, Tensor]) -> int | None:
    """Return how many entries a w has, None where no tensor tells it."""
    return _most(_sizes(tensors, *((name, 1) for name in tensors if "affine.weight" in name)))


def mapping_layers_of(tensors: Iterable[str]) -> int:
    """Return how many layers a mapping has, up to the last one of which there is something."""
    found = [re.fullmatch(r"mapping\.fc(\d{1,2})\.(?:weight|bias)", name) for name in tensors]
    return max((int(match[1]) + 1 for match in found if match), default=0)


def _sizes(tensors: Mapping[str, Tensor], *places: tuple[str, int]) -> list[int]:
    """Return the sizes of those axes that are there."""
    shapes = ((tensors[name].shape, axis) for name, axis in places if name in tensors)
    return [shape[axis] for shape, axis in shapes if len(shape) > axis]


def _most(sizes: Sequence[int]) -> int | None:
    """Return the size that most tensors have, the first one where several are as frequent."""
    return Counter(sizes).most_common(1)[0][0] if sizes else None
