"""Coordinates of latents: standard normal in random pictures, and exact both ways."""

from __future__ import annotations

import pytest
import torch

from draggan_widget.generator import Generator, LatentSplit
from draggan_widget.inversion.coordinates import Coordinates
from tests.inversion.conftest import SMALL, small_generator


@pytest.mark.parametrize("kind", ["square", "rectangular", "alias-free"])
def test_random_latents_have_unit_variance_and_come_back(kind: str) -> None:
    generator = small_generator(kind)
    coordinates = Coordinates(generator)
    w = generator.w_of_z(torch.randn(4000, generator.z_dim))
    values = coordinates.of_w(w)
    variances = values[:, 0].var(0)
    assert torch.allclose(variances[variances > 0.5], torch.ones([]), atol=0.15)
    assert torch.allclose(coordinates.w(values), w, atol=1e-3)


def test_rows_of_a_latent_block_move_together() -> None:
    generator = Generator(SMALL.__class__(**{**vars(SMALL), "split": LatentSplit(3, 4)}))
    coordinates = Coordinates(generator.frozen())
    assert coordinates.rows == (4, generator.num_ws - 4)
    assert coordinates.shape == (2, SMALL.w_dim)
    values = coordinates.of_w(generator.w_of_z(torch.randn(2, SMALL.z_dim)))
    tied = coordinates.tied(values)
    assert tied.shape == (2, 2, SMALL.w_dim)
    assert torch.allclose(coordinates.untied(tied), values, atol=1e-5)
