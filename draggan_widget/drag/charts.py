"""The coordinates in which a drag moves a latent, and the latent that belongs to them.

A chart begins at a latent, where its coordinates are zero, and moves the first rows only. What is near in its
coordinates is what a solver takes to be near: Adam steps equally far along each of them, and least squares make their
sum of squares small.
"""

import functools
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from draggan_widget.drag.config import DragConfig
from draggan_widget.drag.protocols import DragGenerator, MappedGenerator, TraceT
from draggan_widget.errors import InputError

RIDGE = 0.01
"""Variance that every direction of w is given, as a share of the mean one: a mapping of few entries of z leaves most
directions without any, and what no picture does is not forbidden but dear."""

KEPT_ROOTS = 4
"""So many roots of covariances are kept for further drags: those of a generator whose rows are of several kinds. One
of 512 entries takes 4 MB with what it is of, and 25 ms to be made."""


@dataclass(frozen=True, eq=False)
class Chart(ABC):
    """Coordinates of a latent.

    Attributes:
        start: Latent at the coordinates zero, ``[1, num_ws, w_dim]``.
        rows: So many rows of it move, from the first.
    """

    start: Tensor
    rows: int

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of the coordinates."""

    @abstractmethod
    def offsets(self, coordinates: Tensor) -> Tensor:
        """Return by how much rows move, ``[1, rows or 1, w_dim]``; differentiable."""

    def w(self, coordinates: Tensor) -> Tensor:
        """Return the latent of coordinates, ``[1, num_ws, w_dim]``; differentiable."""
        moved, fixed = self.start[:, : self.rows], self.start[:, self.rows :]
        return torch.cat([moved + self.offsets(coordinates), fixed], dim=1)

    def z(self, coordinates: Tensor) -> Tensor | None:
        """Return the z of coordinates, ``[1, z_dim]``, where they are coordinates of z."""
        return None


@dataclass(frozen=True, eq=False)
class PlainChart(Chart):
    """Entries of w themselves: of each moving row, or of one offset that all of them share.

    Attributes:
        tied: Whether the rows share one offset.
    """

    tied: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """``[1, rows or 1, w_dim]``."""
        return 1, 1 if self.tied else self.rows, self.start.shape[2]

    def offsets(self, coordinates: Tensor) -> Tensor:
        """Return the coordinates."""
        return coordinates


@dataclass(frozen=True, eq=False)
class MetricChart(Chart):
    """Standard deviations of w over random pictures, along its principal directions.

    Row r moves by ``L_r (sqrt(rho) c + sqrt(1 - rho) d_r)`` with a common part c and a part d_r of its own. For
    standard normal c and d the rows have the covariances ``L_r L_r^T``, and any two of them the correlation rho: in
    random pictures all rows of a latent block are one, so they should move together.

    Attributes:
        roots: L_r of each moving row, ``[rows, w_dim, w_dim]``, see :func:`covariance_roots`.
        coupling: rho, 0 (rows are independent) to 1 (rows share the common part alone).
    """

    roots: Tensor
    coupling: float

    @property
    def shape(self) -> tuple[int, ...]:
        """``[1, 1 + rows, w_dim]``, the common part first; parts that are always zero are left out."""
        parts = 1 if self.coupling == 1 else self.rows if self.coupling == 0 else 1 + self.rows
        return 1, parts, self.start.shape[2]

    def offsets(self, coordinates: Tensor) -> Tensor:
        """Return ``L_r (sqrt(rho) c + sqrt(1 - rho) d_r)``."""
        if self.coupling == 0:
            parts = coordinates
        elif self.coupling == 1:
            parts = coordinates.expand(-1, self.rows, -1)
        else:
            common, own = coordinates[:, :1], coordinates[:, 1:]
            parts = self.coupling**0.5 * common + (1 - self.coupling) ** 0.5 * own
        return torch.einsum("rij,brj->bri", self.roots, parts)


@dataclass(frozen=True, eq=False)
class MappedChart(Chart):
    """Entries of z: the rows move as the mapping moves them, ``w + f(z + dz) - f(z)``.

    So a latent that is the mapping of its z stays one, and one that is not keeps what sets it apart: truncation, or a
    drag in another space.

    Attributes:
        origin: The z of the start, ``[1, z_dim]``.
        mapping: The generator that maps z.
        mapped: Its w of ``origin``, ``[1, num_ws, w_dim]``.
    """

    origin: Tensor
    mapping: MappedGenerator
    mapped: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """``[1, z_dim]``."""
        return tuple(self.origin.shape)

    def offsets(self, coordinates: Tensor) -> Tensor:
        """Return ``f(z + dz) - f(z)``."""
        moved = self.mapping.w_of_z(self.origin + coordinates)
        return (moved - self.mapped)[:, : self.rows]

    def z(self, coordinates: Tensor) -> Tensor | None:
        """Return ``z + dz``."""
        return self.origin + coordinates


def chart_of(
    generator: DragGenerator[TraceT], w: Tensor, config: DragConfig, z: Tensor | None
) -> Chart:
    """Return the chart in which a solver moves a latent.

    Args:
        generator: Frozen generator.
        w: Latent of the first picture, ``[1, num_ws, w_dim]``.
        config: Solver, space and number of rows.
        z: The z that w came from, ``[1, z_dim]``; needed in the space z only.

    Raises:
        InputError: The space is z, and the generator has no mapping or nobody knows the z of w.
    """
    rows = min(config.trainable_rows, generator.num_ws)
    if config.space == "z":
        mapping, origin = mapping_of(generator), check_known_z(z)
        if list(origin.shape) != [1, mapping.z_dim]:
            raise InputError(f"z must be [1, {mapping.z_dim}], got {list(origin.shape)}")
        with torch.no_grad():
            return MappedChart(w, rows, origin, mapping, mapping.w_of_z(origin))
    coupling = config.rules.row_coupling
    if coupling is None:
        return PlainChart(w, rows, tied=config.space == "w")
    roots = covariance_roots(generator.w_covariance[:rows], w)
    return MetricChart(w, rows, roots, 1.0 if config.space == "w" else coupling)


def coordinate_deviation(generator: DragGenerator[TraceT], chart: Chart) -> float:
    """Return the root-mean-square deviation of a chart's coordinates over random pictures."""
    if isinstance(chart, PlainChart):
        return float(generator.w_std[: chart.rows].square().mean().sqrt())
    return 1.0


def check_suits(config: DragConfig, generator: DragGenerator[TraceT]) -> None:
    """Check that a generator can be dragged with these settings.

    Raises:
        InputError: It has no such feature block, or no mapping for the space z.
    """
    config.block_of(generator.height, generator.feature_blocks)
    if config.space == "z":
        mapping_of(generator)


def mapping_of(generator: object) -> MappedGenerator:
    """Return the generator, which has a mapping.

    Raises:
        InputError: It has none.
    """
    if not isinstance(generator, MappedGenerator):
        raise InputError(
            f'the space "z" needs a generator with a mapping, and {type(generator).__name__} has no w_of_z; '
            'drag in the space "w+" or "w"'
        )
    return generator


def check_known_z(z: Tensor | None) -> Tensor:
    """Return the z of a picture.

    Raises:
        InputError: Nobody knows it.
    """
    if z is None:
        raise InputError(
            'the space "z" needs the z of the picture, and a latent w does not tell it; '
            'start from a seed or from DragSession(z=...), or drag in the space "w+" or "w"'
        )
    return z


def covariance_roots(covariance: Tensor, like: Tensor) -> Tensor:
    """Return matrices L with ``L L^T = C'``: the covariance with a ridge, scaled to its own trace.

    The columns are the principal directions from the widest on, each as long as its standard deviation.

    Args:
        covariance: Of each row, ``[R, D, D]``.
        like: Of the type and on the device of the result.

    Returns:
        ``[R, D, D]``, computed in double precision.
    """
    roots: list[Tensor] = []
    for row, matrix in enumerate(covariance):
        same = row > 0 and torch.equal(matrix, covariance[row - 1])
        entries = None if same else matrix.detach().cpu().double().numpy().tobytes()
        roots.append(roots[-1] if entries is None else _root(entries).to(like))
    return torch.stack(roots)


@functools.lru_cache(maxsize=KEPT_ROOTS)
def _root(entries: bytes) -> Tensor:
    """Return the root ``[D, D]`` of the matrix of these float64 entries, which nobody may change."""
    flat = torch.from_numpy(np.frombuffer(entries).copy())
    covariance = flat.reshape(math.isqrt(len(flat)), -1)
    variances, directions = torch.linalg.eigh(covariance)
    variances = variances.clamp(min=0)
    variances = (variances + RIDGE * variances.mean()) / (1 + RIDGE)
    root: Tensor = directions * variances.sqrt()
    return root.flip(1)
