"""Each parameter does what its documented meaning says, and nothing else moves with the ears."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from draggan_widget.animals import (
    GEOMETRY_DIM,
    LANDMARK_NAMES,
    PARAMETERS,
    Z_DIM,
    landmarks,
    render,
)
from draggan_widget.animals.camera import camera_position, grid_centres, ray_directions
from draggan_widget.animals.compilation import packed_distance
from draggan_widget.animals.field import surface
from draggan_widget.animals.scene import build_scene, pack_scene
from draggan_widget.animals.tracing import ESCAPED, trace

RESOLUTION = 40
CHANGE = 1.5
NAMES = [parameter.name for parameter in PARAMETERS]

TURNED = ("muzzle_length",)
"""Seen from the front a longer muzzle hardly shows, so it is tried on a turned head."""


@dataclass(frozen=True)
class View:
    """One animal as measured: picture, landmarks by name, and how many samples show each part."""

    picture: Tensor
    places: dict[str, tuple[float, float]]
    head_samples: int
    eye_samples: int
    nose_samples: int

    def gap(self, a: str, b: str) -> float:
        (ax, ay), (bx, by) = self.places[a], self.places[b]
        return math.hypot(ax - bx, ay - by)

    def corner(self) -> Tensor:
        return self.picture[0, 0].float()

    def near(self, name: str, radius: int = 2) -> Tensor:
        """Return the mean colour around a landmark."""
        x, y = (int(value * RESOLUTION) for value in self.places[name])
        patch = self.picture[y - radius : y + radius + 1, x - radius : x + radius + 1]
        return patch.float().mean(dim=(0, 1))


@pytest.fixture(scope="module")
def views() -> dict[str, tuple[View, View]]:
    """Return each parameter's animals: a small and a large value, all else at the median."""
    z = torch.zeros(2 * Z_DIM, Z_DIM)
    for i, name in enumerate(NAMES):
        z[2 * i, i], z[2 * i + 1, i] = -CHANGE, CHANGE
        if name in TURNED:
            z[2 * i : 2 * i + 2, NAMES.index("yaw")] = 1.5
    pictures, points, counts = render(z, RESOLUTION, samples=1), landmarks(z), part_counts(z)
    measured = [
        View(picture, dict(zip(LANDMARK_NAMES, place.tolist(), strict=True)), *count)
        for picture, place, count in zip(pictures, points[..., :2], counts, strict=True)
    ]
    return {name: (measured[2 * i], measured[2 * i + 1]) for i, name in enumerate(NAMES)}


@torch.no_grad()
def part_counts(z: Tensor) -> list[tuple[int, int, int]]:
    """Return how many samples of each animal show the animal, an eye and the nose."""
    scene = build_scene(z)
    rays = ray_directions(grid_centres(range(RESOLUTION), RESOLUTION).flatten(1))
    lengths = trace(packed_distance, pack_scene(scene), rays)
    parts = surface(scene, camera_position(rays) + rays[:, None] * lengths)
    hit = lengths < ESCAPED
    eye = hit & (parts.eye < torch.minimum(parts.skin, parts.lid))
    nose = hit & (parts.nose < parts.skin)
    return [
        (int(a), int(b), int(c))
        for a, b, c in zip(hit.sum(dim=1), eye.sum(dim=1), nose.sum(dim=1), strict=True)
    ]


def red_minus_blue(colour: Tensor) -> float:
    return (colour[0] - colour[2]).item()


MEASURES: dict[str, Callable[[View], float]] = {
    "yaw": lambda view: view.places["nose_tip"][0],
    "pitch": lambda view: -view.places["nose_tip"][1],
    "roll": lambda view: view.places["pupil_left"][1] - view.places["pupil_right"][1],
    "shift_x": lambda view: view.places["chin"][0],
    "shift_y": lambda view: -view.places["chin"][1],
    "scale": lambda view: view.gap("cheek_left", "cheek_right"),
    "mouth_open": lambda view: view.places["chin"][1],
    "muzzle_length": lambda view: view.places["nose_tip"][0] - view.places["nose_bridge"][0],
    "ear_length": lambda view: view.gap("ear_tip_left", "pupil_left"),
    "ear_asymmetry": lambda view: (
        view.gap("ear_tip_right", "pupil_right") - view.gap("ear_tip_left", "pupil_left")
    ),
    "ear_width": lambda view: view.head_samples,
    "ear_tilt_left": lambda view: -view.places["ear_tip_left"][0],
    "ear_tilt_right": lambda view: view.places["ear_tip_right"][0],
    "eye_open": lambda view: view.eye_samples,
    "eye_size": lambda view: view.gap("outer_eye_corner_left", "inner_eye_corner_left"),
    "gaze_x": lambda view: view.places["pupil_left"][0] + view.places["pupil_right"][0],
    "gaze_y": lambda view: -view.places["pupil_left"][1],
    "nose_size": lambda view: view.nose_samples,
    "head_width": lambda view: view.gap("temple_left", "temple_right"),
    "cheek": lambda view: view.gap("cheek_left", "cheek_right"),
    "mane": lambda view: view.head_samples,
    "fur_hue": lambda view: red_minus_blue(view.near("forehead")),
    "fur_lightness": lambda view: view.near("forehead").mean().item(),
    "stripes": lambda view: -view.near("forehead", 4).mean().item(),
    "pale": lambda view: view.near("whisker_pad_left").mean().item(),
    "iris": lambda view: -red_minus_blue(view.near("pupil_right", 3)),
    "background_a": lambda view: (view.corner()[0] - view.corner()[1]).item(),
    "background_b": lambda view: red_minus_blue(view.corner()),
    "background_lightness": lambda view: view.corner().mean().item(),
    "light_azimuth": lambda view: (
        view.near("cheek_right").mean() - view.near("cheek_left").mean()
    ).item(),
}


def test_every_parameter_is_measured() -> None:
    assert list(MEASURES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_larger_value_does_what_the_meaning_says(
    name: str, views: dict[str, tuple[View, View]]
) -> None:
    small, large = views[name]
    measure = MEASURES[name]
    assert measure(large) > measure(small) + 1e-3


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_tilt_of_an_ear_moves_its_tip_and_no_other_landmark(
    side: str, views: dict[str, tuple[View, View]]
) -> None:
    small, large = views[f"ear_tilt_{side}"]
    moved = {
        name
        for name in LANDMARK_NAMES
        for a, b in [(small.places[name], large.places[name])]
        if abs(a[0] - b[0]) + abs(a[1] - b[1]) > 2e-3
    }
    assert moved == {f"ear_tip_{side}"}


@pytest.mark.parametrize("name", NAMES[GEOMETRY_DIM:])
def test_appearance_moves_nothing(name: str, views: dict[str, tuple[View, View]]) -> None:
    small, large = views[name]
    for landmark, place in small.places.items():
        assert place == pytest.approx(large.places[landmark], abs=1e-6)
    assert small.head_samples == large.head_samples
