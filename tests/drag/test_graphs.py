"""The step on the device against the solvers, and its capture as a graph."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from draggan_widget.drag import DragConfig, DragOptimizer, graphs
from draggan_widget.drag.charts import chart_of, coordinate_deviation
from draggan_widget.drag.device_step import (
    DragState,
    DragTask,
    StepRecipe,
    drag_step,
    padded,
    start_state,
)
from draggan_widget.drag.geometry import FeatureGrid, FeatureWindows
from draggan_widget.drag.graphs import GraphedDrag, GraphedStep, padded_count
from draggan_widget.drag.supervision import Patch, held_share
from draggan_widget.drag.views import Viewer
from draggan_widget.generator import Generator, StyleGAN2Config
from tests.drag.blobs import BlobGenerator

SIZE = 64, 64
FINE = DragConfig(solver="paper", feature_block=32)
STARTS = ((20.0, 20.0), (42.0, 24.0), (30.0, 44.0))
MOVES = ((6.0, 3.0), (-5.0, 4.0), (0.2, -0.1))
"""The last point has nearly arrived: in one solver it pulls, in the other it does not."""


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as a process does that was warned of nothing."""
    monkeypatch.setattr(graphs, "_TOLD", set())


def read_at(windows: FeatureWindows, places: Tensor) -> Tensor:
    """Return the features ``[N, C]`` of places ``[N, 2]``."""
    return windows.sample(places[:, :1], places[:, 1:])[:, :, 0, 0]


def drag_of(
    generator: BlobGenerator | Generator,
    start: Tensor,
    config: DragConfig,
    *,
    points: int = 3,
    mask: np.ndarray[Any, Any] | None = None,
) -> tuple[StepRecipe, DragState, DragTask]:
    """Return a drag of some of the three points as the device's step takes it."""
    block = config.block_of(generator.height, generator.feature_blocks)
    chart = chart_of(generator, start, config, None)
    viewer: Viewer[Any] = Viewer(generator, start, chart.rows, block)
    features = viewer.features(start).detach()
    grid = FeatureGrid.between(*SIZE, features)
    patch = Patch.disc(
        config.supervision_radius_px(*SIZE),
        with_rim=not config.rules.whole_pixel_disc,
        like=features,
    )
    rate = config.step_size(coordinate_deviation(generator, chart))
    search_px = config.tracking_radius_px(*SIZE)
    recipe = StepRecipe(viewer, chart, grid, patch, search_px, rate, features, config)
    handles, moves = (
        torch.tensor(each[:points], dtype=torch.float64, device=start.device)
        for each in (STARTS, MOVES)
    )
    at = handles.to(features)
    task = DragTask(
        handles + moves,
        read_at(grid.windows(features, at, 0), at),
        torch.ones(points, dtype=torch.bool, device=start.device),
        handles.new_tensor(config.stop_radius_px(*SIZE, points)),
        None if mask is None else held_share(mask, features),
    )
    return recipe, start_state(chart, handles), task


def blobs_of(
    config: DragConfig = FINE,
    *,
    points: int = 3,
    mask: np.ndarray[Any, Any] | None = None,
    dtype: torch.dtype = torch.float32,
) -> tuple[BlobGenerator, StepRecipe, DragState, DragTask]:
    """Return a generator of blobs, and a drag of all of them."""
    generator = BlobGenerator(starts=STARTS[:points], coupling=0.3, dtype=dtype)
    return generator, *drag_of(generator, generator.start(), config, points=points, mask=mask)


def network_drag(
    solver: str, mask: np.ndarray[Any, Any] | None, device: str
) -> tuple[StepRecipe, DragState, DragTask]:
    """Return a drag of a random network."""
    torch.manual_seed(0)
    config = StyleGAN2Config(SIZE[0], channel_base=1024, channel_max=32)
    network = Generator(config).frozen().to(device)
    return drag_of(network, network.sample_w(0), DragConfig(solver=solver), mask=mask)


def right_half() -> np.ndarray[Any, Any]:
    mask = np.zeros(SIZE[::-1], dtype=bool)
    mask[:, 32:] = True
    return mask


@pytest.mark.parametrize("solver", ["paper", "official", "whitened"])
@pytest.mark.parametrize("points", [1, 3])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_device_step_is_the_step_of_the_optimizer(
    solver: str, points: int, masked: bool, padding: int, dtype: torch.dtype
) -> None:
    mask = right_half() if masked else None
    config = DragConfig(solver=solver, feature_block=32)
    generator, recipe, state, task = blobs_of(config, points=points, mask=mask, dtype=dtype)
    optimizer = DragOptimizer(generator, generator.start(), config)
    optimizer.set_points(
        state.handles.numpy(), task.targets.numpy(), point_ids=tuple(range(points))
    )
    optimizer.set_mask(mask)
    state, task = padded(state, task, points + padding)
    for _ in range(8):
        expected = optimizer.step()
        state, report = drag_step(recipe, state, task)
        tolerance = 1e-4 if dtype == torch.float32 else 1e-9
        torch.testing.assert_close(report.w, expected.w, rtol=0, atol=tolerance)
        np.testing.assert_allclose(
            state.handles[:points], expected.handle_points, rtol=0, atol=10 * tolerance
        )
        np.testing.assert_allclose(
            report.distances_px[:points], expected.distances_px, rtol=0, atol=10 * tolerance
        )
        assert float(report.loss) == pytest.approx(expected.loss, rel=1e-3, abs=1e-9)
        assert bool(report.moved) == (expected.status == "running")


def test_points_that_only_fill_up_change_nothing() -> None:
    _, recipe, state, task = blobs_of(mask=right_half())
    alone, together = state, padded(state, task, 4)[0]
    for _ in range(4):
        alone, _ = drag_step(recipe, alone, task)
        together, _ = drag_step(recipe, together, padded(state, task, 4)[1])
    torch.testing.assert_close(together.coordinates, alone.coordinates)
    torch.testing.assert_close(together.handles[:3], alone.handles)


def test_a_drag_that_has_arrived_moves_no_more() -> None:
    _, recipe, state, task = blobs_of(points=1)
    for _ in range(100):
        state, report = drag_step(recipe, state, task)
    assert not bool(report.moved)
    assert float(report.distances_px) <= float(task.stop_px)
    again, _ = drag_step(recipe, state, task)
    for one, other in zip(state, again, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("after", [0, 2])
def test_features_that_are_no_numbers_leave_everything_as_it_was(after: int) -> None:
    generator, recipe, state, task = blobs_of(points=2)
    for _ in range(after):
        state, _ = drag_step(recipe, state, task)
    generator.brightness.fill_(torch.nan)
    broken, report = drag_step(recipe, state, task)
    assert not bool(report.finite)
    assert not bool(report.moved)
    for one, other in zip(state, broken, strict=True):
        assert torch.equal(one, other)


class _HostReads(TorchDispatchMode):  # type: ignore[no-untyped-call]  # has no types
    """Names of the operations that read a number back from the device, or bring one there from the host."""

    NAMES = "_local_scalar_dense", "nonzero", "masked_select", "lift_fresh"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # has no types
        self.found: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        self.found += [name] if name in self.NAMES else []
        return func(*args, **(kwargs or {}))


def test_the_reads_that_a_step_must_not_make_are_found() -> None:
    with _HostReads() as reads:
        float(torch.tensor([1.0]).sum())
    assert reads.found == ["lift_fresh", "_local_scalar_dense"]


@pytest.mark.parametrize("solver", ["paper", "official"])
def test_a_step_of_a_network_never_waits_for_the_device(solver: str) -> None:
    recipe, state, task = network_drag(solver, right_half(), "cpu")
    drag_step(recipe, state, task)
    with _HostReads() as reads:
        drag_step(recipe, state, task)
    assert reads.found == []


@pytest.mark.parametrize(("points", "expected"), [(1, 1), (2, 2), (3, 4), (5, 8), (17, 32)])
def test_numbers_of_points_are_rounded_up_to_a_power_of_two(points: int, expected: int) -> None:
    assert padded_count(points) == expected


def test_without_cuda_one_warning_tells_so_and_the_step_runs_as_it_is_written() -> None:
    _, recipe, state, task = blobs_of(mask=right_half())
    expected = drag_step(recipe, state, task)
    drag = GraphedDrag(recipe)
    with pytest.warns(UserWarning, match="not on a CUDA device") as told:
        found = [drag.step(state, each) for each in (task, task._replace(held=None))]
    assert len(told) == 1
    torch.testing.assert_close(found[0], expected)


def test_a_step_without_graph_calls_its_function() -> None:
    with pytest.warns(UserWarning, match="without a CUDA graph"):
        step = GraphedStep(lambda x: (x + 1,), [torch.zeros(2)])
    assert not step.captured
    assert step(torch.ones(2))[0].tolist() == [2, 2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GraphedStep(lambda x: (x + 1,), [torch.zeros(2)])


@pytest.mark.cuda
def test_a_graph_gives_what_its_function_gives_in_tensors_of_its_own() -> None:
    step = GraphedStep(lambda x: (x * 2, x.sum()), [torch.zeros(3, device="cuda")])
    assert step.captured
    first = step(torch.ones(3, device="cuda"))
    second = step(torch.full((3,), 2.0, device="cuda"))
    assert [each.tolist() for each in first] == [[2, 2, 2], 3]
    assert [each.tolist() for each in second] == [[4, 4, 4], 6]


@pytest.mark.cuda
def test_what_cannot_be_captured_runs_eagerly_with_a_warning() -> None:
    def waits(x: Tensor) -> tuple[Tensor, ...]:
        return (x * float(x.sum()),)

    with pytest.warns(UserWarning, match="without a CUDA graph"):
        step = GraphedStep(waits, [torch.ones(2, device="cuda")])
    assert not step.captured
    assert step(torch.ones(2, device="cuda"))[0].tolist() == [2, 2]


@pytest.mark.cuda
@pytest.mark.parametrize("solver", ["paper", "official"])
@pytest.mark.parametrize("masked", [False, True])
def test_the_graph_of_a_network_takes_the_steps_that_it_takes_eagerly(
    solver: str, masked: bool
) -> None:
    recipe, state, task = network_drag(solver, right_half() if masked else None, "cuda")
    drag = GraphedDrag(recipe)
    graphed = eager = state
    for _ in range(3):
        graphed, _ = drag.step(graphed, task)
        eager, _ = drag_step(recipe, eager, task)
    torch.testing.assert_close(graphed.handles, eager.handles)
    torch.testing.assert_close(graphed.coordinates, eager.coordinates, rtol=0, atol=1e-4)
