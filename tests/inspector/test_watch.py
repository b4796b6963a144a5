import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig
from draggan_widget.drag.config import SOLVERS
from draggan_widget.inspector.watch import Watch
from draggan_widget.session import DragSession
from tests.session.sessions import HANDLE, TARGET, pair_session
from tests.slow_drags import far_session


def watch(session: DragSession, *, wants: bool = True) -> tuple[Watch, list[int]]:
    """Return a watch, and how often it has told."""
    told: list[int] = []
    return Watch(session, lambda: wants, lambda: told.append(1)), told


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_moment_after_a_drag_holds_its_rows_and_the_origin_of_its_handle(solver: str) -> None:
    session = pair_session(config=DragConfig(solver=solver))
    start = session.w
    seen, told = watch(session)
    result = session.drag()
    moment = seen.moment
    assert moment.state is session.state
    assert moment.rows[-1].step == result.steps
    assert torch.equal(moment.origins[0].w, start)
    assert moment.origins[0].place.tolist() == list(HANDLE)
    assert moment.trace is not None
    assert len(told) > result.steps
    seen.end()


def test_steps_that_nobody_wants_are_noted_but_neither_drawn_nor_told() -> None:
    session = pair_session()
    seen, told = watch(session, wants=False)
    traced: list[bool] = []
    result = session.drag(on_step=lambda step: traced.append(step.trace is not None))
    assert len(told) == 1  # the end of the drag
    assert len(seen.moment.rows) == result.steps + 1
    seen.end()


def test_a_step_that_was_not_computed_to_be_looked_at_is_left_to_the_next() -> None:
    session = pair_session()
    seen, told = watch(session)
    step = session.step()
    before = len(told)
    session._listeners.tell(replace(step, trace=None))
    assert len(told) == before
    session._listeners.tell(step)
    assert len(told) == before + 1
    seen.end()


def test_what_was_told_of_is_looked_at_once_and_then_what_the_session_holds() -> None:
    session = far_session()
    steps: list[int] = []

    def wants() -> bool:
        return len(steps) < 2

    seen = Watch(session, wants, lambda: None)
    found = []

    def after(step: Any) -> None:
        steps.append(step.step)
        if step.step == 3:
            found.extend([seen.next_moment(), seen.next_moment()])

    session.drag(5, on_step=after)
    offered, now = found
    assert offered.trace is not None
    assert offered.rows[-1].step < 3
    assert now.rows[-1].step == 3


def test_before_any_drag_the_reference_is_that_of_the_picture_at_hand() -> None:
    session = pair_session()
    seen, _ = watch(session)
    (origin,) = seen.moment.origins
    assert origin.w is session.state.w
    assert origin.place.tolist() == list(HANDLE)
    assert seen.moment.rows == ()


def test_a_handle_that_is_put_down_anew_has_its_origin_there() -> None:
    session = pair_session()
    seen, _ = watch(session)
    session.drag()
    kept = seen.moment.origins[0]
    session.set_points([(20, 20)], [TARGET], point_ids=session.point_ids, placed=session.point_ids)
    (origin,) = seen.moment.origins
    assert origin is not kept
    assert origin.w is session.state.w
    assert origin.place.tolist() == [20, 20]


def test_an_undone_drag_has_no_rows_and_comes_back_with_redo() -> None:
    session = pair_session()
    seen, _ = watch(session)
    session.drag()
    session.undo()
    assert seen.moment.rows == ()
    assert seen.moment.trace is None
    session.redo()
    assert len(seen.moment.rows) > 1


def test_after_other_settings_the_features_of_the_last_step_are_not_used() -> None:
    session = pair_session(config=DragConfig(feature_block=32))
    seen, _ = watch(session)
    session.drag()
    assert seen.moment.trace is not None
    session.config = DragConfig(solver="paper", feature_block=16)
    moment = seen.moment
    assert moment.trace is None
    assert moment.origins[0].w is session.state.w
    assert len(moment.rows) > 1


def test_after_undo_and_redo_references_are_those_that_the_next_drag_will_take() -> None:
    session = pair_session()
    seen, _ = watch(session)
    session.drag()
    session.undo()
    session.redo()
    after = seen.moment.origins[0]
    assert after.w is session.state.w
    session.step()
    assert seen.moment.origins[0].place.tolist() == after.place.tolist()


def test_a_live_drag_is_watched_step_by_step() -> None:
    session = pair_session(config=DragConfig(feature_block=32))
    seen, _ = watch(session)
    lengths = []
    for x in (31, 32, 33):
        session.follow(0, (x, 32))
        lengths.append(len(seen.moment.rows))
    session.settle()
    assert lengths == [1, 2, 3]
    assert np.isfinite(seen.moment.rows[-1].distances_px).all()


def test_another_thread_may_look_while_a_drag_runs() -> None:
    session = far_session()
    looked: list[int] = []
    ready = threading.Event()
    seen = Watch(session, lambda: True, ready.set)

    def look() -> None:
        for _ in range(5):
            ready.wait(10)
            ready.clear()
            moment = seen.moment
            assert len(moment.origins) == len(moment.state.point_ids)
            looked.append(len(moment.rows))
        session.stop()

    thread = threading.Thread(target=look)
    thread.start()
    session.drag()
    thread.join()
    assert looked == sorted(looked)
    assert looked[-1] >= 1


def test_after_its_end_nothing_is_told() -> None:
    session = pair_session()
    seen, told = watch(session)
    seen.end()
    session.drag()
    assert told == []
