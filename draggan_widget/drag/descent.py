"""The published loop: motion supervision, Adam, and tracking of the nearest feature (DragGAN, Pan et al. 2023)."""

import math

import torch
from torch import Tensor

from draggan_widget.drag.adam import Adam
from draggan_widget.drag.charts import Chart
from draggan_widget.drag.config import DragConfig
from draggan_widget.drag.geometry import FeatureGrid
from draggan_widget.drag.points import TrackedPoints, as_tensor
from draggan_widget.drag.supervision import Patch, mask_loss, motion_loss, steps_towards
from draggan_widget.drag.tracking import MARGIN_PX, track
from draggan_widget.errors import GeneratorError


class DescentSolver:
    """Descent on the motion loss, in the coordinates of a chart.

    Attributes:
        evaluations: Backward passes through the generator.
        needs_gradient: True; every move takes one.
    """

    needs_gradient = True

    def __init__(
        self,
        chart: Chart,
        grid: FeatureGrid,
        start_features: Tensor,
        deviation: float,
        config: DragConfig,
    ) -> None:
        """Stand at the start of a chart.

        Args:
            chart: Coordinates in which Adam steps.
            grid: How features lie under the picture.
            start_features: Of the first picture, ``[C, h, w]``.
            deviation: Of the coordinates over random pictures.
            config: The settings.
        """
        self.evaluations = 0
        self._chart, self._grid, self._config = chart, grid, config
        self._start_features = start_features
        self._coordinates = start_features.new_zeros(chart.shape).requires_grad_()
        self._adam = Adam(self._coordinates, config.step_size(deviation))
        self._moves = 0
        size = grid.x.pixels, grid.y.pixels
        self._search_px = config.tracking_radius_px(*size)
        self._patch = Patch.disc(
            config.supervision_radius_px(*size),
            with_rim=not config.rules.whole_pixel_disc,
            like=start_features,
        )
        self._held: Tensor | None = None

    def w(self) -> Tensor:
        """Return the latent after the last move, ``[1, num_ws, w_dim]``."""
        return self._chart.w(self._coordinates)

    def z(self) -> Tensor | None:
        """Return the z after the last move, ``[1, z_dim]``, if the drag moves z."""
        return self._chart.z(self._coordinates.detach())

    def references(self, features: Tensor, handles: Tensor) -> Tensor:
        """Return the features ``[N, C]`` of handles ``[N, 2]``."""
        return self._grid.sample_points(features, handles)

    def arrange(self, point_ids: tuple[int, ...], known: frozenset[int]) -> None:
        """Do nothing: all that is known about a point is its reference."""

    def hold(self, held: Tensor | None) -> None:
        """Take the share of each feature cell that must not move, or None."""
        self._held = held

    def follow(self, features: Tensor, points: TrackedPoints) -> Tensor:
        """Return how far each handle moved, ``[N, 2]`` px; see :func:`track`."""
        handles = as_tensor(points.handles, features)
        return track(
            self._grid.windows(features, handles, self._search_px + MARGIN_PX),
            handles,
            points.references,
            radius_px=self._search_px,
            norm=self._config.rules.tracking_norm,
            subpixel=self._config.tracks_subpixel,
        )

    @torch.enable_grad()
    def move(self, features: Tensor, points: TrackedPoints) -> float:
        """Take one step of Adam; return the loss."""
        loss = self._loss(features, points)
        (gradient,) = torch.autograd.grad(loss, self._coordinates)
        self.evaluations += 1
        value, size = torch.stack([loss.detach(), gradient.abs().sum()]).tolist()
        if not (math.isfinite(value) and math.isfinite(size)):
            raise GeneratorError(
                "the gradient of the drag is not finite; the latent was not moved: "
                "undo or reset the picture, and lower learning_rate"
            )
        self._adam.step(self._coordinates, gradient)
        self._moves += 1
        return float(value)

    def _loss(self, features: Tensor, points: TrackedPoints) -> Tensor:
        """Return the motion loss plus the weighed mask loss of a picture's features."""
        rules = self._config.rules
        handles = as_tensor(points.handles, features)
        windows = self._grid.windows(features, handles, self._patch.reach_px)
        loss = motion_loss(
            windows.detach(),
            windows,
            handles,
            as_tensor(steps_towards(points.handles, points.targets), features),
            as_tensor(points.distances_px > rules.idle_px, features),
            self._patch,
            rules,
        )
        if self._held is None or self._moves == 0:  # the first picture has not changed yet
            return loss
        return loss + self._config.mask_weight * mask_loss(
            features, self._start_features, self._held
        )
