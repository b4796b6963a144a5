"""Generators whose weights were tuned to a photo, as small differences to the generator that they come from."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from draggan_widget.errors import InputError

TYPE = torch.float16
"""Differences are so small against the weights that this many digits of them are enough."""

TUNED = "_tuned_weights"
"""Where a tuned generator holds the differences."""

GeneratorT = TypeVar("GeneratorT", bound=nn.Module)


def changes(base: nn.Module, tuned: nn.Module) -> dict[str, Tensor]:
    """Return what the weights of a tuned generator differ by, in half precision on the CPU, by name.

    Args:
        base: The generator as it was loaded.
        tuned: A copy with other weights.
    """
    before = dict(base.named_parameters())
    return {
        name: (weight.detach() - before[name].detach()).to("cpu", TYPE).contiguous()
        for name, weight in tuned.named_parameters()
        if not torch.equal(weight, before[name])
    }


def with_changes(base: GeneratorT, tensors: Mapping[str, Tensor]) -> GeneratorT:
    """Return a copy of a generator with differences added to its weights; the generator stays as it is.

    Raises:
        InputError: It has no such weights.
    """
    tuned = copy.deepcopy(base)
    weights = dict(tuned.named_parameters())
    for name, difference in tensors.items():
        weight = weights.get(name)
        if weight is None or weight.shape != difference.shape or not difference.isfinite().all():
            raise InputError(
                f"the tuned weights do not fit the generator: {name} is missing there, has another shape, or is not "
                "finite; give the generator that they were made with"
            )
        with torch.no_grad():
            weight.add_(difference.to(weight))
    setattr(tuned, TUNED, dict(tensors))
    return tuned


def held_changes(generator: object) -> dict[str, Tensor]:
    """Return the differences that a tuned generator was made with; none of one that is as it was loaded."""
    found: dict[str, Tensor] = getattr(generator, TUNED, {})
    return found
