"""The embedded generator with pictures of 512 px, as cheap to drag as it is: they are enlarged, and have grain."""

import copy
import functools

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from draggan_widget.generator import Generator
from draggan_widget.generator.synthesis import SynthesisTrace
from draggan_widget.pretrained import load_generator

SIDE_PX = 512

GRAIN = 0.02
"""Standard deviation of the grain in the -1..1 of a picture: by it files have the size of those of photographs."""


class LargeAnimals(Generator):
    """Animals of 512 px."""

    def image_from_trace(self, trace: SynthesisTrace) -> Tensor:
        size = SIDE_PX, SIDE_PX
        image = interpolate(super().image_from_trace(trace), size, mode="bicubic")
        return image + _grain()


@functools.cache
def _grain() -> Tensor:
    """Return what is added to every picture, ``[1, 1, H, W]``."""
    rng = torch.Generator().manual_seed(0)
    return GRAIN * torch.randn(1, 1, SIDE_PX, SIDE_PX, generator=rng)


def large_animals() -> LargeAnimals:
    """Return the generator, frozen."""
    generator = copy.deepcopy(load_generator())
    generator.__class__ = LargeAnimals
    assert isinstance(generator, LargeAnimals)
    generator.width = generator.height = SIDE_PX
    return generator
