"""Pictures and moves with any solver, on any device; decisions are taken between the two."""

from dataclasses import dataclass, replace
from typing import Generic

import numpy as np
import torch
from torch import Tensor

from draggan_widget.drag.geometry import FeatureGrid, FeatureWindows
from draggan_widget.drag.mover import NO_FEATURES, Picture
from draggan_widget.drag.points import TrackedPoints, as_tensor, read_only
from draggan_widget.drag.protocols import TraceT
from draggan_widget.drag.solver import Solver
from draggan_widget.drag.validation import Points
from draggan_widget.drag.views import Seen, View, Viewer
from draggan_widget.errors import GeneratorError


@dataclass(frozen=True, eq=False)
class _ViewedPicture(Picture[TraceT]):
    """A picture, and what the solver saw of it.

    Attributes:
        view: All of it.
        windows: Those of the view, where the solver computes.
    """

    view: View[TraceT]
    windows: FeatureWindows


class SolverMover(Generic[TraceT]):
    """Moves a latent as a solver says.

    Attributes:
        moves: How many times the latent was moved.
    """

    def __init__(
        self,
        viewer: Viewer[TraceT],
        grid: FeatureGrid,
        solver: Solver,
        seen: Seen,
        start_z: Tensor | None,
    ) -> None:
        """Stand where the solver stands.

        Args:
            viewer: Looks at its latents.
            grid: How features lie under the picture.
            solver: At the start of the drag.
            seen: The first picture.
            start_z: Its z, where it is known.
        """
        self.moves = 0
        self._viewer, self._grid, self._solver = viewer, grid, solver
        self._seen, self._start_z = seen, start_z

    @property
    def evaluations(self) -> int:
        """Forward and backward passes through the generator."""
        return self._viewer.syntheses + self._solver.evaluations

    def w(self) -> Tensor:
        """Return the latent after the last move, ``[1, num_ws, w_dim]``."""
        return self._solver.w().detach()

    def standing(self) -> Tensor:
        """Return the coordinates where the solver stands, a copy."""
        return self._solver.standing()

    def stand(self, coordinates: Tensor) -> None:
        """Go back to coordinates where it stood before."""
        self._solver.stand(coordinates)

    def arrange(self, point_ids: tuple[int, ...], known: frozenset[int]) -> None:
        """Hand them to the solver."""
        self._solver.arrange(point_ids, known)

    def hold(self, held: Tensor | None) -> None:
        """Hand it to the solver."""
        self._solver.hold(held)

    @torch.no_grad()
    def references(self, handles: Points) -> Tensor:
        """Return the appearance ``[N, ...]`` of handles ``[N, 2]`` in the picture that was looked at last."""
        solver = self._solver
        places = as_tensor(handles, self._seen.w).to(solver.device)
        windows = self._viewer.again(self._seen, self._grid, places, solver.reach_px)
        return solver.references(windows.to(solver.device), places)

    def look(
        self, points: TrackedPoints, *, whole: bool, differentiable: bool, lean: bool = False
    ) -> Picture[TraceT]:
        """Synthesise the present latent and find the handles in it; see :meth:`Mover.look`."""
        picture = self._look(points, whole=whole, differentiable=differentiable, lean=lean)
        again = self._again(picture)
        if again is None:
            return picture
        return self._look(again, whole=whole, differentiable=differentiable, lean=lean)

    def _look(
        self, points: TrackedPoints, *, whole: bool, differentiable: bool, lean: bool
    ) -> _ViewedPicture[TraceT]:
        """Synthesise the present latent and find the handles near where they should be."""
        solver = self._solver
        gradient = differentiable and bool(points.ids) and solver.needs_gradient(lean=lean)
        with torch.set_grad_enabled(gradient):
            w, z = solver.w(), solver.z()
            view = self._viewer.look(
                w,
                self._grid,
                solver.centres(points),
                solver.reach_px,
                whole=whole or solver.needs_map or not points.ids,
            )
            windows = view.windows.to(solver.device)
        confidences = read_only(np.ones(len(points.ids)))
        if points.ids:
            points, confidences = self._follow(windows, points)
        self._seen = Seen(w.detach(), None if view.features is None else view.features.detach())
        z = self._start_z if z is None else z
        known = w.detach(), z, view.trace, points, confidences, self.moves
        return _ViewedPicture(*known, view, windows)

    @torch.no_grad()
    def _again(self, picture: _ViewedPicture[TraceT]) -> TrackedPoints | None:
        """Return the points with those handles that are lost where they are after all; None if none is found."""
        points = picture.points
        lost = self._solver.lost(points, picture.confidences)
        if not lost:
            return None
        features = self._seen.features
        if features is None:
            features = self._viewer.features(picture.w)
        found = self._solver.find_again(features, points, lost)
        if not found:
            return None
        handles = points.handles.copy()
        for index, place in found.items():
            handles[index] = place.cpu().double().numpy()
        known = frozenset(key for i, key in enumerate(points.ids) if i not in found)
        self._solver.arrange(points.ids, known)
        return replace(points, handles=read_only(handles))

    def move(self, picture: Picture[TraceT]) -> float:
        """Move the latent on from a picture, and return the loss there; see :meth:`Mover.move`."""
        return self._move(picture, picture.points, lean=False)

    def advance(
        self, picture: Picture[TraceT], points: TrackedPoints, *, whole: bool
    ) -> tuple[Picture[TraceT], float]:
        """Move the latent on from a picture, then look again; see :meth:`Mover.advance`."""
        before = self._solver.standing()
        loss = self._move(picture, points, lean=True)
        try:
            return self.look(points, whole=whole, differentiable=True, lean=True), loss
        except GeneratorError:
            self._solver.stand(before)
            self.moves -= 1
            raise

    def _move(self, picture: Picture[TraceT], points: TrackedPoints, *, lean: bool) -> float:
        """Move the latent on from a picture; return the loss there."""
        assert isinstance(picture, _ViewedPicture)
        features = picture.view.features
        loss = self._solver.move(picture.windows, features, points, lean=lean)
        self.moves += 1
        return loss

    @torch.no_grad()
    def _follow(
        self, windows: FeatureWindows, points: TrackedPoints
    ) -> tuple[TrackedPoints, Points]:
        """Track the handles into a picture; return them there, and how sure they are, ``[N]``."""
        tracked = self._solver.follow(windows.detach(), points)
        found = torch.cat([tracked.offsets, tracked.confidences[:, None]], dim=1)
        values = found.cpu().double().numpy()
        if not np.isfinite(values).all():
            raise GeneratorError(NO_FEATURES)
        last = self._grid.x.pixels - 1, self._grid.y.pixels - 1
        handles = (points.handles + values[:, :2]).clip(0, last)
        return replace(points, handles=read_only(handles)), read_only(values[:, 2].copy())
