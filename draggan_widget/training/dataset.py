"""Rendered pictures on disk: shards that are drawn once, and an order that a resumed run continues exactly."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.animals import MIRROR_LANDMARKS, Z_DIM, landmarks, mirror_z, render

TRAINING_SEED = 7
"""First entry of the seeds of the training shards; the second is the shard's number."""

HELD_OUT_SEED = 8
"""First entry of the seed of the held-out pictures, which no training ever sees."""

SHARD_SIZE = 500
"""Pictures of a training shard."""

HELD_OUT_SIZE = 256
"""Held-out pictures; the standard error of the mean PSNR is then about 0.1 dB."""


@dataclass(frozen=True)
class Renders:
    """Rendered pictures with their latents.

    Attributes:
        z: ``[N, 30]`` float32.
        images: ``[N, H, W, 3]`` uint8.
        landmarks: ``[N, 24, 3]`` float32: x and y as fractions of the picture, visible 0 or 1.
    """

    z: Tensor
    images: Tensor
    landmarks: Tensor

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.z)

    def to(self, device: str) -> "Renders":
        """Return the pictures on a device."""
        return Renders(*(part.to(device) for part in (self.z, self.images, self.landmarks)))

    def take(self, index: Tensor, mirrored: Tensor) -> "Renders":
        """Return pictures by index ``[B]``, those mirrored left to right where ``mirrored`` ``[B]`` is true."""
        index, mirrored = index.to(self.z.device), mirrored.to(self.z.device)
        z, images, points = self.z[index], self.images[index], self.landmarks[index]
        flipped = points[:, list(MIRROR_LANDMARKS)] * points.new_tensor([-1.0, 1.0, 1.0])
        flipped = flipped + points.new_tensor([1.0, 0.0, 0.0])
        return Renders(
            torch.where(mirrored[:, None], mirror_z(z), z),
            torch.where(mirrored[:, None, None, None], images.flip(2), images),
            torch.where(mirrored[:, None, None], flipped, points),
        )

    def pictures(self, resolution: int) -> Tensor:
        """Return the pictures ``[N, 3, r, r]`` in -1..1, averaged down to ``resolution``."""
        x = self.images.permute(0, 3, 1, 2).float() / 127.5 - 1
        return F.avg_pool2d(x, x.shape[-1] // resolution)


def draw_shard(
    path: Path, seed: tuple[int, int], count: int, resolution: int, device: str = "cpu"
) -> None:
    """Render the shard of a seed into ``path`` (an ``.npz``), unless it is there; the file appears whole or not at all."""
    if path.exists():
        return
    rng = np.random.default_rng(seed)
    z = torch.from_numpy(rng.standard_normal((count, Z_DIM)).astype(np.float32))
    images, points = (part.cpu() for part in (render(z.to(device), resolution), landmarks(z)))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as file:
        np.savez(file, z=z.numpy(), images=images.numpy(), landmarks=points.numpy())
    partial.replace(path)


def training_shard(folder: Path, index: int) -> Path:
    """Return the path of a training shard."""
    return folder / f"train_{index:04d}.npz"


def held_out_shard(folder: Path) -> Path:
    """Return the path of the held-out pictures."""
    return folder / "held_out.npz"


def load_renders(paths: list[Path]) -> Renders:
    """Return the pictures of several shards, one after the other."""
    shards = [np.load(path, allow_pickle=False) for path in paths]
    parts = ("z", "images", "landmarks")
    return Renders(*(torch.from_numpy(np.concatenate([s[p] for s in shards])) for p in parts))


def epoch_order(length: int) -> Callable[[int, int], tuple[Tensor, Tensor]]:
    """Return a function from (first sample, count) to the indices and mirror flags of those samples of the stream.

    The stream shuffles the pictures and their mirrored twins anew in each epoch; it depends on nothing but the sample
    number, so a resumed run goes on where it was.
    """
    cached: dict[int, Tensor] = {}

    def permutation(epoch: int) -> Tensor:
        if epoch not in cached:
            cached.clear()
            rng = torch.Generator().manual_seed(epoch)
            cached[epoch] = torch.randperm(2 * length, generator=rng)
        return cached[epoch]

    def take(first: int, count: int) -> tuple[Tensor, Tensor]:
        entries = [
            permutation(s // (2 * length))[s % (2 * length)] for s in range(first, first + count)
        ]
        chosen = torch.stack(entries)
        return chosen % length, chosen >= length

    return take
