"""Live drags of the runner: pointers that pull, and whatever else may happen meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from draggan_widget.commands import When
from draggan_widget.errors import GeneratorError
from draggan_widget.protocol import Ack, Hello
from draggan_widget.pulls import SILENCE_S
from draggan_widget.runner import Runner
from draggan_widget.session import DragSession
from tests.patience import PATIENCE_S, until
from tests.picture_blobs import blob_session
from tests.recorder import Recorder
from tests.slow_drags import SLOW

HANDLE = (30.0, 32.0)
NEAR_PX = 1.5
"""A handle counts as arrived a pixel before its target."""


class LateClock:
    """The real clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


def pinned_session(**arguments: Any) -> DragSession:
    """Return a session with one handle that lies on its target."""
    session = blob_session(**arguments)
    session.set_points([HANDLE], [HANDLE])
    return session


@pytest.fixture
def stage() -> Recorder:
    return Recorder()


@pytest.fixture
def clock() -> LateClock:
    return LateClock()


@pytest.fixture
def runner(stage: Recorder, clock: LateClock) -> Iterator[Runner]:
    runner = Runner(pinned_session, stage, clock=clock)
    runner.begin()
    until(lambda: stage.frames)
    runner.frames.greet(Hello(1, loopback=False, visible=True))
    yield runner
    runner.close()


@pytest.fixture
def slow(stage: Recorder) -> Iterator[Runner]:
    """A runner whose pictures come nearer so slowly that no pull arrives."""
    runner = Runner(lambda: pinned_session(config=SLOW), stage)
    runner.begin()
    until(lambda: stage.frames)
    yield runner
    runner.close()


def labels(runner: Runner) -> list[str]:
    """Return what the entries of the history say, the first left out."""
    return [entry.label for entry in runner.session.history.entries[1:]]


def placing(
    handles: list[tuple[float, float]], targets: list[tuple[float, float]]
) -> Callable[[DragSession], None]:
    """Return what sets points with the ids 1, 2 and so on."""
    ids = range(1, len(handles) + 1)
    return lambda session: session.set_points(handles, targets, point_ids=ids)


def done(runner: Runner) -> None:
    """Wait for the end of a live drag."""
    runner.submit(lambda session: None, When.AFTER_THE_DRAG).result(PATIENCE_S)


def acknowledge_all(runner: Runner, stage: Recorder) -> None:
    """Take every picture."""
    runner.acknowledge(Ack(stage.frames[-1]["seq"], shown=True, visible=True))


def follows(runner: Runner, x: float, y: float) -> Callable[[], bool]:
    """Return whether the handle is near a place."""
    place = torch.tensor([x, y])

    def near() -> bool:
        return bool((torch.tensor(runner.session.handle_points[0]) - place).norm() < NEAR_PX)

    return near


def pull_far(runner: Runner) -> None:
    """Begin a pull that does not arrive, and wait until it moves."""
    runner.pull(1, 60, 60, 1)
    until(lambda: runner.session.steps > 1)


def test_the_picture_follows_a_pointer_and_the_pull_is_one_entry(
    runner: Runner, stage: Recorder
) -> None:
    before = runner.session.w
    for k in range(1, 11):
        runner.pull(1, 30 + k, 32, k)
        until(follows(runner, 30 + k, 32))
        acknowledge_all(runner, stage)
    assert runner.is_running
    assert labels(runner) == ["points"]
    runner.release(1, "settle")
    done(runner)
    session = runner.session
    assert labels(runner) == ["points", "drag"]
    assert session.status == "arrived"
    moving = [frame for frame in stage.frames if not frame["final"]]
    assert len(moving) >= 5
    assert {frame["pull"] for frame in moving} <= set(range(1, 11))
    assert stage.frames[-1]["final"]
    assert stage.frames[-1]["pull"] == 0
    assert runner.submit(lambda session: session.undo()).result(PATIENCE_S)
    assert torch.equal(session.w, before)


def test_places_are_no_queue(slow: Runner) -> None:
    hold = threading.Event()
    slow.submit(lambda session: hold.wait(PATIENCE_S))
    for k in range(1, 1000):
        slow.pull(1, 30 + k / 50, 32, k)
    hold.set()
    until(lambda: slow.session.steps > 0)
    assert slow.session.target_points.tolist() == [[30 + 999 / 50, 32]]
    assert slow.session.steps < 500


def test_the_worker_rests_where_the_handle_has_arrived(runner: Runner) -> None:
    runner.pull(1, 34, 32, 1)
    until(follows(runner, 34, 32))
    time.sleep(0.1)
    evaluations = runner.session._driver.evaluations
    steps = runner.session.steps
    time.sleep(0.3)
    assert (runner.session.steps, runner.session._driver.evaluations) == (steps, evaluations)
    assert runner.is_running
    runner.pull(1, 36, 32, 2)
    until(follows(runner, 36, 32))


def test_the_newest_picture_is_shown_once_there_is_room(runner: Runner, stage: Recorder) -> None:
    for k in range(1, 6):
        runner.pull(1, 30 + k, 32, k)
        until(follows(runner, 30 + k, 32))
    acknowledge_all(runner, stage)
    until(lambda: stage.frames[-1]["pull"] == 5)
    assert stage.frames[-1]["handles"] == runner.session.handle_points.tolist()


def test_a_picture_that_was_not_shown_in_its_drag_is_never_shown_later(
    runner: Runner, stage: Recorder
) -> None:
    runner.submit(placing([HANDLE], [(40, 32)])).result(PATIENCE_S)
    runner.drag().result(PATIENCE_S)
    runner.submit(lambda session: session.reset()).result(PATIENCE_S)
    count = len(stage.frames)
    acknowledge_all(runner, stage)
    runner.pull(9, 40, 40, 1)
    until(lambda: runner.session.is_following)
    time.sleep(0.1)
    assert len(stage.frames) == count


def test_a_new_pair_is_waited_for_and_belongs_to_the_entry(stage: Recorder) -> None:
    runner = Runner(blob_session, stage)
    runner.begin()
    before = runner.session.state
    runner.pull(1, 34, 32, 1)
    until(lambda: runner.session.is_following)
    runner.submit(placing([HANDLE], [(31, 32)]), When.BETWEEN_STEPS).result(PATIENCE_S)
    until(follows(runner, 34, 32))
    runner.release(1, "settle")
    done(runner)
    assert labels(runner) == ["drag"]
    assert runner.submit(lambda session: session.undo()).result(PATIENCE_S)
    assert runner.session.state is before
    runner.close()


def test_a_release_may_leave_the_picture_as_it_is(slow: Runner) -> None:
    pull_far(slow)
    slow.release(1, "stay")
    done(slow)
    assert slow.session.status == "stopped"
    assert labels(slow) == ["points", "drag"]


def test_a_cancelled_pull_is_taken_back_and_can_be_taken_up_again(slow: Runner) -> None:
    before = slow.session.state
    pull_far(slow)
    slow.release(1, "undo")
    done(slow)
    assert slow.session.state is before
    assert slow.session.history.can_redo


def test_cancelling_what_has_changed_nothing_takes_nothing_back(runner: Runner) -> None:
    before = runner.session.state
    runner.pull(9, 40, 40, 1)
    until(lambda: runner.session.is_following)
    runner.release(9, "undo")
    done(runner)
    assert runner.session.state is before
    assert not runner.session.history.can_redo


def test_stop_ends_a_pull_within_a_step_and_the_pointer_has_to_let_go(slow: Runner) -> None:
    pull_far(slow)
    steps = slow.session.steps
    slow.stop()
    assert not slow.is_running
    until(lambda: not slow.session.is_following)
    assert slow.session.steps <= steps + 3
    assert labels(slow) == ["points", "drag"]
    slow.pull(1, 50, 50, 2)
    assert not slow.is_running
    slow.release(1, "settle")
    slow.pull(1, 50, 50, 3)
    assert slow.is_running


def test_stop_ends_the_settling_too(slow: Runner) -> None:
    pull_far(slow)
    slow.release(1, "settle")
    time.sleep(0.1)
    assert slow.is_running
    slow.stop()
    done(slow)
    assert slow.session.status == "stopped"
    assert labels(slow) == ["points", "drag"]


def test_stop_calls_off_a_pull_that_has_not_begun(runner: Runner) -> None:
    hold = threading.Event()
    state = runner.session.state
    runner.submit(lambda session: hold.wait(PATIENCE_S))
    runner.pull(1, 40, 40, 1)
    runner.stop()
    hold.set()
    done(runner)
    assert runner.session.state is state
    assert runner.session.status == "idle"


def test_a_command_ends_the_pull_and_follows_it(slow: Runner) -> None:
    before = slow.session.state
    pull_far(slow)
    assert slow.submit(lambda session: session.undo()).result(PATIENCE_S)
    assert slow.session.state is before
    assert slow.drag(2).result(PATIENCE_S).steps == 0


def test_a_pull_takes_the_place_of_a_drag_that_runs(slow: Runner) -> None:
    slow.submit(placing([HANDLE], [(60, 32)]))
    drag = slow.drag(1_000_000)
    until(lambda: slow.session.steps > 1)
    slow.pull(1, 30, 60, 1)
    assert drag.result(PATIENCE_S).status == "stopped"
    until(lambda: slow.session.is_following)
    slow.release(1, "stay")
    done(slow)
    assert slow.session.target_points.tolist() == [[30, 60]]


def test_a_second_pull_while_the_first_settles_is_an_entry_of_its_own(slow: Runner) -> None:
    pull_far(slow)
    slow.release(1, "settle")
    until(lambda: not slow._is_following)
    slow.pull(1, 10, 10, 2)
    until(lambda: slow.session.target_points.tolist() == [[10, 10]])
    slow.release(1, "stay")
    done(slow)
    assert labels(slow) == ["points", "drag", "drag"]


def test_points_and_masks_that_a_script_sets_meanwhile_join_the_pull(runner: Runner) -> None:
    runner.pull(1, 34, 32, 1)
    until(follows(runner, 34, 32))
    pair = placing([HANDLE, (10, 10)], [(34, 32), (10, 10)])
    runner.submit(pair, When.BETWEEN_STEPS).result(PATIENCE_S)
    runner.submit(placing([HANDLE, (10, 10)], [(34, 32)]), When.BETWEEN_STEPS).result(PATIENCE_S)
    runner.pull(1, 36, 32, 2)
    time.sleep(0.05)
    runner.submit(pair, When.BETWEEN_STEPS).result(PATIENCE_S)
    until(follows(runner, 36, 32))
    runner.release(1, "settle")
    done(runner)
    assert labels(runner) == ["points", "drag"]
    assert len(runner.session.handle_points) == 2


def test_two_pointers_pull_in_one_live_drag(stage: Recorder) -> None:
    runner = Runner(pinned_session, stage)
    runner.begin()
    runner.pull(1, 33, 32, 1)
    until(follows(runner, 33, 32))
    pair = placing([HANDLE, (30, 36)], [(33, 32), (30, 36)])
    runner.submit(pair, When.BETWEEN_STEPS).result(PATIENCE_S)
    runner.pull(2, 33, 36, 1)
    until(lambda: runner.session.target_points.tolist() == [[33, 32], [33, 36]])
    runner.release(1, "undo")
    assert runner.is_running
    runner.release(2, "settle")
    done(runner)
    assert labels(runner) == ["points", "drag"]
    runner.close()


def test_a_pointer_that_never_lets_go_ends_with_its_silence(
    runner: Runner, clock: LateClock
) -> None:
    runner.pull(1, 34, 32, 1)
    until(follows(runner, 34, 32))
    clock.ahead_s = SILENCE_S
    done(runner)
    assert runner.session.status == "arrived"
    assert labels(runner) == ["points", "drag"]


def test_a_pull_that_fails_is_told_and_the_next_one_works(
    runner: Runner, stage: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise GeneratorError("the features are not finite")

    with monkeypatch.context() as patch:
        patch.setattr(runner.session.generator, "trace", fail)
        runner.pull(1, 34, 32, 1)
        until(lambda: stage.errors)
    until(lambda: not runner.is_running)
    assert runner.session.status == "failed"
    runner.release(1, "settle")
    runner.pull(1, 34, 32, 2)
    until(follows(runner, 34, 32))


def test_closing_ends_a_pull(stage: Recorder) -> None:
    runner = Runner(lambda: pinned_session(config=SLOW), stage)
    runner.begin()
    session = runner.session
    pull_far(runner)
    runner.close()
    assert not session.is_following
    assert session.history.current.label == "drag"
    runner.pull(1, 50, 50, 2)
    runner.release(1, "undo")


def test_traits_that_are_held_are_written_later_while_the_pointer_rests(
    runner: Runner, stage: Recorder
) -> None:
    runner.pull(1, 34, 32, 1)
    until(follows(runner, 34, 32))
    stage.is_held = True
    runner.pull(1, 36, 32, 2)
    until(follows(runner, 36, 32))
    count = len(stage.statuses)
    stage.is_held = False
    until(lambda: len(stage.statuses) > count)


def test_the_pace_of_a_pull_is_measured(runner: Runner, stage: Recorder) -> None:
    for k in range(1, 9):
        runner.pull(1, 30 + k, 32, k)
        until(follows(runner, 30 + k, 32))
        acknowledge_all(runner, stage)
    figures = runner.pace.figures
    assert figures["steps_per_s"] > 1
    assert figures["pictures_per_s"] > 1
    assert 0 < figures["lag_ms"] < 1000 * PATIENCE_S
