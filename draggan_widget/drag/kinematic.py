"""Inverse kinematics on the generative manifold: handles are moved like the hand of a robot, by its joints.

How the places of the handles depend on the latent is differentiated once and then corrected by what each step does
(Broyden 1965); a step solves damped least squares in standard deviations of the latent. So a drag takes a handful of
passes through the generator, where descent on a loss takes a hundred.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from draggan_widget.drag.charts import Chart
from draggan_widget.drag.config import DragConfig, pixel_scale
from draggan_widget.drag.geometry import FeatureGrid
from draggan_widget.drag.holding import Hold, measured_hold
from draggan_widget.drag.least_squares import damped_step, secant_update, shortened
from draggan_widget.drag.patches import Lattice, confidence, find, readout, surroundings
from draggan_widget.drag.points import TrackedPoints, as_tensor
from draggan_widget.errors import GeneratorError

# Lengths are in px of a 512-px picture. They and the weights were chosen on a small generator of animal heads, whose
# feature map has half the size of the picture.

SPACING_PX = 8.0
"""Distance of neighbouring places of a patch; half a feature cell there."""

PATCH_STEPS = 2
"""Radius of a patch in steps of its lattice; between 1 and 6 it made no difference to the derivatives."""

SEARCH_STEPS = 3
"""Half side of the window that is searched around the predicted place, in steps of the lattice."""

BACKGROUND = 0.5
"""Share of the mean feature map that is subtracted. What all pictures have at a place stays there when the handle
moves on, so that places lag behind: features then follow a surface point by 0.91 of its way instead of 0.84."""

NOISE_PX2 = 1.28
"""Variance of a tracked coordinate, in px^2 of a 512-px picture, where the confidence is 1."""

LEAST_CONFIDENCE = 0.05
"""Confidences below count as this."""

PULL = 0.1
"""Share of the way back to the start that is taken in each step where no handle says otherwise."""

LONGEST_STEP = 3.7
"""Longest step in standard deviations of w, all rows together; 1.5 for each of six rows."""

REACH_PX = 32.0
"""How far a handle is first asked to move in a step."""

REACHES_PX = 4.0, 64.0
"""Bounds of that length, which grows and shrinks with how well places were predicted."""

GOOD_PREDICTION, BAD_PREDICTION = 0.35, 0.8
"""Errors of a prediction, relative to its length, below which the length grows and above which it shrinks."""

GROWTH, SHRINKAGE = 1.5, 0.6
"""By how much."""

SHORTEST_PREDICTION_PX = 0.8
"""Predictions are taken to be at least so long when their error is judged; below is the error of the tracking."""

DERIVATIVES_AT_ONCE = 8
"""Rows of the Jacobian that are computed in one batch; each holds a gradient of every activation."""


@dataclass(frozen=True, eq=False)
class _Move:
    """The last step, and what it should do.

    Attributes:
        step: Of the coordinates, ``[A]``.
        handles: Where the handles were, by id, ``[2]`` px each.
        predicted: How far each should move, likewise.
    """

    step: Tensor
    handles: dict[int, Tensor]
    predicted: dict[int, Tensor]


class KinematicSolver:
    """Damped least squares on tracked places, with a Jacobian that learns.

    Attributes:
        evaluations: Passes through the generator for derivatives and masks.
    """

    def __init__(
        self,
        chart: Chart,
        grid: FeatureGrid,
        start_features: Tensor,
        background: Tensor,
        synthesise: Callable[[Tensor], Tensor],
        config: DragConfig,
    ) -> None:
        """Stand at the start of a chart.

        Args:
            chart: Coordinates in standard deviations.
            grid: How features lie under the picture.
            start_features: Of the first picture, ``[C, h, w]``.
            background: Mean feature map, ``[C, h, w]``.
            synthesise: Returns the features ``[1, C, h, w]`` of a latent.
            config: The settings.
        """
        self.evaluations = 0
        self._chart, self._grid, self._config = chart, grid, config
        self._start_features = start_features
        self._background = BACKGROUND * background
        self._synthesise = synthesise
        self._scale = pixel_scale(grid.x.pixels, grid.y.pixels)
        self._lattice = Lattice(SPACING_PX * self._scale, PATCH_STEPS, SEARCH_STEPS)
        self._coordinates = start_features.new_zeros(chart.shape).requires_grad_()
        self._ids: frozenset[int] = frozenset()
        self._rows: dict[int, Tensor] = {}
        self._last: _Move | None = None
        self._reach_px = REACH_PX
        self._moves = 0
        self._held: Tensor | None = None
        self._hold: Hold | None = None

    @property
    def needs_gradient(self) -> bool:
        """Whether a row of the Jacobian is to be computed."""
        return self._config.jacobian_refresh or not self._rows.keys() >= self._ids

    def w(self) -> Tensor:
        """Return the latent after the last move, ``[1, num_ws, w_dim]``."""
        return self._chart.w(self._coordinates)

    def z(self) -> Tensor | None:
        """Return the z after the last move, ``[1, z_dim]``, if the drag moves z."""
        return self._chart.z(self._coordinates.detach())

    def references(self, features: Tensor, handles: Tensor) -> Tensor:
        """Return the patches around handles ``[N, 2]``, and a step beyond, ``[N, C, P + 2, P + 2]``."""
        features = features - self._background
        windows = self._grid.windows(features, handles, self._lattice.reach_px)
        return surroundings(windows, handles, self._lattice)

    def arrange(self, point_ids: tuple[int, ...], known: frozenset[int]) -> None:
        """Take up points, and forget the derivatives and the predicted moves of all that are not known."""
        self._ids = frozenset(point_ids)
        self._rows = {key: row for key, row in self._rows.items() if key in known}
        if (last := self._last) is not None:
            kept = [key for key in last.handles if key in known]
            handles = {key: last.handles[key] for key in kept}
            predicted = {key: last.predicted[key] for key in kept}
            self._last = _Move(last.step, handles, predicted)

    def hold(self, held: Tensor | None) -> None:
        """Take the share of each feature cell that must not move; its metric is measured at the next move."""
        self._held, self._hold = held, None

    def follow(self, features: Tensor, points: TrackedPoints) -> Tensor:
        """Return how far the handles moved; they are searched for where the last step should have led them."""
        handles = as_tensor(points.handles, features)
        if self._last is None:
            return torch.zeros_like(handles)
        starts = handles.clone()
        for index, key in enumerate(points.ids):
            if key in self._last.handles:
                starts[index] = self._last.handles[key] + self._last.predicted[key]
        for axis, pixels in enumerate((self._grid.x.pixels, self._grid.y.pixels)):
            starts[:, axis].clamp_(0, pixels - 1)
        features = features - self._background
        return find(features, self._grid, starts, points.references, self._lattice) - handles

    @torch.enable_grad()
    def move(self, features: Tensor, points: TrackedPoints) -> float:
        """Take one step of least squares; return the mean squared distance of handles and targets, px^2."""
        handles = as_tensor(points.handles, features)
        foreground = features - self._background
        rows, reach_px = self._learned(points.ids, handles)
        rows |= self._derivatives(foreground, points, handles, rows)
        jacobian = torch.cat([rows[key] for key in points.ids])
        with torch.no_grad():
            errors = as_tensor(points.targets, handles) - handles
            sure = confidence(foreground, self._grid, handles, points.references, self._lattice)
            step = self._step(features, jacobian, shortened(errors, reach_px * self._scale), sure)
        if not bool(step.isfinite().all()):
            raise GeneratorError(
                "the derivative of the handles is not finite; the latent was not moved: undo or reset the picture"
            )
        predicted = (jacobian @ step).reshape(-1, 2)
        self._rows, self._reach_px = rows, reach_px
        self._last = _Move(
            step,
            dict(zip(points.ids, handles, strict=True)),
            dict(zip(points.ids, predicted, strict=True)),
        )
        self._moves += 1
        with torch.no_grad():
            self._coordinates += step.reshape(self._chart.shape)
        return float(np.square(points.distances_px).mean())

    def _learned(
        self, point_ids: tuple[int, ...], handles: Tensor
    ) -> tuple[dict[int, Tensor], float]:
        """Return the Jacobian's rows by id, and the reach, after what the last step has done."""
        last = self._last
        seen = [] if last is None else [key for key in point_ids if key in last.handles]
        if last is None or not seen:
            return dict(self._rows), self._reach_px
        now = dict(zip(point_ids, handles, strict=True))
        observed = torch.stack([now[key] - last.handles[key] for key in seen])
        predicted = torch.stack([last.predicted[key] for key in seen])
        surprise = observed - predicted
        length = max(float(predicted.norm()), SHORTEST_PREDICTION_PX * self._scale)
        error = float(surprise.norm()) / length
        factor = GROWTH if error < GOOD_PREDICTION else SHRINKAGE if error > BAD_PREDICTION else 1
        reach_px = min(max(self._reach_px * factor, REACHES_PX[0]), REACHES_PX[1])
        rows = dict(self._rows)
        if bool(last.step.any()):
            for key, miss in zip(seen, surprise, strict=True):
                rows[key] = secant_update(rows[key], last.step, miss)
        return rows, reach_px

    def _derivatives(
        self,
        foreground: Tensor,
        points: TrackedPoints,
        handles: Tensor,
        rows: dict[int, Tensor],
    ) -> dict[int, Tensor]:
        """Return the new rows ``[2, A]`` by id: those of points that have none, or else one row in its turn."""
        wanted = [
            2 * i + axis for i, key in enumerate(points.ids) if key not in rows for axis in (0, 1)
        ]
        if not wanted and self._config.jacobian_refresh:
            wanted = [self._moves % (2 * len(points.ids))]
        if not wanted:
            return {}
        places = readout(foreground, self._grid, handles, points.references, self._lattice)
        chosen = places.flatten()[wanted]
        batches = torch.eye(len(wanted), dtype=chosen.dtype, device=chosen.device)
        parts = [
            torch.autograd.grad(
                chosen, self._coordinates, batch, retain_graph=True, is_grads_batched=True
            )[0]
            for batch in torch.split(batches, DERIVATIVES_AT_ONCE)
        ]
        self.evaluations += len(wanted)
        fresh: dict[int, Tensor] = {}
        for row, derivative in zip(wanted, torch.cat(parts).flatten(1), strict=True):
            key = points.ids[row // 2]
            block = fresh.get(key, rows.get(key, derivative.new_zeros(2, derivative.numel())))
            fresh[key] = block.clone()
            fresh[key][row % 2] = derivative
        return fresh

    def _step(self, features: Tensor, jacobian: Tensor, errors: Tensor, sure: Tensor) -> Tensor:
        """Return the step of the coordinates, ``[A]``."""
        noise = NOISE_PX2 * self._scale**2 / sure.clamp(min=LEAST_CONFIDENCE).square()
        noise = noise.repeat_interleave(2)
        position = self._coordinates.detach().flatten()
        if self._held is None:
            step = damped_step(jacobian, errors.flatten(), noise, -PULL * position)
        else:
            hold = self._hold_at(position, features)
            back = hold.back(features, position, PULL)
            step = hold.basis @ damped_step(jacobian @ hold.basis, errors.flatten(), noise, back)
        return shortened(step, LONGEST_STEP)

    def _hold_at(self, position: Tensor, features: Tensor) -> Hold:
        """Return the metric of the mask, measured where the mask was set."""
        if self._hold is None:
            assert self._held is not None
            self._hold = measured_hold(
                self._chart,
                position,
                features,
                self._start_features,
                self._synthesise,
                self._held,
                self._config.mask_weight,
            )
            self.evaluations += self._hold.directions.shape[1]
        return self._hold
