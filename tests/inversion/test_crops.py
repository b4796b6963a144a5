"""Parts of photos: found where a picture of the generator was pasted, and shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import draggan_widget as dg
from draggan_widget.errors import InputError
from draggan_widget.frames import to_rgb
from draggan_widget.generator import Generator
from draggan_widget.inversion.crops import PREVIEW_SIDE_PX, crop_preview, found_crop
from draggan_widget.inversion.photo import Crop
from draggan_widget.inversion.samples import Samples, brought_to, distances, samples
from tests.inversion.conftest import small_generator

PLACE = Crop(60, 25, 96, 96)


@pytest.fixture(scope="module")
def known(generator: Generator) -> Samples:
    """Random pictures."""
    return samples(generator)


@pytest.fixture(scope="module")
def photo(known: Samples) -> Image.Image:
    """A grey ground with a picture of the generator on it."""
    w = known.generator.w_of_z(known.z[7:8])
    ground = Image.new("RGB", (220, 180), (110, 115, 120))
    own = Image.fromarray(to_rgb(known.generator.image(w)))
    ground.paste(own.resize((96, 96), Image.Resampling.BICUBIC), (60, 25))
    return ground


def test_the_part_with_a_picture_is_found(photo: Image.Image, known: Samples) -> None:
    found = found_crop(photo, known)
    assert np.abs(np.subtract(found.box, PLACE.box)).max() < 0.08 * PLACE.width


def test_a_search_takes_the_part_that_it_finds(photo: Image.Image, generator: Generator) -> None:
    large = photo.resize((220 * 20, 180 * 20))  # is made smaller when it is read
    found = dg.invert(large, generator, crop="auto", steps=20, progress=False)
    assert np.abs(np.subtract(found.crop.scaled(1 / 20).box, PLACE.box)).max() < 0.1 * PLACE.width
    whole = dg.invert(photo, generator, steps=20, progress=False)
    assert found.score.psnr_db > whole.score.psnr_db
    again = dg.invert(large, generator, crop=found.crop, steps=1, progress=False)
    assert again.target == found.target


@pytest.mark.parametrize(("kind", "aspect"), [("rectangular", 0.5), ("wide", 2.0)])
def test_the_part_has_the_shape_of_the_generator(kind: str, aspect: float) -> None:
    known = samples(small_generator(kind))
    found = found_crop(Image.effect_noise((90, 70), 60).convert("RGB"), known)
    assert found.width == pytest.approx(found.height * aspect)
    left, top, right, bottom = found.box
    assert 0 <= left < right <= 90
    assert 0 <= top < bottom <= 70


def test_a_small_photo_is_taken_whole(known: Samples) -> None:
    found = found_crop(Image.new("RGB", (8, 8)), known)
    assert found.box == pytest.approx((0, 0, 8, 8))
    narrow = samples(small_generator("rectangular"))
    found = found_crop(Image.new("RGB", (8, 8)), narrow)
    assert (found.width, found.height) == pytest.approx((4, 8))


def test_a_preview_is_dark_outside_the_crop(photo: Image.Image, generator: Generator) -> None:
    shown = dg.preview_crop(photo, generator, (60, 25, 96, 96))
    assert shown.size == photo.size
    assert shown.getpixel((5, 5)) == (38, 40, 42)
    assert shown.getpixel((100, 70)) == photo.getpixel((100, 70))
    assert shown.getpixel((60, 40)) == (255, 255, 255)
    assert dg.preview_crop(photo, generator).getpixel((5, 90)) == (38, 40, 42)
    with pytest.raises(InputError, match="crop must lie in the photo"):
        dg.preview_crop(photo, generator, (0, 0, 400, 400))


def test_a_preview_of_a_large_photo_is_small() -> None:
    photo = Image.new("RGB", (2000, 1000), (90, 90, 90))
    shown = crop_preview(photo, Crop(0, 0, 1000, 1000))
    assert shown.size == (PREVIEW_SIDE_PX, PREVIEW_SIDE_PX // 2)
    assert crop_preview(photo, Crop(1992, 992, 8, 8)).size == shown.size


def test_samples_are_the_same_at_every_call(known: Samples, generator: Generator) -> None:
    assert torch.equal(samples(generator).pictures, known.pictures)


def test_the_sample_itself_is_the_most_alike(known: Samples) -> None:
    w = known.generator.w_of_z(known.z[11:12])
    best = known.most_alike(known.generator.image(w), 3)
    assert best.shape == (3, known.generator.num_ws, known.generator.w_dim)
    assert torch.allclose(best[:1], w, atol=1e-5)


def test_distances_are_mean_squares() -> None:
    pictures, targets = torch.randn(5, 3, 4, 6), torch.randn(2, 3, 4, 6)
    expected = (targets[:, None] - pictures).square().mean((2, 3, 4))
    assert torch.allclose(distances(pictures, targets), expected, atol=1e-5)


def test_pictures_keep_their_shape_when_made_small() -> None:
    assert brought_to(torch.zeros(1, 3, 100, 50), 32).shape == (1, 3, 32, 16)
    assert brought_to(torch.zeros(1, 3, 20, 10), 32).shape == (1, 3, 20, 10)
