"""The scene of given landmarks, and the search that begins there."""

import pytest
import torch
from torch import Tensor

from draggan_widget.animals import GEOMETRY_DIM, landmark_positions_px
from draggan_widget.evaluation.landmark_network import load_landmark_network, measured_landmarks
from draggan_widget.evaluation.manifold import project
from draggan_widget.evaluation.scene_fit import fitted_scene
from draggan_widget.pretrained import load_stylegan2

YAW, MOUTH, EARS = 0, 6, 8


@pytest.fixture(scope="module")
def z() -> Tensor:
    """A random animal."""
    return torch.randn(1, 30, generator=torch.Generator().manual_seed(2))


@pytest.fixture(scope="module")
def start(z: Tensor) -> Tensor:
    """The same animal, turned by some 15 degrees, with another mouth and other ears."""
    other = z.clone()
    other[0, [YAW, MOUTH, EARS]] -= other[0, [YAW, MOUTH, EARS]].sign()
    return other


def test_the_scene_of_its_landmarks_is_found(z: Tensor, start: Tensor) -> None:
    wanted = landmark_positions_px(z, 128)
    before = (landmark_positions_px(start, 128) - wanted).norm(dim=-1)
    fitted = fitted_scene(wanted[0], torch.cat([start, -start]), 128)
    after = (landmark_positions_px(fitted, 128) - wanted).norm(dim=-1)
    assert before.mean() > 5
    assert after.mean() < 0.5
    assert torch.equal(fitted, fitted_scene(wanted[0], torch.cat([start, -start]), 128))
    torch.testing.assert_close(fitted[:, GEOMETRY_DIM:], start[:, GEOMETRY_DIM:], atol=1e-3, rtol=0)


@pytest.mark.slow
def test_a_far_picture_is_found_again_by_its_landmarks(z: Tensor, start: Tensor) -> None:
    animals, network = load_stylegan2("animals", device="cpu"), load_landmark_network("cpu")
    with torch.no_grad():
        image = animals.image(animals.mapping(z))
    found = measured_landmarks(network, image)[0]
    fitted = fitted_scene(found, start, 128)
    assert project(animals, image, fitted).residual < 0.1
