"""Pictures and moves of a gradient solver on a device that shall not be waited for: one small copy a step.

A move is started before anybody knows whether it will be taken: what the device found, the loss, and whether all is
finite then come to the host together.
"""

from dataclasses import dataclass, replace
from typing import Generic

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.drag.descent import NO_GRADIENT, Recipe, features_at
from draggan_widget.drag.device_step import Descent, DragTask, Move, Sight, start_of
from draggan_widget.drag.graphs import GraphedDrag, padded_count
from draggan_widget.drag.mover import NO_FEATURES, Picture
from draggan_widget.drag.points import TrackedPoints, as_tensor, read_only
from draggan_widget.drag.protocols import TraceT
from draggan_widget.drag.validation import Points
from draggan_widget.drag.views import Seen, Viewer
from draggan_widget.errors import GeneratorError


class DeviceMover(Generic[TraceT]):
    """Descends on the motion loss by steps that are captured where that is possible.

    A picture that needs a trace is synthesised once more, for a captured step gives none; that belongs to drawing it
    and is not counted, nor is the backward pass of a move that is not taken.

    Attributes:
        moves: How many times the latent was moved.
        evaluations: Forward and backward passes through the generator.
    """

    def __init__(self, viewer: Viewer[TraceT], recipe: Recipe, start_z: Tensor | None) -> None:
        """Stand at the start of the recipe's chart.

        Args:
            viewer: Looks at its latents; has made the first picture.
            recipe: What stays the same.
            start_z: The z of the first picture, where it is known.
        """
        self.moves, self.evaluations = 0, viewer.syntheses
        self._viewer, self._recipe, self._start_z = viewer, recipe, start_z
        self._device = GraphedDrag(viewer, recipe)
        self._descent = start_of(recipe.chart)
        self._ahead: tuple[Descent, _Reading] | None = None  # a move that may be taken
        self._held: Tensor | None = None
        self._seen = Seen(recipe.chart.start, recipe.start_features)
        self._points: TrackedPoints | None = None  # of which the device knows handles and task
        self._handles: Tensor
        self._task: DragTask

    @torch.no_grad()
    def w(self) -> Tensor:
        """Return the latent after the last move, ``[1, num_ws, w_dim]``."""
        return self._recipe.chart.w(self._descent.coordinates)

    def standing(self) -> Tensor:
        """Return the coordinates of the latent, a copy."""
        return self._descent.coordinates.clone()

    def stand(self, coordinates: Tensor) -> None:
        """Go back to coordinates of before; Adam's memory stays."""
        self._descent = self._descent._replace(coordinates=coordinates)

    def arrange(self, point_ids: tuple[int, ...], known: frozenset[int]) -> None:
        """Do nothing: all that is known about a point is its reference."""

    def hold(self, held: Tensor | None) -> None:
        """Take the share of each feature cell that must not move, or None."""
        self._held, self._points = held, None

    @torch.no_grad()
    def references(self, handles: Points) -> Tensor:
        """Return the features ``[N, C]`` of handles ``[N, 2]`` in the picture that was looked at last."""
        recipe, places = self._recipe, as_tensor(handles, self._seen.w)
        self.evaluations += self._seen.features is None
        windows = self._viewer.again(self._seen, recipe.grid, places, recipe.reach_px)
        return features_at(windows, places)

    def look(
        self, points: TrackedPoints, *, whole: bool, differentiable: bool, lean: bool = False
    ) -> Picture[TraceT]:
        """Synthesise the present latent and find the handles in it; see :meth:`Mover.look`."""
        self.evaluations += 1
        self._ahead = move = None
        if not points.ids:
            return self._picture(self.w(), points, read_only(np.ones(0)), whole=True)
        self._tell(points)
        sight = self._device.look(self._descent, self._handles, self._task)
        if differentiable and not lean:
            move = self._device.move(self._descent, sight.handles, self._task)
        read = _read(sight, move, len(points.ids))
        if not read.found:
            raise GeneratorError(NO_FEATURES)
        if move is not None:
            self._ahead = move.descent, read
        return self._found(read, sight, points, whole=whole)

    def move(self, picture: Picture[TraceT]) -> float:
        """Take the move that was started with the picture, and return the loss there; see :meth:`Mover.move`."""
        assert self._ahead is not None
        (descent, read), self._ahead = self._ahead, None
        self.evaluations += 1
        if not read.finite:
            raise GeneratorError(NO_GRADIENT)
        self._take(descent)
        return read.loss

    def advance(
        self, picture: Picture[TraceT], points: TrackedPoints, *, whole: bool
    ) -> tuple[Picture[TraceT], float]:
        """Move the latent on from the picture that was looked at last, then look again; see :meth:`Mover.advance`."""
        self.evaluations += 2
        self._tell(points)
        move = self._device.move(self._descent, self._handles, self._task)
        sight = self._device.look(move.descent, self._handles, self._task)
        read = _read(sight, move, len(points.ids))
        if not read.finite:
            raise GeneratorError(NO_GRADIENT)
        if not read.found:
            raise GeneratorError(NO_FEATURES)
        self._take(move.descent)
        return self._found(read, sight, points, whole=whole), read.loss

    def _take(self, descent: Descent) -> None:
        """Stand where a move has led."""
        self._descent = descent
        self.moves += 1

    def _found(
        self, read: "_Reading", sight: Sight, points: TrackedPoints, *, whole: bool
    ) -> Picture[TraceT]:
        """Return the picture of the present latent, in which the handles were found."""
        self._handles = sight.handles
        self._points = replace(points, handles=read_only(read.handles))
        return self._picture(sight.w, self._points, read_only(read.confidences), whole=whole)

    @torch.no_grad()
    def _picture(
        self, w: Tensor, points: TrackedPoints, confidences: Points, *, whole: bool
    ) -> Picture[TraceT]:
        """Return a picture of the present latent, to which new points will refer."""
        trace = self._viewer.trace(w) if whole else None
        self._seen = Seen(w, None if trace is None else trace.features[0].to(w))
        z = self._recipe.chart.z(self._descent.coordinates)
        return Picture(w, self._start_z if z is None else z, trace, points, confidences, self.moves)

    def _tell(self, points: TrackedPoints) -> None:
        """Bring points to the device, if it does not know them."""
        if points is self._points:
            return
        references = points.references
        more = padded_count(len(points.ids)) - len(points.ids)
        rows = np.pad(np.stack([points.handles, points.targets]), ((0, 0), (0, more), (0, 0)))
        self._handles, targets = torch.from_numpy(rows).to(references.device)
        present = torch.from_numpy(np.arange(rows.shape[1]) < len(points.ids))
        self._task = DragTask(
            targets,
            F.pad(references, (0, 0, 0, more)),
            present.to(references.device),
            self._held,
        )
        self._points = points


@dataclass(frozen=True, eq=False)
class _Reading:
    """What the host knows of a picture and a move: see :class:`Sight` and :class:`Move`."""

    handles: Points
    confidences: Points
    found: bool
    loss: float
    finite: bool


def _read(sight: Sight, move: Move | None, count: int) -> _Reading:
    """Wait for the device, once; without a move, the loss is 0."""
    parts = [sight.handles[:count].flatten(), sight.confidences[:count], sight.found[None]]
    if move is not None:
        parts += [move.loss[None], move.finite[None]]
    values = torch.cat([each.double() for each in parts]).cpu().numpy()
    handles, confidences, rest = np.split(values, [2 * count, 3 * count])
    found, loss, finite = rest if move is not None else (*rest, 0.0, True)
    return _Reading(
        handles.reshape(count, 2).copy(),
        confidences.copy(),
        bool(found),
        float(loss),
        bool(finite),
    )
