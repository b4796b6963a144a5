"""Sphere tracing on an analytic field, and culling that never changes a picture."""

import pytest
import torch

from draggan_widget.animals import Z_DIM
from draggan_widget.animals.camera import (
    camera_position,
    grid_centres,
    picture_fractions,
    ray_directions,
)
from draggan_widget.animals.compilation import packed_distance
from draggan_widget.animals.scene import build_scene, pack_scene
from draggan_widget.animals.tracing import ESCAPED, PADDING, compact, may_hit, trace

RADIUS = 0.6


def ball(values: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Return the distance to a ball of `RADIUS` around the origin."""
    return points.square().sum(dim=0).sqrt() - RADIUS


def packed_animals(count: int) -> torch.Tensor:
    z = torch.randn(count, Z_DIM, generator=torch.Generator().manual_seed(4))
    return pack_scene(build_scene(z))


def test_rays_stop_on_a_ball_where_geometry_says() -> None:
    directions = ray_directions(grid_centres(range(40), 40).flatten(1))
    camera = camera_position(directions)[:, 0]
    lengths = trace(ball, torch.zeros(1, 1, 1), directions, None)[0]
    along = -(directions * camera).sum(dim=0)
    beside = camera.square().sum() - along.square()
    meets = beside < (RADIUS - 0.02) ** 2
    expected = along - (RADIUS**2 - beside).clamp(min=0.0).sqrt()
    assert bool((lengths[beside > (RADIUS + 0.02) ** 2] > ESCAPED).all())
    assert int(meets.sum()) > 200
    steepness = (expected - along).abs()[meets] / RADIUS
    # A ray stops within 0.0006 of its length, farther in front where it grazes the ball.
    assert bool(((expected - lengths)[meets] * steepness < 0.004).all())
    assert bool((lengths[meets] <= expected[meets] + 1e-4).all())


@pytest.mark.parametrize("rows", [range(72), range(9, 40)])
def test_tiles_called_empty_hold_no_animal(rows: range) -> None:
    values, width = packed_animals(3), 72
    directions = ray_directions(grid_centres(rows, width).flatten(1))
    kept = may_hit(packed_distance, values, rows, width)
    everything = trace(packed_distance, values, directions)
    culled = trace(packed_distance, values, directions, kept)
    hit = everything < ESCAPED
    assert (~kept).float().mean() > 0.05
    assert bool(kept[hit].all())
    assert torch.equal(culled < ESCAPED, hit)
    assert torch.equal(culled[hit], everything[hit])


def test_compact_lists_the_true_entries_of_each_row() -> None:
    kept = torch.zeros(3, 200, dtype=torch.bool)
    kept[0, [3, 70, 199]] = True
    kept[2, 5:75] = True
    positions, real = compact(kept)
    assert positions.shape == (3, 2 * PADDING)
    assert positions[0, real[0]].tolist() == [3, 70, 199]
    assert positions[1, real[1]].tolist() == []
    assert positions[2, real[2]].tolist() == list(range(5, 75))
    assert bool((positions[~real] == 0).all())


def test_compact_of_nothing_is_empty() -> None:
    positions, real = compact(torch.zeros(2, 10, dtype=torch.bool))
    assert positions.shape == real.shape == (2, 0)


def test_the_ray_through_a_place_of_the_picture_leads_back_to_it() -> None:
    plane = grid_centres(range(2, 6), 8).flatten(1)
    rays = ray_directions(plane)
    torch.testing.assert_close(rays.norm(dim=0), torch.ones(rays.shape[1]))
    points = camera_position(rays)[:, 0] + 4.3 * rays
    fractions = picture_fractions(points)
    torch.testing.assert_close(fractions[0], 0.5 + 0.5 * plane[0])
    torch.testing.assert_close(fractions[1], 0.5 - 0.5 * plane[1])


def test_cells_lie_in_the_middle_of_their_samples() -> None:
    samples = grid_centres(range(8), 16)
    cells = grid_centres(range(8), 16, cell=4)
    assert cells.shape == (2, 2, 4)
    torch.testing.assert_close(cells[:, 1, 2], samples[:, 4:8, 8:12].mean(dim=(1, 2)))
