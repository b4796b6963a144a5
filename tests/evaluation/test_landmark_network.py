"""The landmark network: its own error on animals it has not seen, its symmetries, and damaged files."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from draggan_widget.animals import LANDMARK_NAMES, MIRROR_LANDMARKS, Z_DIM, landmarks, render
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.evaluation.landmark_network import (
    FORMAT,
    SHIPPED_WEIGHTS,
    LandmarkNetwork,
    LandmarkNetworkConfig,
    load_landmark_network,
    measured_landmarks,
    save_landmark_network,
)
from draggan_widget.training.landmark_augmentation import blurred
from draggan_widget.training.landmark_report import BLUR_PX
from draggan_widget.training.objective import gradient_energy

LARGEST_WEIGHTS_BYTES = 2_000_000
UNSEEN_SEED = 20_000
SMALL = LandmarkNetworkConfig(resolution=32, channels=(4, 8, 8, 8), blocks=1)


class Animals(NamedTuple):
    """Renders and their truth."""

    images: Tensor
    truth: Tensor


@pytest.fixture(scope="module")
def animals() -> Animals:
    """Eight animals that no training saw, 128 px."""
    z = torch.randn(8, Z_DIM, generator=torch.Generator().manual_seed(UNSEEN_SEED))
    return Animals(render(z, 128).permute(0, 3, 1, 2) / 127.5 - 1, landmarks(z))


@pytest.fixture(scope="module")
def network() -> LandmarkNetwork:
    """The network that the package ships."""
    return load_landmark_network()


def mean_error(network: LandmarkNetwork, images: Tensor, truth: Tensor) -> float:
    """Return the mean distance over visible landmarks as a share of the width."""
    size = images.shape[-1]
    found = (measured_landmarks(network, images) + 0.5) / size
    distances = torch.linalg.vector_norm(found - truth[..., :2], dim=-1)
    mean: float = distances[truth[..., 2] > 0.5].mean().item()
    return mean


@pytest.mark.parametrize("size", [128, 64, 256])
def test_unseen_animals_are_measured_within_a_hundredth_of_the_width(
    network: LandmarkNetwork, animals: Animals, size: int
) -> None:
    mode = "area" if size < 128 else "bilinear"
    images = (
        animals.images if size == 128 else F.interpolate(animals.images, (size, size), mode=mode)
    )
    assert mean_error(network, images, animals.truth) <= 0.01


def test_animals_as_soft_as_a_generator_draws_them_are_measured_as_well(
    network: LandmarkNetwork, animals: Animals
) -> None:
    soft = blurred(animals.images, BLUR_PX)
    ratio = gradient_energy(soft).mean() / gradient_energy(animals.images).mean()
    assert ratio.item() == pytest.approx(0.49, abs=0.04)
    assert mean_error(network, soft, animals.truth) <= 0.01


def test_a_mirrored_picture_has_mirrored_landmarks(
    network: LandmarkNetwork, animals: Animals
) -> None:
    found = measured_landmarks(network, animals.images)
    mirrored = measured_landmarks(network, animals.images.flip(3))
    back = mirrored[:, list(MIRROR_LANDMARKS)] * torch.tensor([-1.0, 1.0])
    back += torch.tensor([127.0, 0.0])
    assert (found - back).abs().max() < 0.01


def test_a_shifted_picture_has_shifted_landmarks(
    network: LandmarkNetwork, animals: Animals
) -> None:
    shift = 5
    padded = F.pad(animals.images, (shift, shift, shift, shift), mode="replicate")
    visible = animals.truth[..., 2] > 0.5
    moved = measured_landmarks(network, padded[:, :, shift:-shift, : -2 * shift])
    difference = (moved - measured_landmarks(network, animals.images))[visible]
    assert difference.mean(0).tolist() == pytest.approx([shift, 0], abs=0.3)


def test_a_picture_is_measured_the_same_alone_and_clipped(
    network: LandmarkNetwork, animals: Animals
) -> None:
    alone = measured_landmarks(network, animals.images[:1])
    together = measured_landmarks(network, animals.images)
    assert torch.allclose(alone, together[:1], atol=1e-3)
    loud = torch.where(animals.images[:1] > 0.99, 7.0, animals.images[:1])
    clipped = torch.where(animals.images[:1] > 0.99, 1.0, animals.images[:1])
    assert torch.equal(measured_landmarks(network, loud), measured_landmarks(network, clipped))


def test_the_shipped_network_is_small_and_frozen(network: LandmarkNetwork) -> None:
    assert SHIPPED_WEIGHTS.stat().st_size <= LARGEST_WEIGHTS_BYTES
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert not network.training
    assert SHIPPED_WEIGHTS.with_suffix(".md").is_file()


def test_no_picture_gives_no_landmarks(network: LandmarkNetwork) -> None:
    found = measured_landmarks(network, torch.zeros(0, 3, 128, 128))
    assert found.shape == (0, len(LANDMARK_NAMES), 2)
    assert found.dtype == torch.float32


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(3, 64, 64), r"\[B, 3, H, H\], got \[3, 64, 64\]"),
        (torch.zeros(1, 1, 64, 64), r"got \[1, 1, 64, 64\]"),
        (torch.zeros(1, 3, 64, 48), r"square, .* got \[1, 3, 64, 48\]"),
        (torch.zeros(1, 3, 16, 16), "at least 32 px wide, got 16 px"),
        (torch.full((1, 3, 64, 64), torch.nan), "finite"),
    ],
)
def test_what_is_no_picture_is_refused(images: Tensor, message: str) -> None:
    with pytest.raises(InputError, match=message):
        measured_landmarks(LandmarkNetwork(SMALL), images)


def test_an_untrained_network_answers_the_middle() -> None:
    found = measured_landmarks(LandmarkNetwork(SMALL).frozen(), torch.rand(2, 3, 65, 65))
    assert torch.allclose(found, torch.full((2, 24, 2), 32.0), atol=1e-4)


def test_a_network_comes_back_from_its_file_in_half_precision(tmp_path: Path) -> None:
    network = LandmarkNetwork(SMALL)
    torch.nn.init.normal_(network.head.weight)
    save_landmark_network(network, tmp_path / "a.safetensors")
    back = load_landmark_network(path=tmp_path / "a.safetensors")
    assert back.config == SMALL
    for name, tensor in network.state_dict().items():
        assert torch.equal(back.state_dict()[name], tensor.half().float())


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The file of a small network."""
    path = tmp_path / "network.safetensors"
    save_landmark_network(LandmarkNetwork(SMALL), path)
    return path


def test_the_own_error_comes_back_from_the_file(saved: Path) -> None:
    assert load_landmark_network(path=saved).own_error_share is None
    network = LandmarkNetwork(SMALL)
    network.own_error_share = 0.005
    save_landmark_network(network, saved)
    assert load_landmark_network(path=saved).own_error_share == 0.005


@pytest.mark.parametrize("text", ["small", "nan", "-0.1", "1.5", "inf"])
def test_an_own_error_that_is_none_is_refused(saved: Path, text: str) -> None:
    config = json.dumps({"resolution": 32, "channels": [4, 8, 8, 8], "blocks": 1})
    metadata = {"format": FORMAT, "config": config, "own_error_share": text}
    save_file(load_file(saved), str(saved), metadata)
    with pytest.raises(GeneratorError, match="tells an own error"):
        load_landmark_network(path=saved)


def test_the_shipped_network_is_exact_to_a_hundredth_of_the_width(
    network: LandmarkNetwork,
) -> None:
    assert network.own_error_share is not None
    assert 0 < network.own_error_share <= 0.01


def test_an_absent_or_cut_file_is_refused(saved: Path) -> None:
    with pytest.raises(GeneratorError, match="there is no landmark network"):
        load_landmark_network(path=saved.with_name("absent.safetensors"))
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(GeneratorError, match="not a complete safetensors file"):
        load_landmark_network(path=saved)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({}, "does not hold a landmark network: its format is None"),
        ({"format": FORMAT}, "describes no architecture"),
        ({"format": FORMAT, "config": "[]"}, "describes no architecture"),
        ({"format": FORMAT, "config": '{"channels": [1, 2]}'}, "describes no architecture"),
        (
            {"format": FORMAT, "config": json.dumps({"channels": [4, 8, 8, 10**9]})},
            "each from 1 to 1024",
        ),
    ],
)
def test_a_file_that_describes_no_network_is_refused(
    saved: Path, metadata: dict[str, str], message: str
) -> None:
    save_file(load_file(saved), str(saved), metadata)
    with pytest.raises(GeneratorError, match=message):
        load_landmark_network(path=saved)


def test_every_tensor_that_does_not_fit_is_listed(saved: Path) -> None:
    tensors = load_file(saved)
    tensors["extra"] = tensors.pop("stem.bias")
    tensors["head.bias"] = torch.zeros(5)
    tensors["head.weight"][0] = torch.nan
    config = json.dumps({"resolution": 32, "channels": [4, 8, 8, 8], "blocks": 1})
    save_file(tensors, str(saved), {"format": FORMAT, "config": config})
    with pytest.raises(GeneratorError) as caught:
        load_landmark_network(path=saved)
    for problem in (
        "missing stem.bias [4]",
        "unexpected extra [4]",
        "head.bias is [5], expected [72]",
        "head.weight is not finite",
    ):
        assert problem in str(caught.value)
