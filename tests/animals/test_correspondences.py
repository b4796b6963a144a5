"""Correspondences: the same place of the head, in sight in both pictures, spread, reproducible."""

from functools import cache

import pytest
import torch
from torch import Tensor

from draggan_widget.animals import GEOMETRY_DIM, Z_DIM, correspondences, field
from draggan_widget.animals.camera import camera_position, picture_fractions, ray_directions
from draggan_widget.animals.compilation import packed_distance
from draggan_widget.animals.correspondences import BODY_CLEARANCE, POSE
from draggan_widget.animals.field import body_frame, distance, head_frame, surface, world_points
from draggan_widget.animals.parameters import PARAMETER_INDEX
from draggan_widget.animals.scene import Scene, build_scene, pack_scene
from draggan_widget.animals.tracing import ESCAPED, trace

SIZE = 128
EVERYTHING = 10**6
POSE_ENTRIES = [PARAMETER_INDEX[name] for name in POSE]


def pair_of_poses() -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(0)
    z_from = torch.randn(Z_DIM, generator=rng)
    z_to = z_from.clone()
    z_to[POSE_ENTRIES] = torch.randn(len(POSE), generator=rng)
    return z_from, z_to


def turned_pair(yaw: float) -> tuple[Tensor, Tensor]:
    z_from = torch.zeros(Z_DIM)
    z_from[PARAMETER_INDEX["yaw"]] = -yaw
    return z_from, -z_from


@cache
def between_poses() -> tuple[Tensor, Tensor]:
    """Return 32 places in the two pictures of `pair_of_poses`."""
    return correspondences(*pair_of_poses(), 32, 0, SIZE)


@cache
def without_a_move(count: int) -> tuple[Tensor, Tensor]:
    """Return places of the median animal in twice the same picture."""
    return correspondences(*turned_pair(0.0), count, 0, SIZE)


def rays_through(points: Tensor) -> Tensor:
    x, y = ((points + 0.5) * 2.0 / SIZE - 1.0).unbind(1)
    return ray_directions(torch.stack((x, -y)))[:, None]


def met_by_bisection(scene: Scene, points: Tensor) -> Tensor:
    """Return the places ``[3, 1, N]`` that rays through ``[N, 2]`` px meet first, bisected."""
    rays = rays_through(points)
    rough = trace(packed_distance, pack_scene(scene), rays[:, 0])
    assert bool((rough < ESCAPED).all())
    outside, inside = rough - 0.02, rough + 0.02
    for _ in range(18):
        middle = 0.5 * (outside + inside)
        is_outside = distance(scene, camera_position(rays) + rays * middle) > 0.0
        outside = torch.where(is_outside, middle, outside)
        inside = torch.where(is_outside, inside, middle)
    return camera_position(rays) + rays * outside


def on_head(scene: Scene, places: Tensor) -> Tensor:
    return torch.stack(head_frame(scene, body_frame(scene, places)))


def test_both_points_show_the_same_place_of_the_head() -> None:
    z_from, z_to = pair_of_poses()
    scene_from, scene_to = build_scene(z_from[None]), build_scene(z_to[None])
    first, second = between_poses()
    assert first.shape == second.shape == (32, 2)
    assert first.dtype == second.dtype == torch.float32
    places = on_head(scene_to, met_by_bisection(scene_to, second))
    back = picture_fractions(world_points(scene_from, places))[:, 0].T * SIZE - 0.5
    assert (back - first).norm(dim=1).max() < 0.05
    assert (second - first).norm(dim=1).mean() > 5.0


def test_without_a_move_both_points_are_one() -> None:
    first, second = without_a_move(32)
    torch.testing.assert_close(first, second, atol=1e-4, rtol=0.0)


def test_a_shift_moves_every_point_alike() -> None:
    z_from, z_to = torch.zeros(Z_DIM), torch.zeros(Z_DIM)
    z_to[PARAMETER_INDEX["shift_x"]] = 1.0
    first, second = correspondences(z_from, z_to, 32, 0, SIZE)
    moves = second - first
    assert moves[:, 0].min() > 3.0
    assert moves[:, 1].abs().max() < 1e-3


def test_nothing_stands_between_either_camera_and_a_place() -> None:
    z_from, z_to = turned_pair(1.0)
    for z, points in zip((z_from, z_to), correspondences(z_from, z_to, 32, 1, SIZE), strict=True):
        scene, rays = build_scene(z[None]), rays_through(points)
        places = met_by_bisection(scene, points)
        ways = (places - camera_position(places)).norm(dim=0) - 0.01
        shares = torch.linspace(0.6, 1.0, 400)[:, None, None]
        along = camera_position(rays)[:, None] + rays[:, None] * ways * shares
        assert distance(scene, along.reshape(3, 1, -1)).min() > 0.0


def test_what_one_picture_hides_is_left_out() -> None:
    turned, _ = correspondences(*turned_pair(2.5), EVERYTHING, 0, SIZE)
    assert 300 < len(turned) < 0.6 * len(without_a_move(EVERYTHING)[0])


def test_no_place_is_shaped_by_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = build_scene(torch.zeros(1, Z_DIM))
    places = met_by_bisection(scene, without_a_move(EVERYTHING)[0])
    chest = met_by_bisection(scene, torch.tensor([[SIZE / 2, SIZE - 4.0]]))
    assert surface(scene, places).body.min() > BODY_CLEARANCE - 1e-4
    with_body = distance(scene, places)
    monkeypatch.setattr(field, "_body", lambda x, y, z: torch.full_like(x, 10.0))
    assert torch.equal(distance(scene, places), with_body)
    assert distance(scene, chest).min() > 0.05


def test_the_places_are_spread_over_all_that_both_pictures_show() -> None:
    scene = build_scene(torch.zeros(1, Z_DIM))
    spread, whole = (
        on_head(scene, met_by_bisection(scene, without_a_move(count)[0]))[:, 0].T
        for count in (32, EVERYTHING)
    )
    spacing = torch.cdist(spread, spread).fill_diagonal_(torch.inf).min()
    farthest = torch.cdist(whole, spread).min(dim=1).values.max()
    assert len(whole) > 1500
    assert farthest < spacing + 1e-3
    assert spacing > 0.1


def test_the_seed_decides_and_fewer_places_are_the_first_of_more() -> None:
    pair = pair_of_poses()
    again = correspondences(*pair, 32, 0, SIZE)
    few, other = (correspondences(*pair, 5, seed, SIZE) for seed in (0, 1))
    for each, points in enumerate(between_poses()):
        assert torch.equal(again[each], points)
        assert torch.equal(few[each], points[:5])
        assert not torch.equal(few[each], other[each])


def test_points_lie_between_pixel_centres_at_any_size() -> None:
    larger = correspondences(*pair_of_poses(), 32, 0, 4 * SIZE)
    for small, large in zip(between_poses(), larger, strict=True):
        torch.testing.assert_close(4.0 * (small + 0.5), large + 0.5)
        assert small.min() >= 0.0
        assert small.max() <= SIZE - 1
    assert correspondences(*pair_of_poses(), 8, 0, 1)[0].shape == (0, 2)


def test_two_animals_are_refused_by_the_names_of_what_differs() -> None:
    z_from, z_to = pair_of_poses()
    z_to[PARAMETER_INDEX["mouth_open"]] += 1.0
    z_to[GEOMETRY_DIM] += 1.0
    with pytest.raises(ValueError, match=r"\['mouth_open', 'fur_hue'\]"):
        correspondences(z_from, z_to, 4, 0, SIZE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"z_from": torch.zeros(2, Z_DIM)}, r"z_from must be \[30\] or \[1, 30\], got \[2, 30\]"),
        ({"z_to": torch.zeros(29)}, r"z_to must be \[30\] or \[1, 30\], got \[29\]"),
        ({"z_to": torch.full((Z_DIM,), torch.nan)}, "z must be finite"),
        ({"count": 0}, "count must be at least 1, got 0"),
        ({"resolution": 0}, "resolution must be at least 1, got 0"),
        ({"seed": -1}, r"seed must be from 0 to 2\*\*63 - 1, got -1"),
    ],
)
def test_bad_input_is_refused(change: dict[str, Tensor | int], message: str) -> None:
    values = {
        "z_from": torch.zeros(Z_DIM),
        "z_to": torch.zeros(Z_DIM),
        "count": 4,
        "seed": 0,
        "resolution": SIZE,
    }
    with pytest.raises(ValueError, match=message):
        correspondences(**(values | change))  # type: ignore[arg-type]  # of mixed types
