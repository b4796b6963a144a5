"""The drag loop, and descent on a loss; what inverse kinematics does is tested in a file of its own."""

import math

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig, DragOptimizer
from draggan_widget.drag.config import PATIENCE, SOLVERS
from draggan_widget.generator import Generator, StyleGAN2Config
from tests.drag import oracle
from tests.drag.blobs import BlobGenerator
from tests.drag.drags import (
    HALF,
    TWO_BLOBS,
    left_half,
    paper,
    run,
    start,
    true_distance,
)

DESCENT = ["paper", "official", "whitened"]
"""The solvers that descend a loss."""


@pytest.mark.usefixtures("mover")
@pytest.mark.parametrize(
    ("dtype", "space", "target"),
    [
        (torch.float32, "w+", (40.0, 36.0)),
        (torch.float32, "w", (24.3, 38.6)),
        (torch.float64, "w+", (30.0, 20.5)),
    ],
)
def test_a_drag_arrives_within_a_tenth_of_a_pixel_of_the_truth(
    dtype: torch.dtype, space: str, target: tuple[float, float]
) -> None:
    generator = BlobGenerator(dtype=dtype)
    config = paper(space=space, arrival_px=0.8, feature_block=HALF)
    optimizer = start(generator, config)
    optimizer.set_points([(30, 32)], [target], point_ids=[1])
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert last.w.dtype == dtype
    assert last.distances_px[0] <= 0.1
    assert true_distance(generator, last.w, 0, target) < 0.1


def test_a_handle_beside_the_centre_and_between_pixels_arrives_too() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    optimizer.set_points([(33.4, 29.7)], [(39.4, 26.7)], point_ids=[1])
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert true_distance(generator, last.w, 0, (36.0, 29.0)) < 0.15


def test_a_picture_need_not_be_square() -> None:
    generator = BlobGenerator(96, 48, starts=((40.0, 20.0),))
    optimizer = start(generator, paper(arrival_px=0.5, feature_block=24))
    optimizer.set_points([(40, 20)], [(48, 24)], point_ids=[1])
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert true_distance(generator, last.w, 0, (48, 24)) < 0.15


@pytest.mark.usefixtures("mover")
def test_the_official_solver_stops_two_pixels_away_on_whole_pixels() -> None:
    generator = BlobGenerator()
    optimizer = start(generator, DragConfig(solver="official"))
    optimizer.set_points([(30, 32)], [(36, 34)], point_ids=[1])
    steps = run(optimizer)
    assert steps[-1].status == "arrived"
    assert steps[-1].distances_px[0] <= 2
    assert steps[-2].distances_px[0] > 2
    assert true_distance(generator, steps[-1].w, 0, (36, 34)) < 3
    for step in steps:
        np.testing.assert_array_equal(step.handle_points, np.round(step.handle_points))


@pytest.mark.usefixtures("mover")
def test_two_points_drag_two_blobs() -> None:
    generator = BlobGenerator(starts=TWO_BLOBS)
    optimizer = start(generator)
    targets = [(19.0, 24.0), (45.0, 40.0)]
    optimizer.set_points(TWO_BLOBS, targets, point_ids=[5, 2])
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert last.point_ids == (5, 2)
    for blob, target in enumerate(targets):
        assert true_distance(generator, last.w, blob, target) < 0.1


@pytest.mark.usefixtures("mover")
@pytest.mark.parametrize("solver", ["paper", "official"])
def test_every_step_equals_the_published_one_done_at_picture_size(solver: str) -> None:
    generator = BlobGenerator(starts=TWO_BLOBS, coupling=0.3, dtype=torch.float64)
    handles, targets = [(18.0, 23.0), (63.0, 40.0)], [(24.0, 15.0), (50.0, 51.0)]
    config = DragConfig(solver=solver, supervision_radius=16, subpixel_tracking=False)
    plain = oracle.PublishedDrag(
        generator,
        solver,
        list(handles),
        targets,
        supervision_radius_px=2,
        tracking_radius_px=2,
        learning_rate=config.step_size(1),
    )
    optimizer = start(generator, config)
    optimizer.set_points(handles, targets, point_ids=[1, 2])
    for _ in range(8):
        step = optimizer.step()
        assert step.status == "running"
        plain.step()
        np.testing.assert_allclose(step.handle_points, plain.handles, atol=1e-9)
        torch.testing.assert_close(optimizer.w, plain.w.detach(), rtol=0, atol=1e-9)


@pytest.mark.usefixtures("mover")
@pytest.mark.parametrize("solver", DESCENT)
def test_the_mask_holds_what_it_does_not_cover(solver: str) -> None:
    config = DragConfig(solver=solver, feature_block=HALF, mask_weight=5)
    drifts, arrivals = [], []
    for masked in (False, True):
        generator = BlobGenerator(starts=TWO_BLOBS, coupling=0.8)
        optimizer = start(generator, config)
        if masked:
            optimizer.set_mask(left_half())
        optimizer.set_points([TWO_BLOBS[0]], [(16, 26)], point_ids=[1])
        last = run(optimizer)[-1]
        arrivals.append(last.status)
        drifts.append(true_distance(generator, last.w, 1, TWO_BLOBS[1]))
    assert arrivals == ["arrived", "arrived"]
    assert drifts[0] > 3
    assert drifts[1] < 0.3


@pytest.mark.usefixtures("mover")
def test_a_mask_set_late_pulls_back_to_the_first_picture() -> None:
    generator = BlobGenerator(starts=TWO_BLOBS, coupling=0.8)
    optimizer = start(generator)
    optimizer.set_points([TWO_BLOBS[0]], [(16, 26)], point_ids=[1])
    for _ in range(15):
        step = optimizer.step()
    drift = true_distance(generator, step.w, 1, TWO_BLOBS[1])
    optimizer.set_mask(left_half())
    for _ in range(40):
        step = optimizer.step()
    assert drift > 2
    assert true_distance(generator, step.w, 1, TWO_BLOBS[1]) < 0.3 * drift


def test_a_mask_that_covers_everything_is_no_mask() -> None:
    paths = []
    for mask in (None, np.ones((64, 64), bool)):
        optimizer = start(BlobGenerator())
        optimizer.set_mask(mask)
        optimizer.set_points([(30, 32)], [(40, 32)], point_ids=[1])
        paths.append([optimizer.step().loss for _ in range(5)])
    assert paths[0] == paths[1]


@pytest.mark.usefixtures("mover")
def test_without_points_there_is_nothing_to_do() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    step = optimizer.step()
    assert step.status == "arrived"
    assert step.handle_points.shape == step.target_points.shape == (0, 2)
    assert step.distances_px.shape == (0,)
    assert torch.equal(optimizer.w, generator.start())


@pytest.mark.usefixtures("mover")
@pytest.mark.parametrize("solver", DESCENT)
def test_handles_on_their_targets_leave_the_latent_bit_for_bit(solver: str) -> None:
    generator = BlobGenerator()
    w = generator.start() + 0.123
    optimizer = DragOptimizer(generator, w, DragConfig(solver=solver))
    places = [(31.3, 30.1), (0, 63), (40, 12.5)]
    optimizer.set_points(places, places, point_ids=[1, 2, 3])
    for _ in range(3):
        step = optimizer.step()
        assert step.status == "arrived"
        assert (step.step, step.loss) == (0, 0)
        np.testing.assert_array_equal(step.handle_points, places)
        assert torch.equal(step.w, w)
    assert torch.equal(optimizer.w, w)


@pytest.mark.usefixtures("mover")
def test_nothing_moves_after_arrival() -> None:
    optimizer = start(BlobGenerator())
    optimizer.set_points([(30, 32)], [(36, 32)], point_ids=[1])
    last = run(optimizer)[-1]
    w = optimizer.w
    assert torch.equal(last.w, w)
    again = [optimizer.step() for _ in range(3)]
    assert {step.status for step in again} == {"arrived"}
    assert {step.step for step in again} == {last.step}
    assert torch.equal(optimizer.w, w)


@pytest.mark.usefixtures("mover")
def test_a_drag_that_cannot_arrive_stalls_and_stands_still() -> None:
    optimizer = start(BlobGenerator())
    optimizer.set_points([(28, 32), (32, 32)], [(18, 32), (42, 32)], point_ids=[1, 2])
    steps = run(optimizer)
    assert steps[-1].status == "stalled"
    assert PATIENCE <= steps[-1].step <= 2 * PATIENCE
    w = optimizer.w
    assert optimizer.step().status == "stalled"
    assert torch.equal(optimizer.w, w)


@pytest.mark.usefixtures("mover")
def test_a_stalled_drag_goes_on_when_a_target_moves() -> None:
    optimizer = start(BlobGenerator())
    optimizer.set_points([(28, 32), (32, 32)], [(18, 32), (42, 32)], point_ids=[1, 2])
    run(optimizer)
    optimizer.set_points([(28, 32)], [(36, 34)], point_ids=[1])
    assert run(optimizer)[-1].status == "arrived"


@pytest.mark.usefixtures("mover")
def test_targets_may_move_while_it_runs() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    optimizer.set_points([(30, 32)], [(44, 32)], point_ids=[1])
    for _ in range(30):
        step = optimizer.step()
    optimizer.set_points(step.handle_points, [(30, 44)], point_ids=[1])
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert true_distance(generator, last.w, 0, (30, 44)) < 0.1


@pytest.mark.usefixtures("mover")
def test_points_that_come_and_go_leave_the_others_path_bit_for_bit() -> None:
    paths = []
    for disturbed in (False, True):
        optimizer = start(BlobGenerator(starts=TWO_BLOBS))
        optimizer.set_points([TWO_BLOBS[0]], [(30, 30)], point_ids=[7])
        for k in range(30):
            step = optimizer.step()
            if disturbed and k % 10 == 4:
                handles = [(50, 50), (0, 0), (1, 1)]
                targets = [(50, 50), (30, 30), (9, 9)]
                optimizer.set_points(handles, targets, point_ids=[8 + k, 7, 9 + k])
                optimizer.set_points([(60, 60)], [(30, 30)], point_ids=[7])
        paths.append((step.handle_points, step.w))
    np.testing.assert_array_equal(paths[0][0], paths[1][0])
    assert torch.equal(paths[0][1], paths[1][1])


@pytest.mark.usefixtures("mover")
def test_a_point_added_later_refers_to_the_picture_of_that_moment() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    optimizer.set_points([(30, 32)], [(44, 32)], point_ids=[1])
    for _ in range(40):
        step = optimizer.step()
    centre = generator.centres(step.w)[0].numpy()
    assert centre[0] > 33
    optimizer.set_points(
        [step.handle_points[0], np.add(centre, (0, 5))], [(44, 32), (44, 37)], point_ids=[1, 2]
    )
    last = run(optimizer)[-1]
    assert last.status == "arrived"
    assert true_distance(generator, last.w, 0, (44, 32)) < 0.15


@pytest.mark.usefixtures("mover")
def test_a_handle_that_a_hand_puts_down_moves_there_and_refers_to_what_it_lies_on() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    optimizer.set_points([(30, 32)], [(44, 32)], point_ids=[1])
    for _ in range(20):
        optimizer.step()
    optimizer.set_points([(35, 26)], [(44, 32)], point_ids=[1])
    tracked = optimizer.observe()
    assert math.dist(tracked.handle_points[0], (35, 26)) > 3
    optimizer.set_points([(35, 26)], [(44, 32)], point_ids=[1], placed=[1])
    np.testing.assert_array_equal(optimizer.observe().handle_points, [(35, 26)])


@pytest.mark.usefixtures("mover")
def test_observing_tracks_and_moves_nothing() -> None:
    optimizer = start(BlobGenerator())
    optimizer.set_points([(30, 32)], [(44, 32)], point_ids=[1])
    for _ in range(10):
        moved = optimizer.step()
    w = optimizer.w
    seen = optimizer.observe()
    assert seen.step == moved.step + 1 == 10
    assert seen.status == "running"
    assert seen.distances_px[0] < moved.distances_px[0]
    assert torch.equal(seen.w, w)
    assert torch.equal(optimizer.w, w)
    assert seen.trace is not None
    assert not seen.trace.features.requires_grad


@pytest.mark.usefixtures("mover")
def test_a_step_reports_the_picture_before_the_move() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    optimizer.set_points([(30, 32)], [(44, 32)], point_ids=[1])
    before = optimizer.w
    step = optimizer.step()
    assert torch.equal(step.w, before)
    assert not torch.equal(optimizer.w, before)
    assert step.trace is not None
    assert torch.equal(step.trace.features, generator.trace(before, HALF).features)
    assert step.loss > 0


def test_the_arrays_of_a_step_are_read_only() -> None:
    optimizer = start(BlobGenerator())
    optimizer.set_points([(30, 32)], [(44, 32)], point_ids=[1])
    step = optimizer.step()
    for array in (step.handle_points, step.target_points, step.distances_px):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.usefixtures("mover")
def test_the_fixed_rows_never_move() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    optimizer.set_points([(30, 32)], [(36, 32)], point_ids=[1])
    moved = run(optimizer)[-1].w - generator.start()
    assert torch.equal(moved[:, 6:], torch.zeros_like(moved[:, 6:]))
    assert bool((moved[:, :6, 0] > 0).all())


def test_in_w_all_trainable_rows_move_by_one_offset() -> None:
    generator = BlobGenerator()
    optimizer = start(generator, paper(space="w"))
    optimizer.set_points([(30, 32)], [(36, 32)], point_ids=[1])
    moved = run(optimizer)[-1].w
    assert torch.equal(moved[:, :6], moved[:, :1].expand(-1, 6, -1))


def test_a_generator_with_fewer_rows_is_moved_in_all_of_them() -> None:
    generator = BlobGenerator()
    optimizer = start(generator, paper(trainable_rows=20))
    optimizer.set_points([(30, 32)], [(36, 32)], point_ids=[1])
    assert run(optimizer)[-1].status == "arrived"


def test_evaluations_count_forward_and_backward_passes() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    optimizer.set_points([(30, 32)], [(34, 32)], point_ids=[1])
    last = run(optimizer)[-1]
    assert last.generator_evaluations == generator.traces + last.step
    assert generator.traces == 1 + last.step + 1


@pytest.mark.usefixtures("mover")
def test_the_drag_may_run_where_gradients_are_switched_off() -> None:
    optimizer = start(BlobGenerator())
    with torch.no_grad():
        optimizer.set_points([(30, 32)], [(36, 32)], point_ids=[1])
        assert run(optimizer)[-1].status == "arrived"


@pytest.mark.usefixtures("mover")
def test_a_stylegan2_is_dragged_and_drawn_from_the_trace_of_a_step() -> None:
    torch.manual_seed(0)
    config = StyleGAN2Config(32, z_dim=8, w_dim=16, channel_base=256, channel_max=16)
    generator = Generator(config).frozen()
    optimizer = DragOptimizer(generator, generator.sample_w(1), paper(feature_block=16))
    optimizer.set_points([(12, 15)], [(20, 15)], point_ids=[1])
    for _ in range(3):
        step = optimizer.step()
    assert step.status == "running"
    assert not torch.equal(step.w, generator.sample_w(1))
    assert step.trace is not None
    with torch.no_grad():
        picture = generator.image_from_trace(step.trace)
        torch.testing.assert_close(picture, generator.image(step.w))
    assert all(parameter.grad is None for parameter in generator.parameters())


@pytest.mark.parametrize("mask", [None, left_half()])
def test_with_an_identity_covariance_the_whitened_solver_is_the_papers(
    mask: np.ndarray | None,
) -> None:
    paths = []
    for solver in ("paper", "whitened"):
        generator = BlobGenerator(starts=TWO_BLOBS, coupling=0.4, dtype=torch.float64)
        config = DragConfig(solver=solver, space="w", learning_rate=0.03, feature_block=HALF)
        optimizer = start(generator, config)
        optimizer.set_mask(mask)
        optimizer.set_points(TWO_BLOBS, [(22, 26), (44, 40)], point_ids=[1, 2])
        paths.append([optimizer.step() for _ in range(25)])
    for published, whitened in zip(*paths, strict=True):
        torch.testing.assert_close(published.w, whitened.w, rtol=0, atol=1e-6)
        np.testing.assert_allclose(published.handle_points, whitened.handle_points, atol=1e-6)
        assert published.loss == pytest.approx(whitened.loss, abs=1e-6)


def test_the_whitened_solver_moves_what_varies_in_pictures() -> None:
    generator = BlobGenerator(starts=TWO_BLOBS, coupling=0.4)
    # Entries 0 and 1 move both blobs, 2 and 3 the second alone; the former vary ten times as much.
    generator.w_covariance[:, 2:, 2:] *= 0.01
    optimizer = start(generator, DragConfig(solver="whitened", feature_block=HALF))
    optimizer.set_points([TWO_BLOBS[1]], [(50, 46)], point_ids=[1])
    moved = run(optimizer)[-1].w[0, :6].mean(0).abs()
    assert float(moved[:2].min()) > 3 * float(moved[2:4].max())


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_step_tells_in_which_picture_and_where_each_reference_was_taken(solver: str) -> None:
    generator = BlobGenerator()
    optimizer = DragOptimizer(generator, generator.start(), DragConfig(solver=solver))
    optimizer.set_points([[30, 32]], [[50, 32]], point_ids=[1])
    for _ in range(3):
        first = optimizer.step()
    (origin,) = first.origins
    assert torch.equal(origin.w, generator.start())
    assert origin.place.tolist() == [30, 32]

    optimizer.set_points([[0, 0], [20, 20]], [[50, 32], [20, 20]], point_ids=[1, 2])
    second = optimizer.step()
    assert second.origins[0] is origin
    assert torch.equal(second.origins[1].w, first.w)
    assert second.origins[1].place.tolist() == [20, 20]

    optimizer.set_points([[40, 40], [0, 0]], [[50, 32], [20, 20]], point_ids=[1, 2], placed=[1])
    third = optimizer.advance()
    assert third.origins[0].place.tolist() == [40, 40]
    assert torch.equal(third.origins[0].w, second.w)
    assert third.origins[1] is second.origins[1]
