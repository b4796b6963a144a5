import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from draggan_widget.drag.geometry import FeatureGrid
from draggan_widget.drag.tracking import MARGIN_PX, track
from tests.drag import oracle
from tests.drag.blobs import PIXELS_PER_UNIT, BlobGenerator, features_at

RADIUS_PX = 5


def tracked(
    features: Tensor,
    width: int,
    height: int,
    handles: Tensor,
    references: Tensor,
    *,
    norm: int = 1,
    subpixel: bool = False,
) -> Tensor:
    windows = FeatureGrid.between(width, height, features).windows(
        features, handles, RADIUS_PX + MARGIN_PX
    )
    return handles + track(
        windows, handles, references, radius_px=RADIUS_PX, norm=norm, subpixel=subpixel
    )


@pytest.mark.parametrize("norm", [1, 2])
@pytest.mark.parametrize(("width", "height"), [(32, 32), (48, 24)])
def test_the_nearest_whole_pixel_is_that_of_the_enlarged_map_also_at_the_border(
    norm: int, width: int, height: int
) -> None:
    rng = torch.Generator().manual_seed(2)
    features = torch.randn(6, height // 4, width // 4, dtype=torch.float64, generator=rng)
    picture = oracle.enlarge(features, width, height)
    near_x, near_y = [0, 1.5, 4, width - 1, width - 3], [0, 2, 4.25, height - 1, height / 2]
    handles = torch.cartesian_prod(torch.tensor(near_x), torch.tensor(near_y)).double()
    references = torch.randn(len(handles), 6, dtype=torch.float64, generator=rng)
    found = tracked(features, width, height, handles, references, norm=norm)
    for handle, reference, place in zip(handles.tolist(), references, found.tolist(), strict=True):
        expected = oracle.nearest_pixel(picture, (handle[0], handle[1]), reference, RADIUS_PX, norm)
        assert place == pytest.approx(expected, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    x=st.floats(20, 40),
    y=st.floats(22, 42),
    dx=st.floats(-4, 4),
    dy=st.floats(-4, 4),
    norm=st.sampled_from([1, 2]),
)
def test_a_moved_blob_is_found_between_pixels(
    x: float, y: float, dx: float, dy: float, norm: int
) -> None:
    generator = BlobGenerator(dtype=torch.float64)
    grid_features = generator.trace(generator.start(), 32).features[0]
    handles = torch.tensor([[x, y]], dtype=torch.float64)
    references = features_at(handles, grid_features, 64, 64)
    w = generator.start()
    move = torch.tensor([dx, dy], dtype=torch.float64)
    w[:, :, :2] += move / PIXELS_PER_UNIT
    features = generator.trace(w, 32).features[0]
    found = tracked(features, 64, 64, handles, references, norm=norm, subpixel=True)
    assert float((found - handles - move).norm()) < 0.06


@pytest.mark.parametrize("subpixel", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_handle_stays_exactly_where_it_is_in_an_unchanged_picture(
    subpixel: bool, dtype: torch.dtype
) -> None:
    rng = torch.Generator().manual_seed(3)
    features = torch.randn(5, 16, 16, dtype=dtype, generator=rng)
    handles = torch.tensor([[0, 0], [63, 63], [20.3, 41.7], [0.4, 62.9], [33, 5]], dtype=dtype)
    references = features_at(handles, features, 64, 64)
    found = tracked(features, 64, 64, handles, references, subpixel=subpixel)
    assert torch.equal(found, handles)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_handle_on_a_flat_area_stays_where_it_is(dtype: torch.dtype) -> None:
    features = torch.full((7, 16, 16), 1 / 3, dtype=dtype)
    handles = torch.tensor([[20.3, 41.7], [0, 63], [7, 7]], dtype=dtype)
    references = features_at(handles, features, 64, 64)
    assert torch.equal(tracked(features, 64, 64, handles, references, subpixel=True), handles)


def test_of_equally_near_features_the_one_closest_to_the_handle_wins() -> None:
    features = torch.zeros(1, 32, 32)
    features[0, 16, 14] = features[0, 16, 19] = 1
    handles, references = torch.tensor([[16.0, 16.0]]), torch.ones(1, 1)
    assert tracked(features, 32, 32, handles, references).tolist() == [[14, 16]]


def test_along_an_edge_a_handle_is_refined_across_it_only() -> None:
    columns = torch.arange(64, dtype=torch.float64)
    before = torch.sin(columns / 6).expand(1, 64, 64)
    after = torch.sin((columns - 0.4) / 6).expand(1, 64, 64)
    handles = torch.tensor([[32.0, 30.0]], dtype=torch.float64)
    references = features_at(handles, before, 64, 64)
    x, y = tracked(after, 64, 64, handles, references, subpixel=True)[0].tolist()
    assert x == pytest.approx(32.4, abs=0.03)
    assert y == 30


def test_a_handle_never_leaves_the_picture() -> None:
    rows = torch.linspace(0, 1, 16)[:, None].expand(16, 16)
    features = torch.stack([rows, rows.T])
    handles = torch.tensor([[62.6, 0.2], [0, 63]])
    references = torch.tensor([[-9.0, 9.0], [9.0, -9.0]])
    found = tracked(features, 64, 64, handles, references, subpixel=True)
    assert bool(((found >= 0) & (found <= 63)).all())


def test_features_that_are_not_finite_give_no_place() -> None:
    features = torch.full((2, 16, 16), torch.nan)
    found = tracked(features, 64, 64, torch.tensor([[20.0, 20.0]]), torch.ones(1, 2))
    assert bool(found.isnan().all())
