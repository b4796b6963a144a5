"""One step of a gradient solver as a function of tensors alone: nothing in it waits for the device.

It is the published loop of `optimizer.py` and `descent.py` (synthesise, track, decide, move) with every decision made
by arithmetic: points that do not exist have the weight zero, and a latent that shall not move is replaced by itself.
So all of it can be captured as one CUDA graph; see `graphs.py`.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.drag.adam import BETAS, EPSILON
from draggan_widget.drag.charts import Chart
from draggan_widget.drag.config import DragConfig
from draggan_widget.drag.geometry import FeatureGrid, FeatureWindows
from draggan_widget.drag.supervision import STEP_PX, Patch, mask_loss, motion_loss
from draggan_widget.drag.tracking import MARGIN_PX, track
from draggan_widget.drag.views import View, Viewer


@dataclass(frozen=True, eq=False)
class StepRecipe:
    """What stays the same during a drag.

    Attributes:
        viewer: Looks at the latents of the drag; the replays of a graph it does not count.
        chart: Coordinates in which Adam steps.
        grid: How features lie under the picture.
        patch: Pixels that are moved with a handle.
        search_px: Half side of the square in which a handle is tracked.
        learning_rate: Adam's step.
        start_features: Of the first picture, ``[C, h, w]``.
        config: The settings, of a solver that descends.
    """

    viewer: Viewer[Any]
    chart: Chart
    grid: FeatureGrid
    patch: Patch
    search_px: int
    learning_rate: float
    start_features: Tensor
    config: DragConfig

    @property
    def reach_px(self) -> float:
        """How far around each handle features are read: a handle moves, and then its patch is moved."""
        return self.search_px + MARGIN_PX + self.patch.reach_px


class DragState(NamedTuple):
    """What a step changes.

    Attributes:
        coordinates: Of the chart.
        mean: Adam's running mean of their gradient.
        square: Adam's running mean of its square.
        moves: How often they were moved, float64 scalar.
        handles: ``[N, 2]`` px, float64.
    """

    coordinates: Tensor
    mean: Tensor
    square: Tensor
    moves: Tensor
    handles: Tensor


class DragTask(NamedTuple):
    """What a step is told.

    Attributes:
        targets: ``[N, 2]`` px, float64.
        references: Feature of each handle where it was put down, ``[N, C]``.
        present: Which points exist, boolean ``[N]``; the others only fill up the shape.
        stop_px: Distance at which a point has arrived, float64 scalar.
        held: Share of each feature cell that must not move, ``[h, w]``, or None without a mask.
    """

    targets: Tensor
    references: Tensor
    present: Tensor
    stop_px: Tensor
    held: Tensor | None


class StepReport(NamedTuple):
    """What is known about the picture before the move.

    Attributes:
        w: Its latent, ``[1, num_ws, w_dim]``.
        distances_px: From each handle to its target, ``[N]``, float64.
        loss: Scalar.
        moved: Whether the latent was moved: some point has not arrived, and all is finite. Boolean scalar.
        finite: Whether features and gradient are finite; otherwise nothing has changed. Boolean scalar.
    """

    w: Tensor
    distances_px: Tensor
    loss: Tensor
    moved: Tensor
    finite: Tensor


def start_state(chart: Chart, handles: Tensor) -> DragState:
    """Return the state at the start of a chart, with handles ``[N, 2]`` px."""
    zeros = chart.start.new_zeros(chart.shape)
    moves = zeros.new_zeros((), dtype=torch.float64)
    return DragState(zeros, zeros.clone(), zeros.clone(), moves, handles.double())


def drag_step(recipe: StepRecipe, state: DragState, task: DragTask) -> tuple[DragState, StepReport]:
    """Synthesise, track, decide and move, without waiting for the device.

    Args:
        recipe: What stays the same.
        state: As the last step left it; it is not changed.
        task: What is wanted.

    Returns:
        The new state, and a report on the picture of the old one.
    """
    with torch.enable_grad():
        coordinates = state.coordinates.detach().requires_grad_()
        w = recipe.chart.w(coordinates)
        at = state.handles.to(w)
        # Without a mask, or where windows alone are cheaper, the whole map is not made.
        view = recipe.viewer.look(w, recipe.grid, at, recipe.reach_px, whole=task.held is not None)
    handles, tracked = _followed(recipe, view.windows.detach(), state.handles, task)
    distances = torch.hypot(*(task.targets - handles).unbind(1))
    with torch.enable_grad():
        loss = _loss(recipe, view, state.moves, handles, distances, task)
    (gradient,) = torch.autograd.grad(loss, coordinates)
    loss = loss.detach()
    finite = tracked & loss.isfinite() & gradient.abs().sum().isfinite()
    moved = finite & ((distances > task.stop_px) & task.present).any()
    memory = _adam_step(state, gradient, recipe.learning_rate)
    coordinates, mean, square, moves = (
        torch.where(moved, new, old) for new, old in zip(memory, state[:4], strict=True)
    )
    after = DragState(coordinates, mean, square, moves, handles)
    return after, StepReport(w.detach(), distances, loss, moved, finite)


def padded(state: DragState, task: DragTask, points: int) -> tuple[DragState, DragTask]:
    """Return the same with so many points; those added do not exist."""
    more = points - len(task.present)
    rows = 0, 0, 0, more
    return (
        state._replace(handles=F.pad(state.handles, rows)),
        task._replace(
            targets=F.pad(task.targets, rows),
            references=F.pad(task.references, rows),
            present=F.pad(task.present, (0, more)),
        ),
    )


def _followed(
    recipe: StepRecipe, windows: FeatureWindows, handles: Tensor, task: DragTask
) -> tuple[Tensor, Tensor]:
    """Return the handles in a new picture, and whether that worked (else they stay where they were)."""
    offsets = track(
        windows,
        handles.to(windows.values),
        task.references,
        radius_px=recipe.search_px,
        norm=recipe.config.rules.tracking_norm,
        subpixel=recipe.config.tracks_subpixel,
    )
    offsets = offsets.where(task.present[:, None], 0.0)
    x, y = (handles + offsets).unbind(1)
    last_x, last_y = recipe.grid.x.pixels - 1, recipe.grid.y.pixels - 1
    moved = torch.stack([x.clamp(0, last_x), y.clamp(0, last_y)], dim=1)
    tracked = offsets.isfinite().all()
    return torch.where(tracked, moved, handles), tracked


def _loss(
    recipe: StepRecipe,
    view: View[Any],
    moves: Tensor,
    handles: Tensor,
    distances: Tensor,
    task: DragTask,
) -> Tensor:
    """Return the motion loss plus the weighed mask loss, once the picture has moved."""
    rules = recipe.config.rules
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
def _adam_step(
    state: DragState, gradient: Tensor, learning_rate: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return coordinates, memory and count after a step of Adam (Kingma and Ba 2015, algorithm 1)."""
    moves = state.moves + 1
    mean = state.mean.lerp(gradient, 1 - BETAS[0])
    square = state.square.lerp(gradient.square(), 1 - BETAS[1])
    corrected = mean / (1 - torch.pow(BETAS[0], moves))
    root = (square / (1 - torch.pow(BETAS[1], moves))).sqrt()
    step = learning_rate * corrected / (root + EPSILON)
    return state.coordinates - step, mean, square, moves
