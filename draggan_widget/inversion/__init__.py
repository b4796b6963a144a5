"""Photos as latents of a generator."""

from draggan_widget.inversion.invert import Inversion, invert, preview_crop
from draggan_widget.inversion.photo import Crop
from draggan_widget.inversion.score import Score
from draggan_widget.inversion.search import Look

__all__ = ["Crop", "Inversion", "Look", "Score", "invert", "preview_crop"]
