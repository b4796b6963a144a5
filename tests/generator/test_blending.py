from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from draggan_widget.drag import DragConfig
from draggan_widget.errors import InputError
from draggan_widget.frames import mean_change
from draggan_widget.generator.blending import blended_image, feathered
from draggan_widget.generator.stylegan2 import Generator
from draggan_widget.pretrained import load_stylegan2
from draggan_widget.session import DragSession
from tests.picture_blobs import blob_session


@pytest.fixture(scope="module")
def generator() -> Generator:
    return load_stylegan2("animals")


@pytest.fixture(scope="module")
def pair(generator: Generator) -> tuple[Tensor, Tensor]:
    """Two latents a small way apart."""
    w = generator.sample_w(1)
    return w, torch.lerp(w, generator.sample_w(2), 0.2)


def middle(generator: Generator) -> np.ndarray:
    """Return a mask of the middle of the picture, half as wide and high."""
    mask = np.zeros((generator.height, generator.width), dtype=bool)
    quarter = generator.height // 4
    mask[quarter:-quarter, quarter:-quarter] = True
    return mask


# Masks


def test_a_feather_rises_inside_the_mask_and_is_nothing_outside() -> None:
    mask = torch.zeros(9, 9)
    mask[1:8, 1:8] = 1
    assert feathered(mask, 2)[4].tolist() == pytest.approx(
        [0, 1 / 3, 2 / 3, 1, 1, 1, 2 / 3, 1 / 3, 0]
    )


def test_a_feather_of_no_width_is_the_mask() -> None:
    mask = (torch.rand(9, 9, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    assert torch.equal(feathered(mask, 0), mask)


def test_the_border_of_the_picture_has_no_feather() -> None:
    mask = torch.zeros(6, 6)
    mask[:, :3] = 1
    assert feathered(mask, 1)[0].tolist() == [1, 1, 0.5, 0, 0, 0]


def test_a_narrow_mask_still_lets_its_middle_through() -> None:
    mask = torch.zeros(9, 9)
    mask[4, 2:7] = 1
    assert feathered(mask, 5).max() == 1


# Pictures


def test_outside_the_mask_the_picture_is_that_of_the_start(
    generator: Generator, pair: tuple[Tensor, Tensor]
) -> None:
    start, w = pair
    mask = middle(generator)
    blended = blended_image(generator, w, start, mask)
    outside = torch.from_numpy(~mask)
    torch.testing.assert_close(blended[..., outside], generator.image(start)[..., outside])


def test_deep_inside_the_mask_the_picture_is_that_of_the_latent(
    generator: Generator, pair: tuple[Tensor, Tensor]
) -> None:
    start, w = pair
    blended = blended_image(generator, w, start, middle(generator))[..., 56:72, 56:72]
    before, after = (generator.image(each)[..., 56:72, 56:72] for each in pair)
    assert (blended - after).abs().mean() < 0.2 * (before - after).abs().mean()


def test_a_mask_of_everything_gives_the_picture_of_the_latent(
    generator: Generator, pair: tuple[Tensor, Tensor]
) -> None:
    start, w = pair
    whole = np.ones_like(middle(generator))
    blended = blended_image(generator, w, start, whole, feather_px=4)
    torch.testing.assert_close(blended, generator.image(w), atol=1e-4, rtol=0)


@pytest.mark.parametrize("feather_px", [-1.0, float("nan"), float("inf")])
def test_an_unusable_feather_is_refused(
    generator: Generator, pair: tuple[Tensor, Tensor], feather_px: float
) -> None:
    with pytest.raises(InputError, match="feather_px must be a number from 0"):
        blended_image(generator, *pair, middle(generator), feather_px)


# Sessions


def test_a_drag_in_a_mask_leaves_less_than_a_level_outside_once_it_is_blended(
    generator: Generator, record_property: Callable[[str, object], None]
) -> None:
    session = DragSession(generator, seed=2, config=DragConfig(max_steps=15))
    mask = middle(generator)
    session.set_points([(64, 77)], [(70, 71)])
    assert session.change_outside() is None
    session.mask = mask
    before = session.image
    assert session.change_outside() == 0
    session.drag()
    changed = session.change_outside()
    assert changed is not None
    assert changed == pytest.approx(mean_change(before, session.image, ~mask))
    blended = session.blended_image()
    left = mean_change(before, blended, ~mask)
    record_property("change outside of 255", f"{changed:.2f}, blended {left:.4f}")
    assert left < 0.01 < changed
    moved = mean_change(before, session.image, mask)
    assert mean_change(session.image, blended, mask) < 0.5 * moved
    session.undo()
    assert session.change_outside() == 0
    session.sample(4)
    assert session.change_outside() is None


def test_the_blended_picture_is_saved_where_it_is_asked_for(
    generator: Generator, tmp_path: Path
) -> None:
    session = DragSession(generator, seed=2)
    session.set_points([(64, 77)], [(70, 71)])
    session.mask = middle(generator)
    session.drag(max_steps=2)
    session.save_image(tmp_path / "blended.png", blended=True)
    session.save_image(tmp_path / "plain.png")
    with Image.open(tmp_path / "blended.png") as image:
        assert image.tobytes() == session.blended_image().tobytes()
    with Image.open(tmp_path / "plain.png") as image:
        assert image.tobytes() == session.image.tobytes()


def test_with_nothing_outside_the_mask_nothing_changes_there(generator: Generator) -> None:
    session = DragSession(generator, seed=2)
    session.set_points([(64, 77)], [(70, 71)])
    session.drag(max_steps=1)
    session.mask = np.ones_like(middle(generator))
    assert session.change_outside() is None


def test_a_live_drag_is_blended_with_the_picture_in_which_the_mask_was_set(
    generator: Generator,
) -> None:
    session = DragSession(generator, seed=2)
    mask = middle(generator)
    session.set_points([(64, 77)], [(64, 77)])
    session.mask = mask
    before = session.image
    for k in range(1, 4):
        session.follow(0, (64 + k, 77 - k))
    changed = session.change_outside()
    assert changed is not None
    assert changed > 0
    assert mean_change(before, session.blended_image(), ~mask) < 0.01
    assert session.is_following


def test_without_a_mask_the_blended_picture_is_the_picture(generator: Generator) -> None:
    session = DragSession(generator, seed=2)
    assert session.blended_image().tobytes() == session.image.tobytes()


def test_a_generator_of_another_kind_cannot_be_blended() -> None:
    with pytest.raises(InputError, match="only pictures of a StyleGAN2 Generator can be blended"):
        blob_session().blended_image()
