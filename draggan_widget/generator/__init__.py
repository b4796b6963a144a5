"""StyleGAN2 and StyleGAN3 generators: mapping, synthesis, features for dragging, prepared for a drag."""

from draggan_widget.generator.alias_free import StyleGAN3Config
from draggan_widget.generator.config import LatentSplit, StyleGAN2Config
from draggan_widget.generator.prepared import PreparedSynthesis
from draggan_widget.generator.stylegan2 import Generator
from draggan_widget.generator.stylegan3 import StyleGAN3Generator
from draggan_widget.generator.synthesis import SynthesisTrace

AnyGenerator = Generator | StyleGAN3Generator
"""A generator of either kind."""

__all__ = [
    "AnyGenerator",
    "Generator",
    "LatentSplit",
    "PreparedSynthesis",
    "StyleGAN2Config",
    "StyleGAN3Config",
    "StyleGAN3Generator",
    "SynthesisTrace",
]
