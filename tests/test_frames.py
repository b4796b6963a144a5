import io

import numpy as np
import pytest
import torch
from PIL import Image

from draggan_widget import frames


def picture(width: int = 48, height: int = 32) -> Image.Image:
    """Return a smooth picture with colour."""
    y, x = np.mgrid[:height, :width]
    rgb = np.stack([x * 5, y * 7, 255 - x * 2 - y], axis=-1).astype(np.uint8)
    return Image.fromarray(rgb)


def decoded(encoded: frames.EncodedPicture) -> Image.Image:
    return Image.open(io.BytesIO(encoded.data))


def test_the_range_from_minus_one_to_one_becomes_all_levels() -> None:
    levels = torch.linspace(-1, 1, 256).expand(1, 3, 1, 256)
    assert frames.to_rgb(levels)[0, :, 0].tolist() == list(range(256))


def test_what_lies_outside_the_range_is_clipped() -> None:
    image = torch.tensor([-7.0, 7.0]).expand(1, 3, 1, 2)
    assert frames.to_rgb(image)[0].tolist() == [[0, 0, 0], [255, 255, 255]]


def test_channels_rows_and_columns_keep_their_order() -> None:
    image = -torch.ones(1, 3, 4, 6)
    image[0, 1, 3, 5] = 1
    rgb = frames.to_rgb(image)
    assert rgb.shape == (4, 6, 3)
    assert np.argwhere(rgb).tolist() == [[3, 5, 1]]
    assert frames.to_picture(image).size == (6, 4)


def test_a_tensor_that_needs_a_gradient_can_be_drawn() -> None:
    assert frames.to_rgb(torch.zeros(1, 3, 2, 2, requires_grad=True)).shape == (2, 2, 3)


def test_a_moving_picture_is_a_jpeg_with_full_colour_resolution() -> None:
    encoded = frames.encode_live(picture())
    with decoded(encoded) as image:
        assert image.format == "JPEG"
        assert {component[1:3] for component in image.layer} == {(1, 1)}
        error = np.asarray(image).astype(float) - np.asarray(picture())
    assert encoded.mime == "image/jpeg"
    assert np.sqrt(np.mean(error**2)) < 2.5


def test_a_halved_picture_has_half_the_sides() -> None:
    encoded = frames.encode_live(picture(50, 30), divisor=2)
    assert (encoded.width, encoded.height) == decoded(encoded).size == (25, 15)


def test_a_picture_for_a_slow_way_is_a_small_webp_or_a_jpeg_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    best, lean = frames.encode_live(picture()), frames.encode_live(picture(), quality=45)
    assert lean.mime == "image/webp"
    assert len(lean.data) < len(best.data) / 2
    monkeypatch.setattr("PIL.features.check", lambda name: name != "webp")
    assert frames.encode_live(picture(), quality=45).mime == "image/jpeg"


def test_large_moving_pictures_are_encoded_at_the_lower_quality() -> None:
    small, large = picture(512, 8), picture(513, 8)
    with decoded(frames.encode_live(small)) as at_95, decoded(frames.encode_live(large)) as at_90:
        finer, coarser = at_95.quantization[0], at_90.quantization[0]
    assert sum(finer) < sum(coarser)


def test_a_picture_at_rest_is_a_webp_without_loss() -> None:
    encoded = frames.encode_still(picture())
    with decoded(encoded) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), np.asarray(picture()))
    assert encoded.mime == "image/webp"


def test_a_picture_at_rest_is_a_png_where_there_is_no_webp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.features.check", lambda name: name != "webp")
    encoded = frames.encode_still(picture())
    assert encoded.mime == "image/png"
    with decoded(encoded) as image:
        assert np.array_equal(np.asarray(image), np.asarray(picture()))
