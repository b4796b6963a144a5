"""Inverse kinematics on the generative manifold: handles are moved like the hand of a robot, by its joints.

How the places of the handles depend on the latent is differentiated once and then corrected by what each step does
(Broyden 1965); a step solves damped least squares in standard deviations of the latent. So a drag takes a handful of
passes through the generator, where descent on a loss takes a hundred.

Only the passes through the generator run on its device. The rest is a thousand operations on small tensors, each of
which a GPU would take longer to start than a CPU to compute: one copy of the features around the handles brings all
there that they need.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from draggan_widget.drag import reach
from draggan_widget.drag.charts import Chart, MappedChart
from draggan_widget.drag.config import FEW_POINTS, DragConfig, pixel_scale
from draggan_widget.drag.geometry import FeatureGrid, FeatureWindows
from draggan_widget.drag.holding import Hold, measured_hold
from draggan_widget.drag.jacobian import Jacobian
from draggan_widget.drag.least_squares import damped_step, share_within, shortened
from draggan_widget.drag.moves import Move
from draggan_widget.drag.noise import doubted, likeliest_multiple, weighed
from draggan_widget.drag.patches import (
    Lattice,
    confidence,
    find,
    find_anywhere,
    readout,
    surroundings,
)
from draggan_widget.drag.points import TrackedPoints, as_tensor
from draggan_widget.drag.solver import LOST, Tracked
from draggan_widget.drag.validation import Points
from draggan_widget.errors import GeneratorError

# Lengths are in px of a 512-px picture. They and the weights were chosen on the first half of the evaluation's cases:
# docs/solver.md says what was tried.

SPACING_CELLS = 1.0
"""Distance of neighbouring places of a patch in feature cells."""

PATCH_STEPS = 2
"""Radius of a patch in steps of its lattice."""

SEARCH_PX = 24.0
"""Half side of the window that is searched around the predicted place."""

FOUND = 0.5
"""A handle that was lost is found again where its confidence is more: it differs less than its features do."""

PULL = 1.0
"""Share of the way back to the start that is taken in each step where no handle says otherwise. All of it makes the
way of the drag as short as the handles allow."""

PULL_IN_Z = 0.1
"""The same in the space z, where no way leads off the manifold and a far target need not be given up for a near one."""

LONGEST_STEP = 3.7
"""Longest step in standard deviations: no row moves further."""

SHORTEST_PREDICTION_PX = 0.8
"""Predictions are taken to be at least so long when their error is judged; below is the error of the tracking."""


class KinematicSolver:
    """Damped least squares on tracked places, with a Jacobian that learns.

    Attributes:
        evaluations: Backward passes through the generator.
    """

    def __init__(
        self,
        chart: Chart,
        grid: FeatureGrid,
        like: Tensor,
        appearance_of: Callable[[Tensor], Tensor],
        config: DragConfig,
    ) -> None:
        """Stand at the start of a chart.

        Args:
            chart: Coordinates in standard deviations.
            grid: How features lie under the picture.
            like: Of the type of the features.
            appearance_of: Returns what a mask holds, ``[B, C, h, w]``, of latents ``[B, num_ws, w_dim]``.
            config: The settings.
        """
        self.evaluations = 0
        self._chart, self._grid, self._config = chart, grid, config
        self._like = like.cpu()
        self._appearance_of = appearance_of
        self._scale = pixel_scale(grid.x.pixels, grid.y.pixels)
        self._shortest_px = SHORTEST_PREDICTION_PX * self._scale
        self._lattice = lattice_of(grid)
        self._pull = PULL_IN_Z if isinstance(chart, MappedChart) else PULL
        self._coordinates = chart.start.new_zeros(chart.shape).requires_grad_()
        self._ids: frozenset[int] = frozenset()
        self._jacobian = Jacobian({})
        self._last: Move | None = None
        self._reach_px = reach.REACH_PX
        self._misled = False
        self._moves = 0
        self._held: Tensor | None = None
        self._hold: Hold | None = None

    def needs_gradient(self, *, lean: bool) -> bool:
        """Return whether a row of the Jacobian will be computed: of a new point, or in its turn if not ``lean``.

        After a step that went elsewhere than predicted a row has its turn in any case.
        """
        if not self._jacobian.covers(self._ids):
            return True
        return self._config.jacobian_refresh and (not lean or self._misled)

    def w(self) -> Tensor:
        """Return the latent after the last move, ``[1, num_ws, w_dim]``."""
        return self._chart.w(self._coordinates)

    def z(self) -> Tensor | None:
        """Return the z after the last move, ``[1, z_dim]``, if the drag moves z."""
        return self._chart.z(self._coordinates.detach())

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return self._like.device

    @property
    def needs_map(self) -> bool:
        """Return False: what a mask holds is asked for apart."""
        return False

    @property
    def reach_px(self) -> float:
        """How far around the place where a search begins features are read."""
        return self._lattice.reach_px

    def centres(self, points: TrackedPoints) -> Tensor:
        """Return where the last step should have led the handles, ``[N, 2]`` px, inside the picture."""
        centres = as_tensor(points.handles, self._like)
        if self._last is None:
            return centres
        for index, key in enumerate(points.ids):
            if key in self._last.handles:
                centres[index] = self._last.handles[key] + self._last.predicted[key]
        last = centres.new_tensor([self._grid.x.pixels - 1, self._grid.y.pixels - 1])
        return torch.minimum(centres.clamp(min=0), last)

    def references(self, windows: FeatureWindows, handles: Tensor) -> Tensor:
        """Return the patches around handles ``[N, 2]``, and a step beyond, ``[N, C, P + 2, P + 2]``."""
        return surroundings(windows, handles, self._lattice)

    def arrange(self, point_ids: tuple[int, ...], known: frozenset[int]) -> None:
        """Take up points, and forget the derivatives and the predicted moves of all that are not known."""
        self._ids = frozenset(point_ids)
        self._jacobian = self._jacobian.only(known)
        self._last = self._last and self._last.only(known)

    def hold(self, held: Tensor | None) -> None:
        """Take the share of each feature cell that must not move; its metric is measured at the next move."""
        self._held, self._hold = None if held is None else held.to(self._like), None

    def follow(self, windows: FeatureWindows, points: TrackedPoints) -> Tracked:
        """Return how far the handles moved; they are searched for where the last step should have led them."""
        references = points.references
        places = as_tensor(points.handles, windows.values)
        offsets = torch.zeros_like(places)
        if self._last is not None:
            expected = self.centres(points)
            found = find(windows, expected, references, self._lattice)
            offsets = reach.believed(found, expected, self._scale) - places
        sure = confidence(windows, places + offsets, references, self._lattice)
        return Tracked(offsets, sure)

    def lost(self, points: TrackedPoints, confidences: Points) -> list[int]:
        """Return the handles that no longer look like themselves, or hardly do and went elsewhere than predicted.

        Of many handles none is: where the others take it says better where it is than a search of the whole picture.
        """
        if len(points.ids) > FEW_POINTS:
            return []
        surprises = {}
        if self._last is not None:
            places = as_tensor(points.handles, self._like)
            surprises = self._last.surprises(points.ids, places)

        def is_lost(key: int, sure: float) -> bool:
            if self._last is None or key not in surprises or not LOST <= sure < FOUND:
                return sure < LOST
            return self._last.error({key: surprises[key]}, self._shortest_px) > reach.BAD_PREDICTION

        known = zip(points.ids, confidences, strict=True)
        return [index for index, (key, sure) in enumerate(known) if is_lost(key, sure)]

    def find_again(
        self, features: Tensor, points: TrackedPoints, lost: Sequence[int]
    ) -> Mapping[int, Tensor]:
        """Return where in the whole picture handles are more like themselves than not, by index."""
        found = {}
        for index in lost:
            reference = points.references[index : index + 1].to(features)
            place, sure = find_anywhere(features, self._grid, reference, self._lattice)
            if sure > FOUND:
                found[index] = place.to(self._like)
        return found

    def standing(self) -> Tensor:
        """Return the coordinates where the solver stands, a copy."""
        return self._coordinates.detach().clone()

    def stand(self, coordinates: Tensor) -> None:
        """Go back to coordinates where it stood before; what was learnt about derivatives stays."""
        with torch.no_grad():
            self._coordinates.copy_(coordinates)
        self._last, self._hold, self._reach_px = None, None, reach.REACH_PX

    @torch.enable_grad()
    def move(
        self,
        windows: FeatureWindows,
        features: Tensor | None,
        points: TrackedPoints,
        *,
        lean: bool,
    ) -> float:
        """Take one step of least squares; return the mean squared distance of handles and targets, px^2."""
        handles, ids = as_tensor(points.handles, windows.values), points.ids
        turn = self._moves if self.needs_gradient(lean=lean) else None
        learned, factor = self._learned(ids, handles)
        wanted = learned.wanted(ids, turn)
        jacobian = learned
        if wanted:
            places = readout(windows, handles, points.references, self._lattice)
            jacobian = learned.computed(ids, wanted, places, self._coordinates)
        reach_px = reach.bounded_reach(self._reach_px * factor, len(ids))
        with torch.no_grad():
            errors = as_tensor(points.targets, handles) - handles
            shares = share_within(errors, reach_px * self._scale)
            hold, matrix = self._hold_now(), jacobian.matrix(ids)
            patches = windows, handles, points.references, self._lattice
            step = self._step(hold, shares, *weighed(matrix, errors, *patches, self._scale))
            predicted = (matrix @ step).reshape(-1, 2)
        if not bool(step.isfinite().all()):
            raise GeneratorError(
                "the derivative of the handles is not finite; the latent was not moved: undo or reset the picture"
            )
        self.evaluations += len(wanted)
        self._jacobian, self._hold = jacobian, hold
        self._reach_px, self._misled = reach_px, factor < 1
        by_id = dict(zip(ids, handles, strict=True)), dict(zip(ids, predicted, strict=True))
        self._last = Move(step, *by_id)
        self._moves += 1
        with torch.no_grad():
            self._coordinates += step.reshape(self._chart.shape).to(self._coordinates)
        return float(np.square(points.distances_px).mean())

    def _learned(self, point_ids: Sequence[int], handles: Tensor) -> tuple[Jacobian, float]:
        """Return the Jacobian after what the last step has done, and by which factor the reach changes."""
        last = self._last
        if last is None or not (surprises := last.surprises(point_ids, handles)):
            return self._jacobian, 1.0
        factor = reach.change_of_reach(last.error(surprises, self._shortest_px))
        if not bool(last.step.any()):
            return self._jacobian, factor
        return self._jacobian.after(last.step, surprises), factor

    def _step(
        self, hold: Hold | None, shares: Tensor, jacobian: Tensor, errors: Tensor, noise: Tensor
    ) -> Tensor:
        """Return the step ``[A]`` that goes a share ``[N, 1]`` of the way, for what :func:`noise.weighed` returns."""
        position = self._position()
        back, all_the_way = -self._pull * position, -position
        if hold is not None:
            jacobian = jacobian @ hold.basis
            back, all_the_way = (hold.back(position, pull) for pull in (self._pull, 1.0))
        if len(shares) > FEW_POINTS:
            noise = noise * likeliest_multiple(jacobian, errors, all_the_way)
            noise = doubted(jacobian, errors, noise, back)
        asked = (errors.reshape(-1, 2) * shares).flatten()
        step = damped_step(jacobian, asked, noise, back)
        return shortened(step if hold is None else hold.basis @ step, LONGEST_STEP)

    def _hold_now(self) -> Hold | None:
        """Return the metric of the mask at the present picture: measured, or corrected by what the last step did."""
        if self._held is None:
            return None
        if self._hold is None:
            position, weight = self._position(), self._config.mask_weight
            return measured_hold(self._chart, position, self._appearance_of, self._held, weight)
        if self._last is None or not bool(self._last.step.any()):
            return self._hold
        return self._hold.after(self._last.step, self._appearance_of(self.w().detach()))

    def _position(self) -> Tensor:
        """Return the coordinates ``[A]``, on the CPU."""
        return self._coordinates.detach().flatten().to(self._like)


def lattice_of(grid: FeatureGrid) -> Lattice:
    """Return where patches are read, for a grid."""
    spacing_px = SPACING_CELLS * max(axis.pixels / axis.cells for axis in (grid.x, grid.y))
    search_px = SEARCH_PX * pixel_scale(grid.x.pixels, grid.y.pixels)
    return Lattice(spacing_px, PATCH_STEPS, max(round(search_px / spacing_px), 1))
