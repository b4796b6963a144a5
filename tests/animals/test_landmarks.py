"""Landmarks: known places, mirror symmetry, pixels, sight."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from draggan_widget.animals import (
    LANDMARK_NAMES,
    MIRROR_LANDMARKS,
    Z_DIM,
    landmark_positions_px,
    landmarks,
    landmarks_px,
    mirror_z,
)
from draggan_widget.animals.camera import picture_fractions
from draggan_widget.animals.field import distance, world_points
from draggan_widget.animals.landmarks import head_anchors, in_sight, pulled_onto_surface
from draggan_widget.animals.parameters import PARAMETER_INDEX
from draggan_widget.animals.scene import build_scene

LANDMARKS_MODULE = importlib.import_module("draggan_widget.animals.landmarks")
FIRST_RENDERER = json.loads((Path(__file__).parent / "first_renderer.json").read_text())


def random_z(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, Z_DIM, generator=torch.Generator().manual_seed(seed))


def test_landmarks_are_those_of_the_first_renderer() -> None:
    z = 1.5 * np.sin(1.7 * np.arange(90) + 0.4).reshape(3, 30)
    found = landmarks(z)
    expected = torch.tensor(FIRST_RENDERER["landmarks"])
    torch.testing.assert_close(found[..., :2].float(), expected[..., :2], atol=5e-5, rtol=0.0)
    assert torch.equal(found[..., 2].float(), expected[..., 2])


def test_there_are_24_names_and_the_mirror_swaps_left_and_right() -> None:
    assert len(set(LANDMARK_NAMES)) == 24
    for name, mirrored in zip(LANDMARK_NAMES, MIRROR_LANDMARKS, strict=True):
        other = LANDMARK_NAMES[mirrored]
        swapped = name.replace("left", "?").replace("right", "left").replace("?", "right")
        assert other == swapped


def test_the_landmarks_of_the_mirrored_animal_are_the_mirrored_landmarks() -> None:
    z = random_z(12, seed=0)
    found, mirrored = landmarks(z), landmarks(mirror_z(z))[:, list(MIRROR_LANDMARKS)]
    torch.testing.assert_close(mirrored[..., 0], 1.0 - found[..., 0], atol=1e-4, rtol=0.0)
    torch.testing.assert_close(mirrored[..., 1], found[..., 1], atol=1e-4, rtol=0.0)
    assert (mirrored[..., 2] == found[..., 2]).float().mean() > 0.99


def test_pixels_have_their_centres_at_integers() -> None:
    z = random_z(3, seed=1)
    found = landmarks(z)
    points, visible = landmarks_px(z, 200)
    torch.testing.assert_close(points, found[..., :2] * 200.0 - 0.5)
    assert visible.dtype == torch.bool
    assert torch.equal(visible, found[..., 2] == 1.0)


def test_anchors_end_on_the_surface() -> None:
    scene = build_scene(random_z(8, seed=2))
    anchors = world_points(scene, head_anchors(scene))
    on_surface = pulled_onto_surface(scene, anchors)
    visible = in_sight(scene, on_surface)
    assert distance(scene, on_surface)[visible].abs().max() < 0.01
    assert (on_surface - anchors).norm(dim=0).max() < 0.2


def test_a_turned_head_hides_its_far_side() -> None:
    turned = torch.zeros(1, Z_DIM)
    turned[0, PARAMETER_INDEX["yaw"]] = 3.0
    seen = dict(zip(LANDMARK_NAMES, landmarks(turned)[0, :, 2].tolist(), strict=True))
    assert seen["nose_tip"] == 1.0
    assert seen["cheek_left"] == 1.0
    assert seen["cheek_right"] == 0.0


def test_what_lies_outside_the_picture_is_not_visible() -> None:
    huge = torch.zeros(1, Z_DIM)
    for name in ("shift_y", "scale", "ear_length", "ear_asymmetry"):
        huge[0, PARAMETER_INDEX[name]] = 8.0
    huge[0, PARAMETER_INDEX["ear_tilt_right"]] = -8.0
    tip = landmarks(huge)[0, LANDMARK_NAMES.index("ear_tip_right")]
    assert tip[1] < 0.0
    assert tip[2] == 0.0


def test_a_frontal_nose_tip_lies_on_the_middle_line() -> None:
    scene = build_scene(torch.zeros(1, Z_DIM))
    tip = world_points(scene, head_anchors(scene))[:, 0, 0]
    assert picture_fractions(tip)[0].item() == pytest.approx(0.5, abs=1e-6)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    z = random_z(5, seed=3)
    whole = landmarks(z)
    monkeypatch.setattr(LANDMARKS_MODULE, "ANIMALS_PER_CHUNK", 2)
    torch.testing.assert_close(landmarks(z), whole, atol=1e-5, rtol=0.0)


def test_positions_are_those_of_the_landmarks() -> None:
    z = random_z(3, seed=5)
    torch.testing.assert_close(landmark_positions_px(z, 64), landmarks_px(z, 64)[0])


def test_an_empty_batch_gives_no_landmarks() -> None:
    assert landmarks(torch.zeros(0, Z_DIM)).shape == (0, 24, 3)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[B, 30\]"):
        landmarks(torch.zeros(30))
    with pytest.raises(ValueError, match="resolution must be at least 1, got 0"):
        landmarks_px(torch.zeros(1, Z_DIM), 0)
