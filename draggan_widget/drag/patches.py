"""Patch tracking below the pixel: finds in a new picture the patch that a handle had, and how sure that is.

A patch is a disc of features on a lattice around a handle. All patches are compared with the one of the picture where
the handle was put down; it never changes, so that a handle cannot drift. The same linear model gives the next place of
a handle and the derivative of its place with respect to the features, hence to the latent.

Positions outside the picture read the nearest place inside.
"""

import functools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from draggan_widget.drag.geometry import FeatureGrid, FeatureWindows

REFINEMENTS = 3
"""Gauss-Newton steps of a place: each is short, and features are smooth over a step of the lattice."""

CLOSENESS = 0.01
"""By this share the mismatch of a place at the rim of the search window counts as larger: of nearly equal places the
closer one wins."""

TIE_ROUNDINGS = 64
"""Mismatches closer than so many roundings of the features count as equal, so that nothing moves on a flat area."""

DAMPING = 1e-3
"""Added to the diagonal of a structure tensor, relative to its trace: along an edge, where a place is not determined,
it neither moves nor has a large derivative."""

FLATNESS = 1e-3
"""A patch whose features change by a smaller share of their size over a step of the lattice is flat: it has no place."""

LEAST_CONTRAST = 0.02
"""Share of the mean square of the features that counts as contrast of a patch even where it has less."""


@dataclass(frozen=True)
class Lattice:
    """Where the features of patches are read, relative to a handle.

    Attributes:
        spacing_px: Distance of neighbouring places.
        radius: Radius of the patch in steps of the lattice.
        search: Half side of the search window in steps of the lattice.
    """

    spacing_px: float
    radius: int
    search: int

    @property
    def reach_px(self) -> float:
        """How far from the place at which a search begins features are read."""
        return self.spacing_px * (self.search + REFINEMENTS + self.radius + 1)

    def offsets(self, steps: int, like: Tensor) -> Tensor:
        """Return the places up to ``steps`` steps away along an axis, ``[2 steps + 1]`` px."""
        whole = torch.arange(-steps, steps + 1, dtype=like.dtype, device=like.device)
        return whole * self.spacing_px

    def members(self) -> tuple[tuple[int, int], ...]:
        """Return the places of the square around a handle that belong to its patch, rows and columns from 0."""
        return _members(self.radius)

    def disc(self, like: Tensor) -> Tensor:
        """Return which places of the square around a handle belong to its patch, 0 or 1, ``[P, P]``; not to be changed."""
        return _disc(self.radius, like.dtype, like.device)


@functools.cache
def _members(radius: int) -> tuple[tuple[int, int], ...]:
    """Return what :meth:`Lattice.members` returns."""
    side, middle = range(2 * radius + 1), (radius, radius)
    places = ((row, column) for row in side for column in side)
    return tuple(at for at in places if math.dist(at, middle) <= radius)


@functools.cache
def _disc(radius: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return what :meth:`Lattice.disc` returns."""
    members, side = _members(radius), range(2 * radius + 1)
    rows = [[float((row, column) in members) for column in side] for row in side]
    with torch.inference_mode(False):  # it is kept, and derivatives go through it
        return torch.tensor(rows, dtype=dtype, device=device)


def surroundings(windows: FeatureWindows, places: Tensor, lattice: Lattice) -> Tensor:
    """Return the features of the patch around each place and one step of the lattice beyond.

    Args:
        windows: Features around the places, as far as they are read.
        places: ``[N, 2]`` px.
        lattice: Of the patches.

    Returns:
        ``[N, C, P + 2, P + 2]``.
    """
    return _read(windows, places, lattice, lattice.radius + 1)


def find(windows: FeatureWindows, starts: Tensor, references: Tensor, lattice: Lattice) -> Tensor:
    """Return where patches are in a picture: the nearest on the lattice, refined below its steps.

    Args:
        windows: Features around ``starts``, to ``lattice.reach_px`` at least.
        starts: Where each search begins, ``[N, 2]`` px, inside the picture.
        references: :func:`surroundings` of the patches where they were put down, ``[N, C, P + 2, P + 2]``.
        lattice: Of the patches.

    Returns:
        ``[N, 2]`` px, inside the picture; NaN where the features are not finite.
    """
    nearest = starts + _nearest(windows, starts, references, lattice)
    places, seen = nearest, surroundings(windows, nearest, lattice)
    coarse = _difference(seen, references, lattice)
    for _ in range(REFINEMENTS):
        places = _refined(windows, places, seen, references, lattice)
        seen = surroundings(windows, places, lattice)
    fine = _difference(seen, references, lattice)
    places = places.where((fine <= coarse)[:, None], nearest)
    return places.where(coarse.isfinite()[:, None], torch.nan)


def find_anywhere(
    features: Tensor, grid: FeatureGrid, reference: Tensor, lattice: Lattice
) -> tuple[Tensor, Tensor]:
    """Return where in the whole picture a patch is most like its reference, and how like.

    Args:
        features: ``[C, h, w]``.
        grid: How they lie under the picture.
        reference: :func:`surroundings` of the patch where it was put down, ``[1, C, P + 2, P + 2]``.
        lattice: Of the patches.

    Returns:
        The place ``[2]`` px, and the :func:`confidence` there, a scalar.
    """
    stride = 2 * lattice.search * lattice.spacing_px
    columns, rows = (
        torch.arange(0, axis.pixels - 1 + stride, stride).clamp(max=axis.pixels - 1).to(features)
        for axis in (grid.x, grid.y)
    )
    across, down = torch.meshgrid(columns, rows, indexing="xy")
    every = torch.stack([across.flatten(), down.flatten()], dim=1)
    # All windows at once are the map many times over; only on a GPU does that take less time than a row of them.
    at_once = len(every) if features.is_cuda else len(columns)
    places, sure = [], []
    for starts in torch.split(every, at_once):
        windows = grid.windows(features, starts, lattice.reach_px)
        references = reference.expand(len(starts), -1, -1, -1)
        places.append(find(windows, starts, references, lattice))
        sure.append(confidence(windows, places[-1], references, lattice))
    confidences = torch.cat(sure)
    best = confidences.argmax()
    return torch.cat(places)[best], confidences[best]


def confidence(
    windows: FeatureWindows, places: Tensor, references: Tensor, lattice: Lattice
) -> Tensor:
    """Return how like their references patches are: ``1 / (1 + mismatch / contrast)``, ``[N]`` in 0..1.

    1 where a patch is as it was, a half where it differs by as much as its features differ among each other.

    Args:
        windows: Features around the places, as far as the patches reach.
        places: Where the patches are, ``[N, 2]`` px.
        references: As for :func:`find`.
        lattice: Of the patches.
    """
    mismatch = _mismatch(windows, places, references, lattice)
    members, patch = lattice.disc(references), _inner(references)
    mean = torch.einsum("ncqp,qp->nc", patch, members) / members.sum()
    centred = patch - mean[..., None, None]
    contrast = torch.einsum("ncqp,qp->n", centred.square(), members)
    contrast = contrast + LEAST_CONTRAST * _size(references, lattice)
    return 1 / (1 + mismatch / contrast.clamp(min=torch.finfo(contrast.dtype).tiny))


def uncertainty(
    windows: FeatureWindows, places: Tensor, references: Tensor, lattice: Lattice
) -> Tensor:
    """Return how far off the places of patches may be, as covariances ``[N, 2, 2]`` px^2.

    What a patch differs by where it was found, e(o), shifts its place by ``H^-1 sum_o g(o) e(o)``; by Cauchy and
    Schwarz the square of that along a unit vector n is at most ``(n^T H^-1 n) sum_o e(o)^2``, which is returned. So a
    patch on an edge may be far off along it, and only along it. Arguments as for :func:`readout`.
    """
    slope = _slope(surroundings(windows, places, lattice), references, lattice)
    inverse = _inverse_structure(slope, references, lattice)
    return _mismatch(windows, places, references, lattice)[:, None, None] * inverse


def readout(
    windows: FeatureWindows, places: Tensor, references: Tensor, lattice: Lattice
) -> Tensor:
    """Return numbers that change with the features as the places of the patches do, to first order.

    A patch f(o) that is found at p moves, when the features F change, by ``-H^-1 sum_o g(o) (F(p + o) - f(o))`` with
    the mean gradient g of the patch now and at first (Benhimane and Malis 2004) and the structure tensor
    ``H = sum_o g g^T``. Both are held constant here; the derivative of the result with respect to the latent is that
    of the place.

    Args:
        windows: Features around the places, as far as they are read; the result is differentiable in them.
        places: Where the patches are, ``[N, 2]`` px.
        references: As for :func:`find`.
        lattice: Of the patches.

    Returns:
        ``[N, 2]`` px, up to a constant.
    """
    seen = surroundings(windows, places, lattice)
    slope = _slope(seen.detach(), references, lattice)
    inverse = _inverse_structure(slope, references, lattice)
    response = torch.einsum("nij,njcqp->nicqp", inverse, slope)
    return -torch.einsum("nicqp,ncqp->ni", response, _inner(seen))


def _read(windows: FeatureWindows, places: Tensor, lattice: Lattice, steps: int) -> Tensor:
    """Return the features of the square up to some steps around each place, ``[N, C, 2 steps + 1, 2 steps + 1]``."""
    offsets = lattice.offsets(steps, places)
    xs = (places[:, :1] + offsets).clamp(0, windows.x.pixels - 1)
    ys = (places[:, 1:] + offsets).clamp(0, windows.y.pixels - 1)
    return windows.sample(xs, ys)


def _inner(surrounding: Tensor) -> Tensor:
    """Return the patches ``[N, C, P, P]`` of surroundings."""
    return surrounding[..., 1:-1, 1:-1]


def _slope(surrounding: Tensor, references: Tensor, lattice: Lattice) -> Tensor:
    """Return the mean gradient of the patches now and at first, ``[N, 2, C, P, P]`` per px; 0 outside the disc."""
    both = surrounding + references
    x = both[..., 1:-1, 2:] - both[..., 1:-1, :-2]
    y = both[..., 2:, 1:-1] - both[..., :-2, 1:-1]
    return torch.stack([x, y], dim=1) * (lattice.disc(both) / (4 * lattice.spacing_px))


def _inverse_structure(slope: Tensor, references: Tensor, lattice: Lattice) -> Tensor:
    """Return the inverses of the damped structure tensors, ``[N, 2, 2]`` px^2."""
    tensor = torch.einsum("nicqp,njcqp->nij", slope, slope)
    xx, yy, xy = tensor[:, 0, 0], tensor[:, 1, 1], tensor[:, 0, 1]
    flat = _size(references, lattice) * (FLATNESS / lattice.spacing_px) ** 2
    damping = DAMPING * (xx + yy) + flat
    xx, yy = xx + damping, yy + damping
    determinant = (xx * yy - xy.square()).clamp(min=torch.finfo(xx.dtype).tiny)
    adjugate = torch.stack([torch.stack([yy, -xy], 1), torch.stack([-xy, xx], 1)], 1)
    return adjugate / determinant[:, None, None]


def _nearest(
    windows: FeatureWindows, starts: Tensor, references: Tensor, lattice: Lattice
) -> Tensor:
    """Return the offsets ``[N, 2]`` px on the lattice, in the search window, to the most similar patches."""
    area = _read(windows, starts, lattice, lattice.search + lattice.radius)
    patch, side = _inner(references), 2 * lattice.search + 1
    mismatches = starts.new_zeros(len(starts), side, side)
    # Place by place of the patch: all candidate patches at once would be its area times as large.
    for row, column in lattice.members():
        seen = area[:, :, row : row + side, column : column + side]
        mismatches += (seen - patch[:, :, row, column, None, None]).square().sum(1)
    offsets = lattice.offsets(lattice.search, starts)
    away = (offsets[:, None].square() + offsets.square()) / offsets[-1].square()
    number = torch.finfo(starts.dtype)
    tie = (TIE_ROUNDINGS * number.eps) ** 2 * _size(references, lattice)
    tie = tie.clamp(min=number.tiny)
    inside = (
        windows.y.contains(starts[:, 1:] + offsets)[:, :, None]
        & windows.x.contains(starts[:, :1] + offsets)[:, None]
    )
    costs = mismatches * (1 + CLOSENESS * away) + tie[:, None, None] * away
    best = costs.masked_fill(~inside, torch.inf).flatten(1).argmin(1)
    count = len(offsets)
    return torch.stack([offsets[best % count], offsets[best // count]], dim=1)


def _refined(
    windows: FeatureWindows, places: Tensor, seen: Tensor, references: Tensor, lattice: Lattice
) -> Tensor:
    """Return places ``[N, 2]``, whose surroundings are seen, after one Gauss-Newton step of at most one lattice step."""
    slope = _slope(seen, references, lattice)
    inverse = _inverse_structure(slope, references, lattice)
    difference = _inner(seen) - _inner(references)
    pull = torch.einsum("njcqp,ncqp->nj", slope, difference)
    step = -(inverse @ pull[..., None])[..., 0]
    length = torch.linalg.vector_norm(step, dim=1, keepdim=True)
    moved = places + step * (lattice.spacing_px / length.clamp(min=lattice.spacing_px))
    return torch.stack(
        [moved[:, 0].clamp(0, windows.x.pixels - 1), moved[:, 1].clamp(0, windows.y.pixels - 1)],
        dim=1,
    )


def _mismatch(
    windows: FeatureWindows, places: Tensor, references: Tensor, lattice: Lattice
) -> Tensor:
    """Return the summed squared difference ``[N]`` of the patches at places to the references."""
    return _difference(surroundings(windows, places, lattice), references, lattice)


def _difference(seen: Tensor, references: Tensor, lattice: Lattice) -> Tensor:
    """Return the summed squared difference ``[N]`` of the patches of surroundings to the references."""
    difference = _inner(seen) - _inner(references)
    return torch.einsum("ncqp,qp->n", difference.square(), lattice.disc(seen))


def _size(references: Tensor, lattice: Lattice) -> Tensor:
    """Return the summed squares ``[N]`` of the features of patches."""
    return torch.einsum("ncqp,qp->n", _inner(references).square(), lattice.disc(references))
