"""The published loop: motion supervision, Adam, and tracking of the nearest feature (DragGAN, Pan et al. 2023)."""

import math

import torch
from torch import Tensor

from draggan_widget.drag.adam import Adam
from draggan_widget.drag.charts import Chart
from draggan_widget.drag.config import DragConfig
from draggan_widget.drag.geometry import FeatureGrid, FeatureWindows
from draggan_widget.drag.points import TrackedPoints, as_tensor
from draggan_widget.drag.solver import Tracked
from draggan_widget.drag.supervision import Patch, mask_loss, motion_loss, steps_towards
from draggan_widget.drag.tracking import MARGIN_PX, track
from draggan_widget.errors import GeneratorError


class DescentSolver:
    """Descent on the motion loss, in the coordinates of a chart.

    Attributes:
        evaluations: Backward passes through the generator.
    """

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
        self._chart, self._config = chart, config
        self._start_features = start_features
        mean = start_features.mean((1, 2), keepdim=True)
        self._contrast = (start_features - mean).square().sum(0).mean()
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

    def needs_gradient(self, *, lean: bool) -> bool:
        """Return True: every move takes one."""
        return True

    def w(self) -> Tensor:
        """Return the latent after the last move, ``[1, num_ws, w_dim]``."""
        return self._chart.w(self._coordinates)

    def z(self) -> Tensor | None:
        """Return the z after the last move, ``[1, z_dim]``, if the drag moves z."""
        return self._chart.z(self._coordinates.detach())

    @property
    def needs_map(self) -> bool:
        """Whether the mask loss will read the whole map: the first picture has not changed yet."""
        return self._held is not None and self._moves > 0

    @property
    def reach_px(self) -> float:
        """How far around each handle features are read: a handle moves, and then its patch is moved."""
        return self._search_px + MARGIN_PX + self._patch.reach_px

    def centres(self, points: TrackedPoints) -> Tensor:
        """Return the handles, ``[N, 2]`` px."""
        return as_tensor(points.handles, self._start_features)

    def references(self, windows: FeatureWindows, handles: Tensor) -> Tensor:
        """Return the features ``[N, C]`` of handles ``[N, 2]``."""
        return windows.sample(handles[:, :1], handles[:, 1:])[:, :, 0, 0]

    def arrange(self, point_ids: tuple[int, ...], known: frozenset[int]) -> None:
        """Do nothing: all that is known about a point is its reference."""

    def hold(self, held: Tensor | None) -> None:
        """Take the share of each feature cell that must not move, or None."""
        self._held = held

    def follow(self, windows: FeatureWindows, points: TrackedPoints) -> Tracked:
        """Return how far each handle moved, see :func:`track`, and how like its reference it is.

        The confidence is ``1 / (1 + d / contrast)`` for a squared distance d of the features: a half where they
        differ as those of two places of the first picture do.
        """
        handles = as_tensor(points.handles, windows.values)
        offsets = track(
            windows,
            handles,
            points.references,
            radius_px=self._search_px,
            norm=self._config.rules.tracking_norm,
            subpixel=self._config.tracks_subpixel,
        )
        places = handles + offsets
        distances = (self.references(windows, places) - points.references).square().sum(1)
        return Tracked(offsets, self._contrast / (self._contrast + distances))

    @torch.enable_grad()
    def move(
        self,
        windows: FeatureWindows,
        features: Tensor | None,
        points: TrackedPoints,
        *,
        lean: bool,
    ) -> float:
        """Take one step of Adam; return the loss."""
        loss = self.loss(windows, features, points)
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

    def loss(
        self, windows: FeatureWindows, features: Tensor | None, points: TrackedPoints
    ) -> Tensor:
        """Return the motion loss plus the weighed mask loss of a picture, a scalar."""
        rules = self._config.rules
        handles = as_tensor(points.handles, windows.values)
        loss = motion_loss(
            windows.detach(),
            windows,
            handles,
            as_tensor(steps_towards(points.handles, points.targets), handles),
            as_tensor(points.distances_px > rules.idle_px, handles),
            self._patch,
            rules,
        )
        if not self.needs_map:
            return loss
        assert features is not None
        assert self._held is not None
        change = mask_loss(features, self._start_features, self._held)
        return loss + self._config.mask_weight * change
