"""What handles count in a step of least squares, by how well their patches determine their places."""

import torch
from torch import Tensor

from draggan_widget.drag.config import FEW_POINTS
from draggan_widget.drag.noise import (
    MULTIPLES,
    NOISE_PX2,
    doubted,
    likeliest_multiple,
    weighed,
)
from draggan_widget.drag.patches import confidence
from draggan_widget.drag.reach import believed
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


def random(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_noise_is_told_from_the_way_that_handles_ask_for() -> None:
    jacobian, way, noise = random(60, 8, seed=0), random(8, seed=1), random(60, seed=2)
    nothing = torch.zeros(8, dtype=torch.float64)
    clean = likeliest_multiple(jacobian, jacobian @ way + 0.01 * noise, nothing)
    noisy = likeliest_multiple(jacobian, jacobian @ way * 0.2 + noise, nothing)
    assert (clean, noisy) == (MULTIPLES[0], MULTIPLES[-1])
    assert likeliest_multiple(jacobian, jacobian @ way + 0.01 * noise, way) == MULTIPLES[-1]


def test_handles_that_ask_for_nothing_have_a_multiple_too() -> None:
    nothing = torch.zeros(60, dtype=torch.float64)
    assert likeliest_multiple(random(60, 8, seed=0), nothing, nothing[:8]) in MULTIPLES


def test_a_handle_that_contradicts_the_others_is_doubted() -> None:
    jacobian, noise = random(40, 5, seed=3), torch.ones(40, dtype=torch.float64)
    errors = jacobian @ random(5, seed=4)
    errors[:2] += 30
    result = doubted(jacobian, errors, noise, torch.zeros(5, dtype=torch.float64))
    assert float(result[:2].min()) > 50
    torch.testing.assert_close(result[2:], noise[2:])


def test_one_of_many_handles_that_leapt_is_where_it_was_expected() -> None:
    expected = random(FEW_POINTS + 1, 2, seed=5)
    found = expected + 0.2
    found[2] += 5
    torch.testing.assert_close(believed(found, expected, SCALE)[2], expected[2])
    torch.testing.assert_close(believed(found, expected, SCALE)[:2], found[:2])
    assert torch.equal(believed(found[1:], expected[1:], SCALE), found[1:])
