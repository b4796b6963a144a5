"""The small pictures of seeds."""

import io

import numpy as np
from PIL import Image
from torch import Tensor

from draggan_widget.frames import EncodedPicture, to_picture
from draggan_widget.pretrained import load_generator
from draggan_widget.session.seed_pictures import SeedPictures
from tests.picture_blobs import PictureBlobs


class CountedBlobs(PictureBlobs):
    """Blobs that count how often they were drawn."""

    drawn = 0

    def image(self, w: Tensor) -> Tensor:
        self.drawn += 1
        return super().image(w)


def decoded(picture: EncodedPicture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB")).astype(int)


def test_a_small_picture_shows_the_seed_at_its_truncation() -> None:
    generator = load_generator(device="cpu")
    picture = SeedPictures().picture(generator, 3, 1.0)
    assert picture.mime == "image/webp"
    assert max(picture.width, picture.height) <= 128
    assert len(picture.data) < 12_000
    whole = to_picture(generator.image(generator.sample_w(3, 1.0)))
    whole.thumbnail((128, 128))
    assert np.abs(decoded(picture) - np.asarray(whole)).mean() < 4


def test_a_large_picture_is_made_small_with_its_shape_kept() -> None:
    picture = SeedPictures().picture(PictureBlobs(512, 256), 3, 0.7)
    assert (picture.width, picture.height) == (128, 64)


def test_what_was_drawn_is_kept_and_the_longest_unused_dropped() -> None:
    generator, pictures = CountedBlobs(), SeedPictures(kept=2)
    for seed in (1, 2, 1, 2):
        pictures.picture(generator, seed, 0.7)
    assert generator.drawn == 2
    pictures.picture(generator, 1, 0.7)
    pictures.picture(generator, 3, 0.7)  # drops 2
    pictures.picture(generator, 1, 0.7)
    assert generator.drawn == 3
    pictures.picture(generator, 2, 0.7)
    pictures.picture(generator, 2, 0.5)
    assert generator.drawn == 5


def test_each_generator_has_its_own() -> None:
    pictures = SeedPictures()
    one, other = CountedBlobs(), CountedBlobs(starts=((10.0, 10.0),))
    assert pictures.picture(one, 1, 0.7) != pictures.picture(other, 1, 0.7)
