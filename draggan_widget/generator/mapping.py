"""The mapping network: z to the rows of w+."""

import math
from typing import Protocol

import torch
from torch import Tensor, nn

from draggan_widget.generator.config import LatentSplit
from draggan_widget.generator.layers import FullyConnected

STATISTICS_SAMPLES = 10_000
"""Mapping samples from which the statistics of w are estimated; the standard error of a deviation is then 0.7 %."""

SAMPLES_AT_ONCE = 500
"""Samples of a batch: every layer holds some tensors of them."""

STATISTICS_SEED = 0
"""Seed of those samples, so that the statistics are the same in every process."""


class MappingConfig(Protocol):
    """What the mapping needs of an architecture; attributes as those of :class:`StyleGAN2Config`."""

    @property
    def z_dim(self) -> int:
        """Length of z."""
        ...

    @property
    def w_dim(self) -> int:
        """Length of a row of w."""
        ...

    @property
    def num_ws(self) -> int:
        """Rows of w+."""
        ...

    @property
    def mapping_layers(self) -> int:
        """Fully connected layers."""
        ...

    @property
    def mapping_lr_multiplier(self) -> float:
        """Learning-rate multiplier that the weights were trained with."""
        ...

    @property
    def z_input(self) -> str:
        """What the network is given for z."""
        ...

    @property
    def split(self) -> LatentSplit | None:
        """Split mapping, or None."""
        ...


class Mapping(nn.Module):
    """Fully connected network from z to w, with the statistics of w.

    ``w_avg`` ``[blocks, w_dim]`` is the mean of w, for truncation: one row, or with a split mapping the mean of the
    rows of each block. ``w_cov`` ``[blocks, w_dim, w_dim]`` is its covariance, or None where nobody has measured it.
    """

    w_avg: Tensor
    w_cov: Tensor | None

    def __init__(self, config: MappingConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.z_dim] + [config.w_dim] * config.mapping_layers
        for index in range(config.mapping_layers):
            layer = FullyConnected(
                widths[index],
                widths[index + 1],
                activate=True,
                lr_multiplier=config.mapping_lr_multiplier,
            )
            self.add_module(f"fc{index}", layer)
        self.register_buffer("w_avg", torch.zeros(2 if config.split else 1, config.w_dim))
        self.register_buffer("w_cov", None)

    def w_blocks(self, z: Tensor) -> Tensor:
        """Return w of each latent block: ``[B, blocks, w_dim]`` for ``z`` ``[B, z_dim]``."""
        u = z_input(z, self.config.z_input)
        if self.config.split:
            first = torch.arange(self.config.z_dim, device=z.device) < self.config.split.dims
            u = torch.stack([u * first, u * ~first], dim=1)
        else:
            u = u[:, None]
        x = u.flatten(0, 1)
        for index in range(self.config.mapping_layers):
            x = self.get_submodule(f"fc{index}")(x)
        return x.reshape(len(z), -1, self.config.w_dim)

    def covariance(self) -> Tensor:
        """Return the covariance of w of each latent block over random z, ``[blocks, w_dim, w_dim]``, from samples."""
        centred = self._samples()
        centred -= centred.mean(1, keepdim=True)
        return centred.transpose(1, 2) @ centred / STATISTICS_SAMPLES

    def measure(self) -> None:
        """Set the mean and the covariance of w from samples."""
        self.w_avg = self._samples().mean(1)
        self.w_cov = self.covariance()

    @torch.no_grad()
    def _samples(self) -> Tensor:
        """Return w of random z, ``[blocks, STATISTICS_SAMPLES, w_dim]``; the same at every call."""
        rng = torch.Generator().manual_seed(STATISTICS_SEED)
        z = torch.randn(STATISTICS_SAMPLES, self.config.z_dim, generator=rng)
        parts = torch.split(z.to(self.w_avg), SAMPLES_AT_ONCE)
        return torch.cat([self.w_blocks(part) for part in parts]).transpose(0, 1)

    def rows(self, w_blocks: Tensor) -> Tensor:
        """Return w+ ``[B, num_ws, w_dim]`` from one w per latent block ``[B, blocks, w_dim]``."""
        num_ws, split = self.config.num_ws, self.config.split
        counts = [split.rows, num_ws - split.rows] if split else [num_ws]
        parts = [w_blocks[:, i : i + 1].expand(-1, n, -1) for i, n in enumerate(counts)]
        return torch.cat(parts, dim=1)

    def truncated(self, z: Tensor, truncation_psi: float) -> Tensor:
        """Return the z ``[B, z_dim]`` whose w the truncation is about: shorter where z is truncated, and not w."""
        return z * truncation_psi if self.config.z_input == "uniform" else z

    def forward(self, z: Tensor, truncation_psi: float = 1.0) -> Tensor:
        """Return w+ for z, pulled towards the middle.

        With a normalised z, whose length means nothing, w is pulled towards its mean. With a uniform one z itself is
        pulled towards zero: the result is then the w of a common z, and not a blend of pictures.

        Args:
            z: ``[B, z_dim]``, standard normal.
            truncation_psi: 1 leaves w unchanged, 0 gives the mean (Karras et al. 2019, section "truncation trick"),
                or the picture of z = 0.

        Returns:
            ``[B, num_ws, w_dim]``.
        """
        w_blocks = self.w_blocks(self.truncated(z, truncation_psi))
        if self.config.z_input == "uniform":
            return self.rows(w_blocks)
        return self.rows(torch.lerp(self.w_avg, w_blocks, truncation_psi))


def z_input(z: Tensor, kind: str) -> Tensor:
    """Return what the mapping network is given for z; see :class:`StyleGAN2Config`."""
    if kind == "uniform":
        return torch.erf(z / math.sqrt(2.0)) * math.sqrt(3.0)
    return z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
