"""StyleGAN2 generators: mapping, synthesis, features for dragging."""

from draggan_widget.generator.config import LatentSplit, StyleGAN2Config
from draggan_widget.generator.stylegan2 import Generator
from draggan_widget.generator.synthesis import SynthesisTrace

__all__ = ["Generator", "LatentSplit", "StyleGAN2Config", "SynthesisTrace"]
