"""A step of a gradient solver as two functions of tensors alone: nothing in them waits for the device.

They are the published loop of `descent.py`, look and move, in which points that do not exist have the weight zero. So
each can be captured as a CUDA graph; see `graphs.py`. Whether a move counts, `device_mover.py` decides.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from draggan_widget.drag.adam import BETAS, EPSILON
from draggan_widget.drag.charts import Chart
from draggan_widget.drag.descent import Recipe
from draggan_widget.drag.geometry import FeatureWindows
from draggan_widget.drag.supervision import STEP_PX, mask_loss, motion_loss
from draggan_widget.drag.views import View, Viewer


class Descent(NamedTuple):
    """What a move changes.

    Attributes:
        coordinates: Of the chart.
        mean: Adam's running mean of their gradient.
        square: Adam's running mean of its square.
        moves: How often they were moved, float64 scalar.
    """

    coordinates: Tensor
    mean: Tensor
    square: Tensor
    moves: Tensor


class DragTask(NamedTuple):
    """What a step is told.

    Attributes:
        targets: ``[N, 2]`` px, float64.
        references: Feature of each handle where it was put down, ``[N, C]``.
        present: Which points exist, boolean ``[N]``; the others only fill up the shape.
        held: Share of each feature cell that must not move, ``[h, w]``, or None without a mask.
    """

    targets: Tensor
    references: Tensor
    present: Tensor
    held: Tensor | None


class Sight(NamedTuple):
    """What is known of a picture.

    Attributes:
        w: Its latent, ``[1, num_ws, w_dim]``.
        handles: Where the handles are in it, ``[N, 2]`` px, float64; where they were if they are not ``found``.
        confidences: How like its reference each handle is, ``[N]`` in 0..1.
        found: Whether the features around them are finite, boolean scalar.
    """

    w: Tensor
    handles: Tensor
    confidences: Tensor
    found: Tensor


class Move(NamedTuple):
    """A move, which its caller takes or not.

    Attributes:
        descent: After the move.
        loss: Of the picture before it, scalar.
        finite: Whether it and its gradient are finite, boolean scalar.
    """

    descent: Descent
    loss: Tensor
    finite: Tensor


def start_of(chart: Chart) -> Descent:
    """Return the descent at the start of a chart."""
    zeros = chart.start.new_zeros(chart.shape)
    moves = zeros.new_zeros((), dtype=torch.float64)
    return Descent(zeros, zeros.clone(), zeros.clone(), moves)


class DeviceStep:
    """Looks and moves; in between it keeps the picture with its gradient.

    Neither function changes a tensor that it is given.
    """

    def __init__(self, viewer: Viewer[Any], recipe: Recipe) -> None:
        """Look at nothing yet.

        Args:
            viewer: Looks at the latents of the drag; the replays of a graph it does not count.
            recipe: What stays the same.
        """
        self._viewer, self._recipe = viewer, recipe
        self._coordinates: Tensor | None = None
        self._view: View[Any] | None = None

    def look(self, descent: Descent, handles: Tensor, task: DragTask) -> Sight:
        """Synthesise and track.

        Args:
            descent: Where the latent is.
            handles: Of the last picture, ``[N, 2]`` px, float64.
            task: What is wanted.
        """
        recipe = self._recipe
        with torch.enable_grad():
            coordinates = descent.coordinates.detach().requires_grad_()
            w = recipe.chart.w(coordinates)
            # Without a mask, or where windows alone are cheaper, the whole map is not made.
            whole = task.held is not None
            view = self._viewer.look(w, recipe.grid, handles.to(w), recipe.reach_px, whole=whole)
        self._coordinates, self._view = coordinates, view
        return Sight(w.detach(), *_followed(recipe, view.windows.detach(), handles, task))

    def move(self, descent: Descent, handles: Tensor, task: DragTask) -> Move:
        """Differentiate the picture that was looked at last, and take a step of Adam; once for each look.

        Args:
            descent: Where the latent is.
            handles: Of that picture, ``[N, 2]`` px, float64.
            task: What is wanted; its mask is that of the look, or neither has one.
        """
        assert self._coordinates is not None
        assert self._view is not None
        with torch.enable_grad():
            loss = _loss(self._recipe, self._view, descent.moves, handles, task)
        (gradient,) = torch.autograd.grad(loss, self._coordinates)
        loss = loss.detach()
        finite = loss.isfinite() & gradient.abs().sum().isfinite()
        return Move(_adam_step(descent, gradient, self._recipe.learning_rate), loss, finite)


@torch.no_grad()
def _followed(
    recipe: Recipe, windows: FeatureWindows, handles: Tensor, task: DragTask
) -> tuple[Tensor, Tensor, Tensor]:
    """Return handles, confidences and whether they are found, of points that do not exist too."""
    offsets, confidences = recipe.follow(windows, handles.to(windows.values), task.references)
    offsets = offsets.where(task.present[:, None], 0.0)
    confidences = confidences.where(task.present, 1.0)
    found = offsets.isfinite().all() & confidences.isfinite().all()
    x, y = (handles + offsets).unbind(1)
    last_x, last_y = recipe.grid.x.pixels - 1, recipe.grid.y.pixels - 1
    moved = torch.stack([x.clamp(0, last_x), y.clamp(0, last_y)], dim=1)
    return torch.where(found, moved, handles), confidences, found


def _loss(
    recipe: Recipe, view: View[Any], moves: Tensor, handles: Tensor, task: DragTask
) -> Tensor:
    """Return the motion loss plus the weighed mask loss, once the picture has moved."""
    rules = recipe.config.rules
    distances = torch.hypot(*(task.targets - handles).unbind(1))
    steps = STEP_PX * (task.targets - handles) / distances.clamp(min=STEP_PX)[:, None]
    pulled = (distances > rules.idle_px) & task.present
    windows, like = view.windows, view.windows.values
    loss = motion_loss(
        windows.detach(),
        windows,
        handles.to(like),
        steps.to(like),
        pulled.to(like),
        recipe.patch,
        rules,
    )
    if task.held is None:
        return loss
    assert view.features is not None
    change = mask_loss(view.features, recipe.start_features, task.held)
    # The first picture has not changed; a device that rounds differently each time must not pull it.
    return loss + (recipe.config.mask_weight * change).where(moves > 0, 0.0)


@torch.no_grad()
def _adam_step(descent: Descent, gradient: Tensor, learning_rate: float) -> Descent:
    """Return where a step of Adam leads (Kingma and Ba 2015, algorithm 1)."""
    moves = descent.moves + 1
    mean = descent.mean.lerp(gradient, 1 - BETAS[0])
    square = descent.square.lerp(gradient.square(), 1 - BETAS[1])
    corrected = mean / (1 - torch.pow(BETAS[0], moves))
    root = (square / (1 - torch.pow(BETAS[1], moves))).sqrt()
    step = learning_rate * corrected / (root + EPSILON)
    return Descent(descent.coordinates - step, mean, square, moves)
