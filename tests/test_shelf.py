"""The sessions of a widget by their generators."""

from pathlib import Path

import pytest
import torch

from draggan_widget.checkpoints.safetensors import save_generator_file
from draggan_widget.drag import DragConfig
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.pretrained import load_generator
from draggan_widget.session import DragSession
from draggan_widget.shelf import Shelf
from tests.picture_blobs import PictureBlobs, blob_session


class BrokenBlobs(PictureBlobs):
    """Blobs of which no picture can be drawn."""

    name = "broken"

    def image(self, w: torch.Tensor) -> torch.Tensor:
        raise MemoryError("no room for the picture")


def test_a_new_session_begins_where_the_present_one_is() -> None:
    present = blob_session(seed=7, truncation_psi=1.25, config=DragConfig(mask_weight=3))
    found = Shelf().find("animals", present)
    assert found.generator.name == "animals"
    assert (found.seed, found.truncation_psi, found.config.mask_weight) == (7, 1.25, 3)


def test_settings_that_the_generator_has_not_are_left_to_the_solver() -> None:
    animals = DragSession("animals", config=DragConfig(feature_block=64, space="z", max_steps=9))
    found = Shelf().find(PictureBlobs(), animals)
    assert found.config == DragConfig(max_steps=9)


def test_a_former_generator_has_its_former_session_by_name_by_file_and_by_itself(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mine.safetensors"
    save_generator_file(load_generator(), path)
    shelf, first = Shelf(), blob_session()
    opened = shelf.find(path, first)
    assert shelf.find(first.generator, opened) is first
    assert shelf.find("blobs", opened) is first
    assert shelf.find(path, first) is shelf.find(str(path), first) is opened
    assert shelf.find(opened.generator, first) is opened


def test_generators_of_one_name_are_told_apart() -> None:
    shelf, first = Shelf(), blob_session()
    second = shelf.find(PictureBlobs(), first)
    assert (shelf.name_of(first), shelf.name_of(second)) == ("blobs", "blobs (2)")
    assert shelf.names == ("animals", "blobs", "blobs (2)")


@pytest.mark.parametrize("name", ["", "gone", "../animals", "/etc/passwd", "animals.safetensors"])
def test_only_what_is_on_the_list_can_be_chosen(name: str) -> None:
    shelf = Shelf()
    shelf.name_of(blob_session())
    shelf.check("animals")
    shelf.check("blobs")
    with pytest.raises(InputError, match="generator must be one of animals, blobs, got"):
        shelf.check(name)


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("gone", GeneratorError, "there is no generator 'gone': .*; 'blobs' is still there"),
        (3, InputError, "generator must be a Generator or its name, got int.*'blobs' is still"),
        (BrokenBlobs(), GeneratorError, "MemoryError: no room for the picture.*choose a smaller"),
    ],
)
def test_what_cannot_be_opened_is_named_and_not_kept(
    source: object, kind: type[Exception], message: str
) -> None:
    shelf = Shelf()
    with pytest.raises(kind, match=message):
        shelf.find(source, blob_session())
    assert shelf.names == ("animals", "blobs")
