"""What a solver sees of a picture: its features around some points, and the whole map where somebody needs it."""

from dataclasses import dataclass
from typing import Generic

import torch
from torch import Tensor

from draggan_widget.drag.geometry import FeatureGrid, FeatureWindows
from draggan_widget.drag.protocols import (
    DragGenerator,
    PreparableGenerator,
    PreparedSynthesis,
    SketchingGenerator,
    TraceT,
)


@dataclass(frozen=True, eq=False)
class View(Generic[TraceT]):
    """The features of a latent.

    Attributes:
        w: The latent, ``[1, num_ws, w_dim]``.
        windows: Features around the points that were asked for.
        trace: The synthesis up to the feature block, or None where only the windows were computed.
        features: The whole map, ``[C, h, w]``, or None with ``trace``.
    """

    w: Tensor
    windows: FeatureWindows
    trace: TraceT | None
    features: Tensor | None


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture to which new points refer.

    Attributes:
        w: The latent, ``[1, num_ws, w_dim]``.
        features: The whole map, ``[C, h, w]``, or None where it was not computed.
    """

    w: Tensor
    features: Tensor | None


class Viewer(Generic[TraceT]):
    """Looks at latents that differ in their first rows; counts how often.

    Attributes:
        syntheses: Forward passes through the generator so far.
    """

    def __init__(self, generator: DragGenerator[TraceT], w: Tensor, rows: int, block: int) -> None:
        """Prepare to look at latents like ``w`` in all but the first ``rows`` rows.

        Args:
            generator: Frozen generator.
            w: A latent, ``[1, num_ws, w_dim]``.
            rows: How many rows will differ from it, from the first.
            block: Whose features are looked at.
        """
        self.syntheses = 0
        self._generator, self._block, self._type = generator, block, w.dtype
        self._prepared: PreparedSynthesis[TraceT] | None = None
        if isinstance(generator, PreparableGenerator):
            self._prepared = generator.prepared(w, rows, block)

    def first(self, w: Tensor, *, whole: bool) -> tuple[Seen, Tensor]:
        """Return the first picture, and an empty map, ``[0, h, w]``, of the size and type of its features.

        Args:
            w: ``[1, num_ws, w_dim]``.
            whole: Whether the whole map is needed; otherwise it is computed only where its size is not known without.
        """
        if self._prepared is not None and not whole:
            return Seen(w, None), w.new_empty(0, *self._prepared.map_size)
        features = self.features(w)
        return Seen(w, features), features.new_empty(0, *features.shape[1:])

    def trace(self, w: Tensor) -> TraceT:
        """Return the synthesis of a latent up to the feature block."""
        self.syntheses += 1
        if self._prepared is None:
            return self._generator.trace(w, self._block)
        return self._prepared.trace(w)

    def features(self, w: Tensor) -> Tensor:
        """Return the whole map of a latent, ``[C, h, w]``, of the type of the latents."""
        return self.trace(w).features[0].to(self._type)

    def appearance(self, w: Tensor) -> Tensor:
        """Return what is to stay where a picture is held, ``[B, C, h, w]``, of latents ``[B, num_ws, w_dim]``.

        Small pictures, where the generator can make them: features around what moves change before the picture does.
        """
        self.syntheses += len(w)
        if isinstance(self._generator, SketchingGenerator):
            return self._generator.sketch(w).to(self._type)
        features = [self._generator.trace(each[None], self._block).features for each in w]
        return torch.cat(features).to(self._type)

    def look(
        self, w: Tensor, grid: FeatureGrid, points: Tensor, radius_px: float, *, whole: bool
    ) -> View[TraceT]:
        """Return the features of a latent around points; only those, where that is faster.

        Args:
            w: ``[1, num_ws, w_dim]``; the features are differentiable in it.
            grid: How the map lies under the picture.
            points: ``[N, 2]`` px, inside the picture, on any device.
            radius_px: How far around each point features will be read.
            whole: Whether the whole map is needed in any case.
        """
        rows, columns = grid.window_size(radius_px)
        prepared = self._prepared
        if whole or prepared is None or not prepared.windows_pay(len(points), rows, columns):
            trace = self.trace(w)
            features = trace.features[0].to(self._type)
            return View(w, grid.windows(features, points.to(w), radius_px), trace, features)
        self.syntheses += 1
        starts = grid.window_starts(points, radius_px).to(w.device)
        values = prepared.feature_windows(w, starts, rows, columns).to(self._type)
        return View(w, FeatureWindows(grid.x, grid.y, values, starts), None, None)

    def again(
        self, seen: Seen, grid: FeatureGrid, points: Tensor, radius_px: float
    ) -> FeatureWindows:
        """Return features of a picture around other points; synthesised anew only where its map is not known."""
        if seen.features is None:
            return self.look(seen.w, grid, points, radius_px, whole=False).windows
        return grid.windows(seen.features, points.to(seen.w), radius_px)
