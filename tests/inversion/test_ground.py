"""Plain grounds: what stands out of them is found, and is where a search for a part begins, or all that it gives."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from draggan_widget.frames import to_rgb
from draggan_widget.generator import Generator
from draggan_widget.inversion.crop_fit import STAGES
from draggan_widget.inversion.crops import USUAL_AROUND, found_crop
from draggan_widget.inversion.ground import around, standing_out
from draggan_widget.inversion.photo import Crop, centred_crop
from draggan_widget.inversion.samples import MOST_SAMPLES, Samples, samples
from tests.inversion.conftest import SMALL, small_generator

SIZE = (240, 180)
PLAIN = ("one colour", "white", "a gradient", "a dull noise")


def ground(kind: str) -> Image.Image:
    """Return a picture of nothing."""
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, SIZE[0])[None, :, None] * np.ones((SIZE[1], 1, 1))
    values = {
        "one colour": np.full((SIZE[1], SIZE[0], 3), (90, 120, 140)),
        "white": np.full((SIZE[1], SIZE[0], 3), 255),
        "a gradient": (1 - x) * (200, 160, 90) + x * (60, 110, 150),
        "a dull noise": 128 + rng.normal(0, 3, (SIZE[1], SIZE[0], 3)),
        "clutter": rng.integers(0, 256, (SIZE[1], SIZE[0], 3)),
    }[kind]
    return Image.fromarray(values.round().clip(0, 255).astype(np.uint8))


def overlap(one: Crop, other: Crop) -> float:
    """Return the intersection of two parts over their union."""
    sides = [
        min(one.box[end], other.box[end]) - max(one.box[start], other.box[start])
        for start, end in ((0, 2), (1, 3))
    ]
    both = max(sides[0], 0) * max(sides[1], 0)
    return both / (one.width * one.height + other.width * other.height - both)


@pytest.fixture(scope="module")
def known(generator: Generator) -> Samples:
    """Random pictures."""
    return samples(generator)


def with_picture(kind: str, known: Samples, place: Crop) -> Image.Image:
    """Return a ground with a picture of a generator on it."""
    own = to_rgb(known.generator.image(known.generator.sample_w(5)))
    photo, size = ground(kind), (round(place.width), round(place.height))
    picture = Image.fromarray(own).resize(size, Image.Resampling.BICUBIC)
    photo.paste(picture, (round(place.left), round(place.top)))
    return photo


@pytest.mark.parametrize("kind", PLAIN)
def test_what_stands_out_of_a_plain_ground_is_found(kind: str) -> None:
    photo = ground(kind)
    assert standing_out(photo) == Crop(0, 0, 0, 0)
    photo.paste((255, 40, 40), (50, 30, 120, 90))
    assert standing_out(photo) == Crop(50, 30, 70, 60)
    photo.paste((0, 0, 0), (200, 150, 202, 152))  # a speck
    assert standing_out(photo) == Crop(50, 30, 70, 60)


def test_what_leaves_the_photo_stands_out_too() -> None:
    photo = ground("a gradient")
    photo.paste((255, 0, 0), (160, 100, *SIZE))
    found = standing_out(photo)
    assert found is not None
    assert overlap(found, Crop(160, 100, 80, 80)) > 0.95


def test_clutter_is_no_plain_ground() -> None:
    assert standing_out(ground("clutter")) is None


def test_the_part_around_something_lies_in_the_photo_and_has_the_shape() -> None:
    assert around(Crop(50, 30, 70, 60), 1.0, SIZE, 1.0) == Crop(50, 25, 70, 70)
    for share, aspect, part in itertools.product(
        (1.0, 1.5, 9.0), (0.5, 1.0, 2.0), (Crop(0, 0, 3, 3), Crop(200, 100, 40, 80))
    ):
        found = around(part, share, SIZE, aspect)
        assert found.width == pytest.approx(found.height * aspect)
        assert found.left >= 0
        assert found.top >= 0
        assert found.box[2] <= SIZE[0] + 1e-6
        assert found.box[3] <= SIZE[1] + 1e-6
        assert min(found.width, found.height) >= 8


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("one colour", Crop(0, 0, 64, 64)),
        ("white", Crop(100, 60, 96, 96)),
        ("a gradient", Crop(110, 40, 130, 130)),
        ("a dull noise", Crop(20, 80, 100, 100)),
    ],
)
def test_a_picture_on_a_plain_ground_is_found(kind: str, place: Crop, known: Samples) -> None:
    assert overlap(found_crop(with_picture(kind, known, place), known), place) > 0.85


def test_a_picture_in_clutter_is_found(known: Samples) -> None:
    place = Crop(100, 60, 96, 96)
    assert overlap(found_crop(with_picture("clutter", known, place), known), place) > 0.8


def test_what_cannot_be_drawn_is_taken_with_some_ground(known: Samples) -> None:
    photo, place = ground("white"), Crop(60, 40, 50, 50)
    chequered = (np.indices((50, 50)).sum(0) % 2 * 255).astype(np.uint8)
    photo.paste(Image.fromarray(chequered), (60, 40))
    found = found_crop(photo, known)
    assert overlap(found, around(place, USUAL_AROUND, SIZE, 1.0)) > 0.8


@pytest.mark.parametrize("kind", ["white", "a gradient", "clutter"])
def test_a_photo_of_nothing_gives_its_middle(kind: str, known: Samples) -> None:
    assert found_crop(ground(kind), known) == centred_crop(SIZE, 1.0)


class Counting(Generator):
    """Counts the small pictures that it draws."""

    drawn = 0

    def sketch(self, w: Tensor, block: int = 0) -> Tensor:
        self.drawn += len(w)
        return super().sketch(w, block)


def test_the_work_of_a_search_is_bounded() -> None:
    counting = Counting(SMALL, name="counting")
    tensors = small_generator("square").state_dict()
    counting.load_state_dict(tensors, strict=False)  # but for the covariance, which is measured
    known = samples(counting.frozen())
    assert counting.drawn == MOST_SAMPLES
    for kind in ("clutter", "white"):
        photo, counting.drawn = with_picture(kind, known, Crop(100, 60, 96, 96)), 0
        found_crop(photo, known)
        steps = sum(count * (steps + 1) for count, steps in STAGES)
        assert 0 < counting.drawn <= steps + 2 * STAGES[0][0]
