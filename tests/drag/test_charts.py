"""Charts of the latent: what their coordinates mean, and where they begin."""

import pytest
import torch
from torch import Tensor

from draggan_widget.drag import DragConfig
from draggan_widget.drag.charts import (
    RIDGE,
    Chart,
    MetricChart,
    PlainChart,
    chart_of,
    coordinate_deviation,
    covariance_roots,
)
from draggan_widget.errors import InputError
from tests.drag.blobs import BlobGenerator, MappedBlobs

ROWS, DIM = 3, 4
DOUBLE = torch.empty(0, dtype=torch.float64)


def random(*shape: int) -> Tensor:
    rng = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, dtype=torch.float64, generator=rng)


def random_covariance() -> Tensor:
    """Return covariances ``[ROWS, DIM, DIM]``, of which the first two are equal."""
    factors = random(ROWS, DIM, DIM)
    factors[1] = factors[0]
    return factors @ factors.mT


def charts() -> list[Chart]:
    start, roots = random(1, ROWS + 2, DIM), covariance_roots(random_covariance(), DOUBLE)
    blobs = MappedBlobs(dtype=torch.float64)
    z = blobs.sample_z(1)
    return [
        PlainChart(start, ROWS, tied=False),
        PlainChart(start, ROWS, tied=True),
        MetricChart(start, ROWS, roots, 0.0),
        MetricChart(start, ROWS, roots, 0.6),
        MetricChart(start, ROWS, roots, 1.0),
        chart_of(blobs, blobs.w_of_z(z), DragConfig(space="z", trainable_rows=ROWS), z),
    ]


@pytest.mark.parametrize("chart", charts())
def test_a_chart_begins_at_its_start_bit_for_bit_and_moves_its_rows_only(chart: Chart) -> None:
    still = chart.w(torch.zeros(chart.shape, dtype=torch.float64))
    moved = chart.w(random(*chart.shape))
    assert torch.equal(still, chart.start)
    assert torch.equal(moved[:, ROWS:], chart.start[:, ROWS:])
    assert bool((moved[:, :ROWS] != chart.start[:, :ROWS]).any())


@pytest.mark.parametrize("coupling", [0.0, 0.3, 0.99, 1.0])
def test_standard_normal_coordinates_have_the_metric_as_their_covariance(coupling: float) -> None:
    roots = covariance_roots(random_covariance(), DOUBLE)
    chart = MetricChart(random(1, ROWS, DIM), ROWS, roots, coupling)
    count = len(torch.zeros(chart.shape).flatten())
    units = torch.eye(count, dtype=torch.float64)
    moves = torch.stack([chart.offsets(unit.reshape(chart.shape))[0] for unit in units])
    covariance = torch.einsum("ari,asj->rsij", moves, moves)
    for r in range(ROWS):
        for s in range(ROWS):
            expected = roots[r] @ roots[s].T * (1.0 if r == s else coupling)
            torch.testing.assert_close(covariance[r, s], expected)


def test_roots_give_the_covariance_with_a_ridge_and_the_same_trace() -> None:
    covariance = random_covariance()
    roots = covariance_roots(covariance, DOUBLE)
    ridge = RIDGE * covariance.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * torch.eye(DIM)
    torch.testing.assert_close(roots @ roots.mT, (covariance + ridge) / (1 + RIDGE))
    torch.testing.assert_close(
        (roots @ roots.mT).diagonal(dim1=1, dim2=2).sum(1),
        covariance.diagonal(dim1=1, dim2=2).sum(1),
    )
    lengths = roots.norm(dim=1)
    assert bool((lengths[:, 1:] <= lengths[:, :-1]).all())
    assert torch.equal(roots[0], roots[1])


def test_a_direction_without_variance_is_given_some() -> None:
    flat = torch.zeros(1, DIM, DIM, dtype=torch.float64)
    flat[0, 0, 0] = 4
    assert float(covariance_roots(flat, DOUBLE).norm(dim=1).min()) == pytest.approx(0.1, rel=0.01)


def test_of_an_identity_covariance_the_metric_only_renames_entries() -> None:
    blobs = BlobGenerator(dtype=torch.float64)
    chart = chart_of(blobs, blobs.start(), DragConfig(solver="whitened", space="w"), None)
    coordinates = random(*chart.shape)
    offsets = chart.offsets(coordinates)
    torch.testing.assert_close(offsets[:, :1].sort(dim=-1)[0], coordinates.sort(dim=-1)[0])
    assert torch.equal(offsets, offsets[:, :1].expand_as(offsets))


def test_a_latent_of_the_mapping_stays_one() -> None:
    blobs = MappedBlobs(dtype=torch.float64)
    z = blobs.sample_z(3)
    chart = chart_of(blobs, blobs.w_of_z(z), DragConfig(space="z", trainable_rows=99), z)
    move = random(1, 6)
    torch.testing.assert_close(chart.w(move), blobs.w_of_z(z + move))
    moved_z = chart.z(move)
    assert moved_z is not None
    assert torch.equal(moved_z, z + move)


def test_what_sets_a_latent_apart_from_its_mapping_is_taken_along() -> None:
    blobs = MappedBlobs(dtype=torch.float64)
    z, apart = blobs.sample_z(3), random(1, blobs.num_ws, blobs.w_dim)
    chart = chart_of(blobs, blobs.w_of_z(z) + apart, DragConfig(space="z", trainable_rows=99), z)
    move = random(1, 6)
    torch.testing.assert_close(chart.w(move) - blobs.w_of_z(z + move), apart)


@pytest.mark.parametrize(
    ("config", "deviation"),
    [
        (DragConfig(solver="paper"), 2.0),
        (DragConfig(solver="paper", space="w"), 2.0),
        (DragConfig(solver="paper", space="z"), 1.0),
        (DragConfig(solver="whitened"), 1.0),
        (DragConfig(solver="kinematic"), 1.0),
        (DragConfig(solver="kinematic", space="w"), 1.0),
    ],
)
def test_only_entries_of_w_have_the_deviation_of_w(config: DragConfig, deviation: float) -> None:
    blobs = MappedBlobs()
    blobs.w_std = 2 * blobs.w_std
    chart = chart_of(blobs, blobs.start(), config, blobs.sample_z(0))
    assert coordinate_deviation(blobs, chart) == deviation


def test_the_space_z_needs_a_mapping() -> None:
    blobs = BlobGenerator()
    with pytest.raises(InputError, match=r"BlobGenerator has no w_of_z; .*space \"w\+\""):
        chart_of(blobs, blobs.start(), DragConfig(space="z"), torch.zeros(1, 6))


def test_the_space_z_needs_the_z_of_the_picture() -> None:
    blobs = MappedBlobs()
    with pytest.raises(InputError, match=r"a latent w does not tell it; start from a seed"):
        chart_of(blobs, blobs.start(), DragConfig(space="z"), None)


def test_a_z_of_another_shape_is_refused() -> None:
    blobs = MappedBlobs()
    with pytest.raises(InputError, match=r"z must be \[1, 6\], got \[1, 5\]"):
        chart_of(blobs, blobs.start(), DragConfig(space="z"), torch.zeros(1, 5))
