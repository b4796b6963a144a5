"""Masks out of pictures: what is black and white is taken, whoever saved it, and anything else is refused."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from draggan_widget.errors import InputError
from draggan_widget.mask_pictures import mask_of_picture

SIZE = 128


def drawn() -> Image.Image:
    """Return white circles on black, a small and a large one."""
    picture = Image.new("L", (SIZE, SIZE))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((10, 10, 30, 30), fill=255)
    draw.ellipse((40, 40, 110, 110), fill=255)
    return picture


def again(picture: Image.Image, ending: str, **options: int) -> Image.Image:
    """Return a picture as it comes back from a file."""
    stream = io.BytesIO()
    picture.save(stream, ending, **options)
    return Image.open(stream)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_black_and_white_is_a_mask_in_any_mode(mode: str) -> None:
    assert np.array_equal(mask_of_picture(drawn().convert(mode)), np.asarray(drawn()) > 127)


@pytest.mark.parametrize("quality", [10, 50, 90])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_of_a_mask_is_one(mode: str, quality: int) -> None:
    picture = again(drawn().convert(mode), "JPEG", quality=quality)
    assert (mask_of_picture(picture) == (np.asarray(drawn()) > 127)).mean() > 0.98


def test_soft_edges_are_no_matter() -> None:
    soft = drawn().filter(ImageFilter.GaussianBlur(4))
    assert np.array_equal(mask_of_picture(soft), np.asarray(soft) > 127)


def test_what_is_transparent_may_not_move_whatever_its_colour() -> None:
    picture = Image.new("RGBA", (SIZE, SIZE), (200, 90, 30, 0))
    picture.paste((255, 255, 255, 255), (0, 40, SIZE, SIZE))
    assert mask_of_picture(picture).sum(1).tolist() == [0] * 40 + [SIZE] * 88


def test_a_colour_picture_is_refused_with_the_cure() -> None:
    red, green = np.meshgrid(np.linspace(0, 255, SIZE), np.linspace(0, 255, SIZE))
    colours = np.stack([red, green, 255 - red], -1).astype(np.uint8)
    with pytest.raises(InputError, match="coloured; a mask is black and white: paint white where"):
        mask_of_picture(Image.fromarray(colours))


def test_a_grey_picture_is_refused_with_the_cure() -> None:
    ramp = np.tile(np.linspace(0, 255, SIZE).astype(np.uint8), (SIZE, 1))
    with pytest.raises(InputError, match="neither black nor white; a mask is black and white"):
        mask_of_picture(Image.fromarray(ramp))


def test_more_than_eight_bits_are_refused_with_the_cure() -> None:
    deep = Image.fromarray(np.full((SIZE, SIZE), 40_000, np.uint16))
    with pytest.raises(InputError, match="save it with 8 bits a channel"):
        mask_of_picture(deep)
