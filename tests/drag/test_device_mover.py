"""Drags by the device's step against those by the solvers."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from draggan_widget.drag import DragConfig, DragOptimizer, DragStep
from draggan_widget.errors import GeneratorError
from draggan_widget.generator import StyleGAN2Config
from tests.drag.blobs import BlobGenerator, MappedBlobs
from tests.drag.device_drags import device_steps, right_half
from tests.drag.host_reads import HostReads
from tests.generator.networks import random_generator

STARTS = ((20.0, 20.0), (42.0, 24.0), (30.0, 44.0))
TARGETS = ((26.0, 23.0), (37.0, 28.0), (30.2, 43.9))
"""The last point has nearly arrived: in one solver it pulls, in the other it does not."""

DESCENT = ["paper", "official", "whitened"]


def eventful(optimizer: DragOptimizer[Any], points: int, *, masked: bool) -> list[DragStep[Any]]:
    """Return the pictures of a drag in which everything happens that may: all kinds of steps, and edits."""
    ids = tuple(range(points))
    optimizer.set_points(STARTS[:points], TARGETS[:points], point_ids=ids)
    if masked:
        optimizer.set_mask(right_half())
    steps = [optimizer.step(drawn=k % 2 == 0) for k in range(5)]
    steps += [optimizer.advance(drawn=k % 2 == 0) for k in range(4)]
    steps.append(optimizer.observe())
    steps.append(optimizer.advance())
    moved = np.add(TARGETS[:points], (1, -2))
    optimizer.set_points(STARTS[:points], moved, point_ids=ids)
    steps += [optimizer.advance(), optimizer.step()]
    optimizer.set_mask(None if masked else right_half())
    more = [*moved, (40.0, 50.0)]
    optimizer.set_points([*STARTS[:points], (38.0, 48.0)], more, point_ids=[*ids, 9])
    steps += [optimizer.advance(drawn=False), optimizer.step(drawn=False), optimizer.advance()]
    optimizer.set_points([(39.0, 47.0)], [(42.0, 50.0)], point_ids=[9], placed=[9])
    steps += [optimizer.step(), optimizer.advance()]
    optimizer.set_points(np.empty((0, 2)), np.empty((0, 2)), point_ids=[])
    return [*steps, optimizer.step(drawn=False), optimizer.advance()]


@pytest.mark.parametrize("solver", DESCENT)
@pytest.mark.parametrize(("points", "masked"), [(1, False), (2, True), (3, True), (3, False)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_drag_goes_where_that_of_the_solver_goes(
    solver: str, points: int, masked: bool, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = DragConfig(solver=solver, feature_block=32)
    drags = []
    for on_device in (False, True):
        if on_device:
            device_steps(monkeypatch)
        generator = BlobGenerator(starts=STARTS[:points], coupling=0.3, dtype=dtype)
        optimizer = DragOptimizer(generator, generator.start(), config)
        drags.append(eventful(optimizer, points, masked=masked))
    tolerance = 1e-4 if dtype == torch.float32 else 1e-9
    assert drags[0][-1].step > 8
    for expected, found in zip(*drags, strict=True):
        torch.testing.assert_close(found.w, expected.w, rtol=0, atol=tolerance)
        for name in ("handle_points", "target_points", "distances_px", "confidences"):
            expected_values, values = getattr(expected, name), getattr(found, name)
            np.testing.assert_allclose(values, expected_values, rtol=0, atol=10 * tolerance)
            assert not values.flags.writeable
        assert found.loss == pytest.approx(expected.loss, rel=1e-3, abs=1e-9)
        for name in ("step", "status", "point_ids"):
            assert getattr(found, name) == getattr(expected, name)


@pytest.mark.parametrize("masked", [False, True])
def test_passes_through_the_generator_are_counted_as_for_the_solver(
    masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    for on_device in (False, True):
        if on_device:
            device_steps(monkeypatch)
        generator = BlobGenerator(starts=STARTS)
        config = DragConfig(solver="paper", feature_block=32)
        optimizer = DragOptimizer(generator, generator.start(), config)
        optimizer.set_points(STARTS[:1], TARGETS[:1], point_ids=[0])
        if masked:
            optimizer.set_mask(right_half())
        kinds = [optimizer.step, optimizer.advance, optimizer.advance, optimizer.observe]
        counts.append([each(drawn=True).generator_evaluations for each in kinds])
        optimizer.set_points(STARTS[:2], TARGETS[:2], point_ids=[0, 1])
        counts[-1] += [each(drawn=True).generator_evaluations for each in kinds]
        optimizer.set_points(STARTS[:1], STARTS[:1], point_ids=[0], placed=[0])
        counts[-1] += [each(drawn=True).generator_evaluations for each in kinds]
    assert counts[0] == counts[1]


def test_a_picture_that_is_drawn_has_the_trace_of_its_latent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device_steps(monkeypatch)
    config = StyleGAN2Config(64, z_dim=8, w_dim=16, channel_base=512, channel_max=32)
    generator = random_generator(config)
    settings = DragConfig(solver="paper", feature_block=64)
    optimizer = DragOptimizer(generator, generator.sample_w(1), settings)
    optimizer.set_points([(20, 30)], [(26, 30)], point_ids=[1])
    for take in (optimizer.step, optimizer.advance, optimizer.observe):
        assert take(drawn=False).trace is None
        drawn = take(drawn=True)
        assert drawn.trace is not None
        assert not drawn.trace.features.requires_grad
        torch.testing.assert_close(drawn.trace.features, generator.features(drawn.w, 64))


def test_in_the_space_z_it_moves_the_z_too(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = []
    for on_device in (False, True):
        if on_device:
            device_steps(monkeypatch)
        generator = MappedBlobs(dtype=torch.float64)
        z = generator.sample_z(1)
        config = DragConfig(solver="paper", space="z", feature_block=32)
        optimizer = DragOptimizer(generator, generator.w_of_z(z), config, z=z)
        optimizer.set_points([(30, 32)], [(34, 32)], point_ids=[1])
        ends.append([optimizer.step() for _ in range(4)][-1])
    (expected, found) = ends
    assert found.z is not None
    assert expected.z is not None
    torch.testing.assert_close(found.z, expected.z, rtol=0, atol=1e-9)
    torch.testing.assert_close(found.w, expected.w, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["step", "advance", "observe"])
@pytest.mark.parametrize("masked", [False, True])
def test_a_step_reads_nothing_but_what_it_has_gathered(
    kind: str, masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_steps(monkeypatch)
    config = StyleGAN2Config(64, z_dim=8, w_dim=16, channel_base=512, channel_max=32)
    generator = random_generator(config)
    optimizer = DragOptimizer(generator, generator.sample_w(1), DragConfig(solver="paper"))
    optimizer.set_points([(20, 30), (40, 30), (30, 9)], [(26, 30)] * 3, point_ids=[1, 2, 3])
    if masked:
        optimizer.set_mask(right_half())
    take = getattr(optimizer, kind)
    take()
    with HostReads() as reads:
        take(drawn=False)
        take(drawn=True)
    assert reads.found == []


def test_an_advance_that_fails_leaves_the_latent_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device_steps(monkeypatch)
    generator = BlobGenerator()
    config = DragConfig(solver="paper", arrival_px=0.8, feature_block=32)
    optimizer = DragOptimizer(generator, generator.start(), config)
    optimizer.set_points([(30, 32)], [(36, 32)], point_ids=[1])
    before = optimizer.advance()
    generator.brightness = nn.Parameter(torch.tensor(torch.nan), requires_grad=False)
    for _ in range(2):
        with pytest.raises(GeneratorError, match="are not finite"):
            optimizer.advance()
    assert torch.equal(optimizer.w, before.w)
    generator.brightness.fill_(1)
    after = optimizer.advance()
    assert after.step == before.step + 1
    assert after.distances_px[0] < before.distances_px[0]
