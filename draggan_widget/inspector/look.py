"""What is shown of a moment, computed: arrays and numbers, nothing drawn."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from draggan_widget.drag.geometry import FeatureGrid
from draggan_widget.drag.points import Origin
from draggan_widget.drag.similarity import (
    Places,
    Reference,
    distance_map,
    reference_at,
    search_px,
)
from draggan_widget.frames import to_picture
from draggan_widget.inspector.components import Basis
from draggan_widget.inspector.heat import heat
from draggan_widget.inspector.watch import Moment
from draggan_widget.session.state import PictureGenerator

PICTURE, FEATURES, DISTANCES = "picture", "features", "distances"
GROUNDS = (PICTURE, FEATURES, DISTANCES)
"""What can lie under the marks: the picture, the features as colours, how unlike a handle's reference they are."""

LARGEST_PICTURE_PX = 256
"""A larger picture is shown at this size: it is only there to find one's way."""

ZOOM = 2.5
"""The map around a handle shows the square that is searched, and so many times as far."""

LEAST_ZOOM_PX = 6.0
"""It reaches at least so far."""

ZOOM_CELLS = 49
"""Places along a side of that map, about; odd, so that the handle is one of them."""


@dataclass(frozen=True)
class Choice:
    """What a person wants to see.

    Attributes:
        ground: One of :data:`GROUNDS`.
        block: Resolution of the feature block, None for the solver's.
        handle: Id of a handle, None for the first.
    """

    ground: str = PICTURE
    block: int | None = None
    handle: int | None = None


@dataclass(frozen=True, eq=False)
class Zoom:
    """The distances around a handle.

    Attributes:
        distances: ``[rows, columns]``, see :func:`distance_map`.
        x, y: Of the first place, px.
        spacing_px: Of neighbouring places.
        handle: Where the handle was found, px.
        search_px: Half the side of the square that is searched around the last place of the handle.
    """

    distances: NDArray[np.float32]
    x: float
    y: float
    spacing_px: float
    handle: tuple[float, float]
    search_px: float

    @property
    def least(self) -> tuple[float, float, float]:
        """Where the least distance of the square around the handle lies, px, and its value."""
        rows, columns = np.indices(self.distances.shape)
        xs, ys = self.x + columns * self.spacing_px, self.y + rows * self.spacing_px
        away = np.maximum(abs(xs - self.handle[0]), abs(ys - self.handle[1]))
        searched = np.where(away <= self.search_px + 1e-6, self.distances, np.inf)
        row, column = np.unravel_index(searched.argmin(), searched.shape)
        return float(xs[row, column]), float(ys[row, column]), float(searched[row, column])


@dataclass(frozen=True, eq=False)
class Look:
    """What is shown of a moment.

    Attributes:
        moment: The moment.
        size: Width and height of the picture, px.
        ground: ``[h, w, 3]`` 8-bit RGB, laid over the whole picture.
        is_smooth: Whether it is enlarged smoothly: a picture, no cells.
        block: Resolution of the feature block.
        channels: How many features a cell has.
        share: Part of the variance that the three components hold; None unless they are shown.
        index: Of the chosen handle, None without handles.
        zoom: Around it; None without handles.
    """

    moment: Moment
    size: tuple[int, int]
    ground: NDArray[np.uint8]
    is_smooth: bool
    block: int
    channels: int
    share: float | None
    index: int | None
    zoom: Zoom | None


class Looker:
    """Looks at moments of one generator; keeps what moments have in common, so that colours stay as they are.

    The basis of the colours is that of the first picture of a seed or latent that was looked at as features, for each
    block, and lasts over its drags.
    """

    def __init__(self, generator: PictureGenerator) -> None:
        """Have nothing looked at yet."""
        self._generator = generator
        self._lock = threading.Lock()
        self._bases: dict[int, tuple[Tensor, Basis]] = {}
        self._references: dict[tuple[Origin, int, Any], Reference] = {}

    def look(self, moment: Moment, choice: Choice) -> Look:
        """Return what is shown of a moment; from any thread."""
        with self._lock, torch.no_grad():
            return self._look(moment, choice)

    def _look(self, moment: Moment, choice: Choice) -> Look:
        """Return what is shown of a moment, without gradient."""
        g, state, config = self._generator, moment.state, moment.config
        own = config.block_of(g.height, g.feature_blocks)
        block = own if choice.block is None else choice.block
        trace = moment.trace if block == own else None
        if trace is None:
            trace = g.trace(state.w, block)
        features = trace.features[0].detach().to(state.w.dtype)
        grid = FeatureGrid.between(g.width, g.height, features)
        index, reference, zoom, share = None, None, None, None
        if moment.origins:
            ids = state.point_ids
            index = ids.index(choice.handle) if choice.handle in ids else 0
            reference = self._reference(moment, index, block)
            zoom = zoom_at(features, grid, reference, state.handle_points[index], moment)
        if choice.ground == FEATURES:
            basis = self._basis(moment, block)
            ground, share = basis.colours(features), basis.share
        elif choice.ground == DISTANCES and reference is not None:
            ground = heat(whole_map(features, grid, reference))
        else:
            ground = small_picture(g.image_from_trace(trace))
        return Look(
            moment=moment,
            size=(g.width, g.height),
            ground=ground,
            is_smooth=choice.ground == PICTURE
            or (choice.ground == DISTANCES and reference is None),
            block=block,
            channels=len(features),
            share=share,
            index=index,
            zoom=zoom,
        )

    def _basis(self, moment: Moment, block: int) -> Basis:
        """Return the basis of the colours of a block."""
        start = moment.state.start_w
        known = self._bases.get(block)
        if known is None or known[0] is not start:
            features = self._generator.trace(start, block).features[0]
            known = self._bases[block] = start, Basis.of(features.to(start.dtype))
        return known[1]

    def _reference(self, moment: Moment, index: int, block: int) -> Reference:
        """Return what the solver remembers of a handle, read from a block."""
        origins = set(moment.origins)
        for key in [key for key in self._references if key[0] not in origins]:
            del self._references[key]
        origin, g = moment.origins[index], self._generator
        key = origin, block, moment.config
        if key not in self._references:
            features = g.trace(origin.w, block).features[0].to(origin.w.dtype)
            grid = FeatureGrid.between(g.width, g.height, features)
            x, y = origin.place.tolist()
            self._references[key] = reference_at(features, grid, x, y, moment.config)
        return self._references[key]


def zoom_at(
    features: Tensor,
    grid: FeatureGrid,
    reference: Reference,
    handle: NDArray[np.float64],
    moment: Moment,
) -> Zoom:
    """Return the distances around a handle ``[2]`` px."""
    searched_px, step_px = search_px(grid, moment.config), reference.lattice.spacing_px
    reach_px = max(ZOOM * searched_px, LEAST_ZOOM_PX)
    per_step = max(1, round(step_px * (ZOOM_CELLS // 2) / reach_px))
    spacing_px = step_px / per_step
    reach = round(reach_px / spacing_px)
    x, y = handle.tolist()
    left, top = x - reach * spacing_px, y - reach * spacing_px
    places = Places(left, top, 2 * reach + 1, 2 * reach + 1, per_step)
    distances = distance_map(features, grid, reference, places).cpu().float().numpy()
    return Zoom(distances, left, top, spacing_px, (x, y), searched_px)


def whole_map(features: Tensor, grid: FeatureGrid, reference: Reference) -> NDArray[np.float32]:
    """Return the distance of each cell from a reference, ``[h, w]``."""
    rows, columns = features.shape[1:]
    centre_x, centre_y = (axis.pixels / axis.cells / 2 - 0.5 for axis in (grid.x, grid.y))
    places = Places(centre_x, centre_y, columns, rows)
    cells: NDArray[np.float32] = (
        distance_map(features, grid, reference, places).cpu().float().numpy()
    )
    return cells


def small_picture(image: Tensor) -> NDArray[np.uint8]:
    """Return a picture ``[1, 3, H, W]`` as 8-bit RGB, no larger than is needed."""
    picture = to_picture(image)
    factor = LARGEST_PICTURE_PX / max(picture.size)
    if factor < 1:
        size = round(picture.width * factor), round(picture.height * factor)
        picture = picture.resize(size, Image.Resampling.BOX)
    return np.asarray(picture)
