"""The published loop: motion supervision, Adam, and tracking of the nearest feature (DragGAN, Pan et al. 2023)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
from draggan_widget.drag.validation import Points
from draggan_widget.errors import GeneratorError

NO_GRADIENT = (
    "the gradient of the drag is not finite; the latent was not moved: "
    "undo or reset the picture, and lower learning_rate"
)
"""Why a latent cannot be moved."""


@dataclass(frozen=True, eq=False)
class Recipe:
    """What stays the same during a drag.

    Attributes:
        chart: Coordinates in which Adam steps.
        grid: How features lie under the picture.
        patch: Pixels that are moved with a handle.
        search_px: Half side of the square in which a handle is tracked.
        learning_rate: Adam's step.
        start_features: Of the first picture, ``[C, h, w]``.
        contrast: Mean squared distance of its features from their mean, scalar.
        config: The settings.
    """

    chart: Chart
    grid: FeatureGrid
    patch: Patch
    search_px: int
    learning_rate: float
    start_features: Tensor
    contrast: Tensor
    config: DragConfig

    @classmethod
    def of(
        cls,
        chart: Chart,
        grid: FeatureGrid,
        start_features: Tensor,
        deviation: float,
        config: DragConfig,
    ) -> "Recipe":
        """Return the recipe of a solver that descends.

        Args:
            chart: Coordinates in which Adam steps.
            grid: How features lie under the picture.
            start_features: Of the first picture, ``[C, h, w]``.
            deviation: Of the coordinates over random pictures.
            config: The settings.
        """
        size = grid.x.pixels, grid.y.pixels
        patch = Patch.disc(
            config.supervision_radius_px(*size),
            with_rim=not config.rules.whole_pixel_disc,
            like=start_features,
        )
        mean = start_features.mean((1, 2), keepdim=True)
        return cls(
            chart,
            grid,
            patch,
            config.tracking_radius_px(*size),
            config.step_size(deviation),
            start_features,
            (start_features - mean).square().sum(0).mean(),
            config,
        )

    @property
    def reach_px(self) -> float:
        """How far around each handle features are read: a handle moves, and then its patch is moved."""
        return self.search_px + MARGIN_PX + self.patch.reach_px

    def follow(self, windows: FeatureWindows, handles: Tensor, references: Tensor) -> Tracked:
        """Return how far each handle moved, see :func:`track`, and how like its reference it is.

        The confidence is ``1 / (1 + d / contrast)`` for a squared distance d of the features: a half where they
        differ as those of two places of the first picture do.

        Args:
            windows: Around the handles, without gradient.
            handles: ``[N, 2]`` px.
            references: Their features where they were put down, ``[N, C]``.
        """
        offsets = track(
            windows,
            handles,
            references,
            radius_px=self.search_px,
            norm=self.config.rules.tracking_norm,
            subpixel=self.config.tracks_subpixel,
        )
        distances = (features_at(windows, handles + offsets) - references).square().sum(1)
        return Tracked(offsets, self.contrast / (self.contrast + distances))


def features_at(windows: FeatureWindows, places: Tensor) -> Tensor:
    """Return the features ``[N, C]`` of places ``[N, 2]``."""
    return windows.sample(places[:, :1], places[:, 1:])[:, :, 0, 0]


class DescentSolver:
    """Descent on the motion loss, in the coordinates of a chart.

    Attributes:
        evaluations: Backward passes through the generator.
    """

    def __init__(self, recipe: Recipe) -> None:
        """Stand at the start of the recipe's chart."""
        self.evaluations = 0
        self._recipe = recipe
        self._coordinates = recipe.start_features.new_zeros(recipe.chart.shape).requires_grad_()
        self._adam = Adam(self._coordinates, recipe.learning_rate)
        self._moves = 0
        self._held: Tensor | None = None

    def needs_gradient(self, *, lean: bool) -> bool:
        """Return True: every move takes one."""
        return True

    def w(self) -> Tensor:
        """Return the latent after the last move, ``[1, num_ws, w_dim]``."""
        return self._recipe.chart.w(self._coordinates)

    def z(self) -> Tensor | None:
        """Return the z after the last move, ``[1, z_dim]``, if the drag moves z."""
        return self._recipe.chart.z(self._coordinates.detach())

    @property
    def device(self) -> torch.device:
        """That of the features."""
        return self._recipe.start_features.device

    @property
    def needs_map(self) -> bool:
        """Whether the mask loss will read the whole map: the first picture has not changed yet."""
        return self._held is not None and self._moves > 0

    @property
    def reach_px(self) -> float:
        """How far around each handle features are read."""
        return self._recipe.reach_px

    def centres(self, points: TrackedPoints) -> Tensor:
        """Return the handles, ``[N, 2]`` px."""
        return as_tensor(points.handles, self._recipe.start_features)

    def references(self, windows: FeatureWindows, handles: Tensor) -> Tensor:
        """Return the features ``[N, C]`` of handles ``[N, 2]``."""
        return features_at(windows, handles)

    def arrange(self, point_ids: tuple[int, ...], known: frozenset[int]) -> None:
        """Do nothing: all that is known about a point is its reference."""

    def hold(self, held: Tensor | None) -> None:
        """Take the share of each feature cell that must not move, or None."""
        self._held = held

    def follow(self, windows: FeatureWindows, points: TrackedPoints) -> Tracked:
        """Return how far each handle moved, and how like its reference it is; see :meth:`Recipe.follow`."""
        handles = as_tensor(points.handles, windows.values)
        return self._recipe.follow(windows, handles, points.references)

    def lost(self, points: TrackedPoints, confidences: Points) -> list[int]:
        """Return none: the published method searches around the handle only."""
        return []

    def find_again(
        self, features: Tensor, points: TrackedPoints, lost: Sequence[int]
    ) -> Mapping[int, Tensor]:
        """Return none, since none is lost."""
        return {}

    def standing(self) -> Tensor:
        """Return the coordinates where the solver stands, a copy."""
        return self._coordinates.detach().clone()

    def stand(self, coordinates: Tensor) -> None:
        """Go back to coordinates where it stood before; Adam's memory stays."""
        with torch.no_grad():
            self._coordinates.copy_(coordinates)

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
            raise GeneratorError(NO_GRADIENT)
        self._adam.step(self._coordinates, gradient)
        self._moves += 1
        return float(value)

    def loss(
        self, windows: FeatureWindows, features: Tensor | None, points: TrackedPoints
    ) -> Tensor:
        """Return the motion loss plus the weighed mask loss of a picture, a scalar."""
        recipe, rules = self._recipe, self._recipe.config.rules
        handles = as_tensor(points.handles, windows.values)
        loss = motion_loss(
            windows.detach(),
            windows,
            handles,
            as_tensor(steps_towards(points.handles, points.targets), handles),
            as_tensor(points.distances_px > rules.idle_px, handles),
            recipe.patch,
            rules,
        )
        if not self.needs_map:
            return loss
        assert features is not None
        assert self._held is not None
        change = mask_loss(features, recipe.start_features, self._held)
        return loss + recipe.config.mask_weight * change
