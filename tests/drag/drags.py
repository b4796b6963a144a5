"""Drags of blobs, and what the tests ask of them."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig, DragOptimizer, DragStep
from draggan_widget.errors import GeneratorError
from tests.drag.blobs import BlobGenerator, BlobTrace

Step = DragStep[BlobTrace]
Optimizer = DragOptimizer[BlobTrace]

HALF = 32
"""Features at half the size of a 64-px picture, where a blob is known to a hundredth of a pixel."""


def paper(**settings: Any) -> DragConfig:
    """Return settings of the published loop, whose drags have many steps."""
    return DragConfig(solver="paper", **settings)


FINE = paper(arrival_px=0.8, feature_block=HALF)
"""Arrives within 0.1 px of a 64-px picture."""

TWO_BLOBS = ((16.0, 20.0), (48.0, 44.0))
"""So far apart that neither's features reach the other."""


def start(generator: BlobGenerator, config: DragConfig = FINE) -> Optimizer:
    return DragOptimizer(generator, generator.start(), config)


def run(optimizer: DragOptimizer[Any], steps: int = 300) -> list[DragStep[Any]]:
    """Return the steps until the status is final."""
    taken = []
    for _ in range(steps):
        taken.append(optimizer.step())
        if taken[-1].status != "running":
            break
    return taken


def true_distance(generator: BlobGenerator, w: torch.Tensor, blob: int, place: Any) -> float:
    return math.dist(generator.centres(w)[blob].tolist(), place)


def left_half() -> np.ndarray:
    mask = np.zeros((64, 64), bool)
    mask[:, :32] = True
    return mask


class SteepGenerator(BlobGenerator):
    """Blobs whose features are finite but have no finite derivative."""

    def trace(self, w: torch.Tensor, block: int) -> BlobTrace:
        trace = super().trace(w, block)
        return BlobTrace(w, trace.features + (w * 0).sqrt().sum())


def assert_a_failed_step_can_be_repeated(
    config: DragConfig, *, target: tuple[float, float], steps: int
) -> None:
    """Assert that a step that fails has moved nothing, and that the drag arrives once its cause is gone."""
    generator = BlobGenerator()
    optimizer = start(generator, config)
    optimizer.set_points([(30, 32)], [target], point_ids=[1])
    for _ in range(steps):
        optimizer.step()
    w = optimizer.w
    generator.brightness.fill_(math.nan)
    with pytest.raises(GeneratorError, match="around a handle are not finite"):
        optimizer.step()
    assert torch.equal(optimizer.w, w)
    generator.brightness.fill_(1)
    assert run(optimizer)[-1].status == "arrived"


def assert_a_steep_step_moves_nothing(config: DragConfig, words: str) -> None:
    """Assert that a derivative that is not finite moves nothing and is told in words."""
    generator = SteepGenerator()
    optimizer = start(generator, config)
    optimizer.set_points([(30, 32)], [(36, 32)], point_ids=[1])
    with pytest.raises(GeneratorError, match=words):
        optimizer.step()
    assert torch.equal(optimizer.w, generator.start())
