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


@runtime_checkable
class PreparedSynthesis(Protocol[TraceT_co]):
    """The synthesis of one drag up to a block: what does not change as long as it lasts is computed already."""

    @property
    def map_size(self) -> tuple[int, int]:
        """Rows and columns of the features."""
        ...

    def trace(self, w: Tensor) -> TraceT_co:
        """Return the synthesis of ``w`` ``[1, num_ws, w_dim]``, as the generator's; differentiable in the moving rows.

        Features depend on the moving rows only; the picture that the generator draws from the trace on all.
        """
        ...

    def feature_windows(self, w: Tensor, starts: Tensor, rows: int, columns: int) -> Tensor:
        """Return cells of the features of ``w``; differentiable in the moving rows.

        Args:
            w: ``[1, num_ws, w_dim]``.
            starts: First column and row of each window, int64 ``[N, 2]``, N at least 1, on the device of ``w``.
            rows: Height of the windows in cells; they lie inside the map.
            columns: Their width.

        Returns:
            ``[N, C, rows, columns]``.
        """
        ...

    def windows_pay(self, count: int, rows: int, columns: int) -> bool:
        """Return whether so many windows of that size are cheaper than the whole features."""
        ...


@runtime_checkable
class PreparableGenerator(Protocol[TraceT_co]):
    """A generator that can prepare its synthesis for a drag."""

    def prepared(self, w: Tensor, moving_rows: int, block: int) -> PreparedSynthesis[TraceT_co]:
        """Return the synthesis up to ``block`` for latents that differ from ``w`` in their first rows only.

        Args:
            w: ``[1, num_ws, w_dim]``; its rows from ``moving_rows`` on stay as they are.
            moving_rows: How many rows of w may change.
            block: Name of the feature block.
        """
        ...


@runtime_checkable
class SketchingGenerator(Protocol):
    """A generator that can make small pictures faster than whole ones."""

    def sketch(self, w: Tensor) -> Tensor:
        """Return small pictures ``[B, 3, h, w]`` of latents ``[B, num_ws, w_dim]``; everything is at its place."""
        ...
