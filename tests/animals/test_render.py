"""Pictures: known colours, mirror symmetry, sizes, chunks, and what cannot be drawn."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from draggan_widget.animals import Z_DIM, mirror_z, render
from draggan_widget.animals.compilation import packed_distance
from draggan_widget.animals.render import render_band
from draggan_widget.animals.scene import build_scene, pack_scene

RENDER_MODULE = importlib.import_module("draggan_widget.animals.render")
FIRST_RENDERER = json.loads((Path(__file__).parent / "first_renderer.json").read_text())


def random_z(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, Z_DIM, generator=torch.Generator().manual_seed(seed))


def mean_difference(a: torch.Tensor, b: torch.Tensor) -> float:
    return (a.float() - b.float()).abs().mean().item()


def test_colours_are_those_of_the_first_renderer() -> None:
    z = 1.5 * np.sin(1.7 * np.arange(90) + 0.4).reshape(3, 30)
    pictures = render(z, FIRST_RENDERER["resolution"], FIRST_RENDERER["samples"])
    for pixel in FIRST_RENDERER["pixels"]:
        found = pictures[pixel["animal"], pixel["y"], pixel["x"]].tolist()
        assert found == pytest.approx(pixel["rgb"], abs=1), pixel


def test_the_picture_of_the_mirrored_animal_is_the_mirrored_picture() -> None:
    z = random_z(3, seed=0)
    both = render(torch.cat((z, mirror_z(z))), 40)
    assert mean_difference(both[3:], both[:3].flip(2)) < 1.0


def test_a_small_picture_is_the_large_one_averaged_down() -> None:
    z = random_z(2, seed=1)
    small = render(z, 24, samples=4)
    large = render(z, 48, samples=2).permute(0, 3, 1, 2).float()
    # Both see the same samples; only the rounding to 8 bits comes earlier in the large one.
    averaged = F.avg_pool2d(large, 2).permute(0, 2, 3, 1)
    assert (small.float() - averaged).abs().max() <= 1.0
    coarse = render(z, 24, samples=2)
    assert mean_difference(coarse, averaged) < 2.0


def test_drawing_is_deterministic_and_independent_of_the_rest_of_the_batch() -> None:
    z = random_z(3, seed=2)
    together = render(z, 16)
    assert torch.equal(render(z, 16), together)
    assert (render(z[1:2], 16).int() - together[1:2].int()).abs().max() <= 1


@pytest.mark.parametrize("rays", [24 * 24, 24 * 2 * 7])
def test_chunks_do_not_show(rays: int, monkeypatch: pytest.MonkeyPatch) -> None:
    z = random_z(2, seed=3)
    whole = render(z, 12, samples=2)
    monkeypatch.setattr(RENDER_MODULE, "RAYS_PER_CHUNK", rays)
    assert (render(z, 12, samples=2).int() - whole.int()).abs().max() <= 1


@pytest.mark.parametrize(("resolution", "samples"), [(1, 1), (17, 3), (40, 1)])
def test_any_size_can_be_drawn(resolution: int, samples: int) -> None:
    pictures = render(random_z(2, seed=4), resolution, samples)
    assert pictures.shape == (2, resolution, resolution, 3)
    assert pictures.dtype == torch.uint8


def test_an_empty_batch_gives_no_pictures() -> None:
    assert render(torch.zeros(0, Z_DIM), 16).shape == (0, 16, 16, 3)


def test_extreme_animals_can_be_drawn() -> None:
    extremes = torch.cat((torch.full((1, Z_DIM), 8.0), torch.full((1, Z_DIM), -8.0)))
    extremes = torch.cat((extremes, 8.0 * random_z(6, seed=5).sign()))
    values = pack_scene(build_scene(extremes))
    with torch.no_grad():
        shown = render_band(packed_distance, values, range(32), 32)
    assert bool(torch.isfinite(shown).all())
    assert shown.min() >= 0.0
    assert shown.max() <= 1.0
    assert bool((shown.flatten(1).std(dim=1) > 0.03).all())


def test_the_background_fades_where_no_head_is() -> None:
    pictures = render(random_z(12, seed=6), 32)
    top = pictures[:, 0].int()
    # The top row is all background: it changes slowly, and it is alike on both sides.
    assert (top.diff(dim=1).abs().max()) <= 6
    assert (top - top.flip(1)).abs().max() <= 1


@pytest.mark.parametrize(("resolution", "samples"), [(0, 2), (-4, 2), (64, 0)])
def test_a_size_that_is_not_positive_is_refused(resolution: int, samples: int) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        render(torch.zeros(1, Z_DIM), resolution, samples)


def test_a_wrong_shape_and_nan_are_refused() -> None:
    with pytest.raises(ValueError, match=r"got \[2, 29\]"):
        render(torch.zeros(2, 29), 16)
    with pytest.raises(ValueError, match="row 0 holds NaN"):
        render(torch.full((1, Z_DIM), torch.nan), 16)
