"""The training of the landmark network: its pictures, its loss, and the whole pipeline on the tiny preset."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from draggan_widget.errors import InputError
from draggan_widget.evaluation.landmark_network import (
    LandmarkNetwork,
    LandmarkNetworkConfig,
    load_landmark_network,
)
from draggan_widget.training import add_arguments, dataset, run
from draggan_widget.training.landmark_augmentation import augmented, blurred, softened, warped
from draggan_widget.training.landmark_presets import LANDMARK_PRESETS, landmark_trial
from draggan_widget.training.landmark_report import errors_percent, landmark_errors, summary
from draggan_widget.training.landmark_trainer import LandmarkRun, LandmarkTrainer, landmark_loss

TINY = LANDMARK_PRESETS["landmarks-tiny"]


def arguments(*words: str) -> argparse.Namespace:
    """Return the parsed options of a training command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device")
    parser.add_argument("--json", action="store_true")
    add_arguments(parser)
    return parser.parse_args(["--preset", "landmarks-tiny", "--processes", "1", "--json", *words])


@pytest.fixture(scope="module")
def renders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small training shard and a few held-out pictures, as the command draws them."""
    folder = tmp_path_factory.mktemp("renders")
    held_out, training = dataset.held_out_shard(folder), dataset.training_shard(folder, 0)
    dataset.draw_shard(held_out, (dataset.HELD_OUT_SEED, 0), 16, TINY.network.resolution)
    dataset.draw_shard(training, (dataset.TRAINING_SEED, 0), 48, TINY.network.resolution)
    return folder


def trained(renders: Path, folder: Path, *words: str) -> dict[str, object]:
    """Return the figures of the tiny training in a folder that shares the renders."""
    folder.mkdir(exist_ok=True)
    if not (folder / "renders").exists():
        (folder / "renders").symlink_to(renders)
    return run(arguments("--folder", str(folder), *words))


@pytest.fixture(scope="module")
def whole(renders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training that ran through."""
    folder = tmp_path_factory.mktemp("whole")
    trained(renders, folder)
    return folder


def test_training_learns_and_reports(whole: Path, renders: Path) -> None:
    log = [json.loads(line) for line in (whole / "landmarks-log.jsonl").read_text().splitlines()]
    figures = json.loads((whole / "landmarks-figures.json").read_text())
    assert log[-1]["seen"] == TINY.samples
    assert figures["preset"] == "landmarks-tiny"
    assert figures["held_out"] == 16
    held_out = dataset.load_renders([dataset.held_out_shard(renders)])
    untrained = landmark_errors(LandmarkNetwork(TINY.network).frozen(), held_out)
    assert figures["sharp"]["mean"] < untrained.nanmean().item() / 2
    assert 0 < figures["sharp"]["median"] < figures["sharp"]["p95"]
    assert set(figures["blurred"]) == set(figures["sharp"])


def test_weights_do_not_grow_without_end(tmp_path: Path) -> None:
    preset = replace(TINY, muon_learning_rate=1.0, warmup_steps=1)
    trainer = LandmarkTrainer(LandmarkRun(preset, tmp_path, tmp_path))
    for _ in range(3):
        trainer.step(torch.rand(4, 3, 32, 32), torch.rand(4, 24, 3))
    norms = torch.stack([matrix.norm() for matrix in trainer.matrices])
    limits = torch.tensor([(2.0 * len(matrix)) ** 0.5 for matrix in trainer.matrices])
    assert (norms <= limits * 1.001).all()
    assert (norms > limits * 0.9).any()


def test_a_stopped_training_goes_on_exactly_where_it_was(
    whole: Path, renders: Path, tmp_path: Path
) -> None:
    trained(renders, tmp_path, "--until", "320")
    trained(renders, tmp_path)
    networks = [load_landmark_network(path=f / "landmarks.safetensors") for f in (whole, tmp_path)]
    states = [network.state_dict() for network in networks]
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])


def test_a_trial_sees_one_shard_and_few_pictures() -> None:
    trial = landmark_trial(LANDMARK_PRESETS["landmarks"])
    assert trial.shards == 1
    assert trial.samples < LANDMARK_PRESETS["landmarks"].samples / 5
    assert trial.network == LANDMARK_PRESETS["landmarks"].network


def test_processes_must_share_the_batch_evenly(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--processes must divide the batch of 16, got 3"):
        run(arguments("--folder", str(tmp_path), "--processes", "3"))


def dotted(points: Tensor, size: int) -> Tensor:
    """Return pictures ``[B, 3, size, size]`` with a soft dot at each of the points ``[B, 1, 2]``, fractions."""
    line = (torch.arange(size) + 0.5) / size
    distance2 = (line - points[..., 0, None]).square() + (
        line[:, None] - points[..., 1, None]
    ).square()
    return torch.exp(-distance2 / (2 * 0.015**2))[:, None].expand(-1, 3, -1, -1)


def test_a_warp_moves_the_landmarks_with_the_picture() -> None:
    rng = torch.Generator().manual_seed(1)
    points = 0.3 + 0.4 * torch.rand(24, 1, 2, generator=rng)
    pictures = dotted(points, 128)
    landmarks = torch.cat((points, torch.ones(24, 1, 1)), dim=-1).expand(-1, 24, -1)
    moved, found = warped(pictures, landmarks, rng)
    weights = moved[:, 0] / moved[:, 0].sum((1, 2), keepdim=True)
    line = (torch.arange(128) + 0.5) / 128
    centres = torch.stack(((weights.sum(1) * line).sum(-1), (weights.sum(2) * line).sum(-1)), -1)
    assert (found[:, 0, :2] - centres).abs().max() < 0.003
    assert (found[:, 0, :2] - points[:, 0]).abs().max() > 0.03
    same = (found[:, 0, :2] == points[:, 0]).all(-1)
    assert 0 < same.sum() < 24
    assert torch.allclose(moved[same], pictures[same], atol=1e-5)


def test_a_landmark_that_a_warp_takes_out_of_the_picture_is_hidden() -> None:
    landmarks = torch.full((64, 24, 3), 0.01)
    landmarks[..., 2] = 1
    _, found = warped(torch.zeros(64, 3, 16, 16), landmarks, torch.Generator().manual_seed(0))
    outside = (found[..., :2] < 0).any(-1)
    assert outside.any()
    assert not outside.all()
    assert torch.equal(found[..., 2] == 0, outside)


def test_augmentation_depends_on_the_random_generator_alone() -> None:
    images = torch.rand(6, 3, 32, 32) * 2 - 1
    landmarks = torch.rand(6, 24, 3)
    results = [augmented(images, landmarks, torch.Generator().manual_seed(s)) for s in (5, 5, 6)]
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])
    assert not torch.equal(results[0][0], results[2][0])
    assert results[0][0].abs().max() <= 1


def test_a_third_of_the_pictures_stays_sharp() -> None:
    images = torch.rand(6, 3, 32, 32)
    soft = softened(images, torch.Generator().manual_seed(0))
    assert torch.equal(soft[:2], images[:2])
    assert (soft[2:].var((1, 2, 3)) < images[2:].var((1, 2, 3))).all()


def test_a_blur_spreads_a_point_by_its_standard_deviation() -> None:
    image = torch.zeros(1, 3, 33, 33)
    image[:, :, 16, 16] = 1
    spread = blurred(image, 2.0)[0, 0]
    offsets = torch.arange(33) - 16.0
    assert spread.sum().item() == pytest.approx(1, abs=1e-5)
    assert (spread.sum(0) * offsets.square()).sum().sqrt().item() == pytest.approx(2, rel=0.05)


def test_the_loss_is_the_distance_of_visible_landmarks() -> None:
    network = LandmarkNetwork(LandmarkNetworkConfig(resolution=32, channels=(4, 4, 4, 4), blocks=1))
    images = torch.rand(2, 3, 32, 32)
    near, far = torch.full((2, 24, 3), 0.5), torch.full((2, 24, 3), 0.5)
    near[..., 2] = far[..., 2] = 1
    far[..., 0] = 0.7
    hidden = near.clone()
    hidden[:, 12:] = far[:, 12:]
    hidden[:, 12:, 2] = 0
    # An untrained network has uniform heat maps and so answers the middle of the picture.
    losses = [landmark_loss(network, images, truth).item() for truth in (near, hidden, far)]
    assert losses[2] - losses[0] == pytest.approx(0.2, abs=0.01)
    assert losses[0] < losses[1] < losses[0] + 0.05 * (losses[2] - losses[0])


def test_errors_are_shares_of_the_width_and_hidden_landmarks_have_none() -> None:
    truth = torch.full((1, 24, 3), 0.5)
    truth[..., 2] = 1
    truth[0, 5, 2] = 0
    measured = torch.full((1, 24, 2), 49.5)
    measured[0, 0] += torch.tensor([3.0, 4.0])
    figures = summary(errors_percent(measured, truth, 100))
    assert figures["by_landmark"]["nose_tip"] == pytest.approx(5)
    assert len(figures["by_landmark"]) == 23
    assert figures["mean"] == pytest.approx(5 / 23, abs=1e-3)
    assert figures["median"] == 0
