"""Patch tracking against warps of a picture that are known exactly."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from draggan_widget.drag.geometry import FeatureGrid, FeatureWindows
from draggan_widget.drag.patches import (
    Lattice,
    confidence,
    find,
    readout,
    surroundings,
    uncertainty,
)
from tests.drag.blobs import PIXELS_PER_UNIT, BlobGenerator

SIZE_PX, CELLS = 64, 32

LATTICE = Lattice(spacing_px=1.0, radius=2, search=3)

PLACES = torch.tensor([[30.0, 33.0], [24.3, 40.7], [41.5, 21.25]], dtype=torch.float64)

Warp = Callable[[Tensor], Tensor]
"""Positions ``[..., 2]`` in the new picture to those in the old one."""


def texture(warp: Warp = lambda place: place, cells: int = CELLS) -> Tensor:
    """Return waves in many directions, ``[12, cells, cells]``, of a picture that was warped."""
    centre = (torch.arange(cells, dtype=torch.float64) + 0.5) * SIZE_PX / cells - 0.5
    y, x = torch.meshgrid(centre, centre, indexing="ij")
    place = warp(torch.stack([x, y], dim=-1))
    waves = []
    for k in range(12):
        angle, length = 2.4 * k, 24.0 + 5 * k
        direction = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
        waves.append(torch.sin(2 * math.pi * place @ direction / length + k))
    return torch.stack(waves)


def affine(matrix: Tensor, shift: Tensor) -> tuple[Warp, Warp]:
    """Return ``p -> A (p - c) + c + t`` around the middle of the picture, and its inverse."""
    middle = torch.full((2,), SIZE_PX / 2, dtype=torch.float64)
    inverse = torch.linalg.inv(matrix)

    def there(place: Tensor) -> Tensor:
        moved: Tensor = (place - middle) @ matrix.T + middle + shift
        return moved

    def back(place: Tensor) -> Tensor:
        moved: Tensor = (place - middle - shift) @ inverse.T + middle
        return moved

    return there, back


def rotation(degrees: float, scale: float = 1.0) -> Tensor:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return scale * torch.tensor([[c, -s], [s, c]], dtype=torch.float64)


def around(features: Tensor, places: Tensor) -> FeatureWindows:
    grid = FeatureGrid.between(SIZE_PX, SIZE_PX, features)
    return grid.windows(features, places, LATTICE.reach_px)


def references(features: Tensor, places: Tensor = PLACES) -> Tensor:
    return surroundings(around(features, places), places, LATTICE)


@pytest.mark.parametrize(
    ("matrix", "shift", "tolerance_px"),
    [
        (rotation(0), (2.3, -1.6), 0.05),
        (rotation(0), (-3.4, 3.3), 0.05),
        (rotation(4), (1.2, 0.4), 0.1),
        (rotation(-8), (0.0, -0.7), 0.15),
        (rotation(3, scale=1.08), (-1.1, 0.9), 0.15),
        (torch.tensor([[1.06, 0.08], [-0.03, 0.95]]).double(), (0.6, 1.4), 0.15),
    ],
)
def test_a_patch_is_found_below_the_pixel_where_a_warp_takes_it(
    matrix: Tensor, shift: tuple[float, float], tolerance_px: float
) -> None:
    there, back = affine(matrix, torch.tensor(shift, dtype=torch.float64))
    features = texture(back)
    found = find(around(features, PLACES), PLACES, references(texture()), LATTICE)
    assert float((found - there(PLACES)).norm(dim=1).max()) < tolerance_px


def test_a_prediction_finds_what_moved_farther_than_the_window() -> None:
    there, back = affine(rotation(0), torch.tensor([9.0, -7.0], dtype=torch.float64))
    features = texture(back)
    predicted = PLACES + torch.tensor([8.0, -8.5], dtype=torch.float64)
    found = find(around(features, predicted), predicted, references(texture()), LATTICE)
    assert float((found - there(PLACES)).norm(dim=1).max()) < 0.05


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_in_an_unchanged_picture_a_patch_stays_and_is_sure(dtype: torch.dtype) -> None:
    features = texture().to(dtype)
    places = torch.tensor([[0, 0], [63, 63], [20.3, 41.7], [0.4, 62.9]], dtype=dtype)
    seen = references(features, places)
    found = find(around(features, places), places, seen, LATTICE)
    torch.testing.assert_close(found, places, atol=1e-5, rtol=0)
    sure = confidence(around(features, places), places, seen, LATTICE)
    torch.testing.assert_close(sure, torch.ones_like(sure))


@pytest.mark.parametrize("level", [0.0, 1 / 3])
def test_on_a_flat_area_nothing_moves_and_nothing_depends_on_the_latent(level: float) -> None:
    features = torch.full((7, CELLS, CELLS), level).requires_grad_()
    places = torch.tensor([[20.3, 41.7], [0.0, 63.0]])
    seen = references(features, places).detach()
    found = find(around(features.detach(), places), places, seen, LATTICE)
    torch.testing.assert_close(found, places, atol=1e-5, rtol=0)
    (gradient,) = torch.autograd.grad(
        readout(around(features, places), places, seen, LATTICE).sum(), features
    )
    assert float(gradient.abs().max()) < 1e-2


def test_a_patch_that_is_gone_is_not_sure() -> None:
    before, after = texture(), texture(lambda place: place.flip(-1) * 1.7)
    seen = references(before)
    sure = confidence(around(after, PLACES), PLACES, seen, LATTICE)
    assert float(sure.max()) < 0.6


def test_a_patch_never_leaves_the_picture() -> None:
    _, back = affine(rotation(0), torch.tensor([6.0, -6.0], dtype=torch.float64))
    features = texture(back)
    corner = torch.tensor([[62.5, 0.5], [63.0, 0.0]], dtype=torch.float64)
    found = find(around(features, corner), corner, references(texture(), corner), LATTICE)
    assert bool(((found >= 0) & (found <= SIZE_PX - 1)).all())


def test_features_that_are_not_finite_give_no_place() -> None:
    features = torch.full((12, CELLS, CELLS), torch.nan, dtype=torch.float64)
    found = find(around(features, PLACES), PLACES, references(texture()), LATTICE)
    assert bool(found.isnan().all())


def test_along_an_edge_a_patch_moves_across_it_only() -> None:
    x = (torch.arange(CELLS, dtype=torch.float64) + 0.5) * SIZE_PX / CELLS - 0.5
    before = torch.sin(x / 6).expand(1, CELLS, CELLS)
    after = torch.sin((x - 1.4) / 6).expand(1, CELLS, CELLS)
    place = PLACES[:1]
    found = find(around(after, place), place, references(before, place), LATTICE)
    assert float(found[0, 0] - place[0, 0]) == pytest.approx(1.4, abs=0.1)
    assert float(found[0, 1]) == float(place[0, 1])


def test_along_an_edge_a_place_is_uncertain_where_the_patch_differs() -> None:
    x = (torch.arange(CELLS, dtype=torch.float64) + 0.5) * SIZE_PX / CELLS - 0.5
    before = torch.sin(x / 6).expand(1, CELLS, CELLS)
    place = PLACES[:1]
    seen = references(before, place)
    differing = around(before + 0.3, place)
    (covariance,) = uncertainty(differing, place, seen, LATTICE)
    assert float(covariance[1, 1]) > 100 * float(covariance[0, 0])
    (covariance,) = uncertainty(around(before, place), place, seen, LATTICE)
    torch.testing.assert_close(covariance, torch.zeros_like(covariance))


def test_a_place_is_shifted_by_no_more_than_its_uncertainty_says() -> None:
    before = texture()
    rng = torch.Generator().manual_seed(0)
    noisy = before + 0.05 * torch.randn(before.shape, dtype=before.dtype, generator=rng)
    seen = references(before)
    places = find(around(noisy, PLACES), PLACES, seen, LATTICE)
    covariances = uncertainty(around(noisy, places), places, seen, LATTICE)
    shifts = places - PLACES
    lengths = torch.einsum("ni,nij,nj->n", shifts, torch.linalg.inv(covariances), shifts)
    assert float(shifts.norm(dim=1).min()) > 0.001
    assert float(lengths.max()) < 1


def test_the_derivative_of_a_place_is_that_of_finite_differences_of_the_tracking() -> None:
    generator = BlobGenerator(dtype=torch.float64)
    w = generator.start().requires_grad_()
    places = torch.tensor([[30.0, 32.0], [33.4, 29.7]], dtype=torch.float64)
    features = generator.trace(w, CELLS).features[0]
    seen = references(features.detach(), places)
    values = readout(around(features, places), places, seen, LATTICE)
    derivative = torch.stack(
        [torch.autograd.grad(value, w, retain_graph=True)[0] for value in values.flatten()]
    )
    direction = torch.zeros_like(w)
    direction[:, :6, 0], direction[:, :6, 1] = 0.8, -0.6
    predicted = (derivative * direction).sum((1, 2, 3)).reshape(-1, 2)
    tracked = []
    for sign in (1, -1):
        moved = generator.trace(w.detach() + sign * 0.05 * direction, CELLS).features[0]
        tracked.append(find(around(moved, places), places, seen, LATTICE))
    measured = (tracked[0] - tracked[1]) / 0.1
    truth = torch.tensor([0.8, -0.6], dtype=torch.float64) * PIXELS_PER_UNIT
    torch.testing.assert_close(predicted, measured, atol=0, rtol=0.05)
    torch.testing.assert_close(predicted, truth.expand(2, 2), atol=0, rtol=0.05)
