"""The drag core's analytic generator, with pictures and seeds: a whole generator whose truth is known."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from draggan_widget.drag import DragConfig
from draggan_widget.session import DragSession
from tests.drag.blobs import SIGMA_PX, BlobGenerator, BlobTrace, MappedBlobs

FULL_COLOUR = 1.6
"""Brightness of a blob over its ground, in the -1..1 of a picture."""

SPREAD = 0.3
"""Standard deviation of the latent of a seed; 2.4 px."""

MANY_STEPS = DragConfig(solver="paper")
"""Settings of a drag that takes a dozen steps for a few pixels; by default it takes one or two."""


class PictureBlobs(BlobGenerator):
    """Bright blobs on a dark ground."""

    name = "blobs"

    @property
    def device(self) -> torch.device:
        return self.starts.device

    def sample_w(self, seed: int, truncation_psi: float = 0.7) -> Tensor:
        rng = torch.Generator().manual_seed(seed)
        row = torch.randn(1, 1, self.w_dim, generator=rng).to(self.starts)
        return (SPREAD * truncation_psi * row).expand(1, self.num_ws, -1).clone()

    def image(self, w: Tensor) -> Tensor:
        y = torch.arange(self.height, dtype=w.dtype)[:, None]
        x = torch.arange(self.width, dtype=w.dtype)[None]
        picture = torch.full((1, 3, self.height, self.width), -0.8, dtype=w.dtype)
        for k, (centre_x, centre_y) in enumerate(self.centres(w)):
            squared = (x - centre_x) ** 2 + (y - centre_y) ** 2
            picture[0, k % 3] += FULL_COLOUR * torch.exp(-squared / (2 * SIGMA_PX**2))
        return picture

    def image_from_trace(self, trace: BlobTrace) -> Tensor:
        return self.image(trace.w)


class MappedPictureBlobs(PictureBlobs, MappedBlobs):
    """Bright blobs whose latent comes from a z."""

    def sample_w(self, seed: int, truncation_psi: float = 0.7) -> Tensor:
        return self.w_of_z(self.sample_z(seed, truncation_psi)).clone()


def blob_session(**arguments: Any) -> DragSession:
    """Return a session over one blob at (30, 32), at its seed 0 unless told otherwise."""
    generator = PictureBlobs()
    arguments.setdefault("w", generator.start())
    return DragSession(generator, **arguments)
