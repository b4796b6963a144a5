import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.drag.config import SOLVERS
from draggan_widget.errors import GeneratorError, InputError, SessionBusyError
from draggan_widget.session import DragSession
from tests.picture_blobs import MANY_STEPS, MappedPictureBlobs, PictureBlobs, blob_session
from tests.session.sessions import HANDLE, TARGET, centre


def pinned_session(**arguments: Any) -> DragSession:
    """Return a session whose one handle lies on its target; it takes many steps to a new one."""
    arguments.setdefault("config", DragConfig(solver="paper"))
    session = blob_session(**arguments)
    session.set_points([HANDLE], [HANDLE])
    return session


def labels(session: DragSession) -> list[str]:
    """Return what the entries of the history are called."""
    return [entry.label for entry in session.history.entries]


def belongs_together(session: DragSession) -> bool:
    """Whether the handle lies on the blob where it was put down."""
    return bool(np.abs(centre(session) - session.handle_points[0]).max() < 0.3)


def break_generator(session: DragSession) -> None:
    """Make every picture from now on one that cannot be used."""
    generator = session.generator
    assert isinstance(generator, PictureBlobs)
    generator.brightness.data.fill_(math.nan)


# Following


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_handle_follows_the_pointer_with_one_move_a_picture(solver: str) -> None:
    session = pinned_session(config=DragConfig(solver=solver, feature_block=32))
    before = session.state
    steps = [session.follow(0, (30 + k / 4, 32)) for k in range(1, 25)]
    numbers = [step.step for step in steps]
    assert all(0 <= b - a <= 1 for a, b in zip([0, *numbers], numbers, strict=False))
    assert session.status == "running"
    result = session.settle()
    assert result.status == session.status == "arrived"
    assert result.steps == session.steps >= numbers[-1]
    # The solver "official" tracks from pixel to pixel.
    assert np.abs(centre(session) - session.handle_points[0]).max() < 1.5
    assert labels(session) == ["sample", "points", "drag"]
    session.undo()
    assert session.state is before


def test_the_step_that_is_returned_is_the_picture_after_the_move() -> None:
    session = pinned_session()
    start = session.w
    step = session.follow(0, TARGET)
    assert step.step == 1
    assert not torch.equal(step.w, start)
    assert torch.equal(step.w, session.w)
    assert np.array_equal(step.handle_points, session.handle_points)
    assert step.target_points.tolist() == [list(TARGET)]
    assert belongs_together(session)
    assert session.image_of(step).tobytes() == session.image.tobytes()


@pytest.mark.parametrize("space", ["w+", "z"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_where_nothing_is_asked_the_latent_stays_bit_for_bit(solver: str, space: str) -> None:
    config = DragConfig(solver=solver, space=space, feature_block=32)
    session = DragSession(MappedPictureBlobs(), seed=5, config=config)
    session.set_points([HANDLE], [HANDLE])
    start = session.w
    for _ in range(3):
        step = session.follow(0, np.add(session.handle_points[0], 0.05))
        assert step.status == "arrived"
        assert step.step == 0
    assert torch.equal(session.w, start)
    assert session.settle().status == "arrived"
    assert torch.equal(session.w, start)


def test_a_slow_pointer_is_followed_evenly() -> None:
    session = pinned_session(config=DragConfig(feature_block=32))
    steps = [session.follow(0, (30 + k / 2, 32)) for k in range(1, 13)]
    assert [step.step for step in steps] == list(range(1, 13))
    lags = [30 + k / 2 - step.handle_points[0][0] for k, step in enumerate(steps, 1)]
    assert max(map(abs, lags[3:])) < 0.6
    assert session.settle().status == "arrived"


def test_after_arrival_the_picture_does_not_move_on() -> None:
    session = pinned_session()
    step = session.follow(0, TARGET)
    while step.status == "running":
        step = session.follow(0, TARGET)
    assert step.status == "arrived"
    there = session.w
    assert session.follow(0, TARGET).step == step.step
    assert torch.equal(session.w, there)
    assert session.release().status == "arrived"


def test_the_references_of_the_points_live_as_long_as_the_live_drag() -> None:
    session = pinned_session()
    generator = session.generator
    assert isinstance(generator, PictureBlobs)
    session.follow(0, TARGET)
    count = generator.traces
    session.follow(0, (34, 30))
    # A new optimizer would need one picture more.
    assert generator.traces - count <= 2


def test_the_targets_of_the_other_points_stay() -> None:
    session = DragSession(PictureBlobs(starts=((20, 32), (44, 32))), w=np.zeros((1, 8, 6)))
    session.set_points([(20, 32), (44, 32)], [(20, 32), (44, 32)])
    for k in range(1, 9):
        session.follow(0, (20, 32 + k / 2))
    session.settle()
    assert session.target_points.tolist() == [[20, 36], [44, 32]]
    assert np.abs(session.distances_px).max() <= 1


@pytest.mark.parametrize("index", [-1, 1, 0.0, True, "0"])
def test_an_unknown_handle_is_refused_and_nothing_begins(index: Any) -> None:
    session = pinned_session()
    with pytest.raises(InputError, match="handle_index must be a whole number from 0 to 0"):
        session.follow(index, TARGET)
    assert not session.is_following


@pytest.mark.parametrize("target", [(64, 3), (1, 2, 3), "here", (math.nan, 3)])
def test_an_unusable_target_is_refused_and_the_live_drag_stays(target: Any) -> None:
    session = pinned_session()
    session.follow(0, TARGET)
    before = session.state
    with pytest.raises(InputError, match=r"target must (be|lie)"):
        session.follow(0, target)
    assert session.state is before
    assert session.is_following


@pytest.mark.parametrize("target", [[], [[1, 1]], (1, 2, 3), "here", None, 5])
def test_a_target_that_is_not_one_point_is_refused_with_its_cure(target: Any) -> None:
    cure = r"target must be two numbers \(x, y\).*; give one point as \(x, y\)"
    with pytest.raises(InputError, match=cure):
        pinned_session().follow(0, target)


def test_without_points_there_is_nothing_to_follow_with() -> None:
    with pytest.raises(InputError, match="at least one pair of points"):
        blob_session().follow(0, TARGET)


# Its end


@pytest.mark.parametrize("end", [DragSession.settle, DragSession.release])
def test_without_a_live_drag_there_is_nothing_to_end(end: Callable[[DragSession], object]) -> None:
    with pytest.raises(InputError, match=r"no live drag is open; call follow\(\) first"):
        end(pinned_session())


def test_the_seconds_of_a_live_drag_count_from_the_making_of_its_optimizer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = pinned_session()
    trace = session.generator.trace

    def slow(w: torch.Tensor, block: int) -> Any:
        time.sleep(0.1)
        return trace(w, block)

    monkeypatch.setattr(session.generator, "trace", slow)
    session.follow(0, TARGET)
    # The first picture of the optimizer, the one that is moved from, and the one after the move.
    assert session.release().seconds > 0.25


def test_a_release_leaves_the_picture_where_it_is() -> None:
    session = pinned_session()
    session.follow(0, (40, 32))
    there = session.w
    result = session.release()
    assert (result.status, result.steps) == ("stopped", 1)
    assert torch.equal(session.w, there)
    assert labels(session) == ["sample", "points", "drag"]
    assert not session.is_following


def test_settling_ends_at_its_limit() -> None:
    session, told = pinned_session(config=MANY_STEPS), list[int]()
    session.follow(0, (50, 32))
    result = session.settle(max_steps=3, on_step=lambda step: told.append(step.step))
    assert (result.status, result.steps) == ("max_steps", 4)
    assert told == [2, 3, 4]


def test_settling_says_what_cannot_be_reached() -> None:
    session = blob_session()
    session.set_points([(28, 32), (32, 32)], [(28, 32), (50, 32)])
    session.follow(0, (12, 32))
    result = session.settle()
    assert result.status == "stalled"
    assert "cannot reach" in result.words


def test_stop_from_another_thread_ends_settling_within_one_step() -> None:
    session, after = pinned_session(), list[int]()
    session.follow(0, (60, 60))

    def on_step(step: DragStep[Any]) -> None:
        after.append(step.step)
        if step.step == 3:
            thread = threading.Thread(target=session.stop)
            thread.start()
            thread.join()

    assert session.settle(on_step=on_step).status == "stopped"
    assert after == [2, 3]


def test_a_stop_before_settling_is_not_lost() -> None:
    session = pinned_session()
    session.follow(0, (60, 60))
    there = session.w
    session.stop()
    assert session.settle().status == "stopped"
    assert torch.equal(session.w, there)


def test_a_stop_does_not_outlive_its_live_drag() -> None:
    session = pinned_session()
    session.follow(0, TARGET)
    session.stop()
    session.settle()
    session.follow(0, TARGET)
    assert session.settle().status == "arrived"


# Changes on the way


def test_points_come_go_and_are_aimed_elsewhere_within_one_entry() -> None:
    session = DragSession(PictureBlobs(starts=((20, 32), (44, 32))), w=np.zeros((1, 8, 6)))
    session.set_points([(20, 32)], [(20, 32)])
    for k in range(1, 6):
        session.follow(0, (20 + k / 2, 32))
    at = session.handle_points[0]
    session.set_points([(0, 0), (44, 32)], [(23, 32), (44, 34)], point_ids=[1, 2], placed=[2])
    assert np.array_equal(session.handle_points[0], at)
    session.follow(1, (44, 35))
    session.set_points(
        session.handle_points, [(24, 32), session.target_points[1]], point_ids=[1, 2]
    )
    session.settle()
    assert session.distances_px.max() <= 1
    session.follow(0, (24, 33))
    session.set_points([(0, 0)], [(44, 36)], point_ids=[2])
    session.settle()
    generator = session.generator
    assert isinstance(generator, PictureBlobs)
    # The second handle was put down half a pixel beside its blob, which the first drag had moved.
    assert np.abs(generator.centres(session.w)[1].numpy() - session.handle_points[0]).max() < 0.6
    assert labels(session) == ["sample", "points", "drag", "drag"]


def test_a_mask_set_on_the_way_is_used_within_the_same_entry() -> None:
    session, masked = pinned_session(), pinned_session()
    mask = np.zeros((64, 64), dtype=bool)
    mask[:, :8] = True
    session.follow(0, (36, 32))
    masked.follow(0, (36, 32))
    masked.mask = mask
    session.settle(max_steps=5)
    masked.settle(max_steps=5)
    assert np.abs(centre(masked) - HANDLE).sum() < 0.8 * np.abs(centre(session) - HANDLE).sum()
    assert labels(masked) == ["sample", "points", "drag"]


def test_without_any_point_left_settling_moves_nothing() -> None:
    session = pinned_session()
    session.follow(0, TARGET)
    there = session.w
    session.clear_points()
    result = session.settle()
    assert (result.status, len(result.handle_points)) == ("stopped", 0)
    assert torch.equal(session.w, there)
    assert labels(session) == ["sample", "points", "drag"]


def test_without_a_target_for_each_handle_settling_moves_nothing() -> None:
    session = pinned_session()
    session.follow(0, TARGET)
    there = session.w
    session.handle_points = [*session.handle_points, (20, 20)]
    result = session.settle()
    assert result.status == session.status == "stopped"
    assert torch.equal(session.w, there)


# What needs rest


def set_config(session: DragSession) -> None:
    session.config = DragConfig(max_steps=7)


def set_latent(session: DragSession) -> None:
    session.w = torch.ones(1, 8, 6)


@pytest.mark.parametrize(
    ("call", "added"),
    [
        (DragSession.reset, ["reset"]),
        (lambda session: session.sample(3), ["sample"]),
        (set_latent, ["latent"]),
        (set_config, []),
        (DragSession.drag, ["drag"]),
        (DragSession.step, ["step"]),
    ],
)
def test_what_needs_rest_ends_the_live_drag_and_then_does_its_thing(
    call: Callable[[DragSession], object], added: list[str]
) -> None:
    session = pinned_session()
    session.follow(0, (36, 32))
    live = session.state
    call(session)
    assert labels(session) == ["sample", "points", "drag", *added]
    assert session.history.entries[2].state is live
    assert not session.is_following


def test_undo_takes_back_the_whole_live_drag_and_redo_brings_it_again() -> None:
    session = pinned_session()
    before = session.state
    session.follow(0, (36, 32))
    live = session.state
    assert session.undo()
    assert session.state is before
    assert session.redo()
    assert session.state is live
    session.follow(0, (37, 32))
    live = session.state
    assert not session.redo()
    assert session.state is live
    assert labels(session) == ["sample", "points", "drag", "drag"]


def test_a_file_written_on_the_way_has_the_live_drag(tmp_path: Path) -> None:
    session = pinned_session()
    session.follow(0, (36, 32))
    path = session.save(tmp_path / "a.dgs")
    assert not session.is_following
    loaded = DragSession.load(path, generator=PictureBlobs())
    assert torch.equal(loaded.w, session.w)
    assert labels(loaded) == labels(session) == ["sample", "points", "drag"]


def test_the_pictures_of_a_live_drag_are_an_animation(tmp_path: Path) -> None:
    session = pinned_session(config=MANY_STEPS)
    start = session.w
    for x in (32, 34, 36):
        session.follow(0, (x, 32))
    session.settle(max_steps=2)
    assert len(session.trajectory) == 6
    assert torch.equal(session.trajectory[0].w, start)
    assert torch.equal(session.trajectory[-1].w, session.w)
    with Image.open(session.save_animation(tmp_path / "a.gif")) as image:
        assert len(list(ImageSequence.Iterator(image))) == 6


def test_the_pictures_of_a_long_live_drag_are_thinned_out_between_its_first_and_its_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("draggan_widget.session.driver.MOST_MOMENTS", 8)
    session, latents = pinned_session(config=MANY_STEPS), list[torch.Tensor]()
    start = session.w
    for k in range(20):
        latents.append(session.follow(0, (50, 32 + k / 4)).w)
        kept = [moment.w for moment in session.trajectory]
        assert len(kept) <= 8
        assert torch.equal(kept[0], start)
        assert kept[-1] is latents[-1]
        numbers = [next(i for i, w in enumerate(latents) if w is each) for each in kept[1:]]
        assert numbers == sorted(numbers)


def test_listeners_are_told_of_each_step_and_of_the_end() -> None:
    session, told = pinned_session(), list[int | None]()
    session.listen(lambda step: told.append(None if step is None else step.step))
    session.follow(0, (36, 32))
    session.follow(0, (37, 32))
    session.release()
    assert told == [1, 2, None]


def test_a_listener_cannot_undo_in_the_middle_of_a_step() -> None:
    session = pinned_session()

    def undo(step: DragStep[Any] | None) -> None:
        session.undo()

    session.listen(undo)
    with pytest.raises(SessionBusyError, match="a drag is running"):
        session.follow(0, TARGET)


@pytest.mark.parametrize("name", ["release", "settle", "follow"])
def test_a_live_drag_neither_begins_nor_ends_within_a_step_of_a_drag(name: str) -> None:
    session = pinned_session(config=MANY_STEPS)
    session.follow(0, (36, 32))

    def on_step(step: DragStep[Any]) -> None:
        arguments = (0, TARGET) if name == "follow" else ()
        with pytest.raises(SessionBusyError, match="a drag is running"):
            getattr(session, name)(*arguments)
        session.stop()

    assert session.settle(on_step=on_step).status == "stopped"


# Failures and threads


@pytest.mark.parametrize("call", [lambda s: s.follow(0, (40, 30)), lambda s: s.settle()])
def test_a_failure_leaves_a_picture_with_its_handles_in_the_history(
    call: Callable[[DragSession], object],
) -> None:
    session = pinned_session(config=MANY_STEPS)
    for k in range(1, 4):
        session.follow(0, (30 + k, 32))
    there = session.w
    break_generator(session)
    with pytest.raises(GeneratorError, match="not finite"):
        call(session)
    assert session.status == "failed"
    assert torch.equal(session.w, there)
    assert belongs_together(session)
    assert labels(session) == ["sample", "points", "drag"]
    assert not session.is_following


def test_a_failure_at_the_begin_ends_the_live_drag() -> None:
    session = pinned_session()
    break_generator(session)
    with pytest.raises(GeneratorError):
        session.follow(0, TARGET)
    assert session.status == "failed"
    assert not session.is_following


def test_an_exception_of_on_step_ends_the_live_drag_with_what_was_done() -> None:
    session = pinned_session()
    session.follow(0, (40, 32))

    def on_step(step: DragStep[Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.settle(on_step=on_step)
    assert session.status == "stopped"
    assert belongs_together(session)
    assert labels(session) == ["sample", "points", "drag"]


def in_thread(call: Callable[[], object]) -> list[BaseException]:
    """Run a call in a thread of its own; return what it raised."""
    errors = []

    def run() -> None:
        try:
            call()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return errors


def test_another_thread_is_refused_while_a_live_drag_is_open() -> None:
    session = pinned_session()
    session.follow(0, TARGET)
    for call in (session.undo, session.release, lambda: session.follow(0, TARGET)):
        (error,) = in_thread(call)
        assert isinstance(error, SessionBusyError)
    session.release()
    assert in_thread(session.undo) == []


def test_the_live_drag_of_a_thread_that_has_ended_can_be_ended_by_another() -> None:
    session = pinned_session()
    assert in_thread(lambda: session.follow(0, TARGET)) == []
    session.follow(0, TARGET)
    assert isinstance(in_thread(session.undo)[0], SessionBusyError)
    assert session.settle().status == "arrived"
    assert labels(session) == ["sample", "points", "drag"]
