"""What a session notes of what is done in it, and doing that again."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.errors import InputError
from draggan_widget.session import DragSession, Recipe
from draggan_widget.session.recorder import MOST_PICTURES, Recorder
from tests.picture_blobs import MANY_STEPS, MappedPictureBlobs, PictureBlobs, blob_session
from tests.session.sessions import HANDLE, TARGET, pair_session, same, z_session

HALF = np.tri(64, dtype=bool)


def through_json(session: DragSession) -> Recipe:
    """Return a session's recipe, written down and read again."""
    recipe = session.recipe
    assert recipe is not None
    return Recipe.from_json(json.loads(json.dumps(recipe.to_json())))


def check_replay(session: DragSession, generator: Any = None) -> DragSession:
    """Do what was done in a session again, and find every state the same bit for bit."""
    recipe = through_json(session)
    again = DragSession.replay(recipe, generator=generator or PictureBlobs())
    mine, theirs = session.history, again.history
    for name in ("id", "parent", "label", "words"):
        ours = [getattr(each, name) for each in mine.entries]
        assert ours == [getattr(each, name) for each in theirs.entries]
    assert mine.position == theirs.position
    for one, other in zip(mine.entries, theirs.entries, strict=True):
        assert same(one.state, other.state)
    assert same(session.state, again.state)
    assert through_json(again) == recipe
    return again


def stop_at(session: DragSession, count: int) -> Callable[[DragStep[Any]], None]:
    taken = []

    def on_step(step: DragStep[Any]) -> None:
        taken.append(step)
        if len(taken) == count:
            session.stop()

    return on_step


def test_everything_that_can_be_done_is_done_again_bit_for_bit() -> None:
    session = DragSession(PictureBlobs(), seed=4, config=MANY_STEPS)
    session.set_points([HANDLE], [TARGET])
    session.drag()
    session.mask = HALF
    session.handle_points = [*session.handle_points, [20, 20]]
    session.target_points = [*session.target_points, [22, 20]]
    session.drag(3)
    session.undo()
    session.redo()
    session.config = DragConfig(max_steps=4)
    session.step()
    session.reset()
    session.w = session.w + 0.25
    session.sample(9)
    session.undo()
    session.mask = None
    session.drag()
    session.clear_points()
    check_replay(session)


def test_a_live_drag_is_followed_again_place_by_place() -> None:
    session = pair_session()
    session.begin_following()
    for x in (31.0, 31.5, 33.25):
        session.follow(0, (x, 32.0))
    session.mask = HALF
    session.follow(0, (33.25, 30.0))
    session.settle()
    session.follow(0, (30.0, 32.0))
    session.undo()  # ends the live drag first
    session.follow(0, (31.0, 31.0))
    session.release()
    again = check_replay(session)
    moves = [edit for edit in again.recipe.edits if edit["do"] == "follow"]  # type: ignore[union-attr]
    assert [len(edit["moves"]) for edit in moves] == [3, 1, 1, 1]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_drag_that_was_stopped_ends_there_again(count: int) -> None:
    session = pair_session()
    assert session.drag(on_step=stop_at(session, count)).status == "stopped"
    session.drag(4)
    check_replay(session)
    session.follow(0, (36.0, 33.0))
    assert session.settle(on_step=stop_at(session, count)).status == "stopped"
    session.follow(0, (30.0, 33.0))
    session.stop()
    assert session.settle().status == "stopped"
    check_replay(session)


def test_what_is_edited_during_a_drag_is_edited_again_after_the_same_pictures() -> None:
    session = pair_session()

    def edit(step: DragStep[Any]) -> None:
        if step.step == 2:
            session.target_points = [[32, 35]]
        if step.step == 4:
            session.mask = HALF
            session.set_points([[30, 31], [20, 20]], [[31, 33], [20, 21]])

    session.drag(9, edit)
    check_replay(session)


def test_a_drag_that_an_exception_ends_ends_there_again() -> None:
    session = pair_session()

    def fail(step: DragStep[Any]) -> None:
        if step.step == 3:
            raise RuntimeError("a script failed")

    with pytest.raises(RuntimeError, match="a script failed"):
        session.drag(on_step=fail)
    session.drag(2)
    again = DragSession.replay(through_json(session), generator=PictureBlobs())
    assert same(again.state, session.state)


def test_drags_in_z_and_of_a_given_latent_are_done_again() -> None:
    session = z_session()
    session.drag()
    session.step()
    check_replay(session, MappedPictureBlobs())
    start = torch.linspace(-1, 1, 6).reshape(1, 1, 6).expand(1, session.generator.num_ws, 6)
    generator = PictureBlobs()
    given = DragSession(generator, w=0.1 * start[..., : generator.w_dim])
    given.set_points([HANDLE], [TARGET])
    given.drag(2)
    check_replay(given)


def test_a_recipe_can_be_done_with_another_picture() -> None:
    session = DragSession(PictureBlobs(), seed=4, config=MANY_STEPS)
    session.set_points([HANDLE], [TARGET])
    session.drag(3)
    steps: list[DragStep[Any]] = []
    recipe = through_json(session)
    other = DragSession.replay(recipe, generator=PictureBlobs(), seed=5, on_step=steps.append)
    assert (other.seed, other.target_points.tolist()) == (5, [list(TARGET)])
    assert len(steps) == 4
    assert not torch.equal(other.w, session.w)


def test_a_recipe_comes_with_the_session_file_and_goes_on(tmp_path: Path) -> None:
    session = DragSession(PictureBlobs(), seed=4, config=MANY_STEPS)
    session.set_points([HANDLE], [TARGET])
    session.drag(3)
    loaded = DragSession.load(session.save(tmp_path / "a.dgs"), generator=PictureBlobs())
    loaded.drag(3)
    check_replay(loaded)


def test_what_is_saved_while_a_drag_runs_can_be_done_again(tmp_path: Path) -> None:
    session = pair_session()

    def save(step: DragStep[Any]) -> None:
        if step.step == 2:
            session.save(tmp_path / "a.dgs")

    session.drag(4, save)
    loaded = DragSession.load(tmp_path / "a.dgs", generator=PictureBlobs())
    assert loaded.recipe is not None
    again = DragSession.replay(loaded.recipe, generator=PictureBlobs())
    assert same(again.state, loaded.state)


def test_the_recipe_of_an_open_live_drag_ends_at_its_picture() -> None:
    session = pair_session()
    session.follow(0, (31.0, 32.0))
    again = DragSession.replay(through_json(session), generator=PictureBlobs())
    assert same(again.state, session.state)
    assert session.is_following


def test_what_was_refused_is_not_in_the_recipe() -> None:
    session = blob_session()
    for refused in (
        lambda: session.set_points([[900, 1]], []),
        lambda: setattr(session, "w", [1.0]),
        lambda: session.sample(-1),
        session.drag,
        session.step,
    ):
        with pytest.raises(InputError):
            refused()
    recipe = session.recipe
    assert recipe is not None
    assert recipe.edits == ()


def test_the_embedded_generator_is_dragged_again_bit_for_bit_however_it_was_watched() -> None:
    session = DragSession(seed=3)
    looks = [True, False, False, True, False, True, True, False]
    end = session.listen(lambda _: None, lambda: looks.pop(0) if looks else False)
    session.set_points([[62, 74]], [[75, 74]])
    for x in (64.0, 66.0, 70.0):
        session.follow(0, (x, 74.0))
    session.settle(4)
    session.mask = np.arange(128)[None] < np.full((128, 1), 90)
    session.set_points([[62, 74], [40, 40]], [[60, 70], [40, 40]])
    session.drag(3)
    end()
    recipe = through_json(session)
    again = DragSession.replay(recipe, generator=session.generator)
    assert torch.equal(again.w, session.w)
    assert through_json(again) == recipe
    assert {"0", "1"} == set("".join(edit.get("drawn", "") for edit in recipe.edits))


def test_threads_of_torch_are_noted_and_put_back() -> None:
    before = torch.get_num_threads()
    session = pair_session()
    try:
        torch.set_num_threads(before + 1)
        session.drag(1)
    finally:
        torch.set_num_threads(before)
    session.drag(1)
    counts = [edit["count"] for edit in session.recipe.edits if edit["do"] == "threads"]  # type: ignore[union-attr]
    assert counts == [before, before + 1, before]
    check_replay(session)
    assert torch.get_num_threads() == before


def test_a_recipe_is_a_file_of_its_own_too(tmp_path: Path) -> None:
    recipe = through_json(pair_session())
    assert Recipe.load(recipe.save(tmp_path / "a.json")) == recipe
    with pytest.raises(InputError, match=r"no recipe .*nowhere\.json; check the path"):
        Recipe.load(tmp_path / "nowhere.json")
    (tmp_path / "b.json").write_text("{")
    with pytest.raises(InputError, match=r"b\.json is no recipe"):
        Recipe.load(tmp_path / "b.json")


def test_of_a_session_without_end_there_is_no_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("draggan_widget.session.recorder.MOST_PICTURES", 3)
    assert MOST_PICTURES > 3
    session = pair_session()
    session.drag(2)
    through_json(session)
    session.drag(2)
    assert session.recipe is None
    assert Recorder(None, lambda: False).recipe(is_following=False) is None


def test_a_recipe_is_read_while_another_thread_drags() -> None:
    session = pair_session()
    seen: list[Recipe] = []

    def look(step: DragStep[Any]) -> None:
        reader = threading.Thread(target=lambda: seen.append(through_json(session)))
        reader.start()
        reader.join()

    session.drag(2, look)
    assert [recipe.edits[-1]["drawn"] for recipe in seen] == ["0", "00", "000"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "whose format is"),
        ({"generator": 3}, "generator must be a name"),
        ({"start": {}}, "start must have seed"),
        ({"start": {"seed": -1, "truncation_psi": 1}}, "seed must be a whole number"),
        ({"start": {"seed": 1, "truncation_psi": 9}}, "truncation_psi must be"),
        ({"start": {"seed": 1, "truncation_psi": 1, "code": "x"}}, "start must have seed"),
        ({"config": []}, "config must be an object"),
        ({"config": {"solver": "magic"}}, "solver must be one of"),
        ({"edits": {}}, "edits must be a list"),
        ({"edits": [{"do": "exec"}]}, "do must be one of sample, latent"),
        ({"edits": ["undo"]}, "do must be one of"),
        ({"edits": [{"do": "sample"}]}, "sample must have seed"),
        (
            {"edits": [{"do": "sample", "seed": True, "truncation_psi": 1}]},
            "sample.seed cannot be 'True'",
        ),
        ({"edits": [{"do": "step", "drawn": "2"}]}, "step.drawn must consist of 0 and 1"),
        ({"edits": [{"do": "follow", "moves": [[1]], "drawn": ""}]}, "follow.moves must be"),
        ({"edits": [{"do": "threads", "count": 0}]}, "threads.count must be from 1 to"),
        (
            {"edits": [{"do": "drag", "max_steps": 1, "drawn": "", "during": [], "end": "?"}]},
            "drag.end must be one of",
        ),
        (
            {"edits": [{"do": "drag", "max_steps": 1, "drawn": "", "during": [3], "end": "stop"}]},
            "during must be pairs",
        ),
        (
            {
                "edits": [
                    {
                        "do": "settle",
                        "max_steps": 1,
                        "drawn": "",
                        "during": [[1, {"do": "undo"}]],
                        "end": "stop",
                    }
                ]
            },
            "during a drag only mask, points may change",
        ),
    ],
)
def test_what_is_no_recipe_is_refused(change: dict[str, Any], message: str) -> None:
    recipe = pair_session().recipe
    assert recipe is not None
    with pytest.raises(InputError, match=message):
        Recipe.from_json(recipe.to_json() | change)
    with pytest.raises(InputError, match="a recipe must be an object"):
        Recipe.from_json([])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"do": "latent", "w": {}}, "w must be a tensor of"),
        ({"do": "latent", "w": {"dtype": "float32", "shape": [2], "data": "AAA"}}, "base 64"),
        ({"do": "latent", "w": {"dtype": "float32", "shape": [9], "data": ""}}, "whole tensor"),
        ({"do": "latent", "w": {"dtype": "float32", "shape": [0], "data": ""}}, "w must be"),
        ({"do": "mask", "mask": "AAAA"}, "mask must be a PNG"),
        ({"do": "points", "handles": [3], "targets": [], "ids": [], "placed": []}, "handle_points"),
        ({"do": "open", "state": {}, "words": ""}, "w must be a tensor"),
        ({"do": "follow", "moves": [[0, "a", 3]], "drawn": "0"}, "target must be two numbers"),
        ({"do": "release"}, "no live drag is open"),
    ],
)
def test_a_recipe_that_cannot_be_done_says_why(edit: dict[str, Any], message: str) -> None:
    recipe = pair_session().recipe
    assert recipe is not None
    bad = Recipe.from_json(recipe.to_json() | {"edits": [*recipe.edits, edit]})
    with pytest.raises(InputError, match=message):
        DragSession.replay(bad, generator=PictureBlobs())


def do_something(session: DragSession, rng: np.random.Generator) -> None:
    """Do one of the things that can be done, by chance."""

    def place() -> list[float]:
        return [float(v) for v in rng.uniform(8, 56, 2)]

    def points() -> None:
        count = int(rng.integers(0, 3))
        handles = [*map(list, session.handle_points[:count].tolist())]
        handles += [place() for _ in range(count - len(handles))]
        session.set_points(handles, [place() for _ in handles])

    def drag() -> None:
        stop = stop_at(session, int(rng.integers(1, 6)))
        session.drag(int(rng.integers(1, 5)), stop if rng.random() < 0.5 else None)

    def mask() -> None:
        session.mask = (
            None if rng.random() < 0.3 else np.tri(64, k=int(rng.integers(9)), dtype=bool)
        )

    def config() -> None:
        session.config = DragConfig(solver=str(rng.choice(["paper", "whitened"])))

    actions: list[Callable[[], object]] = [
        points,
        points,
        drag,
        drag,
        mask,
        config,
        session.begin_following,
        lambda: session.follow(0, place()),
        lambda: session.follow(0, place()),
        lambda: session.settle(3),
        session.release,
        session.step,
        session.undo,
        session.redo,
        session.reset,
        lambda: session.sample(int(rng.integers(99))),
        lambda: session.sample(int(rng.integers(99)), float(rng.uniform(0, 1))),
        lambda: session.jump(int(rng.integers(1, 9))),
        lambda: session.take(int(rng.integers(0, 5))),
        lambda: setattr(session, "w", session.w + 0.05),
        session.renew,
    ]
    with contextlib.suppress(InputError):
        actions[int(rng.integers(len(actions)))]()


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_done_by_chance_is_done_again_bit_for_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    session = DragSession(PictureBlobs(), seed=seed, config=MANY_STEPS)
    session.listen(lambda _: None, lambda: bool(rng.random() < 0.5))
    for _ in range(40):
        do_something(session, rng)
    if session.is_following:
        session.release()
    check_replay(session)
