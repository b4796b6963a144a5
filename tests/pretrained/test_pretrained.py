"""The generators that come with the package."""

from pathlib import Path
from typing import Any

import pytest
import torch

import draggan_widget.pretrained as pretrained
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.pretrained import list_generators, load_generator

LARGEST_FILE_BYTES = 15_000_000
"""What the wheel may carry."""


def test_the_animals_are_listed_and_small() -> None:
    embedded = [info for info in list_generators() if info.is_embedded]
    assert [info.name for info in embedded] == ["animals"]
    for info in embedded:
        path = Path(pretrained.__file__).parent / info.filename
        assert path.stat().st_size <= LARGEST_FILE_BYTES
        generator = load_generator(info.name, device="cpu")
        assert (generator.width, generator.height) == (info.width, info.height)


def test_the_default_generator_draws_finite_varied_pictures() -> None:
    generator = load_generator(device="cpu")
    w = torch.cat([generator.sample_w(seed) for seed in range(4)])
    images = generator.image(w)
    assert images.shape == (4, 3, generator.height, generator.width)
    assert images.isfinite().all()
    assert images.min() < -0.5
    assert images.max() > 0.5
    assert (images[0] - images[1]).abs().mean() > 0.05


def test_geometry_rows_carry_no_appearance() -> None:
    generator = load_generator(device="cpu")
    split = generator.config.split
    assert split is not None
    a, b = generator.sample_w(1, 1.0), generator.sample_w(2, 1.0)
    swapped = torch.cat([b[:, : split.rows], a[:, split.rows :]], dim=1)
    corner = (slice(None), slice(None), slice(0, 8), slice(0, 8))
    kept, changed = generator.image(a)[corner], generator.image(b)[corner]
    assert (generator.image(swapped)[corner] - kept).abs().mean() < 0.05
    assert (changed - kept).abs().mean() > 0.05


def test_a_path_is_loaded_too(tmp_path: Path) -> None:
    copy = tmp_path / "mine.safetensors"
    copy.write_bytes((Path(pretrained.__file__).parent / "animals.safetensors").read_bytes())
    assert load_generator(copy, device="cpu").name == "animals"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(GeneratorError, match="neither a file nor one of animals, "):
        load_generator("unicorns")


@pytest.mark.parametrize("device", ["toaster", "cuda:99", "meta", 1.5])
def test_a_device_that_cannot_be_used_is_refused(device: Any) -> None:
    with pytest.raises(InputError, match=r"cannot be used here .*; give 'cpu', or None"):
        load_generator(device=device)
