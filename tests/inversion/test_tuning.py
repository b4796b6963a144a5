"""Pivotal tuning: more like the photo, nearby pictures as before, and kept with the session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import draggan_widget as dg
from draggan_widget.errors import SessionFileError
from draggan_widget.frames import to_rgb
from draggan_widget.generator import AnyGenerator, Generator
from draggan_widget.inversion import Inversion
from tests.inversion.conftest import small_generator


def odd_photo(generator: AnyGenerator) -> Image.Image:
    """Return a picture of a generator with a spot that it cannot draw."""
    picture = to_rgb(generator.image(generator.sample_w(5))).copy()
    picture[10:16, 10:16] = (255, 0, 0)
    return Image.fromarray(picture)


def tuned_on(generator: AnyGenerator) -> Inversion:
    """Return what is found with tuning."""
    photo = odd_photo(generator)
    start = generator.sample_w(5)
    return dg.invert(photo, generator, steps=4, start=start, tune=40, progress=False)


@pytest.mark.parametrize(("kind", "share"), [("square", 0.9), ("alias-free", 0.97)])
def test_tuning_draws_what_the_latent_cannot_say(kind: str, share: float) -> None:
    generator = small_generator(kind)
    found = tuned_on(generator)
    before, after = (
        np.square(to_rgb(each.image(found.w)).astype(float) - np.asarray(found.target)).mean()
        for each in (generator, found.generator)
    )
    assert after < share * before
    assert not any(weights.requires_grad for weights in found.generator.parameters())
    changes = []
    for seed in range(10, 14):
        z = generator.sample_z(seed)
        assert torch.equal(generator.w_of_z(z), found.generator.w_of_z(z))
        near = torch.lerp(found.w, generator.w_of_z(z), 0.3)
        moved = found.generator.image(near) - generator.image(near)
        changes.append(moved.square().mean().item() * 127.5**2)
    assert np.mean(changes) < 0.5 * before


def test_a_session_file_brings_the_tuned_generator_back(
    generator: Generator, tmp_path: Path
) -> None:
    found = tuned_on(generator)
    session = found.session()
    path = session.save(tmp_path / "tuned.dgs")
    again = dg.DragSession.load(path, generator=generator)
    twice = dg.DragSession.load(again.save(tmp_path / "again.dgs"), generator=generator)
    given = dg.DragSession.load(path, generator=found.generator)
    for each in (again, twice, given):
        assert torch.equal(each.w, found.w)
        weights = zip(each.generator.parameters(), found.generator.parameters(), strict=True)
        assert all(torch.equal(one, other) for one, other in weights)
        change = np.asarray(each.image).astype(int) - np.asarray(found.image)
        assert np.abs(change).max() <= 1  # sums may be taken in another order


def test_a_session_file_of_another_generator_is_refused(
    generator: Generator, tmp_path: Path
) -> None:
    path = tuned_on(generator).session().save(tmp_path / "tuned.dgs")
    with pytest.raises(SessionFileError, match="tuned weights do not fit"):
        dg.DragSession.load(path, generator=small_generator("rectangular"))
    other = small_generator("square")
    with torch.no_grad():
        other.mapping.get_submodule("fc0").get_parameter("bias").add_(1)
    with pytest.raises(SessionFileError, match="made with another generator"):
        dg.DragSession.load(path, generator=other)
