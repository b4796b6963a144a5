"""Shards on disk and the order in which a training sees them."""

from pathlib import Path

import pytest
import torch

from draggan_widget.animals import mirror_z
from draggan_widget.training.dataset import Renders, draw_shard, epoch_order, load_renders


def test_a_shard_is_drawn_once_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "train_0000.npz"
    draw_shard(path, (7, 0), 2, 16)
    written = path.stat().st_mtime_ns
    draw_shard(path, (7, 0), 2, 16)
    renders = load_renders([path, path])
    assert path.stat().st_mtime_ns == written
    assert len(renders) == 4
    assert renders.images.shape == (4, 16, 16, 3)
    assert torch.equal(renders.z[:2], renders.z[2:])
    assert [p.name for p in tmp_path.iterdir()] == ["train_0000.npz"]


def test_different_seeds_draw_different_animals(tmp_path: Path) -> None:
    paths = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for path, seed in zip(paths, ((7, 0), (7, 1)), strict=True):
        draw_shard(path, seed, 1, 8)
    renders = load_renders(paths)
    assert not torch.equal(renders.z[0], renders.z[1])


def test_mirroring_turns_latent_picture_and_landmarks() -> None:
    renders = Renders(
        torch.randn(3, 30),
        torch.randint(0, 255, (3, 8, 8, 3), dtype=torch.uint8),
        torch.rand(3, 24, 3),
    )
    taken = renders.take(torch.tensor([2, 2]), torch.tensor([False, True]))
    assert torch.equal(taken.z[1], mirror_z(renders.z[2:])[0])
    assert torch.equal(taken.images[1], taken.images[0].flip(1))
    assert taken.landmarks[1, 0, 0] == pytest.approx(1 - renders.landmarks[2, 0, 0].item())


def test_the_order_visits_every_picture_and_twin_once_an_epoch() -> None:
    order = epoch_order(5)
    index, mirrored = order(10, 10)
    assert sorted(zip(index.tolist(), mirrored.tolist(), strict=True)) == [
        (i, m) for i in range(5) for m in (False, True)
    ]


def test_the_order_depends_on_the_sample_number_alone() -> None:
    whole = epoch_order(5)(0, 30)
    parts = [epoch_order(5)(first, 6) for first in range(0, 30, 6)]
    assert torch.equal(whole[0], torch.cat([p[0] for p in parts]))
    assert torch.equal(whole[1], torch.cat([p[1] for p in parts]))


def test_pictures_are_averaged_down() -> None:
    images = torch.zeros(1, 4, 4, 3, dtype=torch.uint8)
    images[0, :2, :2] = 255
    pictures = Renders(torch.zeros(1, 30), images, torch.zeros(1, 24, 3)).pictures(2)
    assert pictures[0, 0].tolist() == [[1, -1], [-1, -1]]
