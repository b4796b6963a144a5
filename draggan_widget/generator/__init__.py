"""StyleGAN2 generators: mapping, synthesis, features for dragging, prepared for a drag."""

from draggan_widget.generator.config import LatentSplit, StyleGAN2Config
from draggan_widget.generator.prepared import PreparedSynthesis
from draggan_widget.generator.stylegan2 import Generator
from draggan_widget.generator.synthesis import SynthesisTrace

__all__ = ["Generator", "LatentSplit", "PreparedSynthesis", "StyleGAN2Config", "SynthesisTrace"]
