"""Photos are found again: own pictures of small generators, given as photos."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import draggan_widget as dg
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.frames import to_rgb
from draggan_widget.generator import AnyGenerator, Generator
from draggan_widget.inversion import Look
from tests.inversion.conftest import KINDS, small_generator


def photo_of(generator: AnyGenerator, seed: int = 5) -> Image.Image:
    """Return a picture of a generator as a photo."""
    return Image.fromarray(to_rgb(generator.image(generator.sample_w(seed))))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_generator_finds_its_own_pictures(kind: str) -> None:
    generator = small_generator(kind)
    photo = photo_of(generator)
    looks: list[Look] = []
    steps = 10 if kind == "alias-free" else 40  # its filters make it the slowest by far
    found = dg.invert(photo, generator, steps=steps, on_look=looks.append, progress=False)
    first = next(look for look in looks if look.picture is not None)
    assert first.picture is not None
    before = np.square(to_rgb(first.picture).astype(float) - np.asarray(photo)).mean()
    after = np.square(np.asarray(found.image).astype(float) - np.asarray(photo)).mean()
    assert after < 0.7 * before
    assert found.image.size == found.target.size == photo.size
    assert found.w.shape == (1, generator.num_ws, generator.w_dim)
    assert [*dict.fromkeys(look.stage for look in looks)] == ["samples", "starts", "w", "w+"]
    done = [look.done for look in looks]
    assert done == sorted(done)
    assert looks[-1].done == looks[-1].total == steps


def test_the_same_photo_gives_the_same_latent(generator: Generator) -> None:
    photo = photo_of(generator)
    first, second = (dg.invert(photo, generator, steps=10, progress=False) for _ in range(2))
    assert torch.equal(first.w, second.w)


def test_a_search_may_begin_at_a_latent(generator: Generator) -> None:
    start = generator.sample_w(5)
    looks: list[Look] = []
    found = dg.invert(
        photo_of(generator), generator, steps=5, start=start, on_look=looks.append, progress=False
    )
    assert found.score.psnr_db > 30
    assert {look.stage for look in looks} == {"w", "w+"}


def test_few_steps_are_enough_for_a_result(generator: Generator) -> None:
    for steps in (1, 2, 3):
        found = dg.invert(photo_of(generator), generator, steps=steps, progress=False)
        assert found.w.isfinite().all()


def test_a_session_begins_with_the_reconstruction(generator: Generator) -> None:
    found = dg.invert(photo_of(generator), generator, steps=5, progress=False)
    session = found.session(dg.DragConfig(solver="paper"))
    assert session.image == found.image == found.session().image
    session.set_points([(8, 8)], [(20, 20)])
    session.drag(max_steps=1)
    session.reset()
    assert session.image == found.image


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_search_that_is_ended_changes_nothing(
    error: type[BaseException], generator: Generator
) -> None:
    before = {name: value.clone() for name, value in generator.state_dict().items()}

    def end(look: Look) -> None:
        if look.stage == "tuning":
            raise error

    with pytest.raises(error):
        dg.invert(photo_of(generator), generator, steps=2, tune=3, on_look=end, progress=False)
    after = generator.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert not any(weights.requires_grad for weights in generator.parameters())


def test_a_search_inside_inference_mode_works(generator: Generator) -> None:
    photo = photo_of(generator)
    with torch.inference_mode():
        found = dg.invert(photo, generator, steps=2, progress=False)
    assert not found.w.is_inference()


def test_a_further_distance_counts(generator: Generator) -> None:
    asked = []

    def distance(picture: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        asked.append(picture.shape)
        return (picture - target).abs().mean()

    photo = photo_of(generator)
    found = dg.invert(photo, generator, steps=4, perceptual=distance, progress=False)
    assert set(asked) == {(1, 3, 32, 32)}
    assert not torch.equal(found.w, dg.invert(photo, generator, steps=4, progress=False).w)


def test_a_search_that_has_settled_takes_fewer_steps(generator: Generator) -> None:
    start = generator.sample_w(5)
    looks: list[Look] = []
    dg.invert(
        photo_of(generator), generator, steps=200, start=start, on_look=looks.append, progress=False
    )
    assert len(looks) < 200
    assert looks[-1].done == 200


@pytest.mark.parametrize("name", ["noise", "one colour", "stripes"])
def test_a_photo_of_another_kind_gives_a_warning(name: str, generator: Generator) -> None:
    rng = np.random.default_rng(0)
    photos = {
        "noise": rng.integers(0, 256, (64, 64, 3), dtype=np.uint8),
        "one colour": np.full((64, 64, 3), (255, 0, 255), dtype=np.uint8),
        "stripes": np.tile(np.repeat([0, 255], 8).astype(np.uint8), (64, 4)),
    }
    found = dg.invert(photos[name], generator, steps=20, progress=False)
    assert "does not look like anything that square draws" in found.score.warning


def test_what_cannot_be_used_is_told_with_its_cure(generator: Generator) -> None:
    photo = photo_of(generator)
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"steps": 0}, "steps must be a whole number from 1 to 100000, got 0"),
        ({"steps": True}, "steps must be a whole number"),
        ({"tune": -1}, "tune must be a whole number from 0"),
        ({"start": torch.zeros(1, 2, 3)}, "w must be"),
        ({"crop": "middle"}, 'px or "auto", got'),
    )
    for options, words in wrong:
        with pytest.raises(InputError, match=words):
            dg.invert(photo, generator, progress=False, **options)
    with pytest.raises(InputError, match="generator must be a Generator or its name"):
        dg.invert(photo, 3, progress=False)  # type: ignore[arg-type]  # wrong on purpose
    for name in ("nobody", "n" * 5000, "\0"):
        with pytest.raises(GeneratorError, match="there is no generator"):
            dg.invert(photo, name, progress=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"perceptual": "lpips"}, "perceptual must be a function or None, got str"),
        ({"on_look": 3}, "on_look must be a function or None, got int"),
        ({"perceptual": lambda one, other: 1.0}, "one number as a tensor, .* got float"),
        ({"perceptual": lambda one, other: (one - other).abs()}, r"got \[1, 3, 32, 32\]; take"),
        ({"steps": 2.0}, "steps must be a whole number"),
        ({"steps": "many"}, "steps must be a whole number"),
    ],
)
def test_functions_and_numbers_of_other_kinds_are_told(
    options: dict[str, Any], words: str, generator: Generator
) -> None:
    with pytest.raises(InputError, match=words):
        dg.invert(photo_of(generator), generator, **({"steps": 2} | options), progress=False)


def test_a_number_of_steps_may_be_one_of_numpy(generator: Generator) -> None:
    assert dg.invert(photo_of(generator), generator, steps=np.int64(1), progress=False).w.numel()


def test_a_search_that_leaves_all_numbers_is_told(generator: Generator) -> None:
    def lost(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return (one - other).square().mean() * float("nan")

    with pytest.raises(GeneratorError, match=r"has left all numbers .* perceptual returned no"):
        dg.invert(photo_of(generator), generator, steps=2, perceptual=lost, progress=False)


def test_a_generator_of_nan_is_refused() -> None:
    broken = small_generator("square")
    with torch.no_grad():
        next(broken.synthesis.parameters()).fill_(float("nan"))
    with pytest.raises(GeneratorError, match="NaN or infinity"):
        dg.invert(np.zeros((32, 32, 3), np.uint8), broken, progress=False)
