"""What the drag loop refuses, and that a call that fails has changed nothing."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragOptimizer
from draggan_widget.errors import GeneratorError, InputError
from tests.drag.blobs import BlobGenerator
from tests.drag.drags import (
    FINE,
    TWO_BLOBS,
    assert_a_failed_step_can_be_repeated,
    assert_a_steep_step_moves_nothing,
    paper,
    run,
    start,
)


@pytest.mark.parametrize(
    ("handles", "targets", "ids", "words"),
    [
        ([(30, 32)], [(64, 32)], [1], "target_points must lie in the picture"),
        ([(30, math.nan)], [(40, 32)], [1], "handle_points must be finite"),
        ([(30, 32)], [(40, 32), (1, 1)], [1], "must be equal in number"),
        ([(30, 32), (1, 1)], [(40, 32), (1, 1)], [1, 1], "must all be different"),
    ],
)
def test_points_that_are_refused_change_nothing(
    handles: Any, targets: Any, ids: list[int], words: str
) -> None:
    optimizer = start(BlobGenerator())
    optimizer.set_points([(30, 32)], [(44, 32)], point_ids=[1])
    with pytest.raises(InputError) as caught:
        optimizer.set_points(handles, targets, point_ids=ids)
    assert words in str(caught.value)
    step = optimizer.step()
    np.testing.assert_array_equal(step.target_points, [(44, 32)])
    assert step.point_ids == (1,)


def test_a_mask_that_is_refused_changes_nothing() -> None:
    optimizer = start(BlobGenerator(starts=TWO_BLOBS, coupling=0.8))
    mask = np.zeros((64, 64), bool)
    with pytest.raises(InputError, match="mask must be True somewhere"):
        optimizer.set_mask(mask)
    optimizer.set_points([TWO_BLOBS[0]], [(16, 23)], point_ids=[1])
    assert run(optimizer)[-1].status == "arrived"


def test_a_latent_of_another_shape_is_refused() -> None:
    generator = BlobGenerator()
    with pytest.raises(InputError, match=r"w must be \[1, 8, 6\], got \[8, 6\]; sample_w"):
        DragOptimizer(generator, generator.start()[0], FINE)


def test_a_latent_that_is_not_finite_is_refused() -> None:
    generator = BlobGenerator()
    with pytest.raises(InputError, match="w must be finite"):
        DragOptimizer(generator, generator.start() + torch.nan, FINE)


def test_a_generator_that_is_not_frozen_is_refused() -> None:
    generator = BlobGenerator().requires_grad_()
    with pytest.raises(InputError, match="generator must be frozen"):
        start(generator)


def test_a_block_that_the_generator_lacks_is_refused() -> None:
    with pytest.raises(InputError, match=r"blocks \[16, 32\], got 8"):
        start(BlobGenerator(), paper(feature_block=8))


def test_features_that_are_not_finite_are_refused_at_the_start() -> None:
    generator = BlobGenerator()
    generator.brightness.fill_(math.nan)
    with pytest.raises(GeneratorError, match="choose another latent"):
        start(generator)


@pytest.mark.usefixtures("mover")
def test_a_step_that_fails_does_not_move_the_latent_and_can_be_repeated() -> None:
    assert_a_failed_step_can_be_repeated(FINE, target=(36, 32), steps=5)


@pytest.mark.usefixtures("mover")
def test_a_gradient_that_is_not_finite_does_not_move_the_latent() -> None:
    assert_a_steep_step_moves_nothing(FINE, "gradient of the drag is not finite")
