"""The metric of a mask, against its definition."""

import pytest
import torch
from torch import Tensor

from draggan_widget.drag import DragConfig
from draggan_widget.drag.charts import Chart, chart_of
from draggan_widget.drag.holding import (
    DIRECTIONS,
    SMALL_MOVE,
    Hold,
    leading_directions,
    measured_hold,
)
from draggan_widget.generator import Generator, StyleGAN2Config
from tests.drag.blobs import BlobGenerator
from tests.drag.drags import HALF, TWO_BLOBS

COUPLED = BlobGenerator(starts=TWO_BLOBS, coupling=0.8, dtype=torch.float64)
"""Entries 0 and 1 move both blobs, 2 and 3 the second one alone, 4 and 5 nothing."""


def appearance_of(w: Tensor) -> Tensor:
    return torch.cat([COUPLED.trace(each[None], HALF).features for each in w])


def chart() -> Chart:
    return chart_of(COUPLED, COUPLED.start(), DragConfig(solver="kinematic", space="w"), None)


def hold(position: Tensor, mask_weight: float = 20.0) -> Hold:
    """Return the metric that holds the right half, where the second blob is."""
    held = torch.zeros(HALF, HALF, dtype=torch.float64)
    held[:, HALF // 2 :] = 1
    return measured_hold(chart(), position, appearance_of, held, mask_weight)


def still() -> Tensor:
    return torch.zeros(6, dtype=torch.float64)


def test_the_root_is_that_of_the_inverse_metric() -> None:
    measured = hold(still())
    metric = torch.eye(6, dtype=torch.float64) + measured.changes @ measured.changes.T
    torch.testing.assert_close(
        measured.root @ metric @ measured.root, torch.eye(6, dtype=torch.float64)
    )


def test_what_moves_the_held_part_is_far_and_what_does_not_is_near() -> None:
    measured = hold(still())
    # In the chart's order of entries: how long a move of the first blob is, with and without undoing the second's.
    order = chart().offsets(torch.eye(6, dtype=torch.float64)[:, None])[:, 0].argmax(1)
    both, first = still(), still()
    both[order == 0] = 1
    first[order == 0], first[order == 2] = 1, -0.8
    lengths = [float((torch.linalg.inv(measured.root) @ move).norm()) for move in (both, first)]
    assert lengths[0] > 20 * float(both.norm())
    assert lengths[1] < 0.4 * lengths[0]


def test_without_weight_the_metric_is_the_latents_own() -> None:
    torch.testing.assert_close(
        hold(still(), mask_weight=0.0).root, torch.eye(6, dtype=torch.float64)
    )


def test_the_way_back_undoes_what_has_changed() -> None:
    position = still()
    order = chart().offsets(torch.eye(6, dtype=torch.float64)[:, None])[:, 0].argmax(1)
    position[order == 2] = SMALL_MOVE
    measured = hold(position)
    step = measured.basis @ measured.back(position, 0.0)
    torch.testing.assert_close(step, -position, atol=0.02, rtol=0)


def test_a_step_corrects_the_metric_by_what_it_has_changed() -> None:
    measured, step = hold(still()), still()
    step[0] = 1.5  # so far that changes are no longer in proportion
    after = measured.after(step, appearance_of(chart().w(step.reshape(chart().shape))))
    torch.testing.assert_close(step @ after.changes, after.seen - measured.seen)
    across = torch.eye(6, dtype=torch.float64)[1]
    torch.testing.assert_close(across @ after.changes, across @ measured.changes)
    metric = torch.eye(6, dtype=torch.float64) + after.changes @ after.changes.T
    torch.testing.assert_close(after.root @ metric @ after.root, torch.eye(6).double())


def test_at_the_start_there_is_no_way_back() -> None:
    measured = hold(still())
    back = measured.back(still(), 0.1)
    assert float(back.abs().max()) < 1e-9


@pytest.mark.parametrize("space", ["w+", "w", "z"])
def test_directions_are_orthonormal_and_reach_much_of_w(space: str) -> None:
    torch.manual_seed(0)
    config = StyleGAN2Config(32, z_dim=40, w_dim=48, channel_base=64, channel_max=8)
    generator = Generator(config).frozen()
    drag = DragConfig(solver="kinematic", space=space)
    chart = chart_of(generator, generator.sample_w(0), drag, generator.sample_z(0))
    position = torch.zeros(chart.shape).flatten()
    directions = leading_directions(chart, position)
    assert directions.shape == (len(position), DIRECTIONS)
    torch.testing.assert_close(directions.T @ directions, torch.eye(DIRECTIONS), atol=1e-5, rtol=0)
    # They reach more of w than any others: more than the first ones of a random order.
    rng = torch.Generator().manual_seed(1)
    others = torch.linalg.qr(torch.randn(len(position), DIRECTIONS, generator=rng))[0]
    reached = [
        sum(
            float(chart.offsets(1e-2 * each.reshape(chart.shape)).square().sum())
            for each in basis.T
        )
        for basis in (directions, others)
    ]
    assert reached[0] > reached[1]


def test_a_held_part_without_contrast_of_its_own_counts_as_a_tenth_of_the_picture() -> None:
    def weight(columns: slice) -> float:
        held = torch.zeros(HALF, HALF, dtype=torch.float64)
        held[:, columns] = 1
        return float(measured_hold(chart(), still(), appearance_of, held, 20.0).scale)

    everything, empty = weight(slice(None)), weight(slice(0, 1))
    assert empty == pytest.approx(everything * 10**0.5, rel=1e-3)
