import gc
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest
import torch

from draggan_widget.commands import When
from draggan_widget.errors import DragganError, GeneratorError, InputError
from draggan_widget.protocol import Ack, Hello
from draggan_widget.runner import Runner
from draggan_widget.session import DragSession
from tests.patience import PATIENCE_S, until
from tests.recorder import Recorder
from tests.slow_drags import far_session

ENDLESS = 1_000_000


@pytest.fixture
def stage() -> Recorder:
    return Recorder()


@pytest.fixture
def runner(stage: Recorder) -> Iterator[Runner]:
    runner = Runner(far_session, stage)
    runner.begin()
    yield runner
    runner.close()


def started(runner: Runner) -> Future[Any]:
    """Start a drag that lasts, and wait until it moves."""
    future = runner.drag(ENDLESS)
    until(lambda: runner.session.steps > 0)
    return future


def test_the_session_is_made_in_the_worker_and_shown_at_once(
    runner: Runner, stage: Recorder
) -> None:
    until(lambda: stage.frames)
    (frame,) = stage.frames
    assert (frame["seq"], frame["final"], frame["mime"]) == (1, True, "image/webp")
    assert (frame["w"], frame["h"], frame["handles"]) == (64, 64, [[30.0, 32.0]])
    until(lambda: stage.statuses == ["idle"])


def test_the_worker_leaves_a_core_to_browser_and_server(
    stage: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    runner = Runner(far_session, stage)
    runner.begin()
    assert runner.submit(lambda _: torch.get_num_threads()).result(PATIENCE_S) == 1
    runner.close()


def test_a_command_runs_in_the_worker_and_its_result_comes_back(runner: Runner) -> None:
    thread = runner.submit(lambda session: threading.current_thread()).result(PATIENCE_S)
    assert thread is not threading.current_thread()
    assert thread.daemon


def test_commands_run_in_their_order(runner: Runner) -> None:
    seen: list[int] = []

    def see(number: int) -> Callable[[DragSession], None]:
        return lambda _: seen.append(number)

    futures = [runner.submit(see(number)) for number in range(20)]
    futures[-1].result(PATIENCE_S)
    assert seen == list(range(20))


def test_a_failing_command_raises_where_it_was_asked_for_and_the_worker_lives_on(
    runner: Runner, stage: Recorder
) -> None:
    with pytest.raises(InputError, match="seed"):
        runner.submit(lambda session: session.sample(-1)).result(PATIENCE_S)
    assert stage.errors == []
    assert runner.submit(lambda session: session.seed).result(PATIENCE_S) == 0


def test_a_failure_that_nobody_waits_for_is_logged_and_told(
    runner: Runner, stage: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "draggan_widget"):
        runner.submit(lambda session: 1 / 0, told=True).exception(PATIENCE_S)
    assert isinstance(stage.errors[0], ZeroDivisionError)
    assert "division by zero" in caplog.text
    assert "Traceback" in caplog.text


def test_traits_are_up_to_date_when_a_result_comes_back(runner: Runner, stage: Recorder) -> None:
    result = runner.drag(3).result(PATIENCE_S)
    assert result.status == "max_steps"
    assert stage.statuses[-1] == "max_steps"
    assert stage.frames[-1]["final"]


def test_what_cannot_be_published_now_is_published_soon(runner: Runner, stage: Recorder) -> None:
    stage.is_held = True
    runner.submit(lambda session: session.sample(4)).result(PATIENCE_S)
    count = len(stage.statuses)
    time.sleep(0.1)
    assert len(stage.statuses) == count
    stage.is_held = False
    until(lambda: len(stage.statuses) == count + 1)


def test_stop_ends_a_drag_within_a_step(runner: Runner) -> None:
    future = started(runner)
    steps = runner.session.steps
    runner.stop()
    assert not runner.is_running
    result = future.result(PATIENCE_S)
    assert result.status == "stopped"
    assert result.steps <= steps + 3


def test_stop_also_calls_off_a_drag_that_has_not_begun(runner: Runner) -> None:
    hold = threading.Event()
    runner.submit(lambda session: hold.wait(PATIENCE_S))
    future = runner.drag(ENDLESS)
    assert runner.is_running
    runner.stop()
    until(lambda: not runner.is_running)
    hold.set()
    assert future.result(PATIENCE_S).steps <= 1


def test_edits_run_between_the_steps_of_a_drag(runner: Runner) -> None:
    future = started(runner)
    edit = runner.submit(
        lambda session: session.set_points([(0, 0)], [(31, 32)], point_ids=[1]),
        When.BETWEEN_STEPS,
    )
    edit.result(PATIENCE_S)
    assert future.result(PATIENCE_S).status == "arrived"


def test_another_action_stops_the_drag_and_follows_it(runner: Runner) -> None:
    future = started(runner)
    assert runner.submit(lambda session: session.undo()).result(PATIENCE_S) is True
    assert future.result(PATIENCE_S).status == "stopped"


def test_what_can_wait_lets_the_drag_go_on_and_edits_overtake_it(runner: Runner) -> None:
    future = started(runner)
    waiting = runner.submit(lambda session: session.status, When.AFTER_THE_DRAG)
    runner.submit(lambda session: None, When.BETWEEN_STEPS).result(PATIENCE_S)
    assert not waiting.done()
    runner.stop()
    assert waiting.result(PATIENCE_S) == "stopped"
    assert future.done()


def test_a_second_drag_takes_the_place_of_the_first(runner: Runner) -> None:
    first = started(runner)
    second = runner.drag(2)
    assert first.result(PATIENCE_S).status == "stopped"
    assert second.result(PATIENCE_S).steps == 2


def test_a_cancelled_drag_never_begins(runner: Runner) -> None:
    hold = threading.Event()
    runner.submit(lambda session: hold.wait(PATIENCE_S))
    future = runner.drag(ENDLESS)
    assert future.cancel()
    hold.set()
    assert runner.submit(lambda session: session.status).result(PATIENCE_S) == "idle"
    assert not runner.is_running


def test_without_an_answering_front_end_pictures_slow_down_but_nothing_hangs(
    runner: Runner, stage: Recorder
) -> None:
    started(runner)
    until(lambda: len(stage.frames) >= 4)
    begin = runner.session.steps
    moving, since = len(stage.frames), time.monotonic()
    until(lambda: len(stage.frames) >= moving + 2)
    assert time.monotonic() - since >= 0.7
    assert runner.session.steps > begin + 2


def test_an_answering_front_end_gets_the_newest_picture_with_its_handles(
    runner: Runner, stage: Recorder
) -> None:
    until(lambda: stage.frames)
    runner.frames.greet(Hello(1, loopback=False, visible=True))
    future = started(runner)
    answered: set[int] = set()
    while len(answered) < 20:
        until(lambda: stage.frames[-1]["seq"] not in answered)
        answered.add(stage.frames[-1]["seq"])
        runner.frames.acknowledge(Ack(max(answered), shown=True, visible=True))
    runner.stop()
    future.result(PATIENCE_S)
    moving = [frame for frame in stage.frames if not frame["final"]]
    assert {frame["mime"] for frame in moving} == {"image/jpeg"}
    assert all(frame["distances"][0] > 0 for frame in moving)
    assert len({tuple(frame["handles"][0]) for frame in moving}) > 5
    assert stage.frames[-1]["final"]


def test_nothing_is_drawn_for_what_nobody_sees_until_it_is_seen_again(
    runner: Runner, stage: Recorder
) -> None:
    until(lambda: stage.frames)
    runner.frames.acknowledge(Ack(1, shown=True, visible=False))
    drawn: list[object] = []
    session = runner.session
    draw = session.image_of
    session.image_of = lambda step: drawn.append(step) or draw(step)  # type: ignore
    runner.drag(5).result(PATIENCE_S)
    assert drawn == []
    assert len(stage.frames) == 1
    runner.frames.acknowledge(Ack(1, shown=False, visible=True))
    assert [frame["final"] for frame in stage.frames] == [True, True]


def test_a_session_that_a_script_drags_itself_is_shown_too(runner: Runner, stage: Recorder) -> None:
    until(lambda: stage.statuses)
    result = runner.session.drag(3)
    assert any(not frame["final"] for frame in stage.frames)
    until(lambda: stage.statuses[-1] == "max_steps" and stage.frames[-1]["final"])
    assert stage.frames[-1]["handles"] == result.handle_points.tolist()


def test_a_front_end_can_stop_a_session_that_a_script_drags_itself(runner: Runner) -> None:
    session = runner.session
    threading.Timer(0.3, runner.stop).start()
    assert session.drag(ENDLESS).status == "stopped"


def test_points_without_targets_are_left_out_of_the_picture(
    runner: Runner, stage: Recorder
) -> None:
    runner.submit(lambda session: setattr(session, "target_points", [])).result(PATIENCE_S)
    assert stage.frames[-1]["handles"] == stage.frames[-1]["point_ids"] == []


def test_a_session_that_cannot_be_made_is_told_and_refuses_every_command(
    stage: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> DragSession:
        raise GeneratorError("there is no such generator")

    with caplog.at_level(logging.ERROR, "draggan_widget"):
        runner = Runner(fail, stage)
        runner.begin()
        early = runner.submit(lambda session: session.image)
        with pytest.raises(GeneratorError, match="no such generator"):
            early.result(PATIENCE_S)
    with pytest.raises(GeneratorError, match="no such generator"):
        _ = runner.session
    assert runner.is_loaded
    until(lambda: stage.statuses == ["none"])
    assert [str(error) for error in stage.errors] == ["there is no such generator"]
    runner.close()


def test_a_drag_that_fails_is_told_and_the_next_one_runs(
    runner: Runner, stage: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = runner.session.generator

    def fail(*_: object) -> None:
        raise GeneratorError("the features are not finite")

    with monkeypatch.context() as patch:
        patch.setattr(generator, "trace", fail)
        runner.start()
        until(lambda: stage.errors)
    until(lambda: stage.statuses[-1] == "failed")
    assert runner.drag(1).result(PATIENCE_S).steps == 1


def test_a_picture_that_cannot_be_drawn_is_told_and_does_not_stop_the_drag(
    runner: Runner, stage: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: stage.frames)

    def fail(*_: object) -> None:
        raise MemoryError("no memory for the picture")

    with monkeypatch.context() as patch:
        patch.setattr(runner.session, "image_of", fail)
        assert runner.drag(3).result(PATIENCE_S).steps == 3
    assert isinstance(stage.errors[0], MemoryError)


def test_closing_ends_the_thread_and_cancels_what_waits(stage: Recorder) -> None:
    runner = Runner(far_session, stage)
    runner.begin()
    running = started(runner)
    waiting = runner.submit(lambda session: session.seed, When.AFTER_THE_DRAG)
    runner.close()
    runner.close()
    assert running.result(PATIENCE_S).status == "stopped"
    with pytest.raises(CancelledError):
        waiting.result(0)
    with pytest.raises(DragganError, match="the widget was closed; make a new one"):
        runner.submit(lambda session: session.seed)
    with pytest.raises(DragganError, match="the widget was closed"):
        _ = runner.session
    assert "draggan-widget" not in [thread.name for thread in threading.enumerate()]


def test_the_runner_does_not_keep_its_stage_alive() -> None:
    stage = Recorder()
    seen = weakref.ref(stage)
    runner = Runner(far_session, stage)
    runner.begin()
    runner.submit(lambda session: None).result(PATIENCE_S)
    del stage
    gc.collect()
    assert seen() is None
    runner.close()


def test_the_worker_may_ask_itself(runner: Runner) -> None:
    def ask(session: DragSession) -> int:
        return runner.submit(lambda inner: inner.seed).result(0)

    assert runner.submit(ask).result(PATIENCE_S) == 0


def test_who_is_told_that_a_closing_runner_drops_a_command_may_wait_for_who_asks_the_runner(
    runner: Runner,
) -> None:
    gate, told, asked = threading.Event(), threading.Event(), threading.Event()
    has_asked: list[bool] = []

    def hear(_: Future[None]) -> None:
        told.set()
        has_asked.append(asked.wait(PATIENCE_S))

    runner.submit(lambda _: gate.wait(PATIENCE_S))
    runner.submit(lambda _: None).add_done_callback(hear)
    closer = threading.Thread(target=runner.close)
    closer.start()
    assert told.wait(PATIENCE_S)
    with pytest.raises(DragganError, match="closed"):
        runner.submit(lambda _: None)
    asked.set()
    gate.set()
    closer.join()
    assert has_asked == [True]
