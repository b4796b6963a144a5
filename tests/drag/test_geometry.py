import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from draggan_widget.drag.geometry import Axis, FeatureGrid
from tests.drag import oracle
from tests.drag.blobs import features_at

SIZES = [(64, 64, 16, 16), (32, 64, 8, 16), (48, 24, 16, 8), (20, 20, 20, 20), (30, 21, 7, 5)]
"""Width, height, columns and rows: square, both oblong ways, as fine as the picture, no whole ratio."""


def random_features(columns: int, rows: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(1)
    return torch.randn(3, rows, columns, dtype=torch.float64, generator=rng)


@pytest.mark.parametrize(("width", "height", "columns", "rows"), SIZES)
def test_reading_equals_enlarging_the_map_and_reading_between_its_pixels(
    width: int, height: int, columns: int, rows: int
) -> None:
    features = random_features(columns, rows)
    picture = oracle.enlarge(features, width, height)
    near = [0.0, 0.3, 1.0, 1.7, 2.0, 3.0, 4.0]
    border_x = near + [width - 1 - v for v in near] + [width / 2]
    border_y = near + [height - 1 - v for v in near] + [height / 2]
    points = torch.tensor(list(itertools.product(border_x, border_y)), dtype=torch.float64)
    reach = torch.tensor([-3.0, -1.0, -0.4, 0.0, 0.5, 1.0, 2.25, 3.0], dtype=torch.float64)
    xs, ys = points[:, :1] + reach, points[:, 1:] + reach
    windows = FeatureGrid.between(width, height, features).windows(features, points, 3)
    places = torch.stack([xs[:, None].expand(-1, 8, 8), ys[:, :, None].expand(-1, 8, 8)], dim=-1)
    expected = oracle.read_all(picture, places.reshape(-1, 2)).reshape(len(points), 8, 8, 3)
    torch.testing.assert_close(
        windows.sample(xs, ys), expected.permute(0, 3, 1, 2), rtol=0, atol=1e-10
    )


def test_whole_pixels_are_those_of_the_enlarged_map() -> None:
    features = random_features(8, 16)
    picture = oracle.enlarge(features, 32, 64)
    x, y = torch.meshgrid(torch.arange(32.0), torch.arange(64.0), indexing="xy")
    points = torch.stack([x.flatten(), y.flatten()], 1).double()
    values = features_at(points, features, 32, 64)
    torch.testing.assert_close(values.T.reshape(3, 64, 32), picture, rtol=0, atol=1e-12)


@settings(deadline=None)
@given(
    cells=st.integers(2, 40),
    ratio=st.floats(1, 8),
    place=st.floats(0, 1),
    radius=st.floats(0, 12),
    data=st.data(),
)
def test_a_window_holds_every_cell_that_is_read(
    cells: int, ratio: float, place: float, radius: float, data: st.DataObject
) -> None:
    axis = Axis(round(cells * ratio), cells)
    centre = torch.tensor([place * (axis.pixels - 1)], dtype=torch.float64)
    position = centre[:, None] + data.draw(st.floats(-radius, radius))
    count = axis.window_cells(radius)
    starts = axis.window_starts(centre, radius)
    assert 0 <= int(starts) <= cells - count
    everything = axis.weights(position, torch.zeros(1, dtype=torch.long), cells)
    window = axis.weights(position, starts, count)
    torch.testing.assert_close(window.sum(), everything.sum(), rtol=0, atol=1e-12)
    if bool(axis.contains(position)):
        assert float(window.sum()) == pytest.approx(1, abs=1e-12)


def test_the_gradient_reaches_the_map_as_from_the_enlarged_one() -> None:
    features = random_features(16, 16).requires_grad_()
    point = torch.tensor([[1.3, 60.8]], dtype=torch.float64)
    features_at(point, features, 64, 64).sum().backward()  # type: ignore[no-untyped-call]  # torch
    fast = features.grad
    features.grad = None
    oracle.read(oracle.enlarge(features, 64, 64), 1.3, 60.8).sum().backward()  # type: ignore[no-untyped-call]  # torch
    torch.testing.assert_close(fast, features.grad, rtol=0, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_have_the_type_of_the_features(dtype: torch.dtype) -> None:
    features = random_features(8, 8).to(dtype)
    points = torch.tensor([[3.5, 4.0]], dtype=dtype)
    assert features_at(points, features, 32, 32).dtype == dtype


def test_no_points_give_no_features() -> None:
    features = random_features(8, 8)
    points = torch.empty(0, 2, dtype=torch.float64)
    assert features_at(points, features, 32, 32).shape == (0, 3)
