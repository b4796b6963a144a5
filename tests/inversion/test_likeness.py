"""Distances of pictures: nothing for equal ones, for each picture its own, blind to where hairs lie."""

from __future__ import annotations

import math

import pytest
import torch

from draggan_widget.inversion.likeness import Likeness, psnr_db, textures
from draggan_widget.inversion.score import score_of


@pytest.mark.parametrize("size", [(8, 8), (32, 16), (64, 64)])
def test_equal_pictures_have_no_distance(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    target = torch.rand(1, 3, *size) * 2 - 1
    likeness = Likeness(target)
    assert float(likeness(target)) == 0
    other = target.clone().requires_grad_()
    loss = likeness(other * 0.9)
    assert loss.item() > 0
    (gradient,) = torch.autograd.grad(loss.sum(), other)
    assert gradient.isfinite().all()


def test_each_picture_has_its_own_distance() -> None:
    torch.manual_seed(0)
    target = torch.rand(1, 3, 32, 32) * 2 - 1
    likeness = Likeness(target, lambda one, other: (one - other).abs().mean())
    pictures = torch.rand(3, 3, 32, 32) * 2 - 1
    together = likeness(pictures)
    alone = torch.cat([likeness(each) for each in torch.split(pictures, 1)])
    assert together.shape == (3,)
    assert torch.allclose(together, alone, atol=1e-5)


def test_textures_tell_the_direction_of_hairs_and_not_their_place() -> None:
    x = torch.arange(64.0)
    wave = torch.sin(2 * math.pi * x / 8)
    upright = wave.expand(1, 3, 64, 64)
    moved, lying = upright.roll(2, 3), upright.transpose(2, 3)
    inner = (..., slice(2, -2), slice(2, -2))
    one, two, three = (textures(each)[inner] for each in (upright, moved, lying))
    assert (one - two).abs().max() < 0.2 * (one - three).abs().max()


def test_decibels_are_those_of_a_range_of_two() -> None:
    target = torch.zeros(1, 3, 8, 8)
    assert psnr_db(target + 0.2, target) == pytest.approx(20)
    assert psnr_db(target, target) >= 100


def test_scores_are_said_in_words_with_a_warning_where_nothing_is_alike() -> None:
    target = torch.rand(1, 3, 8, 8) * 2 - 1
    words = [score_of(db, target, "animals").words for db in (35, 28, 24, 15)]
    assert len(set(words)) == 4
    assert not score_of(28, target, "animals").warning
    assert "choose another generator, or crop" in score_of(15, target, "animals").warning
    even = torch.full((1, 3, 8, 8), 0.3)
    assert score_of(28, even, "animals").warning
