"""The truncation of a session's pictures: in the session, its history and its files."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from draggan_widget.errors import InputError, SessionFileError
from draggan_widget.session import DragSession
from tests.picture_blobs import MappedPictureBlobs, PictureBlobs
from tests.session.files import contents, load
from tests.session.sessions import same


def sampled(psi: float, seed: int = 5) -> torch.Tensor:
    return PictureBlobs().sample_w(seed, psi)


def test_a_session_begins_with_its_truncation() -> None:
    session = DragSession(PictureBlobs(), seed=5, truncation_psi=1.25)
    assert session.truncation_psi == 1.25
    assert torch.equal(session.w, sampled(1.25))
    assert DragSession(PictureBlobs()).truncation_psi == 0.7


def test_a_sample_keeps_the_truncation_until_another_is_given() -> None:
    session = DragSession(PictureBlobs(), truncation_psi=0.25)
    session.sample(5)
    assert torch.equal(session.w, sampled(0.25))
    session.sample(6, 1)
    session.sample(5)
    assert torch.equal(session.w, sampled(1.0))


def test_the_z_of_a_sample_is_truncated_alike() -> None:
    session = DragSession(MappedPictureBlobs(), seed=5)
    session.sample(5, -0.5)
    assert session.z is not None
    assert torch.equal(session.z, session.generator.sample_z(5, -0.5))  # type: ignore[attr-defined]


@pytest.mark.parametrize("psi", [-1.01, 1.51, float("nan"), float("inf"), "0.7", True, [0.7]])
def test_an_unusable_truncation_is_refused_and_changes_nothing(psi: float) -> None:
    session = DragSession(PictureBlobs())
    before = session.state
    with pytest.raises(InputError, match="truncation_psi must be a number from -1 to"):
        session.sample(5, psi)
    assert session.state is before


def test_truncations_of_one_seed_that_follow_each_other_are_undone_at_once() -> None:
    session = DragSession(PictureBlobs(), seed=5)
    session.handle_points = [[3, 4]]
    before = session.state
    for psi in (0.6, 0.5, 0.4):
        session.sample(5, psi)
    assert [entry.label for entry in session.history.entries] == ["sample", "points", "truncation"]
    assert session.undo()
    assert same(session.state, before)
    assert session.truncation_psi == 0.7
    assert session.redo()
    assert session.truncation_psi == 0.4


def test_another_seed_is_another_entry() -> None:
    session = DragSession(PictureBlobs(), seed=5)
    session.sample(5, 0.6)
    session.sample(6, 0.5)
    session.sample(6, 0.4)
    labels = [entry.label for entry in session.history.entries]
    assert labels == ["sample", "truncation", "sample", "truncation"]


def test_a_session_file_keeps_the_truncation(tmp_path: Path) -> None:
    session = DragSession(PictureBlobs(), seed=5, truncation_psi=1)
    session.sample(5, 0.25)
    loaded = load(session.save(tmp_path / "a.dgs"))
    assert [e.state.truncation_psi for e in loaded.history.entries] == [1.0, 0.25]
    assert loaded.undo()
    assert loaded.truncation_psi == 1


def test_a_file_of_before_the_truncation_was_kept_has_the_usual_one(tmp_path: Path) -> None:
    path = DragSession(PictureBlobs(), truncation_psi=1).save(tmp_path / "a.dgs")
    metadata, description, tensors = contents(path)
    del description["entries"][0]["truncation_psi"]
    save_file(tensors, str(path), metadata | {"session": json.dumps(description)})
    assert load(path).truncation_psi == 0.7


@pytest.mark.parametrize("psi", [7.0, "1", None, 1])
def test_a_file_with_an_unusable_truncation_is_refused(tmp_path: Path, psi: object) -> None:
    path = DragSession(PictureBlobs()).save(tmp_path / "a.dgs")
    metadata, description, tensors = contents(path)
    description["entries"][0]["truncation_psi"] = psi
    save_file(tensors, str(path), metadata | {"session": json.dumps(description)})
    with pytest.raises(SessionFileError, match="truncation_psi must be"):
        load(path)


def test_some_settings_are_set_and_the_others_stay() -> None:
    session = DragSession(PictureBlobs())
    session.configure({"solver": "paper", "max_steps": 9})
    session.configure({"max_steps": 8})
    assert (session.config.solver, session.config.max_steps) == ("paper", 8)
    before = session.config
    for settings in ({"max_steps": 7, "solver": "magic"}, {"speed": 3}, {"feature_block": 33}):
        with pytest.raises(InputError):
            session.configure(settings)
    assert session.config is before
