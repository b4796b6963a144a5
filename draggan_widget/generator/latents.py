"""What every generator knows of its latents: z, w, their statistics; draws nothing."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from draggan_widget.errors import InputError
from draggan_widget.generator.mapping import Mapping, MappingConfig

GeneratorT = TypeVar("GeneratorT", bound="LatentGenerator")


class LatentGenerator(nn.Module):
    """A generator's name, mapping and latents.

    Attributes:
        name: Name shown to people.
        config: Architecture.
        z_dim, w_dim, num_ws: Sizes of z, of a row of w, and number of rows.
    """

    def __init__(self, config: MappingConfig, *, name: str) -> None:
        super().__init__()
        self.name = name
        self.config = config
        self.z_dim, self.w_dim, self.num_ws = config.z_dim, config.w_dim, config.num_ws
        self.mapping = Mapping(config)

    def _apply(
        self: GeneratorT, fn: Callable[[Tensor], Tensor], recurse: bool = True
    ) -> GeneratorT:
        """Forget statistics of the weights where those go to another device or type."""
        self._forget()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # not in its stubs
        return self

    def load_state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Take up other weights, and forget the statistics of those before; as the method of PyTorch."""
        self._forget()
        return super().load_state_dict(*args, **kwargs)

    def _forget(self) -> None:
        """Forget what was computed from the weights."""
        for name in ("w_covariance", "w_std"):
            self.__dict__.pop(name, None)

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
        with torch.inference_mode(False), torch.no_grad():  # it is kept, also for drags
            return self._measured_covariance()

    def _measured_covariance(self) -> Tensor:
        """Compute what :attr:`w_covariance` keeps."""
        blocks = self.mapping.w_cov if self.mapping.w_cov is not None else self.mapping.covariance()
        return self.mapping.rows(blocks.flatten(1)[None]).reshape(self.num_ws, *blocks.shape[1:])

    @functools.cached_property
    def w_std(self) -> Tensor:
        """Root-mean-square standard deviation of the entries of each row of w, ``[num_ws]``."""
        with torch.inference_mode(False):
            return self.w_covariance.diagonal(dim1=1, dim2=2).mean(1).sqrt()

    def check_w(self, w: Tensor) -> None:
        """Raise :class:`InputError` if ``w`` is not ``[B, num_ws, w_dim]``."""
        if w.ndim != 3 or w.shape[1:] != (self.num_ws, self.w_dim):
            raise InputError(
                f"w must be [B, {self.num_ws}, {self.w_dim}], got {list(w.shape)}; sample_w makes one"
            )

    def frozen(self: GeneratorT) -> GeneratorT:
        """Return this generator, in evaluation mode and with weights that take no gradient.

        Kernels are laid out with their channels last: on a CPU a picture then takes about three quarters of the time.
        """
        self.eval().requires_grad_(False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in its stubs
        return self
