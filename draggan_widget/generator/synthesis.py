"""The synthesis network: rows of w+ to features, and features to a picture.

The two halves are separate entries, because a drag needs features at every step but a picture only when somebody
sees it; the picture continues from the features and recomputes nothing.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from draggan_widget.generator.config import SMALLEST_BLOCK, StyleGAN2Config
from draggan_widget.generator.layers import SynthesisLayer, ToRGB
from draggan_widget.ops import upsample2d


@dataclass(frozen=True)
class SynthesisTrace:
    """A synthesis that has run up to a block.

    Attributes:
        w: The latent it ran with, ``[B, num_ws, w_dim]``.
        maps: Output of each block so far, from 4x4 on, ``[B, C, h, w]`` each.
    """

    w: Tensor
    maps: tuple[Tensor, ...]

    @property
    def features(self) -> Tensor:
        """Output of the last block that ran, ``[B, C, h, w]``."""
        return self.maps[-1]


class SynthesisBlock(nn.Module):
    """The layers of one resolution: (up-sampling convolution,) convolution, RGB."""

    def __init__(self, config: StyleGAN2Config, resolution: int) -> None:
        super().__init__()
        channels = config.channels(resolution)
        clamp = config.conv_clamp
        size = resolution, config.columns(resolution)
        if resolution == SMALLEST_BLOCK:
            self.const = nn.Parameter(torch.randn(channels, *size))
        else:
            before = config.channels(resolution // 2)
            self.conv0 = SynthesisLayer(
                before, channels, config.w_dim, size, upsample=True, clamp=clamp
            )
        self.conv1 = SynthesisLayer(channels, channels, config.w_dim, size, clamp=clamp)
        self.torgb = ToRGB(channels, config.w_dim, clamp=clamp)

    def forward(self, x: Tensor | None, rows: Tensor, *, noise: bool) -> Tensor:
        """Return the block's features from those of the block before (None at 4x4) and its rows of w+."""
        if x is None:
            x = self.const[None].expand(len(rows), -1, -1, -1)
        else:
            x = self.conv0(x, rows[:, 0], noise=noise)
        return self.conv1(x, rows[:, -2], noise=noise)  # type: ignore[no-any-return]  # Module


class Synthesis(nn.Module):
    """StyleGAN2 synthesis network with skip connections to RGB."""

    def __init__(self, config: StyleGAN2Config) -> None:
        super().__init__()
        self.config = config
        for resolution in config.blocks:
            self.add_module(f"b{resolution}", SynthesisBlock(config, resolution))

    @property
    def constant(self) -> Tensor:
        """Input of the first layer, ``[C, 4, base_width]``."""
        return self._block(0).const

    def layers(self, block: int) -> list[SynthesisLayer]:
        """Return the layers up to and with a block, without those to RGB; layer i takes row i of w+."""
        found: list[SynthesisLayer] = []
        for index in range(self.config.blocks.index(block) + 1):
            part = self._block(index)
            found += [part.conv1] if index == 0 else [part.conv0, part.conv1]
        return found

    def trace(self, w: Tensor, block: int, *, noise: bool = True) -> SynthesisTrace:
        """Return the synthesis of ``w`` ``[B, num_ws, w_dim]`` run up to and with the block of resolution ``block``."""
        return self._extend(SynthesisTrace(w, ()), block, noise=noise)

    def image(
        self, trace: SynthesisTrace, resolution: int | None = None, *, noise: bool = True
    ) -> Tensor:
        """Return the picture of a trace; blocks that have run are not run again.

        Args:
            trace: A synthesis that has run up to some block.
            resolution: Height of a block's partial picture, or None for the whole picture.
            noise: Whether the constant noise is added in the blocks that still have to run.

        Returns:
            ``[B, 3, h, w]``, about -1..1.
        """
        trace = self._extend(trace, resolution or self.config.resolution, noise=noise)
        rgb: Tensor | None = None
        for index, x in enumerate(trace.maps):
            part = self.colours(index, x, trace.w)
            rgb = part if rgb is None else upsample2d(rgb) + part
        assert rgb is not None
        return rgb

    def features(self, index: int, before: Tensor | None, w: Tensor, *, noise: bool) -> Tensor:
        """Return the output of the block at a position, ``[B, C, h, w]``.

        Args:
            index: Position, from 0 for 4x4.
            before: Output of the block before, None at 4x4.
            w: ``[B, num_ws, w_dim]``.
            noise: Whether the constant noise is added.
        """
        x: Tensor = self._block(index)(before, self._rows(w, index), noise=noise)
        return x

    def colours(self, index: int, x: Tensor, w: Tensor) -> Tensor:
        """Return what the block at a position adds to the picture, ``[B, 3, h, w]``, from its output."""
        rgb: Tensor = self._block(index).torgb(x, self._rows(w, index)[:, -1])
        return rgb

    def _extend(self, trace: SynthesisTrace, block: int, *, noise: bool) -> SynthesisTrace:
        """Run the missing blocks up to ``block``."""
        maps = list(trace.maps)
        for index in range(len(maps), self.config.blocks.index(block) + 1):
            before = maps[-1] if maps else None
            maps.append(self.features(index, before, trace.w, noise=noise))
        return SynthesisTrace(trace.w, tuple(maps))

    def _block(self, index: int) -> SynthesisBlock:
        """Return the block at a position."""
        block = self.get_submodule(f"b{self.config.blocks[index]}")
        assert isinstance(block, SynthesisBlock)
        return block

    @staticmethod
    def _rows(w: Tensor, index: int) -> Tensor:
        """Return a block's rows of w+: two at 4x4, then three; the last one is the RGB row, shared with the next block."""
        return w[:, :2] if index == 0 else w[:, 2 * index - 1 : 2 * index + 2]
