"""Photos as latents of a generator."""

from draggan_widget.inversion.invert import Inversion, invert
from draggan_widget.inversion.photo import Crop
from draggan_widget.inversion.score import Score

__all__ = ["Crop", "Inversion", "Score", "invert"]
