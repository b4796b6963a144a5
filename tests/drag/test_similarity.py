import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig
from draggan_widget.drag.config import SOLVERS
from draggan_widget.drag.geometry import FeatureGrid
from draggan_widget.drag.patches import find, surroundings
from draggan_widget.drag.similarity import (
    Places,
    distance_map,
    reference_at,
    search_px,
    solver_lattice,
)
from tests.drag.blobs import PIXELS_PER_UNIT, BlobGenerator

MOVED_PX = (5.0, -3.0)
HANDLE = (30.0, 32.0)
SPACING_PX = 0.5
REACH = 16
"""Places to either side of the handle at the start."""

AROUND = Places(HANDLE[0] - 8, HANDLE[1] - 8, 2 * REACH + 1, 2 * REACH + 1, per_step=4)
"""Half a pixel apart, on maps of half the picture's size."""


def features_of(moved_px: tuple[float, float] = (0, 0)) -> torch.Tensor:
    """Return the features of a blob that was at the handle, ``[C, 32, 32]``."""
    generator = BlobGenerator()
    w = generator.start()
    w[..., :2] = torch.tensor(moved_px) / PIXELS_PER_UNIT
    return generator.trace(w, 32).features[0]


def grid_of(features: torch.Tensor) -> FeatureGrid:
    return FeatureGrid.between(64, 64, features)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_map_is_zero_at_the_handle_of_its_own_picture_and_only_there(solver: str) -> None:
    features, config = features_of(), DragConfig(solver=solver)
    grid = grid_of(features)
    reference = reference_at(features, grid, *HANDLE, config)
    distances = distance_map(features, grid, reference, AROUND).numpy()
    assert distances.shape == (33, 33)
    assert distances[REACH, REACH] == pytest.approx(0, abs=1e-3)
    others = np.delete(distances.ravel(), REACH * 33 + REACH)
    assert others.min() > 0.01


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_minimum_goes_where_the_blob_goes(solver: str) -> None:
    config, before, after = DragConfig(solver=solver), features_of(), features_of(MOVED_PX)
    grid = grid_of(before)
    reference = reference_at(before, grid, *HANDLE, config)
    distances = distance_map(after, grid, reference, AROUND).numpy()
    row, column = np.unravel_index(distances.argmin(), distances.shape)
    moved = (column - REACH) * SPACING_PX, (row - REACH) * SPACING_PX
    assert moved == pytest.approx(MOVED_PX, abs=1.0)


def test_the_minimum_of_patches_lies_where_the_solver_finds_its_handle() -> None:
    config, before, after = DragConfig(solver="kinematic"), features_of(), features_of(MOVED_PX)
    grid = grid_of(before)
    lattice = solver_lattice(grid, config)
    start = torch.tensor([HANDLE])
    patch = surroundings(grid.windows(before, start, lattice.reach_px), start, lattice)
    windows = grid.windows(after, start, lattice.reach_px)
    ((found_x, found_y),) = find(windows, start, patch, lattice).tolist()
    reference = reference_at(before, grid, *HANDLE, config)
    distances = distance_map(after, grid, reference, AROUND).numpy()
    row, column = np.unravel_index(distances.argmin(), distances.shape)
    assert AROUND.x + column * SPACING_PX == pytest.approx(found_x, abs=SPACING_PX)
    assert AROUND.y + row * SPACING_PX == pytest.approx(found_y, abs=SPACING_PX)


@pytest.mark.parametrize(("solver", "order"), [("paper", 1), ("official", 2)])
def test_single_places_are_compared_by_the_norm_of_their_solver(solver: str, order: int) -> None:
    features, config = features_of(), DragConfig(solver=solver)
    grid = grid_of(features)
    x, y = 20.5, 24.5  # between two cells' centres along both axes
    reference = reference_at(features, grid, *HANDLE, config)
    (distance,) = distance_map(features, grid, reference, Places(x, y, 1, 1)).flatten().tolist()
    at = torch.tensor([[x, y], HANDLE])
    seen = grid.windows(features, at, 2.0).sample(at[:, :1], at[:, 1:])[:, :, 0, 0]
    centred = features - features.mean((1, 2), keepdim=True)
    unit = centred.abs().sum(0).mean() if order == 1 else centred.square().sum(0).mean().sqrt()
    expected = torch.linalg.vector_norm(seen[0] - seen[1], order) / unit
    assert distance == pytest.approx(float(expected), rel=1e-4)


def test_places_outside_the_picture_read_the_nearest_inside() -> None:
    features, config = features_of(), DragConfig(solver="paper")
    grid = grid_of(features)
    reference = reference_at(features, grid, *HANDLE, config)
    outside, corner = (
        distance_map(features, grid, reference, Places(x, x, 1, 1)) for x in (-30.0, 0.0)
    )
    assert torch.equal(outside, corner)


def test_flat_features_give_numbers() -> None:
    features = torch.ones(3, 16, 16)
    for solver in SOLVERS:
        config = DragConfig(solver=solver)
        grid = FeatureGrid.between(64, 64, features)
        reference = reference_at(features, grid, 20, 20, config)
        assert bool((distance_map(features, grid, reference, Places(0, 0, 8, 8)) == 0).all())


def test_what_is_searched_is_given_in_pixels_of_the_picture() -> None:
    grid = FeatureGrid.between(512, 512, torch.zeros(1, 128, 128))
    assert search_px(grid, DragConfig(solver="paper")) == 12
    assert search_px(grid, DragConfig(solver="kinematic")) == 24
