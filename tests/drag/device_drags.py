"""Drags as the device's step takes them."""

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from draggan_widget.drag import DragConfig, graphs
from draggan_widget.drag.charts import chart_of, coordinate_deviation
from draggan_widget.drag.descent import Recipe, features_at
from draggan_widget.drag.device_step import DeviceStep, DragTask, Move, Sight, start_of
from draggan_widget.drag.geometry import FeatureGrid
from draggan_widget.drag.graphs import GraphedDrag
from draggan_widget.drag.supervision import held_share
from draggan_widget.drag.validation import Mask
from draggan_widget.drag.views import Viewer
from draggan_widget.generator import Generator, StyleGAN2Config
from tests.drag.blobs import BlobGenerator

SIZE = 64, 64
STARTS = ((20.0, 20.0), (42.0, 24.0), (30.0, 44.0))
MOVES = ((6.0, 3.0), (-5.0, 4.0), (0.2, -0.1))
"""The last point has nearly arrived: in one solver it pulls, in the other it does not."""


class Drag(NamedTuple):
    """A drag of three points, of which nothing has moved yet."""

    generator: Any
    viewer: Viewer[Any]
    recipe: Recipe
    handles: Tensor
    task: DragTask


def device_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every device for one whose steps are captured; that this fails has been told already."""
    monkeypatch.setattr(graphs, "captures", lambda device: True)
    monkeypatch.setattr(graphs, "_TOLD", {"its tensors are not on a CUDA device"})


def stepped(step: DeviceStep | GraphedDrag, drag: Drag, steps: int) -> tuple[Sight, Move]:
    """Return what is seen of the last picture, and the move from it."""
    descent, handles = start_of(drag.recipe.chart), drag.handles
    for _ in range(steps):
        sight = step.look(descent, handles, drag.task)
        handles = sight.handles
        move = step.move(descent, handles, drag.task)
        descent = move.descent
    return sight, move


def blobs_of(solver: str = "paper", *, mask: Mask | None = None) -> Drag:
    """Return a drag of blobs."""
    generator = BlobGenerator(starts=STARTS, coupling=0.3)
    return _drag_of(generator, generator.start(), solver, mask)


def random_network() -> Generator:
    """Return a random network of 64 px whose statistics are known in single precision."""
    torch.manual_seed(0)
    config = StyleGAN2Config(64, channel_base=1024, channel_max=32, conv_clamp=256.0)
    generator = Generator(config).frozen()
    statistics = generator.w_std, generator.w_covariance
    assert all(bool(each.isfinite().all()) for each in statistics)
    return generator


def network_drag(solver: str, mask: Mask | None, device: str) -> Drag:
    """Return a drag of a random network."""
    torch.manual_seed(0)
    config = StyleGAN2Config(SIZE[0], channel_base=1024, channel_max=32)
    network = Generator(config).frozen().to(device)
    return _drag_of(network, network.sample_w(0), solver, mask)


def right_half() -> Mask:
    mask = np.zeros(SIZE[::-1], dtype=bool)
    mask[:, SIZE[0] // 2 :] = True
    return mask


def _drag_of(
    generator: BlobGenerator | Generator, start: Tensor, solver: str, mask: Mask | None
) -> Drag:
    config = DragConfig(solver=solver, feature_block=32)
    chart = chart_of(generator, start, config, None)
    viewer: Viewer[Any] = Viewer(generator, start, chart.rows, 32)
    features = viewer.features(start).detach()
    grid = FeatureGrid.between(*SIZE, features)
    deviation = coordinate_deviation(generator, chart)
    recipe = Recipe.of(chart, grid, features, deviation, config)
    handles, moves = (
        torch.tensor(each, dtype=torch.float64, device=start.device) for each in (STARTS, MOVES)
    )
    at = handles.to(features)
    task = DragTask(
        handles + moves,
        features_at(grid.windows(features, at, 0), at),
        torch.ones(len(handles), dtype=torch.bool, device=start.device),
        None if mask is None else held_share(mask, features),
    )
    return Drag(generator, viewer, recipe, handles, task)
