"""The signed distance field: a safe bound, symmetric, and finite everywhere."""

import torch

from draggan_widget.animals import Z_DIM, mirror_z
from draggan_widget.animals.field import STEP_FACTOR, distance, surface, world_points
from draggan_widget.animals.scene import build_scene, pack_scene, unpack_scene


def random_z(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, Z_DIM, generator=torch.Generator().manual_seed(seed))


def random_points(animals: int, count: int, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 3.0 * torch.rand(3, animals, count, generator=generator) - 1.5


def test_a_step_along_any_ray_never_enters_the_animal() -> None:
    scene, points = build_scene(random_z(6)), random_points(6, 1500)
    directions = torch.randn(3, 6, 1500, generator=torch.Generator().manual_seed(2))
    directions = directions / directions.norm(dim=0)
    step = STEP_FACTOR * distance(scene, points)
    outside = step > 0.0
    assert 0.5 < outside.float().mean() < 1.0
    for share in torch.linspace(0.05, 1.0, 16).tolist():
        on_the_way = distance(scene, points + directions * step * share)
        assert bool((on_the_way[outside] > -1e-3).all())


def test_the_field_of_the_mirrored_animal_is_the_mirrored_field() -> None:
    z, points = random_z(4), random_points(4, 500)
    flip = torch.tensor([-1.0, 1.0, 1.0])[:, None, None]
    mirrored = distance(build_scene(mirror_z(z)), points * flip)
    torch.testing.assert_close(mirrored, distance(build_scene(z), points), atol=1e-5, rtol=0.0)


def test_the_head_is_inside_and_the_corner_of_the_picture_outside() -> None:
    scene = build_scene(random_z(16))
    middle = world_points(scene, torch.zeros(3, 16, 1))
    assert bool((distance(scene, middle) < -0.2).all())
    corner = torch.tensor([1.0, 1.05, 0.0])[:, None, None].expand(3, 16, 1)
    assert bool((distance(scene, corner) > 0.0).all())


def test_head_points_come_back_from_the_world() -> None:
    scene, points = build_scene(random_z(3)), random_points(3, 20)
    back = torch.stack(surface(scene, world_points(scene, points)).head)
    torch.testing.assert_close(back, points, atol=1e-5, rtol=0.0)


def test_the_head_axes_are_a_rotation() -> None:
    scene = build_scene(random_z(8))
    axes = torch.stack(
        [torch.stack(a) for a in (scene.head_right, scene.head_up, scene.head_forward)]
    )
    gram = torch.einsum("icb,jcb->bij", axes[..., 0], axes[..., 0])
    torch.testing.assert_close(gram, torch.eye(3).expand(8, 3, 3), atol=1e-6, rtol=0.0)
    torch.testing.assert_close(torch.linalg.det(axes[..., 0].permute(2, 0, 1)), torch.ones(8))


def test_the_field_is_finite_for_extreme_animals() -> None:
    extremes = torch.cat((torch.full((1, Z_DIM), 8.0), torch.full((1, Z_DIM), -8.0), random_z(6)))
    extremes[2:] = 8.0 * extremes[2:].sign()
    bounds = distance(build_scene(extremes), 4.0 * random_points(8, 500))
    assert bool(torch.isfinite(bounds).all())


def test_a_packed_scene_is_unpacked_without_loss() -> None:
    scene = build_scene(random_z(2))
    values = pack_scene(scene)
    assert torch.equal(pack_scene(unpack_scene(values)), values)
    points = random_points(2, 50)
    assert torch.equal(distance(unpack_scene(values), points), distance(scene, points))
