"""The generator that sessions and drags use: mapping, synthesis, and what is known about the latent."""

import functools
import math

import torch
from torch import Tensor, nn

from draggan_widget.errors import InputError
from draggan_widget.generator.config import StyleGAN2Config
from draggan_widget.generator.mapping import Mapping
from draggan_widget.generator.prepared import PreparedSynthesis
from draggan_widget.generator.synthesis import Synthesis, SynthesisTrace

SKETCH_SIZE = 128
"""Height of small pictures in pixels."""


class Generator(nn.Module):
    """StyleGAN2 generator with features for dragging.

    Attributes:
        name: Name shown to people.
        config: Architecture.
        width, height: Size of the picture in pixels.
        z_dim, w_dim, num_ws: Sizes of z, of a row of w, and number of rows.
        feature_blocks: Heights of the blocks whose features can be read.
        noise: Whether the constant noise is added to the features.
        scene: Name of the scene that z describes, whose renders the generator was trained on, or empty.
    """

    def __init__(self, config: StyleGAN2Config, *, name: str = "stylegan2") -> None:
        super().__init__()
        self.name = name
        self.config = config
        self.width, self.height = config.width, config.resolution
        self.z_dim, self.w_dim, self.num_ws = config.z_dim, config.w_dim, config.num_ws
        self.feature_blocks = config.blocks
        self.noise = True
        self.scene = ""
        self.mapping = Mapping(config)
        self.synthesis = Synthesis(config)

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return self.mapping.w_avg.device

    def sample_z(self, seed: int, truncation_psi: float = 1.0) -> Tensor:
        """Return the standard normal z ``[1, z_dim]`` of a seed; the same on every device.

        Args:
            seed: 0 to 2**63 - 1.
            truncation_psi: As for :meth:`sample_w`; it shortens z only where that, and not w, is truncated.

        Raises:
            InputError: The seed is no such number.
        """
        if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
            raise InputError(f"seed must be a whole number from 0 to 2**63 - 1, got {seed!r}")
        rng = torch.Generator().manual_seed(seed)
        z = torch.randn(1, self.z_dim, generator=rng).to(self.mapping.w_avg)
        return self.mapping.truncated(z, truncation_psi)

    def w_of_z(self, z: Tensor) -> Tensor:
        """Return the latents ``[B, num_ws, w_dim]`` of ``z`` ``[B, z_dim]``, not truncated; differentiable."""
        w: Tensor = self.mapping(z)
        return w

    @torch.no_grad()
    def sample_w(self, seed: int, truncation_psi: float = 0.7) -> Tensor:
        """Return the latent of a seed.

        Args:
            seed: 0 to 2**63 - 1.
            truncation_psi: 1 gives the whole variety, 0 the middle one; see :class:`Mapping`.

        Returns:
            ``[1, num_ws, w_dim]``.

        Raises:
            InputError: The seed is no such number, or the truncation is not finite.
        """
        if not math.isfinite(truncation_psi):
            raise InputError(f"truncation_psi must be finite, got {truncation_psi}; 0.7 is usual")
        w: Tensor = self.mapping(self.sample_z(seed), truncation_psi)
        return w

    @property
    def w_mean(self) -> Tensor:
        """Mean of each row of w over random pictures, ``[num_ws, w_dim]``."""
        return self.mapping.rows(self.mapping.w_avg[None])[0]

    @functools.cached_property
    def w_covariance(self) -> Tensor:
        """Covariance of each row of w over random pictures, ``[num_ws, w_dim, w_dim]``.

        From the generator's file where it holds it, else from samples of the mapping. Rows of one latent block are
        equal in every random picture.
        """
        blocks = self.mapping.w_cov if self.mapping.w_cov is not None else self.mapping.covariance()
        return self.mapping.rows(blocks.flatten(1)[None]).reshape(self.num_ws, *blocks.shape[1:])

    @functools.cached_property
    def w_std(self) -> Tensor:
        """Root-mean-square standard deviation of the entries of each row of w, ``[num_ws]``."""
        return self.w_covariance.diagonal(dim1=1, dim2=2).mean(1).sqrt()

    def trace(self, w: Tensor, block: int) -> SynthesisTrace:
        """Return the synthesis up to and with a block; differentiable in ``w``.

        Args:
            w: ``[B, num_ws, w_dim]``.
            block: Resolution of the block, one of ``feature_blocks``.

        Raises:
            InputError: ``w`` has another shape, or there is no such block.
        """
        if w.ndim != 3 or w.shape[1:] != (self.num_ws, self.w_dim):
            raise InputError(
                f"w must be [B, {self.num_ws}, {self.w_dim}], got {list(w.shape)}; sample_w makes one"
            )
        if block not in self.feature_blocks:
            raise InputError(f"block must be one of {self.feature_blocks}, got {block}")
        return self.synthesis.trace(w, block, noise=self.noise)

    def features(self, w: Tensor, block: int) -> Tensor:
        """Return the output of a block, ``[B, C, block, columns]``; arguments and errors as for :meth:`trace`."""
        return self.trace(w, block).features

    def prepared(self, w: Tensor, moving_rows: int, block: int) -> PreparedSynthesis:
        """Return the synthesis for a drag, with all computed that is fixed as long as it lasts.

        Args:
            w: ``[1, num_ws, w_dim]``; its rows from ``moving_rows`` on stay as they are.
            moving_rows: How many rows of w may change, 0 to ``num_ws``.
            block: Resolution of the block whose features are read, one of ``feature_blocks``.

        Raises:
            InputError: The generator is not frozen, ``w`` has another shape, or there is no such block or number of
                rows.
        """
        return PreparedSynthesis(self.synthesis, w, moving_rows, block, noise=self.noise)

    def image_from_trace(self, trace: SynthesisTrace) -> Tensor:
        """Return the picture ``[B, 3, H, W]``, about -1..1, of a synthesis that has run up to some block."""
        return self.synthesis.image(trace, noise=self.noise)

    def image(self, w: Tensor) -> Tensor:
        """Return the pictures ``[B, 3, H, W]``, about -1..1, of latents ``[B, num_ws, w_dim]``.

        Raises:
            InputError: ``w`` has another shape.
        """
        return self.image_from_trace(self.trace(w, self.feature_blocks[-1]))

    def sketch(self, w: Tensor) -> Tensor:
        """Return small pictures of latents: what the blocks up to :data:`SKETCH_SIZE` px contribute.

        Args:
            w: ``[B, num_ws, w_dim]``.

        Returns:
            ``[B, 3, h, w]``, about -1..1; whole pictures where they are not larger.

        Raises:
            InputError: ``w`` has another shape.
        """
        size = min(self.height, SKETCH_SIZE)
        return self.synthesis.image(self.trace(w, size), size, noise=self.noise)

    def frozen(self) -> "Generator":
        """Return this generator, in evaluation mode and with weights that take no gradient.

        Kernels are laid out with their channels last: on a CPU a picture then takes about three quarters of the time.
        """
        self.eval().requires_grad_(False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in its stubs
        return self
