import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from draggan_widget.drag.config import SOLVERS
from draggan_widget.drag.geometry import FeatureGrid
from draggan_widget.drag.supervision import (
    Patch,
    held_share,
    mask_loss,
    motion_loss,
    steps_towards,
)
from tests.drag import oracle

RADIUS_PX = 2.0


def random_features(columns: int, rows: int) -> Tensor:
    rng = torch.Generator().manual_seed(4)
    return torch.randn(3, rows, columns, dtype=torch.float64, generator=rng)


def fast_loss(
    source: Tensor,
    moved: Tensor,
    size: tuple[int, int],
    handles: Tensor,
    steps: Tensor,
    solver: str,
    weights: Tensor | None = None,
) -> Tensor:
    rules = SOLVERS[solver]
    patch = Patch.disc(RADIUS_PX, with_rim=not rules.whole_pixel_disc, like=moved)
    grid = FeatureGrid.between(*size, moved)
    return motion_loss(
        grid.windows(source, handles, patch.reach_px),
        grid.windows(moved, handles, patch.reach_px),
        handles,
        steps,
        torch.ones(len(handles), dtype=moved.dtype) if weights is None else weights,
        patch,
        rules,
    )


def border_points(width: int, height: int) -> list[oracle.Point]:
    """Points 0 to 4 px from each border and corner, some of them between pixels."""
    near = [0, 1, 2.5, 4]
    xs = [*near, *(width - 1 - v for v in near), width / 2]
    ys = [*near, *(height - 1 - v for v in near), height / 2]
    return list(itertools.product(xs, ys))


@pytest.mark.parametrize("solver", ["paper", "official"])
@pytest.mark.parametrize(("width", "height"), [(32, 32), (24, 40)])
def test_value_and_gradient_equal_those_at_picture_size_also_at_the_border(
    solver: str, width: int, height: int
) -> None:
    fast_features = random_features(width // 4, height // 4).requires_grad_()
    slow_features = fast_features.detach().clone().requires_grad_()
    points = border_points(width, height)
    centre = (width / 2 - 0.3, height / 2 + 0.2)
    steps = [
        ((centre[0] - x) / max(r, 1), (centre[1] - y) / max(r, 1))
        for x, y in points
        for r in [math.hypot(centre[0] - x, centre[1] - y)]
    ]
    fast = fast_loss(
        fast_features.detach(),
        fast_features,
        (width, height),
        torch.tensor(points, dtype=torch.float64),
        torch.tensor(steps, dtype=torch.float64),
        solver,
    )
    slow = torch.zeros((), dtype=torch.float64)
    for handle, step in zip(points, steps, strict=True):
        slow = slow + oracle.motion_loss(
            slow_features, width, height, handle, step, solver=solver, radius_px=RADIUS_PX
        )
    fast.backward()  # type: ignore[no-untyped-call]  # torch
    slow.backward()  # type: ignore[no-untyped-call]  # torch
    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-10)
    torch.testing.assert_close(fast_features.grad, slow_features.grad, rtol=0, atol=1e-10)


def test_a_patch_moved_out_of_the_picture_meets_zeros_only_in_the_official_solver() -> None:
    features = torch.ones(1, 8, 8, dtype=torch.float64)
    handle = torch.tensor([[31.0, 16.0]], dtype=torch.float64)
    outwards = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    args = features, features, (32, 32), handle, outwards
    assert float(fast_loss(*args, "paper")) == pytest.approx(0, abs=1e-12)
    assert float(fast_loss(*args, "official")) > 0.1


def test_the_weight_of_a_point_scales_its_share() -> None:
    features = random_features(8, 8)
    handles = torch.tensor([[10.0, 10.0], [20.0, 15.0]], dtype=torch.float64)
    steps = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    first, second, both = (
        float(
            fast_loss(
                features,
                features,
                (32, 32),
                handles,
                steps,
                "paper",
                torch.tensor(weights, dtype=torch.float64),
            )
        )
        for weights in ([1, 0], [0, 1], [1, 1])
    )
    assert both == pytest.approx(first + second, rel=1e-12)
    assert first > 0
    assert second > 0


@pytest.mark.parametrize("solver", ["paper", "official"])
def test_the_motion_loss_passes_a_numerical_gradient_check(solver: str) -> None:
    source = random_features(4, 4)
    handles = torch.tensor([[1.0, 2.0], [7.3, 14.6]], dtype=torch.float64)
    steps = torch.tensor([[0.6, 0.8], [-1.0, 0.0]], dtype=torch.float64)
    moved = (source + 0.5 * random_features(4, 4).flip(0)).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda features: fast_loss(source, features, (16, 16), handles, steps, solver), (moved,)
    )


def test_the_mask_loss_passes_a_numerical_gradient_check() -> None:
    start = random_features(8, 8)
    held = torch.rand(8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    features = (start + random_features(8, 8).flip(0)).requires_grad_()
    assert torch.autograd.gradcheck(lambda f: mask_loss(f, start, held), (features,))


def test_the_mask_loss_is_the_mean_change_where_the_picture_is_held() -> None:
    start, held = torch.zeros(2, 4, 4), torch.zeros(4, 4)
    held[1, 2] = 0.5
    features = torch.full((2, 4, 4), -3.0)
    assert float(mask_loss(features, start, held)) == pytest.approx(2 * 3 * 0.5 / 32)
    assert float(mask_loss(start, start, held)) == 0


def test_a_cell_is_held_by_the_share_of_its_pixels_that_may_not_move() -> None:
    mask = np.ones((16, 24), bool)
    mask[0:4, 4:8] = False
    mask[4:8, 0:2] = False
    held = held_share(mask, torch.zeros(1, 4, 6, dtype=torch.float64))
    expected = torch.zeros(4, 6, dtype=torch.float64)
    expected[0, 1], expected[1, 0] = 1, 0.5
    torch.testing.assert_close(held, expected)


@pytest.mark.parametrize(
    ("radius", "with_rim", "pixels"),
    [(1.0, True, 5), (1.0, False, 1), (1.5, True, 9), (2.0, False, 9), (3.0, True, 29)],
)
def test_a_disc_has_the_pixels_that_its_rule_says(
    radius: float, with_rim: bool, pixels: int
) -> None:
    patch = Patch.disc(radius, with_rim=with_rim, like=torch.zeros(()))
    assert int(patch.members.sum()) == pixels


@settings(deadline=None)
@given(st.tuples(*[st.floats(0, 100)] * 4))
def test_a_step_points_at_the_target_and_never_beyond_it(
    places: tuple[float, float, float, float],
) -> None:
    handle, target = np.array([places[:2]]), np.array([places[2:]])
    step = steps_towards(handle, target)[0]
    distance = math.hypot(*(target - handle)[0])
    assert math.hypot(*step) == pytest.approx(min(distance, 1), abs=1e-9)
    np.testing.assert_allclose(step * max(distance, 1), (target - handle)[0], atol=1e-9)


def test_a_patch_of_equal_features_pulls_nowhere() -> None:
    features = torch.full((3, 8, 8), 1 / 3).requires_grad_()
    handles, steps = torch.tensor([[13.3, 9.1]]), torch.tensor([[0.6, 0.8]])
    loss = fast_loss(features.detach(), features, (32, 32), handles, steps, "paper")
    (gradient,) = torch.autograd.grad(loss, features)
    assert torch.equal(gradient, torch.zeros_like(gradient))
