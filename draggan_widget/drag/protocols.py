"""What a drag needs of a generator; the drag core knows no network."""

from collections.abc import Iterator
from typing import Protocol, TypeVar, runtime_checkable

from torch import Tensor, nn


class FeatureTrace(Protocol):
    """A synthesis that has run up to a block; the generator can continue it to the picture."""

    @property
    def features(self) -> Tensor:
        """Output of the last convolution of the block, ``[1, C, h, w]``."""
        ...


TraceT = TypeVar("TraceT", bound=FeatureTrace)
TraceT_co = TypeVar("TraceT_co", bound=FeatureTrace, covariant=True)


class DragGenerator(Protocol[TraceT_co]):
    """A frozen generator whose features are differentiable in its latent."""

    @property
    def width(self) -> int:
        """Width of the picture in pixels."""
        ...

    @property
    def height(self) -> int:
        """Height of the picture in pixels."""
        ...

    @property
    def num_ws(self) -> int:
        """Rows of a latent."""
        ...

    @property
    def w_dim(self) -> int:
        """Length of a row."""
        ...

    @property
    def feature_blocks(self) -> tuple[int, ...]:
        """Names (resolutions) of the blocks whose features can be read, ascending."""
        ...

    @property
    def w_std(self) -> Tensor:
        """Standard deviation of the entries of each row over random pictures, ``[num_ws]``."""
        ...

    @property
    def w_covariance(self) -> Tensor:
        """Covariance of each row over random pictures, ``[num_ws, w_dim, w_dim]``; read by solvers with a metric."""
        ...

    def mean_features(self, block: int) -> Tensor:
        """Return the mean of the features over random pictures, ``[1, C, h, w]``; read by the kinematic solver."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """Return the weights; none may require a gradient."""
        ...

    def trace(self, w: Tensor, block: int) -> TraceT_co:
        """Return the synthesis of ``w`` ``[1, num_ws, w_dim]`` up to and with ``block``."""
        ...


@runtime_checkable
class MappedGenerator(Protocol):
    """A generator whose latents come from a standard normal z, which a drag can move instead."""

    @property
    def z_dim(self) -> int:
        """Length of z."""
        ...

    def w_of_z(self, z: Tensor) -> Tensor:
        """Return the latent ``[B, num_ws, w_dim]`` of ``z`` ``[B, z_dim]``, not truncated; differentiable."""
        ...

    def sample_z(self, seed: int, truncation_psi: float = ...) -> Tensor:
        """Return the z ``[1, z_dim]`` of the sample of a seed."""
        ...


class PreparedSynthesis(Protocol[TraceT_co]):
    """The synthesis of latents that differ in their first rows only, up to a block."""

    def trace(self, w: Tensor) -> TraceT_co:
        """Return the synthesis of ``w`` ``[1, num_ws, w_dim]`` up to the block; differentiable in the rows that move."""
        ...

    def feature_windows(self, w: Tensor, starts: Tensor, rows: int, columns: int) -> Tensor:
        """Return windows of the features, ``[N, C, rows, columns]``, as they are in the whole map.

        Args:
            w: ``[1, num_ws, w_dim]``; the result is differentiable in the rows that move.
            starts: First column and row of each window, int64 ``[N, 2]``; the windows lie inside the map.
            rows, columns: Size of a window in cells.
        """
        ...

    def windows_pay(self, count: int, rows: int, columns: int) -> bool:
        """Return whether so many windows of that size are computed faster than the whole map."""
        ...


@runtime_checkable
class PreparableGenerator(Protocol[TraceT_co]):
    """A generator that can prepare for a drag, so that each step costs less."""

    def prepared(self, w: Tensor, moving_rows: int, block: int) -> PreparedSynthesis[TraceT_co]:
        """Return the synthesis of latents that differ from ``w`` in the first rows only, up to a block."""
        ...
