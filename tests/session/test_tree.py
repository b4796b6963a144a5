"""A session's history as a tree: jumps, branches, pictures of the last drag, and all of it in a file."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save_file

from draggan_widget.drag import DragStep
from draggan_widget.errors import InputError, SessionFileError
from draggan_widget.frames import THUMBNAIL_SIDE_PX
from draggan_widget.session import DragSession, SessionState, pictures
from draggan_widget.session.session_file import LINEAR_FORMAT
from tests.picture_blobs import MANY_STEPS, PictureBlobs, blob_session
from tests.session.files import contents, load
from tests.session.sessions import HANDLE, TARGET, pair_session, same

Edit = Callable[[DragSession, int], object]


def drag(session: DragSession, steps: int) -> None:
    """Drag a little, if there are points."""
    if len(session.handle_points) == len(session.target_points) > 0:
        session.drag(max_steps=1 + steps % 3)


def pull(session: DragSession, place: int) -> None:
    """Pull at the first point, if there is one."""
    if len(session.handle_points) == len(session.target_points) > 0:
        session.follow(0, (30 + place % 9, 31))
        session.release()


EDITS: dict[str, Edit] = {
    "points": lambda session, n: session.set_points([(20 + n % 20, 32)], [(30, 20 + n % 20)]),
    "no points": lambda session, n: session.clear_points(),
    "mask": lambda session, n: setattr(session, "mask", np.tri(64, k=n % 9, dtype=bool)),
    "drag": drag,
    "pull": pull,
    "reset": lambda session, n: session.reset(),
    "sample": lambda session, n: session.sample(n),
    "latent": lambda session, n: setattr(session, "w", torch.full((1, 8, 6), n / 999)),
    "take": lambda session, n: session.take(n % max(1, len(session.trajectory))),
    "undo": lambda session, n: session.undo(),
    "redo": lambda session, n: session.redo(),
    "jump": lambda session, n: session.jump(n % len(session.history.entries) + 1),
}
"""What a person or a script may do, with a number for what else there is to choose."""


def branched() -> DragSession:
    """Return a session with two branches: a drag, and instead of it a mask and a drag."""
    session = pair_session()
    session.drag(max_steps=3)
    session.undo()
    session.mask = np.tri(64, dtype=bool)
    session.drag(max_steps=2)
    return session


def shape(session: DragSession) -> list[tuple[int, int | None, str]]:
    """Return id, parent and words of each entry."""
    return [(entry.id, entry.parent, entry.words) for entry in session.history.entries]


def test_a_change_after_an_undo_begins_a_branch_from_which_one_can_jump_back() -> None:
    session = branched()
    assert shape(session) == [
        (1, None, "Given latent"),
        (2, 1, "Point 1 added"),
        (3, 2, "Drag of 1 point"),
        (4, 2, "Mask set"),
        (5, 4, "Drag of 1 point"),
    ]
    here = session.state
    assert session.jump(3)
    assert session.status == "idle"
    assert session.mask is None
    assert not session.jump(3)
    session.undo()
    session.redo()
    assert session.history.current.id == 3
    session.jump(5)
    assert same(session.state, here)


def test_an_entry_that_is_not_there_cannot_be_gone_to() -> None:
    session = branched()
    for act in (session.jump, session.image_at, session.thumbnail):
        with pytest.raises(InputError, match=r"no entry 9; its entries are 1, 2, 3, 4, 5"):
            act(9)
    assert session.history.current.id == 5


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(EDITS)), st.integers(0, 999)), max_size=14))
def test_every_entry_can_be_gone_back_to_bit_for_bit(edits: list[tuple[str, int]]) -> None:
    session = pair_session()
    states: dict[int, SessionState] = {}
    for name, number in edits:
        before = len(session.history.entries)
        if name != "take" or session.trajectory:
            EDITS[name](session, number)
        assert len(session.history.entries) - before in (0, 1)
        assert same(session.history.current.state, session.state)
        states[session.history.current.id] = session.state
    pictures = {key: session.image_at(key).tobytes() for key in states}
    for key in [*states, *reversed(states)]:
        session.jump(key)
        assert same(session.state, states[key])
        assert session.image.tobytes() == pictures[key]
    session.jump(1)
    assert same(session.state, blob_session().state)
    assert session.image.tobytes() == blob_session().image.tobytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.clear_points(), "2 points removed"),
        (lambda s: s.set_points([HANDLE], [TARGET], point_ids=[2]), "Point 1 removed"),
        (lambda s: setattr(s, "target_points", [TARGET, (9, 9)]), "Target 2 moved"),
        (lambda s: setattr(s, "target_points", [(8, 9), (9, 9)]), "Targets moved"),
        (lambda s: setattr(s, "handle_points", [(9, 9), HANDLE]), "Points changed"),
        (lambda s: s.set_points([(9, 9), (8, 8)], [TARGET, HANDLE], point_ids=[7, 8]),
         "Points changed"),
        (lambda s: s.set_points([(9, 9), (8, 8)], [TARGET, HANDLE], point_ids=[1, 2], placed=[1, 2]),
         "Points moved"),
        (lambda s: s.set_points([*s.handle_points, (8, 8)], [*s.target_points, (9, 9)]),
         "Point 3 added"),
        (lambda s: s.set_points([*s.handle_points, (8, 8), (7, 7)], []), "2 points added"),
        (lambda s: setattr(s, "target_points", []), "Points changed"),
        (lambda s: setattr(s, "mask", None), "Mask removed"),
        (lambda s: setattr(s, "mask", np.eye(64, dtype=bool)), "Mask changed"),
        (lambda s: s.step(), "One step"),
        (lambda s: s.drag(max_steps=1), "Drag of 2 points"),
        (lambda s: s.reset(), "Back to the start"),
        (lambda s: s.sample(12), "Seed 12"),
        (lambda s: setattr(s, "w", s.w + 0.1), "Latent set"),
    ],
)  # fmt: skip
def test_entries_say_in_words_what_was_done(
    change: Callable[[DragSession], object], words: str
) -> None:
    session = blob_session()
    session.set_points([HANDLE, (20, 20)], [TARGET, (20, 20)])
    session.mask = np.tri(64, dtype=bool)
    change(session)
    assert session.history.current.words == words


def test_a_session_of_a_seed_begins_with_it() -> None:
    assert DragSession(PictureBlobs(), seed=5).history.current.words == "Seed 5"


# The pictures of the last drag


def test_a_picture_of_the_last_drag_is_taken_up_with_its_points() -> None:
    session = pair_session()
    session.mask = np.tri(64, dtype=bool)
    session.drag(max_steps=5)
    last, moments = session.state, session.trajectory
    assert session.film == (session.film[0], 6)
    session.take(2)
    assert session.history.current.words == "Picture 3 of the drag"
    assert torch.equal(session.w, moments[2].w)
    assert np.array_equal(session.handle_points, moments[2].handle_points)
    assert np.array_equal(session.target_points, moments[2].target_points)
    assert session.mask is last.mask is not None
    assert session.status == "idle"
    # The film is still there, and the end of the drag is in it with everything that it held.
    session.take(-1)
    assert same(session.state, last)
    session.undo()
    session.undo()
    assert same(session.state, last)
    session.take(-1)
    assert len(session.history.entries) == 6


def test_a_picture_is_taken_up_with_what_the_session_held_then() -> None:
    session = pair_session()
    states: list[SessionState] = []

    def change(step: DragStep[Any]) -> None:
        states.append(session.state)
        if step.step == 1:
            session.mask = np.tri(64, dtype=bool)
            session.set_points([*session.handle_points, (9, 9)], [TARGET, (9, 9)])

    session.drag(4, change)
    session.sample(3)
    session.clear_points()
    for index in (1, 3, -1):
        session.take(index)
        assert same(session.state, states[index])


def test_the_film_of_each_drag_is_another_one() -> None:
    session = pair_session()
    assert session.film[1] == 0
    session.drag(max_steps=2)
    first = session.film
    session.undo()
    assert session.film == first
    session.drag(max_steps=2)
    assert session.film[0] != first[0]
    for index in (3, -4, 1.5, True, None):
        with pytest.raises(InputError, match=r"from -3 to 2, got .* there are 3 pictures"):
            session.take(index)  # type: ignore[arg-type]  # what people may give


def test_thumbnails_are_small_and_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    session = DragSession(PictureBlobs(192, 96), seed=3, config=MANY_STEPS)
    session.set_points([(90, 40)], [(99, 40)])
    session.drag(max_steps=1)
    drawn = []
    image = PictureBlobs.image

    def counted(self: PictureBlobs, w: torch.Tensor) -> torch.Tensor:
        drawn.append(w)
        return image(self, w)

    monkeypatch.setattr(PictureBlobs, "image", counted)
    pictures = [session.thumbnail(entry.id) for entry in session.history.entries]
    # The points were put down in the first picture: there are two latents.
    assert len(pictures) == 3
    assert len(drawn) == 2
    assert pictures[0] is pictures[1] is session.thumbnail(1)
    decoded = Image.open(io.BytesIO(pictures[2].data))
    assert decoded.size == (THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX // 2)
    assert decoded.format == "WEBP"
    assert len(pictures[2].data) < 3000


def test_of_many_thumbnails_those_not_seen_for_long_are_drawn_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "MOST_THUMBNAILS", 2)
    session = blob_session()
    session.sample(1)
    session.sample(2)
    first, second = session.thumbnail(1), session.thumbnail(2)
    assert session.thumbnail(1) is first
    session.thumbnail(3)
    assert session.thumbnail(1) is first
    again = session.thumbnail(2)
    assert again is not second
    assert again == second


# Files


def test_a_file_keeps_the_tree_and_where_redo_would_go(tmp_path: Path) -> None:
    session = branched()
    session.jump(3)
    session.jump(1)
    loaded = load(session.save(tmp_path / "a.dgs"))
    assert loaded.history.visited == session.history.visited
    assert loaded.history.position == session.history.position
    for mine, theirs in zip(session.history.entries, loaded.history.entries, strict=True):
        assert (mine.id, mine.parent, mine.words) == (theirs.id, theirs.parent, theirs.words)
        assert mine.time_s == theirs.time_s > 1e9
        assert same(mine.state, theirs.state)
    for each in (session, loaded):
        each.redo()
        each.redo()
        assert each.history.current.id == 3
        each.jump(5)
        each.undo()
        each.sample(4)
    assert shape(session) == shape(loaded)


def test_an_older_file_is_read_as_a_line(tmp_path: Path) -> None:
    session = pair_session()
    session.drag(max_steps=2)
    session.undo()
    path = session.save(tmp_path / "a.dgs")
    metadata, description, tensors = contents(path)
    del description["visited"]
    for entry in description["entries"]:
        for name in ("id", "parent", "words", "time_s"):
            del entry[name]
    metadata |= {"format": LINEAR_FORMAT, "session": json.dumps(description)}
    save_file(tensors, str(path), metadata)
    loaded = load(path)
    assert shape(loaded) == [(1, None, "Seed 0"), *shape(session)[1:]]
    assert loaded.history.position == 1
    assert loaded.redo()
    assert torch.equal(loaded.w, session.history.entries[-1].state.w)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["entries", 1, "id"], 1, "ids of entries must grow"),
        (["entries", 0, "id"], 0, "ids of entries must grow"),
        (["entries", 0, "parent"], 2, "an earlier one as its parent"),
        (["entries", 2, "parent"], 3, "an earlier one as its parent"),
        (["entries", 2, "parent"], None, "an earlier one as its parent"),
        (["entries", 2, "parent"], "1", "parent must be an id or null"),
        (["entries", 2, "words"], 3, "words must be str"),
        (["entries", 2, "time_s"], "now", "time_s must be float"),
        (["visited"], [[1, 3]], "visited must hold pairs"),
        (["visited"], [[1, [2]]], "visited must hold pairs"),
        (["visited"], [3], "visited must hold pairs"),
        (["visited"], {}, "visited must be list"),
    ],
)
def test_a_damaged_tree_is_refused(
    tmp_path: Path, path: list[Any], value: object, message: str
) -> None:
    file = branched().save(tmp_path / "a.dgs")
    metadata, description, tensors = contents(file)
    place = description
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    metadata["session"] = json.dumps(description)
    save_file(tensors, str(file), metadata)
    with pytest.raises(SessionFileError, match=message):
        load(file)
