"""Inverse kinematics on blobs whose latent is their place."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig, DragOptimizer
from draggan_widget.drag.config import SOLVERS
from draggan_widget.generator import Generator, StyleGAN2Config
from draggan_widget.pretrained import load_generator
from tests.drag.blobs import BlobGenerator, BlobTrace, MappedBlobs
from tests.drag.drags import (
    HALF,
    TWO_BLOBS,
    Optimizer,
    assert_a_failed_step_can_be_repeated,
    assert_a_steep_step_moves_nothing,
    left_half,
    run,
    true_distance,
)

FINE = DragConfig(solver="kinematic", arrival_px=0.8, feature_block=HALF)
"""Arrives within 0.1 px of a 64-px picture."""

STALL_STEPS = SOLVERS["kinematic"].stall_steps


def start(generator: BlobGenerator, config: DragConfig = FINE) -> Optimizer:
    return DragOptimizer(generator, generator.start(), config)


def kinematic(*, arrival_px: float = 0.8, **settings: Any) -> DragConfig:
    return DragConfig(solver="kinematic", arrival_px=arrival_px, feature_block=HALF, **settings)


@pytest.mark.parametrize("space", ["w+", "w", "z"])
@pytest.mark.parametrize("refresh", [True, False])
@pytest.mark.parametrize(
    ("dtype", "target"), [(torch.float32, (40.3, 36.2)), (torch.float64, (24.3, 38.6))]
)
def test_a_drag_arrives_within_a_tenth_of_a_pixel_of_the_truth_in_four_steps(
    space: str, refresh: bool, dtype: torch.dtype, target: tuple[float, float]
) -> None:
    generator = MappedBlobs(dtype=dtype)
    config = kinematic(space=space, jacobian_refresh=refresh)
    z = torch.zeros(1, 6, dtype=dtype)
    optimizer = DragOptimizer(generator, generator.start(), config, z=z)
    optimizer.set_points([(30, 32)], [target], point_ids=[1])
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert last.step <= 4
    assert last.w.dtype == dtype
    assert last.distances_px[0] <= 0.1
    assert true_distance(generator, last.w, 0, target) < 0.1


def test_two_points_drag_two_coupled_blobs() -> None:
    generator = BlobGenerator(starts=TWO_BLOBS, coupling=0.5)
    optimizer = start(generator)
    targets = [(19.0, 24.0), (45.0, 40.0)]
    optimizer.set_points(TWO_BLOBS, targets, point_ids=[5, 2])
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert last.step <= 6
    for blob, target in enumerate(targets):
        assert true_distance(generator, last.w, blob, target) < 0.1


class StuckBlobs(BlobGenerator):
    """A second blob that fades as the first moves, and leaves a shade of itself where it was."""

    def trace(self, w: torch.Tensor, block: int) -> BlobTrace:
        channels = super().trace(w, block).features.chunk(2, dim=1)
        shade = super().trace(torch.zeros_like(w), block).features.chunk(2, dim=1)[1]
        moved_px = (self.centres(w)[0] - self.starts[0]).norm()
        left = torch.exp(-moved_px / 3)
        faded = left * channels[1] + (1 - left) * 0.7 * shade
        return BlobTrace(w, torch.cat([channels[0], faded], dim=1))


def test_of_many_handles_one_that_is_gone_does_not_hold_up_the_others() -> None:
    generator = StuckBlobs(starts=TWO_BLOBS, coupling=1.0)
    optimizer = start(generator)
    around = [(16, 20), (12, 18), (19, 16), (14, 24), (20, 22), (16, 15), (48, 44)]
    move = np.array([9.0, 7.0])
    optimizer.set_points(around, np.add(around, move), point_ids=range(7))
    last = run(optimizer)[-1]
    assert last.status == "stalled"
    assert last.distances_px[-1] > 2
    assert true_distance(generator, last.w, 0, TWO_BLOBS[0] + move) < 0.05


def test_a_picture_need_not_be_square() -> None:
    generator = BlobGenerator(96, 48, starts=((40.0, 20.0),))
    optimizer = start(generator, DragConfig(solver="kinematic", arrival_px=0.5, feature_block=24))
    optimizer.set_points([(40, 20)], [(48, 24)], point_ids=[1])
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert true_distance(generator, last.w, 0, (48, 24)) < 0.15


@pytest.mark.parametrize(("refresh", "rows_a_step"), [(True, 1), (False, 0)])
def test_evaluations_are_one_jacobian_and_one_or_two_passes_a_step(
    refresh: bool, rows_a_step: int
) -> None:
    generator = BlobGenerator(starts=TWO_BLOBS)
    optimizer = start(generator, kinematic(jacobian_refresh=refresh))
    generator.traces = 1  # without the mean features
    optimizer.set_points(TWO_BLOBS, [(22, 24), (44, 40)], point_ids=[1, 2])
    last = run(optimizer)[-1]
    assert last.step >= 2
    assert generator.traces == 1 + last.step + 1
    assert last.generator_evaluations == generator.traces + 4 + rows_a_step * (last.step - 1)


def test_in_z_the_latent_stays_one_of_the_mapping() -> None:
    generator = MappedBlobs()
    z = generator.sample_z(4)
    config = kinematic(space="z", trainable_rows=99)
    optimizer = DragOptimizer(generator, generator.w_of_z(z), config, z=z)
    handle = generator.centres(generator.w_of_z(z)).tolist()
    optimizer.set_points(handle, np.add(handle, (5, -3)), point_ids=[1])
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert last.z is not None
    assert not torch.equal(last.z, z)
    torch.testing.assert_close(last.w, generator.w_of_z(last.z), atol=1e-6, rtol=0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_drags_z(solver: str) -> None:
    generator = MappedBlobs()
    z = torch.zeros(1, 6)
    config = DragConfig(solver=solver, space="z", feature_block=HALF)
    optimizer = DragOptimizer(generator, generator.start(), config, z=z)
    optimizer.set_points([(30, 32)], [(36, 34)], point_ids=[1])
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert true_distance(generator, last.w, 0, (36, 34)) < 3
    assert last.z is not None
    torch.testing.assert_close(last.w[:, :6], generator.w_of_z(last.z)[:, :6], atol=1e-5, rtol=0)


def test_outside_the_space_z_the_z_comes_back_as_it_was_given() -> None:
    generator = MappedBlobs()
    z = generator.sample_z(2)
    optimizer = DragOptimizer(generator, generator.w_of_z(z), FINE, z=z)
    optimizer.set_points([(30, 32)], [(36, 34)], point_ids=[1])
    last = run(optimizer)[-1]
    assert last.z is not None
    assert torch.equal(last.z, z)


def test_handles_on_their_targets_leave_the_latent_bit_for_bit() -> None:
    generator = BlobGenerator()
    w = generator.start() + 0.123
    optimizer = DragOptimizer(generator, w, FINE)
    places = [(31.3, 30.1), (0, 63), (40, 12.5)]
    optimizer.set_points(places, places, point_ids=[1, 2, 3])
    for _ in range(3):
        step = optimizer.step()
        assert step.status == "arrived"
        assert (step.step, step.loss) == (0, 0)
        np.testing.assert_array_equal(step.handle_points, places)
        assert torch.equal(step.w, w)
    assert torch.equal(optimizer.w, w)


def test_nothing_moves_after_arrival() -> None:
    optimizer = start(BlobGenerator())
    optimizer.set_points([(30, 32)], [(36, 32)], point_ids=[1])
    last = run(optimizer)[-1]
    again = [optimizer.step() for _ in range(3)]
    for step in again:
        assert (step.status, step.step) == ("arrived", last.step)
        np.testing.assert_array_equal(step.handle_points, last.handle_points)
    assert torch.equal(optimizer.w, last.w)


def test_a_drag_that_cannot_arrive_stalls_and_stands_still() -> None:
    optimizer = start(BlobGenerator())
    optimizer.set_points([(28, 32), (32, 32)], [(18, 32), (42, 32)], point_ids=[1, 2])
    steps = run(optimizer)
    assert steps[-1].status == "stalled"
    assert STALL_STEPS <= steps[-1].step <= 3 * STALL_STEPS
    w = optimizer.w
    assert optimizer.step().status == "stalled"
    assert torch.equal(optimizer.w, w)
    optimizer.set_points([(28, 32)], [(36, 34)], point_ids=[1])
    assert run(optimizer)[-1].status == "arrived"


def test_a_handle_on_a_flat_area_stalls_without_moving_anything() -> None:
    generator = BlobGenerator()
    generator.brightness.fill_(0)
    optimizer = start(generator)
    optimizer.set_points([(10, 10)], [(20, 10)], point_ids=[1])
    last = run(optimizer)[-1]
    assert last.status == "stalled"
    assert torch.equal(last.w, generator.start())


def test_the_same_drag_is_the_same_bit_for_bit() -> None:
    ends = []
    for _ in range(2):
        optimizer = start(BlobGenerator(starts=TWO_BLOBS, coupling=0.4))
        optimizer.set_mask(left_half())
        optimizer.set_points(TWO_BLOBS, [(19, 24), (45, 40)], point_ids=[5, 2])
        ends.append(run(optimizer, 8)[-1])
    assert torch.equal(ends[0].w, ends[1].w)
    np.testing.assert_array_equal(ends[0].handle_points, ends[1].handle_points)


def test_targets_may_move_while_it_runs() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    optimizer.set_points([(30, 32)], [(44, 32)], point_ids=[1])
    for _ in range(2):
        step = optimizer.step()
    before = step.generator_evaluations
    optimizer.set_points(step.handle_points, [(30, 44)], point_ids=[1])
    steps = run(optimizer)
    assert steps[-1].status == "arrived"
    assert true_distance(generator, steps[-1].w, 0, (30, 44)) < 0.1
    # No Jacobian is computed anew for a point that is known: two passes a step.
    assert steps[-1].generator_evaluations == before + 2 * len(steps) - 1


@pytest.mark.parametrize("refresh", [True, False])
def test_points_may_come_and_go_and_be_put_down_anew(refresh: bool) -> None:
    generator = BlobGenerator(starts=TWO_BLOBS)
    optimizer = start(generator, kinematic(jacobian_refresh=refresh))
    optimizer.set_points([TWO_BLOBS[0]], [(22, 26)], point_ids=[7])
    for _ in range(2):
        step = optimizer.step()
    handles = [TWO_BLOBS[1], step.handle_points[0]]
    optimizer.set_points(handles, [(42, 40), (22, 26)], point_ids=[8, 7])
    assert run(optimizer)[-1].status == "arrived"
    optimizer.set_points([(20, 23), (42, 40)], [(24, 23), (42, 40)], point_ids=[7, 8], placed=[7])
    seen = optimizer.observe()
    np.testing.assert_allclose(seen.handle_points[0], (20, 23), atol=1e-4)
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert true_distance(generator, last.w, 0, (26, 26)) < 0.3
    assert true_distance(generator, last.w, 1, (42, 40)) < 0.2


def test_observing_changes_nothing_of_what_follows() -> None:
    ends = []
    for looks in (0, 3):
        optimizer = start(BlobGenerator(starts=TWO_BLOBS, coupling=0.4))
        optimizer.set_points(TWO_BLOBS, [(19, 24), (45, 40)], point_ids=[1, 2])
        for _ in range(3):
            optimizer.step()
            for _ in range(looks):
                optimizer.observe()
        ends.append(optimizer.w)
    assert torch.equal(ends[0], ends[1])


@pytest.mark.parametrize("space", ["w+", "z"])
def test_the_mask_holds_what_it_does_not_cover(space: str) -> None:
    drifts = []
    for masked in (False, True):
        generator = MappedBlobs(starts=TWO_BLOBS, coupling=0.8)
        z = torch.zeros(1, 6)
        # Arrives within half a pixel: the mask holds back.
        config = kinematic(space=space, arrival_px=4)
        optimizer = DragOptimizer(generator, generator.start(), config, z=z)
        if masked:
            optimizer.set_mask(left_half())
        optimizer.set_points([TWO_BLOBS[0]], [(16, 26)], point_ids=[1])
        last = run(optimizer)[-1]
        assert last.status == "arrived"
        drifts.append(true_distance(generator, last.w, 1, TWO_BLOBS[1]))
    assert drifts[0] > 3
    assert drifts[1] < 0.5


def test_a_mask_set_late_pulls_back_to_the_first_picture() -> None:
    generator = BlobGenerator(starts=TWO_BLOBS, coupling=0.8)
    optimizer = start(generator, kinematic(arrival_px=3))
    optimizer.set_points([TWO_BLOBS[0]], [(16, 31)], point_ids=[1])
    for _ in range(2):
        step = optimizer.step()
    drift = true_distance(generator, optimizer.w, 1, TWO_BLOBS[1])
    optimizer.set_mask(left_half())
    last = run(optimizer)[-1]
    assert step.status == "running"
    assert drift > 2
    assert last.status == "arrived"
    assert true_distance(generator, last.w, 1, TWO_BLOBS[1]) < 0.3 * drift


def test_the_directions_of_a_mask_are_measured_once() -> None:
    generator = BlobGenerator(starts=TWO_BLOBS, coupling=0.8)
    optimizer = start(generator, kinematic(arrival_px=4))
    optimizer.set_mask(left_half())
    optimizer.set_points([TWO_BLOBS[0]], [(16, 26)], point_ids=[1])
    last = run(optimizer)[-1]
    measured = generator.w_dim + 2  # all directions, the start and the present picture
    corrected = last.step - 1
    assert last.step > 1
    assert generator.traces == 1 + (last.step + 1) + measured + corrected
    assert last.generator_evaluations == generator.traces + 2 + (last.step - 1)


def test_a_step_that_fails_does_not_move_the_latent_and_can_be_repeated() -> None:
    assert_a_failed_step_can_be_repeated(FINE, target=(40, 32), steps=2)


def test_a_derivative_that_is_not_finite_does_not_move_the_latent() -> None:
    assert_a_steep_step_moves_nothing(FINE, "derivative of the handles is not finite")


def test_the_drag_may_run_where_gradients_are_switched_off() -> None:
    optimizer = start(BlobGenerator())
    with torch.no_grad():
        optimizer.set_points([(30, 32)], [(36, 32)], point_ids=[1])
        assert run(optimizer)[-1].status == "arrived"


@pytest.mark.parametrize("space", ["w+", "w", "z"])
@pytest.mark.parametrize("z_input", ["normalized", "uniform"])
def test_a_stylegan2_is_dragged_in_every_space(space: str, z_input: str) -> None:
    torch.manual_seed(0)
    config = StyleGAN2Config(
        32, z_dim=40, w_dim=16, channel_base=256, channel_max=16, z_input=z_input
    )
    generator = Generator(config).frozen()
    w, z = generator.sample_w(1, 0.7), generator.sample_z(1, 0.7)
    optimizer = DragOptimizer(generator, w, kinematic_16(space), z=z)
    mask = np.ones((32, 32), bool)
    mask[:4] = False
    optimizer.set_mask(mask)
    optimizer.set_points([(12, 15)], [(16, 15)], point_ids=[1])
    steps = run(optimizer, 4)
    assert steps[-1].step > 0
    assert not torch.equal(steps[-1].w, w)
    assert bool(steps[-1].w.isfinite().all())
    assert all(parameter.grad is None for parameter in generator.parameters())


def kinematic_16(space: str) -> DragConfig:
    return DragConfig(solver="kinematic", space=space, feature_block=16, arrival_px=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("space", ["w+", "z"])
def test_a_handful_of_evaluations_turns_a_head_of_the_embedded_generator(
    space: str, record_property: Callable[[str, object], None]
) -> None:
    generator = load_generator(device="cpu")
    evaluations = []
    for seed in range(4):
        w, z = generator.sample_w(seed, 0.7), generator.sample_z(seed, 0.7)
        config = DragConfig(solver="kinematic", space=space)
        optimizer = DragOptimizer(generator, w, config, z=z)
        optimizer.set_points([(64, 74)], [(76, 70)], point_ids=[1])
        last = run(optimizer, 30)[-1]
        assert last.status == "arrived"
        evaluations.append(last.generator_evaluations)
    record_property(f"evaluations of four kinematic drags in {space}", evaluations)
    assert max(evaluations) <= 24


def test_a_mask_without_weight_costs_nothing_and_holds_nothing() -> None:
    ends = []
    for masked in (False, True):
        generator = BlobGenerator(starts=TWO_BLOBS, coupling=0.8)
        optimizer = start(generator, kinematic(mask_weight=0.0))
        if masked:
            optimizer.set_mask(left_half())
        optimizer.set_points([TWO_BLOBS[0]], [(16, 26)], point_ids=[1])
        ends.append(run(optimizer)[-1])
    assert torch.equal(ends[0].w, ends[1].w)
    assert ends[0].generator_evaluations == ends[1].generator_evaluations
