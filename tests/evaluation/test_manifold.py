"""The search for the nearest picture: what lies on the manifold is found, what lies off it stays apart."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from draggan_widget.errors import InputError
from draggan_widget.evaluation.manifold import LARGEST_Z_DIM, Projection, project
from draggan_widget.generator import Generator
from draggan_widget.pretrained import load_stylegan2
from tests.evaluation.conftest import NO_SCENE


def random_z(generator: Generator, seed: int) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(1, generator.z_dim, generator=rng)


def moved(z: Tensor, entries: tuple[int, ...]) -> Tensor:
    start = z.clone()
    start[0, list(entries)] -= 0.2 * start[0, list(entries)].sign()
    return start


@torch.no_grad()
def picture(generator: Generator, z: Tensor) -> Tensor:
    return generator.image(generator.mapping(z))


@pytest.fixture(scope="module")
def animals() -> Generator:
    """The generator that is shipped."""
    return load_stylegan2("animals", device="cpu")


@pytest.fixture(scope="module")
def refound(animals: Generator) -> Projection:
    """A projection that begins elsewhere: the head looks up more, muzzle and pattern are others."""
    z = random_z(animals, 1)
    return project(animals, picture(animals, z), moved(z, (1, 7, 24)))


def test_a_picture_of_the_manifold_is_found_again(animals: Generator, refound: Projection) -> None:
    z = random_z(animals, 1)
    assert refound.z.shape == (1, animals.z_dim)
    assert refound.residual < 0.3
    assert (refound.z - z)[0, [1, 7, 24]].abs().max() < 0.1
    torch.testing.assert_close(refound.w, animals.mapping(refound.z))


def test_the_residual_is_the_mean_difference_in_levels(
    animals: Generator, refound: Projection
) -> None:
    shown = (picture(animals, z).clamp(-1, 1) for z in (random_z(animals, 1), refound.z))
    first, second = ((image + 1) / 2 * 255 for image in shown)
    assert refound.residual == pytest.approx((first - second).abs().mean().item(), abs=1e-4)


def test_a_picture_off_the_manifold_stays_away(animals: Generator, refound: Projection) -> None:
    w = animals.mapping(random_z(animals, 1))
    rng = torch.Generator().manual_seed(1)
    disturbance = torch.randn(w[:, :6].shape, generator=rng) * animals.w_std[:6, None]
    w[:, :6] += 0.5 * disturbance
    with torch.no_grad():
        image = animals.image(w)
    found = project(animals, image, random_z(animals, 1))
    assert found.residual > max(1.0, 5 * refound.residual)


def test_the_search_begins_at_the_start_that_looks_most_like_the_picture(
    scene_generator: Generator,
) -> None:
    near, far = random_z(scene_generator, 2), random_z(scene_generator, 3)
    image = picture(scene_generator, moved(near, (0, 5)))
    alone = project(scene_generator, image, near)
    for starts in (torch.cat([near, far]), torch.cat([far, near])):
        assert torch.equal(project(scene_generator, image, starts).z, alone.z)
    assert (picture(scene_generator, near) - image).abs().mean() * 127.5 > 5 * alone.residual


def test_a_picture_at_a_start_stays_there(scene_generator: Generator) -> None:
    z = random_z(scene_generator, 5).clamp(-2, 2)
    found = project(scene_generator, picture(scene_generator, z), z)
    assert found.residual < 0.05


def test_the_same_arguments_give_the_same_result(strange_generator: Generator) -> None:
    image = picture(strange_generator, random_z(strange_generator, 6))
    starts = torch.cat([random_z(strange_generator, seed) for seed in (7, 8)])
    first, second = (project(strange_generator, image, starts) for _ in range(2))
    assert torch.equal(first.z, second.z)
    assert torch.equal(first.w, second.w)
    assert first.residual == second.residual


def test_entries_beyond_the_range_come_back_into_it(scene_generator: Generator) -> None:
    start = random_z(scene_generator, 9)
    start[0, :3] = torch.tensor([9.0, -9.0, 40.0])
    found = project(scene_generator, picture(scene_generator, start.clamp(-2.5, 2.5)), start)
    assert found.z.abs().max() < 3.0
    assert found.residual < 0.3


def test_generators_with_a_long_z_are_refused() -> None:
    generator = Generator(replace(NO_SCENE, z_dim=LARGEST_Z_DIM + 1), name="long").frozen()
    with pytest.raises(InputError, match=r"at most 64 entries .* and that of long has 65"):
        project(generator, torch.zeros(1, 3, 64, 64), torch.zeros(1, LARGEST_Z_DIM + 1))


@pytest.mark.parametrize(
    ("image", "starts", "message"),
    [
        (
            torch.zeros(3, 64, 64),
            torch.zeros(1, 16),
            r"image must be \[1, 3, 64, 64\].*\[3, 64, 64\]",
        ),
        (torch.zeros(1, 3, 32, 32), torch.zeros(1, 16), r"image must be \[1, 3, 64, 64\]"),
        (torch.zeros(1, 3, 64, 64), torch.zeros(16), r"starts must be \[S, 16\].*z\[None\]"),
        (torch.zeros(1, 3, 64, 64), torch.zeros(0, 16), "at least one row"),
        (torch.full((1, 3, 64, 64), torch.nan), torch.zeros(1, 16), "image must be finite"),
        (torch.zeros(1, 3, 64, 64), torch.full((1, 16), torch.inf), "starts must be finite"),
    ],
)
def test_bad_input_is_refused(
    strange_generator: Generator, image: Tensor, starts: Tensor, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        project(strange_generator, image, starts)
