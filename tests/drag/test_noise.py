"""What handles count in a step of least squares, by how well their patches determine their places."""

import torch
from torch import Tensor

from draggan_widget.drag.config import FEW_POINTS
from draggan_widget.drag.noise import NOISE_PX2, weighed
from draggan_widget.drag.patches import confidence
from tests.drag.test_patches import CELLS, LATTICE, SIZE_PX, around, references

SCALE = SIZE_PX / 512

EDGE = torch.sin(torch.arange(CELLS, dtype=torch.float64) / 3).expand(1, CELLS, CELLS)
"""Changes along x only."""


def counted(count: int, after: Tensor, error: tuple[float, float]) -> float:
    """Return what the first handle costs in squared noises when it alone has an error."""
    places = torch.tensor([[30.0, 33.0]], dtype=torch.float64).repeat(count, 1)
    errors = torch.zeros_like(places)
    errors[0] = torch.tensor(error)
    jacobian = torch.ones(2 * count, 3, dtype=torch.float64)
    seen = around(after, places), places, references(EDGE, places), LATTICE
    _, residuals, noise = weighed(jacobian, errors, *seen, SCALE)
    return float((residuals.square() / noise).sum())


def test_of_few_handles_each_counts_by_how_like_itself_it_looks() -> None:
    after, place = EDGE + 0.2, torch.tensor([[30.0, 33.0]], dtype=torch.float64)
    sure = float(confidence(around(after, place), place, references(EDGE, place), LATTICE))
    expected = sure**2 / (NOISE_PX2 * SCALE**2)
    for error in ((1.0, 0.0), (0.0, 1.0)):
        assert abs(counted(FEW_POINTS, after, error) - expected) < 1e-9 * expected


def test_of_many_handles_one_that_may_have_slid_along_an_edge_counts_across_it_only() -> None:
    after = EDGE + 0.2
    across, along = (counted(FEW_POINTS + 1, after, e) for e in ((1.0, 0.0), (0.0, 1.0)))
    assert along < 0.02 * across


def test_of_many_handles_one_that_looks_as_it_did_counts_alike_in_all_directions() -> None:
    across, along = (counted(FEW_POINTS + 1, EDGE, e) for e in ((1.0, 0.0), (0.0, 1.0)))
    assert abs(along - across) < 1e-9 * across
