"""How unlike a handle's reference the places of a picture are, as its solver compares them: what tracking looks at.

For those who want to see it; a drag computes only as much of this as it needs.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from draggan_widget.drag.config import DragConfig
from draggan_widget.drag.geometry import FeatureGrid
from draggan_widget.drag.kinematic import lattice_of
from draggan_widget.drag.patches import LEAST_CONTRAST, Lattice

LEAST_UNIT = 1e-12
"""Features that do not differ at all are compared in this unit instead."""


@dataclass(frozen=True, eq=False)
class Reference:
    """What a solver remembers of a handle.

    Attributes:
        lattice: Where the features that are compared lie, relative to the handle; a single place has the radius 0.
        features: Of these places, ``[C, 2 radius + 1, 2 radius + 1]``.
        norm: 1 or 2, of the difference of features.
        unit: How much the features differ among each other, a scalar; distances are told in it.
    """

    lattice: Lattice
    features: Tensor
    norm: int
    unit: Tensor


@dataclass(frozen=True)
class Places:
    """A grid of places in a picture.

    Attributes:
        x, y: Of the first, px.
        columns, rows: How many there are.
        per_step: How many of them lie on a step of the solver's lattice; their distance follows.
    """

    x: float
    y: float
    columns: int
    rows: int
    per_step: int = 1


def solver_lattice(grid: FeatureGrid, config: DragConfig) -> Lattice:
    """Return where a solver compares features: ``kinematic`` on patches, the others in single places."""
    lattice = lattice_of(grid)
    return lattice if config.solver == "kinematic" else replace(lattice, radius=0)


def search_px(grid: FeatureGrid, config: DragConfig) -> float:
    """Return how far, along either axis, a solver looks for a handle from where it expects it."""
    if config.solver == "kinematic":
        lattice = lattice_of(grid)
        return lattice.search * lattice.spacing_px
    return float(config.tracking_radius_px(grid.x.pixels, grid.y.pixels))


def reference_at(
    features: Tensor, grid: FeatureGrid, x: float, y: float, config: DragConfig
) -> Reference:
    """Return what a solver remembers of a handle.

    Args:
        features: Of the picture in which it was put down, ``[C, h, w]``.
        grid: How they lie under the picture.
        x, y: Where it was put down, px, inside the picture.
        config: Names the solver.
    """
    lattice, norm = solver_lattice(grid, config), config.rules.tracking_norm
    seen = _around(features, grid, Places(x, y, 1, 1), lattice)
    if lattice.radius:
        members = lattice.disc(seen)
        centred = seen - (seen * members).sum((1, 2), keepdim=True) / members.sum()
        contrast = centred.square() + LEAST_CONTRAST * seen.square()
        unit = (contrast * members).sum().sqrt()
    else:
        differences = features - features.mean((1, 2), keepdim=True)
        if norm == 1:
            unit = differences.abs().sum(0).mean()
        else:
            unit = differences.square().sum(0).mean().sqrt()
    return Reference(lattice, seen, norm, unit.clamp(min=LEAST_UNIT))


def distance_map(
    features: Tensor, grid: FeatureGrid, reference: Reference, places: Places
) -> Tensor:
    """Return how far the features of places are from a reference, ``[rows, columns]``.

    Args:
        features: Of a picture, ``[C, h, w]``.
        grid: How they lie under it.
        reference: Of a handle.
        places: What lies outside the picture reads the nearest place inside.

    Returns:
        0 for the same features; 1 for such as differ as much as features do among each other: for ``kinematic``
        those of the reference's patch, else those of the whole picture in which it was taken.
    """
    lattice, step = reference.lattice, places.per_step
    area = _around(features, grid, places, lattice)
    total = features.new_zeros(places.rows, places.columns)
    # Place by place of the patch: all patches at once would be its area times as large.
    for row, column in lattice.members():
        top, left = row * step, column * step
        seen = area[:, top : top + places.rows, left : left + places.columns]
        difference = seen - reference.features[:, row, column, None, None]
        total += difference.abs().sum(0) if reference.norm == 1 else difference.square().sum(0)
    return (total if reference.norm == 1 else total.sqrt()) / reference.unit


def _around(features: Tensor, grid: FeatureGrid, places: Places, lattice: Lattice) -> Tensor:
    """Return the features of places and of those around them as far as a patch reaches, ``[C, rows, columns]``."""
    margin = lattice.radius * places.per_step
    spacing_px = lattice.spacing_px / places.per_step
    start = torch.zeros(1, dtype=torch.int64, device=features.device)
    weights = []
    for axis, first, count in (
        (grid.x, places.x, places.columns),
        (grid.y, places.y, places.rows),
    ):
        numbers = torch.arange(-margin, count + margin, device=features.device).to(features)
        positions = (first + numbers * spacing_px).clamp(0, axis.pixels - 1)
        weights.append(axis.weights(positions[None], start, axis.cells)[0])
    columns, rows = weights
    return rows @ features @ columns.T
