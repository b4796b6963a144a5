"""What an alias-free network divides by, before it draws: a checkpoint in which that is nothing draws nothing but NaN."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from draggan_widget.generator import StyleGAN3Generator
from draggan_widget.generator.alias_free import plans
from draggan_widget.generator.latents import LatentGenerator

TURN = 2
"""The first numbers that the input's layer makes of w are a direction, and are brought to the length 1."""


def missing_divisors(generator: LatentGenerator, tensors: Mapping[str, Tensor]) -> list[str]:
    """Return what cannot be divided by, in words, tensor by tensor.

    Args:
        generator: Of the same architecture; generators of other kinds divide by nothing that can be missing.
        tensors: By their names, of the shapes that the generator needs; some may be absent.
    """
    if not isinstance(generator, StyleGAN3Generator):
        return []
    found = []
    for plan in plans(generator.config):
        layer = f"synthesis.{plan.name}"
        magnitude, filters = (
            tensors.get(f"{layer}.{name}") for name in ("magnitude_ema", "weight")
        )
        if magnitude is not None and bool((magnitude <= 0).any()):
            found.append(
                f"{layer}.magnitude_ema is a mean of squares and must be above 0, got {magnitude.item():g}"
            )
        # The layer to RGB alone is not brought to a scale of its own.
        if filters is not None and not plan.to_rgb and bool((filters == 0).flatten(1).all(1).any()):
            found.append(f"{layer}.weight has a filter that is nothing but zeros")
    turn = [tensors.get(f"synthesis.input.affine.{name}") for name in ("weight", "bias")]
    if all(each is not None and not bool(each[:TURN].any()) for each in turn):
        found.append(
            "synthesis.input.affine turns the picture by no direction: its first rows are zeros"
        )
    return found
