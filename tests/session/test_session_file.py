import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from draggan_widget.checkpoints import save_generator_file
from draggan_widget.drag import DragStep
from draggan_widget.errors import GeneratorError, InputError, SessionFileError
from draggan_widget.generator import Generator, StyleGAN2Config
from draggan_widget.session import DragSession
from tests.picture_blobs import PictureBlobs, blob_session
from tests.session.files import contents, load, load_z
from tests.session.sessions import pair_session, same


def test_a_session_comes_back_bit_for_bit_with_its_past_and_future(
    saved: tuple[DragSession, Path],
) -> None:
    session, path = saved
    loaded = load(path)
    assert loaded.config == session.config
    assert loaded.history.position == session.history.position
    for mine, theirs in zip(session.history.entries, loaded.history.entries, strict=True):
        assert mine.label == theirs.label
        assert same(mine.state, theirs.state)
    assert loaded.image.tobytes() == session.image.tobytes()


def test_a_loaded_session_goes_on_like_a_fresh_one(saved: tuple[DragSession, Path]) -> None:
    loaded = load(saved[1])
    assert loaded.redo()
    assert loaded.seed == 8
    loaded.handle_points = [[5, 5]]
    # Point 1 was in the file and is not given again; 2 was undone but is in the file, too.
    assert loaded.point_ids == (3,)
    loaded.target_points = [[6, 6]]
    assert loaded.drag(max_steps=1).steps == 1


def test_what_is_saved_while_a_drag_runs_is_the_picture_it_has_come_to(tmp_path: Path) -> None:
    session = pair_session()
    seen = []

    def save(step: DragStep[Any]) -> None:
        if step.step == 2:
            session.target_points = [[40, 31]]
            session.save(tmp_path / "a.dgs")
            seen.append((session.state, len(session.history.entries)))

    session.drag(4, save)
    loaded = load(tmp_path / "a.dgs")
    ((state, entries),) = seen
    assert same(loaded.state, state)
    assert len(loaded.history.entries) == entries + 1
    assert loaded.undo()
    assert torch.equal(loaded.w, session.history.entries[0].state.w)


def test_states_that_share_a_mask_share_it_in_the_file(saved: tuple[DragSession, Path]) -> None:
    _, description, tensors = contents(saved[1])
    assert len(description["entries"]) == 6
    assert tensors["masks"].shape == (1, 64, 64)
    assert len(tensors["latents"]) == 3


def test_a_file_without_the_latents_that_are_held_takes_those_of_its_pictures(
    saved: tuple[DragSession, Path],
) -> None:
    metadata, description, tensors = contents(saved[1])
    for entry in description["entries"]:
        del entry["held_w"]
    metadata["session"] = json.dumps(description)
    save_file(tensors, str(saved[1]), metadata)
    loaded = load(saved[1])
    assert all(entry.state.held_w is entry.state.w for entry in loaded.history.entries)
    assert loaded.change_outside() == 0
    assert saved[0].change_outside() != 0


def test_a_failed_save_leaves_the_old_file(
    saved: tuple[DragSession, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, path = saved
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        session.save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        blob_session().save(tmp_path / "nowhere" / "a.dgs")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SessionFileError, match=r"no session file .*a\.dgs; check the path"):
        load(tmp_path / "a.dgs")


def test_a_pickle_is_not_executed(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("the pickle was executed",))

    path = tmp_path / "a.dgs"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(SessionFileError, match="no complete session file"):
        load(path)


def test_a_truncated_file_is_refused(saved: tuple[DragSession, Path]) -> None:
    path = saved[1]
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SessionFileError, match="no complete session file"):
        load(path)


def test_another_safetensors_file_is_refused(tmp_path: Path) -> None:
    save_file({"latents": torch.zeros(1, 8, 6)}, str(tmp_path / "a.dgs"))
    with pytest.raises(SessionFileError, match="its format is None, expected 'draggan_widget"):
        load(tmp_path / "a.dgs")


def test_a_session_of_other_weights_is_refused(saved: tuple[DragSession, Path]) -> None:
    other = PictureBlobs()
    next(iter(other.parameters())).data += 1
    with pytest.raises(SessionFileError, match=r"another generator: weights_sha256 .*generator="):
        DragSession.load(saved[1], generator=other)


def test_a_session_of_another_size_is_refused(saved: tuple[DragSession, Path]) -> None:
    with pytest.raises(SessionFileError, match=r"width 64 \(here 128\)"):
        DragSession.load(saved[1], generator=PictureBlobs(128, 64))


def test_the_generator_is_found_by_its_name(saved: tuple[DragSession, Path]) -> None:
    with pytest.raises(GeneratorError, match="no generator 'blobs'"):
        DragSession.load(saved[1])


@pytest.mark.parametrize("text", ["null", "[]", "{", "[" * 100_000])
def test_a_description_that_is_no_object_is_refused(
    saved: tuple[DragSession, Path], text: str
) -> None:
    metadata, _, tensors = contents(saved[1])
    save_file(tensors, str(saved[1]), metadata | {"session": text})
    with pytest.raises(SessionFileError, match="damaged"):
        load(saved[1])


def test_a_session_in_z_comes_back_bit_for_bit_and_goes_on_alike(
    saved_z: tuple[DragSession, Path],
) -> None:
    session, path = saved_z
    loaded = load_z(path)
    for mine, theirs in zip(session.history.entries, loaded.history.entries, strict=True):
        assert same(mine.state, theirs.state)
    sessions = [session, loaded]
    for each in sessions:
        each.undo()
        assert each.drag().status == "arrived"
    assert same(session.state, loaded.state)


def test_a_file_of_before_z_was_kept_is_read(saved_z: tuple[DragSession, Path]) -> None:
    metadata, description, tensors = contents(saved_z[1])
    for entry in description["entries"]:
        del entry["z"], entry["start_z"]
    del tensors["zs"]
    metadata["session"] = json.dumps(description)
    save_file(tensors, str(saved_z[1]), metadata)
    loaded = load_z(saved_z[1])
    assert loaded.z is None
    assert torch.equal(loaded.w, saved_z[0].w)


def test_settings_that_the_generator_cannot_have_are_refused(
    saved: tuple[DragSession, Path],
) -> None:
    metadata, description, tensors = contents(saved[1])
    description["config"]["space"] = "z"
    metadata["session"] = json.dumps(description)
    save_file(tensors, str(saved[1]), metadata)
    with pytest.raises(SessionFileError, match=r"unusable config: .*has no w_of_z"):
        load(saved[1])


def test_a_file_names_no_other_file_to_be_read(tmp_path: Path) -> None:
    weights = tmp_path / "small.safetensors"
    generator = Generator(
        StyleGAN2Config(resolution=16, z_dim=4, w_dim=4, channel_base=64, mapping_layers=1),
        name=str(weights),
    ).frozen()
    save_generator_file(generator, weights)
    session = DragSession(generator)
    session.save(tmp_path / "session.dgs")
    recipe = session.recipe
    assert recipe is not None
    with pytest.raises(GeneratorError, match=r"give the one .* \(its file, or the loaded one\) as"):
        DragSession.load(tmp_path / "session.dgs")
    with pytest.raises(GeneratorError, match=r"there is no generator .* that has a name here"):
        DragSession.replay(recipe)
    loaded = DragSession.load(tmp_path / "session.dgs", generator=generator)
    assert torch.equal(loaded.w, session.w)
