import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.drag.config import SOLVERS
from draggan_widget.errors import DragganError, InputError, SessionBusyError
from draggan_widget.session import DragSession
from tests.drag.blobs import BlobTrace
from tests.picture_blobs import MappedPictureBlobs, blob_session
from tests.session.sessions import (
    HANDLE,
    TARGET,
    Z_CONFIG,
    centre,
    pair_session,
    same_z,
    z_session,
)

# From begin to end


def test_a_drag_without_points_says_what_to_do() -> None:
    with pytest.raises(InputError, match="at least one pair of points; click"):
        blob_session().drag()


def test_a_drag_moves_the_picture_until_the_handle_has_arrived() -> None:
    session = pair_session()
    result = session.drag()
    assert result.status == session.status == "arrived"
    assert result.distances_px.max() <= 1.0
    assert np.abs(centre(session) - result.handle_points[0]).max() < 0.2
    assert result.steps == session.steps > 0
    assert np.array_equal(result.handle_points, session.handle_points)


def test_evaluations_count_forward_and_backward_passes() -> None:
    session = pair_session()
    # The start, three steps forward and backward, and the picture after the last move.
    assert session.drag(max_steps=3).generator_evaluations == 1 + 3 * 2 + 1
    assert session.drag(max_steps=2).generator_evaluations == 2 * 2 + 1


def test_a_drag_ends_at_the_limit_with_picture_and_handles_that_belong_together() -> None:
    session = pair_session()
    result = session.drag(max_steps=3)
    assert (result.status, result.steps) == ("max_steps", 3)
    assert np.abs(centre(session) - session.handle_points[0]).max() < 0.2
    assert len(session.trajectory) == 4
    assert torch.equal(session.trajectory[-1].w, session.w)


@pytest.mark.parametrize("limit", [0, -3, 1.5, True])
def test_an_unusable_limit_is_refused(limit: Any) -> None:
    with pytest.raises(InputError, match="max_steps must be a whole number from 1"):
        pair_session().drag(max_steps=limit)


def test_a_drag_that_has_already_arrived_moves_nothing() -> None:
    session = blob_session()
    session.set_points([HANDLE], [HANDLE])
    result = session.drag()
    assert (result.status, result.steps) == ("arrived", 0)
    assert torch.equal(session.w, torch.zeros(1, 8, 6))


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_drag_that_changes_nothing_is_no_entry_and_leaves_what_was_undone(solver: str) -> None:
    session = blob_session(config=DragConfig(solver=solver, feature_block=32))
    session.set_points([HANDLE], [HANDLE])
    session.mask = np.tri(64, dtype=bool)
    session.undo()
    before, history = session.state, session.history
    for _ in range(2):
        session.drag()
        session.step()
        session.follow(0, HANDLE)
        session.settle()
    assert session.history == history
    assert session.state is before
    assert session.redo()


@pytest.mark.parametrize("make", [pair_session, z_session])
def test_all_drags_go_their_way_in_inference_mode_too(make: Callable[[], DragSession]) -> None:
    def latents(session: DragSession) -> list[torch.Tensor]:
        session.drag(max_steps=2)
        session.step()
        session.follow(0, HANDLE)
        session.settle(max_steps=2)
        return [entry.state.w for entry in session.history.entries]

    expected = latents(make())
    given = make()
    with torch.inference_mode():
        session = DragSession(given.generator, w=given.w, z=given.z, config=given.config)
        session.set_points(given.handle_points, given.target_points)
        found = latents(session)
    assert len(found) == 5
    assert all(map(torch.equal, found, expected))


def test_a_drag_is_repeated_bit_for_bit() -> None:
    one, other = pair_session(), pair_session()
    one.drag()
    other.drag()
    assert torch.equal(one.w, other.w)
    one.undo()
    one.drag()
    assert torch.equal(one.w, other.w)


def test_steps_are_told_as_they_come_and_counted_from_the_begin() -> None:
    session, steps = pair_session(), list[DragStep[Any]]()
    session.drag(max_steps=2, on_step=steps.append)
    session.drag(max_steps=2, on_step=steps.append)
    assert [step.step for step in steps] == [0, 1, 2, 0, 1, 2]
    assert all(np.abs(step.handle_points - HANDLE).max() < 4 for step in steps)
    assert session.image_of(steps[-1]).tobytes() == session.image.tobytes()


def test_single_steps_move_the_picture_and_count_on() -> None:
    session = pair_session()
    first, second = session.step(), session.step()
    assert [first.step, second.step] == [1, 2]
    assert session.status == "stopped"
    assert first.loss > 0
    assert torch.equal(second.w, session.w)
    assert not torch.equal(first.w, second.w)
    assert [entry.label for entry in session.history.entries] == [
        "sample",
        "points",
        "step",
        "step",
    ]


# Stopping


def test_stop_acts_within_one_step() -> None:
    session, seen = pair_session(), list[int]()

    def on_step(step: DragStep[Any]) -> None:
        seen.append(step.step)
        if step.step == 1:
            session.stop()
            assert session.stop_requested

    result = session.drag(on_step=on_step)
    assert result.status == session.status == "stopped"
    assert result.steps == 2
    assert not session.stop_requested
    assert np.abs(centre(session) - session.handle_points[0]).max() < 0.2


def test_stop_from_another_thread_ends_the_drag() -> None:
    session, begun = pair_session(), threading.Event()
    session.target_points = [[60, 60]]

    def stop() -> None:
        begun.wait()
        session.stop()

    threading.Thread(target=stop).start()
    result = session.drag(max_steps=100_000, on_step=lambda step: begun.set())
    assert result.status == "stopped"
    assert result.steps < 1000


def test_stop_at_rest_does_not_stop_the_next_drag() -> None:
    session = pair_session()
    session.stop()
    assert session.drag(max_steps=2).steps == 2


# Changes on the way


def test_points_can_be_aimed_elsewhere_and_added_while_a_drag_runs() -> None:
    session = pair_session()
    session.target_points = [[60, 60]]

    def on_step(step: DragStep[Any]) -> None:
        if step.step == 2:
            session.set_points([(0, 0), (40, 32)], [TARGET, (42, 31)], point_ids=[1, 2], placed=[2])
            assert np.abs(session.handle_points[0] - step.handle_points[0]).max() == 0

    result = session.drag(on_step=on_step)
    assert result.status == "arrived"
    assert result.handle_points.shape == (2, 2)
    labels = [entry.label for entry in session.history.entries]
    assert labels == ["sample", "points", "points", "drag"]


def test_points_without_a_target_end_the_drag_and_are_kept() -> None:
    session, told = pair_session(), list[int]()

    def on_step(step: DragStep[Any]) -> None:
        told.append(step.step)
        if step.step == 1:
            session.handle_points = [*session.handle_points, (20, 20)]

    result = session.drag(on_step=on_step)
    assert result.status == session.status == "stopped"
    assert result.words == "stopped: there is no complete pair of points"
    assert told == [0, 1, 2]
    assert session.point_ids == (1, 2)
    assert session.handle_points[1].tolist() == [20, 20]
    assert np.abs(centre(session) - session.handle_points[0]).max() < 0.2
    with pytest.raises(InputError, match="2 handle_points but 1 target_points"):
        session.drag()


def test_points_that_lose_a_target_at_the_arrival_are_not_said_to_have_arrived() -> None:
    session = pair_session()
    session.target_points = [HANDLE]

    def on_step(step: DragStep[Any]) -> None:
        session.target_points = []

    assert session.drag(on_step=on_step).status == "stopped"


def test_removing_the_last_point_ends_the_drag() -> None:
    session = pair_session()
    result = session.drag(on_step=lambda step: session.clear_points())
    assert result.status == "stopped"
    assert len(result.handle_points) == 0


def test_a_mask_set_while_a_drag_runs_is_used() -> None:
    session, masked = pair_session(), pair_session()
    mask = np.zeros((64, 64), bool)
    mask[:, :8] = True

    def on_step(step: DragStep[Any]) -> None:
        masked.mask = mask

    session.drag(max_steps=6)
    masked.drag(max_steps=6, on_step=on_step)
    assert np.abs(centre(masked) - HANDLE).sum() < 0.8 * np.abs(centre(session) - HANDLE).sum()


def test_everything_else_is_refused_while_a_drag_runs() -> None:
    session, refused = pair_session(), list[str]()

    def on_step(step: DragStep[Any]) -> None:
        for name in ("undo", "redo", "reset", "drag", "step"):
            with pytest.raises(SessionBusyError, match="a drag is running"):
                getattr(session, name)()
            refused.append(name)
        with pytest.raises(SessionBusyError):
            session.config = DragConfig(max_steps=1)
        session.stop()

    session.drag(on_step=on_step)
    assert len(refused) == 2 * 5


def test_another_thread_is_refused_while_a_drag_runs() -> None:
    session, errors = pair_session(), list[BaseException]()

    def elsewhere() -> None:
        try:
            session.handle_points = [[1, 1]]
        except DragganError as error:
            errors.append(error)

    def on_step(step: DragStep[Any]) -> None:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        session.stop()

    session.drag(on_step=on_step)
    assert "dragged in another thread" in str(errors[0])


# Failures


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("mine")])
def test_an_exception_leaves_a_picture_with_its_handles_and_can_be_undone(
    error: BaseException,
) -> None:
    session = pair_session()
    before = session.state

    def on_step(step: DragStep[Any]) -> None:
        if step.step == 2:
            raise error

    with pytest.raises(type(error)):
        session.drag(on_step=on_step)
    assert session.status == ("failed" if isinstance(error, Exception) else "stopped")
    assert np.abs(centre(session) - session.handle_points[0]).max() < 0.2
    assert session.drag().status == "arrived"
    session.undo()
    session.undo()
    assert session.state is before


def test_an_interrupted_step_is_not_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    session = pair_session()
    generator, calls = session.generator, list[int]()
    trace = generator.trace

    def interrupted(w: torch.Tensor, block: int) -> BlobTrace:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return trace(w, block)  # type: ignore[no-any-return]

    monkeypatch.setattr(generator, "trace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.drag()
    assert session.steps == 1
    assert np.abs(centre(session) - session.handle_points[0]).max() < 0.2


# The space z


def test_a_drag_of_z_goes_on_where_it_ended() -> None:
    session = z_session()
    assert session.drag().status == "arrived"
    middle = session.z
    session.target_points = np.add(session.target_points, (0, 6))
    assert session.drag().status == "arrived"
    assert not same_z(session.z, middle)
    generator = session.generator
    assert isinstance(generator, MappedPictureBlobs)
    z = session.z
    assert z is not None
    torch.testing.assert_close(session.w[:, :6], generator.w_of_z(z)[:, :6], atol=1e-5, rtol=0)


def test_a_step_in_z_moves_z() -> None:
    session = z_session()
    before = session.z
    session.step()
    assert not same_z(session.z, before)


def test_a_drag_of_z_after_one_of_w_takes_along_what_that_added() -> None:
    session = z_session(DragConfig(solver="kinematic", feature_block=32, arrival_px=2))
    z = session.z
    session.drag()
    assert same_z(session.z, z)
    w = session.w
    session.config = Z_CONFIG
    session.target_points = np.add(session.handle_points, (0, 4))
    assert session.drag().status == "arrived"
    generator = session.generator
    assert isinstance(generator, MappedPictureBlobs)
    after = session.z
    assert z is not None
    assert after is not None
    torch.testing.assert_close(
        (session.w - w)[:, :6], (generator.w_of_z(after) - generator.w_of_z(z))[:, :6]
    )


def test_a_given_w_cannot_be_dragged_in_z_and_stays_as_it_is() -> None:
    session = z_session()
    session.w = session.w + 0.1
    assert session.z is None
    before = session.state
    with pytest.raises(InputError, match=r'latent w does not tell it; start from a seed .*"w\+"'):
        session.drag()
    assert session.state is before
    assert session.status == "idle"
    session.undo()
    assert session.drag().status == "arrived"
