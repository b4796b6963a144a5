"""Generators on disk."""

from draggan_widget.checkpoints.safetensors import load_generator_file, save_generator_file

__all__ = ["load_generator_file", "save_generator_file"]
