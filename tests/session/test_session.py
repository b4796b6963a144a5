from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from draggan_widget.drag import DragConfig
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.export import HANDLE_COLOUR, TARGET_COLOUR
from draggan_widget.frames import mean_change
from draggan_widget.session import DragSession
from tests.picture_blobs import MappedPictureBlobs, PictureBlobs, blob_session
from tests.session.sessions import Z_CONFIG, pair_session, same_z


def test_a_new_session_shows_the_sample_of_its_seed() -> None:
    generator = PictureBlobs()
    session = DragSession(generator, seed=3)
    assert torch.equal(session.w, generator.sample_w(3))
    assert (session.seed, session.status) == (3, "idle")
    assert session.image.size == (64, 64)
    assert len(session.handle_points) == len(session.target_points) == 0
    assert session.mask is None


def test_a_latent_can_be_given_as_an_array() -> None:
    w = np.full((1, 8, 6), 0.25)
    assert torch.equal(DragSession(PictureBlobs(), w=w).w, torch.full((1, 8, 6), 0.25))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed must be a whole number from 0 to 4294967295, got -1"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"seed": True}, "seed must be a whole number"),
        ({"w": np.zeros((8, 6))}, r"w must be \[1, 8, 6\], got \[8, 6\]; generator.sample_w"),
        ({"w": np.full((1, 8, 6), np.nan)}, "w must be finite"),
        ({"w": "latent"}, r"w must be numbers \[1, 8, 6\]"),
        ({"config": {"solver": "paper"}}, "config must be a DragConfig, got dict"),
        ({"w": np.full((1, 8, 6), 1e300)}, "w must be finite in torch.float32"),
        ({"w": torch.zeros(1, 8, 6, dtype=torch.complex64)}, "w must be real numbers .*complex64"),
        ({"config": DragConfig(feature_block=33)}, "feature_block must be one of .*, got 33"),
        ({"device": "meta"}, "device 'meta' cannot be used here"),
    ],
)
def test_an_unusable_argument_is_refused_with_its_cure(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        DragSession(PictureBlobs(), **arguments)


def test_a_given_generator_is_not_moved() -> None:
    class Elsewhere(PictureBlobs):
        device = torch.device("meta")

    with pytest.raises(
        InputError, match=r"this one is on meta; move it with generator.to\(device\)"
    ):
        DragSession(Elsewhere(), device="cpu")


def test_what_is_no_generator_is_refused() -> None:
    with pytest.raises(InputError, match="generator must be a Generator or its name, got int"):
        DragSession(4)  # type: ignore[arg-type]


def test_a_generator_that_was_made_in_inference_mode_is_refused_with_its_cure() -> None:
    with torch.inference_mode():
        generator = PictureBlobs()
    with pytest.raises(InputError, match=r"made in torch.inference_mode\(\).*load it outside"):
        DragSession(generator)


def test_an_unknown_generator_is_named() -> None:
    with pytest.raises(GeneratorError, match="no generator 'unicorns'"):
        DragSession("unicorns")


def test_a_picture_may_be_given_by_its_z() -> None:
    generator = MappedPictureBlobs()
    z = generator.sample_z(4)
    session = DragSession(generator, z=z)
    assert same_z(session.z, z)
    assert torch.equal(session.w, generator.w_of_z(z))
    apart = DragSession(generator, w=generator.start(), z=z)
    assert same_z(apart.z, z)
    assert torch.equal(apart.w, generator.start())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"z": np.zeros(6)}, r"z must be \[1, 6\], got \[6\]; generator.sample_z"),
        ({"z": np.full((1, 6), np.inf)}, "z must be finite"),
        ({"z": "latent"}, r"z must be numbers \[1, 6\]"),
    ],
)
def test_an_unusable_z_is_refused_in_words(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        DragSession(MappedPictureBlobs(), **arguments)


def test_a_generator_without_a_mapping_takes_no_z() -> None:
    with pytest.raises(InputError, match="PictureBlobs has no w_of_z"):
        DragSession(PictureBlobs(), z=np.zeros((1, 6)))
    session = blob_session()
    with pytest.raises(InputError, match="PictureBlobs has no w_of_z"):
        session.config = Z_CONFIG
    assert session.config == DragConfig()


def test_the_representation_is_one_short_line() -> None:
    assert repr(pair_session()) == "<DragSession blobs 64x64, seed 0, 1 points, idle>"


def test_the_picture_is_saved_as_it_is_shown(tmp_path: Path) -> None:
    session = pair_session()
    with Image.open(session.save_image(tmp_path / "a.png")) as image:
        assert image.tobytes() == session.image.tobytes()


def test_the_change_outside_the_mask_is_counted_from_where_the_mask_was_set_over_all_drags() -> (
    None
):
    session, mask = pair_session(), np.tri(64, dtype=bool)
    session.step()
    assert session.change_outside() is None
    session.mask = mask
    before = session.image
    assert session.change_outside() == 0
    session.drag(max_steps=2)
    first = session.change_outside()
    session.step()
    session.follow(0, (40, 31))
    session.release()
    changed = session.change_outside()
    assert first is not None
    assert changed is not None
    assert changed > first > 0
    assert changed == mean_change(before, session.image, ~mask)
    session.undo()
    session.undo()
    assert session.change_outside() == first
    session.redo()
    session.redo()
    assert session.change_outside() == changed
    session.mask = ~mask
    assert session.change_outside() == 0
    session.undo()
    assert session.change_outside() == changed


def test_the_change_outside_the_mask_begins_anew_with_another_latent() -> None:
    session = pair_session()
    session.mask = np.tri(64, dtype=bool)
    session.drag(max_steps=2)
    session.reset()
    assert session.change_outside() == 0
    session.drag(max_steps=2)
    session.w = session.w
    assert session.change_outside() == 0


def test_the_last_drag_is_saved_as_an_animation(tmp_path: Path) -> None:
    session = pair_session()
    session.drag(max_steps=3)
    path = session.save_animation(tmp_path / "a.gif", fps=20, points=True)
    with Image.open(path) as image:
        assert len(list(ImageSequence.Iterator(image))) == 4


@pytest.mark.parametrize("points", [False, True])
def test_an_animation_can_be_enlarged_and_its_points_with_it(tmp_path: Path, points: bool) -> None:
    session = pair_session()
    session.drag(max_steps=1)
    path = session.save_animation(tmp_path / "a.png", points=points, scale=3)
    width, height = session.image.size
    with Image.open(path) as image:
        assert image.size == (3 * width, 3 * height)
        x, y = session.target_points[0]
        drawn = image.convert("RGB").getpixel(
            (round(3 * (x + 0.5) - 0.5), round(3 * (y + 0.5) - 0.5))
        )
    assert (drawn in (HANDLE_COLOUR, TARGET_COLOUR)) == points


@pytest.mark.parametrize("scale", [0, 17, 1.5, True, "2"])
def test_an_animation_is_not_enlarged_by_nonsense(tmp_path: Path, scale: Any) -> None:
    session = pair_session()
    session.drag(max_steps=1)
    with pytest.raises(InputError, match="scale must be a whole number from 1 to 16"):
        session.save_animation(tmp_path / "a.gif", scale=scale)


def test_without_a_drag_there_is_nothing_to_animate(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no drag to animate; call drag\(\) first"):
        pair_session().save_animation(tmp_path / "a.gif")
