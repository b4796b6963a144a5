"""A generator whose truth is known: smooth blobs that lie where the latent says."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from draggan_widget.drag.geometry import FeatureGrid

PIXELS_PER_UNIT = 8.0
"""How far a blob moves when its entry of all trainable rows grows by one standard deviation."""

SIGMA_PX = 9.0
"""Size of a blob: some feature cells, so that reading between them is accurate."""

ROWS = 6
"""The rows of the latent that place the blobs."""


@dataclass(frozen=True)
class BlobTrace:
    w: Tensor
    features: Tensor


class BlobGenerator(nn.Module):
    """Blobs with channels of their own; entries 2k and 2k + 1 of the latent's mean row move blob k.

    A blob's channels are a bell times waves of the position relative to its centre, so that every
    place on it has a feature of its own. ``coupling`` is the share of the first blob's move that
    the other blobs make too; their own entries can undo it.
    """

    def __init__(
        self,
        width: int = 64,
        height: int = 64,
        *,
        starts: tuple[tuple[float, float], ...] = ((30.0, 32.0),),
        coupling: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.width, self.height = width, height
        self.num_ws, self.w_dim = ROWS + 2, 6
        self.feature_blocks = (height // 4, height // 2)
        self.w_std = torch.ones(self.num_ws, dtype=dtype)
        self.w_covariance = torch.eye(self.w_dim, dtype=dtype).repeat(self.num_ws, 1, 1)
        self.starts = torch.tensor(starts, dtype=dtype)
        self.coupling = coupling
        self.brightness = nn.Parameter(torch.ones((), dtype=dtype), requires_grad=False)
        self.traces = 0

    def start(self) -> Tensor:
        """Return the latent of the blobs at their starts."""
        return self.starts.new_zeros(1, self.num_ws, self.w_dim)

    def centres(self, w: Tensor) -> Tensor:
        """Return where the blobs of a latent are, ``[N, 2]`` px."""
        moves = w[0, :ROWS].mean(0)[: self.starts.numel()].reshape(-1, 2) * PIXELS_PER_UNIT
        others = torch.cat([torch.zeros_like(moves[:1]), moves[:1].expand(len(moves) - 1, 2)])
        return self.starts + moves + self.coupling * others

    def trace(self, w: Tensor, block: int) -> BlobTrace:
        """Return the features ``[1, 5 N, h, w]`` of a latent."""
        self.traces += 1
        y = _cell_centres_px(block, self.height, w)
        x = _cell_centres_px(block * self.width // self.height, self.width, w)
        dx = (x - self.centres(w)[:, :1])[:, None, None, :] / SIGMA_PX
        dy = (y - self.centres(w)[:, 1:])[:, None, :, None] / SIGMA_PX
        bells = torch.exp(-(dx.square() + dy.square()) / 2) * self.brightness
        angles = torch.arange(4, dtype=w.dtype)[:, None, None] * (math.pi / 4)
        waves = torch.sin(dx * angles.cos() + dy * angles.sin())
        return BlobTrace(w, torch.cat([bells, bells * waves], dim=1).flatten(0, 1)[None])


def _cell_centres_px(cells: int, pixels: int, like: Tensor) -> Tensor:
    """Return where the centres of the feature cells lie on the picture, ``[cells]``."""
    return (torch.arange(cells, dtype=like.dtype) + 0.5) * pixels / cells - 0.5


class MappedBlobs(BlobGenerator):
    """Blobs whose latent comes from a z by a mapping that is not linear: all rows are ``z + z^2 / 8``."""

    z_dim = 6

    def w_of_z(self, z: Tensor) -> Tensor:
        """Return the latents of ``z``."""
        return (z + z.square() / 8)[:, None].expand(-1, self.num_ws, -1)

    def sample_z(self, seed: int, truncation_psi: float = 1.0) -> Tensor:
        """Return the z of a seed, truncated by making it shorter."""
        rng = torch.Generator().manual_seed(seed)
        return truncation_psi * 0.3 * torch.randn(1, self.z_dim, generator=rng).to(self.starts)


def features_at(points: Tensor, features: Tensor, width: int, height: int) -> Tensor:
    """Return the features ``[N, C]`` of a map ``[C, h, w]`` at ``points`` ``[N, 2]`` of a picture."""
    windows = FeatureGrid.between(width, height, features).windows(features, points, 0)
    return windows.sample(points[:, :1], points[:, 1:])[:, :, 0, 0]
