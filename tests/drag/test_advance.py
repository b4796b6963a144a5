"""Following targets that move, and steps of which no picture is drawn."""

import math

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig, DragOptimizer
from draggan_widget.errors import GeneratorError
from draggan_widget.generator import StyleGAN2Config
from tests.drag.blobs import BlobGenerator, BlobTrace
from tests.drag.drags import HALF, TWO_BLOBS, SteepGenerator, true_distance
from tests.generator.networks import random_generator

FINE = DragConfig(arrival_px=0.8, feature_block=HALF)

PUBLISHED = DragConfig(solver="paper", arrival_px=0.8, feature_block=HALF)


def start(generator: BlobGenerator, config: DragConfig = FINE) -> DragOptimizer[BlobTrace]:
    return DragOptimizer(generator, generator.start(), config)


@pytest.mark.usefixtures("mover")
@pytest.mark.parametrize("config", [FINE, PUBLISHED])
def test_advancing_returns_the_picture_after_the_move_with_its_handles(config: DragConfig) -> None:
    generator = BlobGenerator()
    optimizer = start(generator, config)
    optimizer.set_points([(30, 32)], [(36, 32)], point_ids=[1])
    step = optimizer.advance()
    assert step.step == 1
    assert step.loss > 0
    assert torch.equal(step.w, optimizer.w)
    assert not torch.equal(step.w, generator.start())
    assert true_distance(generator, step.w, 0, step.handle_points[0]) < 0.15


def test_a_moving_target_is_followed_with_one_pass_a_picture_and_no_lag() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    optimizer.set_points([(30, 32)], [(30.5, 32)], point_ids=[1])
    optimizer.advance()
    generator.traces = 0
    evaluations = optimizer.advance().generator_evaluations
    for k in range(30):
        target = (30 + 10 * np.sin(0.15 * k), 32 + 6 * np.sin(0.1 * k))
        optimizer.set_points([(0, 0)], [target], point_ids=[1])
        step = optimizer.advance()
        assert step.distances_px[0] < 0.3
        assert true_distance(generator, step.w, 0, target) < 0.3
    assert step.generator_evaluations == evaluations + 30 == evaluations + generator.traces


@pytest.mark.usefixtures("mover")
@pytest.mark.parametrize("config", [FINE, PUBLISHED])
def test_advancing_does_not_move_what_has_arrived(config: DragConfig) -> None:
    generator = BlobGenerator()
    optimizer = start(generator, config)
    optimizer.set_points([(30, 32)], [(30.05, 32)], point_ids=[1])
    for _ in range(3):
        step = optimizer.advance()
        assert step.status == "arrived"
        assert torch.equal(step.w, generator.start())
    assert step.step == 0


@pytest.mark.usefixtures("mover")
def test_an_advance_that_fails_does_not_move_the_latent_and_can_be_repeated() -> None:
    generator = SteepGenerator()
    optimizer = start(generator, PUBLISHED)
    optimizer.set_points([(30, 32)], [(30, 32)], point_ids=[1])
    assert optimizer.advance().status == "arrived"
    optimizer.set_points([(30, 32)], [(36, 32)], point_ids=[1])
    for _ in range(2):
        with pytest.raises(GeneratorError, match="gradient of the drag is not finite"):
            optimizer.advance()
    assert torch.equal(optimizer.w, generator.start())


def brightness(value: float) -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.tensor(value), requires_grad=False)


@pytest.mark.parametrize("config", [FINE, PUBLISHED])
def test_an_advance_that_fails_has_not_moved_the_latent(config: DragConfig) -> None:
    generator = BlobGenerator()
    optimizer = start(generator, config)
    optimizer.set_points([(30, 32)], [(44, 32)], point_ids=[1])
    before = optimizer.advance()
    generator.brightness = brightness(math.nan)
    with pytest.raises(GeneratorError, match="around a handle are not finite"):
        optimizer.advance()
    assert torch.equal(optimizer.w, before.w)
    generator.brightness = brightness(1.0)
    assert optimizer.advance().step == before.step + 1


def test_a_slow_pointer_is_followed_smoothly_and_rest_is_rest() -> None:
    generator = BlobGenerator()
    optimizer = start(generator, DragConfig(feature_block=HALF))  # arrives within a pixel
    x = []
    for k in range(20):
        optimizer.set_points([(30, 32)], [(30 + 0.3 * k, 32)], point_ids=[1])
        x.append(float(generator.centres(optimizer.advance().w)[0, 0]))
    assert max(np.abs(np.diff(x) - 0.3)) < 0.15
    rest = optimizer.w
    optimizer.set_points([(30, 32)], [(30 + 0.3 * 19, 32)], point_ids=[1])
    assert torch.equal(optimizer.advance().w, rest)


def test_a_point_that_is_added_leaves_the_others_their_references() -> None:
    generator = BlobGenerator(starts=TWO_BLOBS)
    optimizer = start(generator)
    optimizer.set_points([TWO_BLOBS[0]], [(20, 24)], point_ids=[1])
    for _ in range(4):
        optimizer.advance()
    optimizer.set_points([(0, 0), TWO_BLOBS[1]], [(22, 22), (44, 40)], point_ids=[1, 2])
    for _ in range(6):
        step = optimizer.advance()
    assert step.status == "arrived"
    assert true_distance(generator, step.w, 0, (22, 22)) < 0.15
    assert true_distance(generator, step.w, 1, (44, 40)) < 0.15
    optimizer.set_points([(0, 0)], [(44, 44)], point_ids=[2])
    for _ in range(6):
        step = optimizer.advance()
    assert step.point_ids == (2,)
    assert true_distance(generator, step.w, 1, (44, 44)) < 0.15


def test_a_handle_that_was_lost_is_found_again() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    optimizer.set_points([(30, 32)], [(33, 32)], point_ids=[1])
    optimizer.advance()
    generator.starts += torch.tensor([20.0, -10.0])  # where no step has led it
    optimizer.set_points([(30, 32)], [(45, 30)], point_ids=[1])
    for _ in range(8):
        step = optimizer.advance()
    assert step.status == "arrived"
    assert step.confidences[0] > 0.95
    assert true_distance(generator, step.w, 0, (45, 30)) < 0.15


@pytest.mark.parametrize("config", [FINE, PUBLISHED])
def test_a_drag_that_stalls_ends_at_the_picture_that_came_nearest(config: DragConfig) -> None:
    generator = BlobGenerator(starts=TWO_BLOBS, coupling=1.0)
    optimizer = start(generator, config)
    # Both handles lie on the first blob: they cannot part.
    optimizer.set_points([(16, 20), (16, 21)], [(24, 20), (12, 24)], point_ids=[1, 2])
    steps = [optimizer.step()]
    while steps[-1].status == "running":
        steps.append(optimizer.step())
    assert steps[-1].status == "stalled"
    nearest = min(step.distances_px.mean() for step in steps)
    assert steps[-1].distances_px.mean() == pytest.approx(nearest, abs=0.05)
    again = optimizer.step()
    assert again.status == "stalled"
    assert torch.equal(again.w, steps[-1].w)


def test_points_that_are_sent_again_unchanged_do_not_put_off_a_stall() -> None:
    ends = []
    for again in (False, True):
        optimizer = start(BlobGenerator(), DragConfig(feature_block=HALF))
        for k in range(40):
            if k == 0 or again:
                optimizer.set_points([(30, 32), (30, 33)], [(0, 0), (63, 63)], point_ids=[1, 2])
            step = optimizer.step()
            if step.status != "running":
                break
        ends.append((step.status, step.step))
    assert ends[0] == ends[1]
    assert ends[0][0] == "stalled"


def test_a_patch_that_is_gone_is_told_by_its_confidence() -> None:
    generator = BlobGenerator()
    optimizer = start(generator)
    optimizer.set_points([(30, 32)], [(50, 32)], point_ids=[1])
    first = optimizer.advance()
    generator.brightness.fill_(0.2)
    lost = optimizer.advance()
    assert first.confidences[0] > 0.99
    assert lost.confidences[0] < 0.6
    assert not lost.confidences.flags.writeable


@pytest.mark.parametrize("solver", ["paper", "official", "whitened", "kinematic"])
@pytest.mark.parametrize("handle", [(30.0, 33.0), (1.0, 2.0), (63.0, 0.0)])
def test_steps_that_are_not_drawn_are_those_that_are(
    solver: str, handle: tuple[float, float]
) -> None:
    config = StyleGAN2Config(64, z_dim=8, w_dim=16, channel_base=512, channel_max=32)
    generator = random_generator(config)
    w = generator.sample_w(1)
    ends = []
    for drawn in (True, False):
        settings = DragConfig(solver=solver, feature_block=64, tracking_radius=8)
        optimizer = DragOptimizer(generator, w, settings)
        optimizer.set_points([handle], [(34, 30)], point_ids=[1])
        for _ in range(3):
            step = optimizer.step(drawn=drawn)
        ends.append(step)
    whole, local = ends
    assert whole.trace is not None
    assert local.trace is None
    # To search everywhere for a handle that is lost takes the whole map.
    assert local.generator_evaluations - whole.generator_evaluations in (0, 1)
    np.testing.assert_allclose(local.handle_points, whole.handle_points, atol=1e-9)
    torch.testing.assert_close(local.w, whole.w, rtol=1e-9, atol=1e-9)


def test_a_kinematic_drag_that_draws_nothing_never_computes_the_whole_map() -> None:
    config = StyleGAN2Config(64, z_dim=8, w_dim=16, channel_base=512, channel_max=32)
    generator = random_generator(config)
    settings, w, ends = DragConfig(feature_block=64), generator.sample_w(1), []
    for seen in (True, False):
        optimizer = DragOptimizer(generator, w, settings)
        if seen:
            assert optimizer.observe().generator_evaluations == 1  # the first pass of this drag
        optimizer.set_points([(30.0, 33.0)], [(31, 32)], point_ids=[1])
        ends.append([optimizer.step(drawn=False) for _ in range(2)])
    for expected, found in zip(*ends, strict=True):
        assert found.generator_evaluations == expected.generator_evaluations
        np.testing.assert_allclose(found.handle_points, expected.handle_points, atol=1e-9)
        torch.testing.assert_close(found.w, expected.w, rtol=1e-9, atol=1e-9)


@pytest.mark.usefixtures("mover")
def test_with_a_mask_the_whole_map_is_read_though_nothing_is_drawn() -> None:
    config = StyleGAN2Config(64, z_dim=8, w_dim=16, channel_base=512, channel_max=32)
    generator = random_generator(config)
    mask = np.zeros((64, 64), bool)
    mask[:, :32] = True
    ends = []
    for drawn in (True, False):
        settings = DragConfig(solver="paper", feature_block=64)
        optimizer = DragOptimizer(generator, generator.sample_w(1), settings)
        optimizer.set_mask(mask)
        optimizer.set_points([(20, 30)], [(26, 30)], point_ids=[1])
        ends.append([optimizer.step(drawn=drawn) for _ in range(3)][-1].w)
    torch.testing.assert_close(*ends, rtol=1e-9, atol=1e-9)


def test_a_new_point_is_read_from_the_picture_of_a_step_that_was_not_drawn() -> None:
    config = StyleGAN2Config(64, z_dim=8, w_dim=16, channel_base=512, channel_max=32)
    generator = random_generator(config)
    ends = []
    for drawn in (True, False):
        optimizer = DragOptimizer(
            generator, generator.sample_w(1), DragConfig(feature_block=64, tracking_radius=8)
        )
        optimizer.set_points([(20, 30)], [(26, 30)], point_ids=[1])
        optimizer.step(drawn=drawn)
        optimizer.step(drawn=drawn)
        optimizer.set_points([(0, 0), (40, 40)], [(26, 30), (42, 40)], point_ids=[1, 2])
        ends.append(optimizer.step(drawn=drawn).w)
    torch.testing.assert_close(*ends, rtol=1e-9, atol=1e-9)
