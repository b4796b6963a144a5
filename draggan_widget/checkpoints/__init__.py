"""Generator files of this and other projects, read without executing anything."""

from draggan_widget.checkpoints.load import load_checkpoint
from draggan_widget.checkpoints.safetensors import load_generator_file, save_generator_file

__all__ = ["load_checkpoint", "load_generator_file", "save_generator_file"]
