import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.drag.config import SOLVERS
from draggan_widget.errors import DragganError, GeneratorError, InputError, SessionBusyError
from draggan_widget.session import DragResult, DragSession, SessionState
from tests.drag.blobs import BlobTrace
from tests.picture_blobs import MANY_STEPS, MappedPictureBlobs, PictureBlobs, blob_session

HANDLE, TARGET = (30.0, 32.0), (33.0, 31.0)


def pair_session(**arguments: Any) -> DragSession:
    """Return a session with one pair of points, many steps apart unless told otherwise."""
    arguments.setdefault("config", MANY_STEPS)
    session = blob_session(**arguments)
    session.set_points([HANDLE], [TARGET])
    return session


def centre(session: DragSession) -> np.ndarray:
    """Return where the blob of a session's latent is."""
    generator = session.generator
    assert isinstance(generator, PictureBlobs)
    return generator.centres(session.w)[0].numpy()


def same(one: SessionState, other: SessionState) -> bool:
    """Whether two states are equal bit for bit."""
    masks = (one.mask is None and other.mask is None) or (
        one.mask is not None and other.mask is not None and np.array_equal(one.mask, other.mask)
    )
    return (
        masks
        and one.seed == other.seed
        and one.point_ids == other.point_ids
        and torch.equal(one.w, other.w)
        and torch.equal(one.start_w, other.start_w)
        and same_z(one.z, other.z)
        and same_z(one.start_z, other.start_z)
        and np.array_equal(one.handle_points, other.handle_points)
        and np.array_equal(one.target_points, other.target_points)
        and np.array_equal(one.put_points, other.put_points)
    )


def same_z(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    """Whether two z are equal bit for bit, or both absent."""
    if one is None or other is None:
        return one is other
    return torch.equal(one, other)


# A new session


def test_a_new_session_shows_the_sample_of_its_seed() -> None:
    generator = PictureBlobs()
    session = DragSession(generator, seed=3)
    assert torch.equal(session.w, generator.sample_w(3))
    assert (session.seed, session.status) == (3, "idle")
    assert session.image.size == (64, 64)
    assert len(session.handle_points) == len(session.target_points) == 0
    assert session.mask is None


def test_a_latent_can_be_given_as_an_array() -> None:
    w = np.full((1, 8, 6), 0.25)
    assert torch.equal(DragSession(PictureBlobs(), w=w).w, torch.full((1, 8, 6), 0.25))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed must be a whole number from 0 to 4294967295, got -1"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"seed": True}, "seed must be a whole number"),
        ({"w": np.zeros((8, 6))}, r"w must be \[1, 8, 6\], got \[8, 6\]; generator.sample_w"),
        ({"w": np.full((1, 8, 6), np.nan)}, "w must be finite"),
        ({"w": "latent"}, r"w must be numbers \[1, 8, 6\]"),
        ({"config": {"solver": "paper"}}, "config must be a DragConfig, got dict"),
        ({"w": np.full((1, 8, 6), 1e300)}, "w must be finite in torch.float32"),
        ({"w": torch.zeros(1, 8, 6, dtype=torch.complex64)}, "w must be real numbers .*complex64"),
        ({"config": DragConfig(feature_block=33)}, "feature_block must be one of .*, got 33"),
        ({"device": "meta"}, "device 'meta' cannot be used here"),
    ],
)
def test_an_unusable_argument_is_refused_with_its_cure(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        DragSession(PictureBlobs(), **arguments)


def test_a_given_generator_is_not_moved() -> None:
    class Elsewhere(PictureBlobs):
        device = torch.device("meta")

    with pytest.raises(
        InputError, match=r"this one is on meta; move it with generator.to\(device\)"
    ):
        DragSession(Elsewhere(), device="cpu")


def test_what_is_no_generator_is_refused() -> None:
    with pytest.raises(InputError, match="generator must be a Generator or its name, got int"):
        DragSession(4)  # type: ignore[arg-type]


def test_an_unknown_generator_is_named() -> None:
    with pytest.raises(GeneratorError, match="no generator 'unicorns'"):
        DragSession("unicorns")


def test_the_representation_is_one_short_line() -> None:
    assert repr(pair_session()) == "<DragSession blobs 64x64, seed 0, 1 points, idle>"


# Points, mask, latent


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([3, 4, 5], r"handle_points must be \[N, 2\], got \[3\]"),
        ([[1, 2], [64, 2]], "point 1 is"),
        ([[np.nan, 2]], "must be finite"),
        ("points", "handle_points must be"),
    ],
)
def test_unusable_points_are_refused_and_change_nothing(points: Any, message: str) -> None:
    session = pair_session()
    before = session.state
    with pytest.raises(InputError, match=message):
        session.handle_points = points
    assert session.state is before


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((64, 64), bool), "True somewhere"),
        (np.ones((32, 64), bool), r"mask must be \[64, 64\]"),
        (np.ones((64, 64)), "mask must be boolean"),
    ],
)
def test_an_unusable_mask_is_refused_and_changes_nothing(mask: Any, message: str) -> None:
    session = pair_session()
    before = session.state
    with pytest.raises(InputError, match=message):
        session.mask = mask
    assert session.state is before


def test_arrays_of_a_session_are_copies_closed_for_writing() -> None:
    session, mask = pair_session(), np.ones((64, 64), bool)
    session.mask = mask
    mask[:] = False
    assert session.mask is not None
    assert session.mask.all()
    for array in (session.handle_points, session.target_points, session.mask):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_latent_cannot_be_changed_behind_the_session() -> None:
    session = pair_session()
    session.w[:] = 5
    assert torch.equal(session.w, torch.zeros(1, 8, 6))


def test_handles_and_targets_can_be_set_one_after_the_other() -> None:
    session = blob_session()
    session.handle_points = [[1, 2], [3, 4]]
    with pytest.raises(InputError, match="2 handle_points but 0 target_points; give each"):
        session.drag()
    session.target_points = [[5, 6], [7, 8]]
    assert session.point_ids == (1, 2)
    assert session.distances_px.shape == (2,)


def test_a_drag_without_points_says_what_to_do() -> None:
    with pytest.raises(InputError, match="at least one pair of points; click"):
        blob_session().drag()


def test_setting_handles_keeps_the_ids_of_those_that_stay() -> None:
    session = blob_session()
    session.set_points([[1, 1], [2, 2], [3, 3]], [[9, 9]] * 3)
    session.handle_points = [[3, 3], [5, 5], [1, 1]]
    assert list(session.point_ids) == [3, 4, 1]
    session.handle_points = np.vstack([session.handle_points, [6, 6]])
    assert list(session.point_ids) == [3, 4, 1, 5]


def test_a_known_id_stays_where_it_is_unless_it_was_put_down_anew() -> None:
    session = blob_session()
    session.set_points([[1, 1], [2, 2]], [[9, 9]] * 2)
    session.set_points([[7, 7], [8, 8]], [[9, 9]] * 2, point_ids=[1, 2], placed=[2])
    assert session.handle_points.tolist() == [[1, 1], [8, 8]]


def test_an_unusable_id_is_refused() -> None:
    with pytest.raises(InputError, match="point_ids must be from 1, got 0"):
        blob_session().set_points([[1, 1]], [[2, 2]], point_ids=[0])


def test_a_new_sample_has_no_points_and_no_mask() -> None:
    session = pair_session()
    session.mask = np.ones((64, 64), dtype=bool)
    session.sample(7)
    assert (session.seed, len(session.handle_points)) == (7, 0)
    assert session.state.mask is None
    assert torch.equal(session.w, PictureBlobs().sample_w(7))


def test_setting_the_latent_makes_it_the_start_and_keeps_the_points() -> None:
    session = pair_session()
    session.w = torch.full((1, 8, 6), 0.5)
    session.drag(max_steps=2)
    session.reset()
    assert torch.equal(session.w, torch.full((1, 8, 6), 0.5))
    assert session.handle_points.tolist() == [list(HANDLE)]


# Drags


def test_a_drag_moves_the_picture_until_the_handle_has_arrived() -> None:
    session = pair_session()
    result = session.drag()
    assert result.status == session.status == "arrived"
    assert result.distances_px.max() <= 1.0
    assert np.abs(centre(session) - result.handle_points[0]).max() < 0.2
    assert result.steps == session.steps > 0
    assert np.array_equal(result.handle_points, session.handle_points)


def test_a_result_is_told_in_json_and_in_a_line() -> None:
    away = np.array([3.25])
    result = DragResult(
        "stalled",
        12,
        np.array([[1.0, 2.0]]),
        away,
        1.5,
        26,
        nearest_px=away,
        near_px=2.0,
        confidences=np.array([0.5]),
        masked=False,
    )
    assert result.to_json() == {
        "status": "stalled",
        "steps": 12,
        "handle_points": [[1.0, 2.0]],
        "distances_px": [3.25],
        "seconds": 1.5,
        "generator_evaluations": 26,
        "confidences": [0.5],
        "least_px": 3.25,
        "words": "cannot reach: the point came no nearer than 3.2 px; "
        "try a nearer target or a mask around what should move",
    }
    assert repr(result) == (
        "<DragResult stalled after 12 steps in 1.5 s, at most 3.25 px from the targets>"
    )


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


def test_steps_are_told_as_they_come_and_counted_from_the_begin() -> None:
    session, steps = pair_session(), list[DragStep[Any]]()
    session.drag(max_steps=2, on_step=steps.append)
    session.drag(max_steps=2, on_step=steps.append)
    assert [step.step for step in steps] == [0, 1, 2, 0, 1, 2]
    assert all(np.abs(step.handle_points - HANDLE).max() < 4 for step in steps)
    assert session.image_of(steps[-1]).tobytes() == session.image.tobytes()


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


def test_points_without_a_target_wait_while_a_drag_runs() -> None:
    session = pair_session()

    def on_step(step: DragStep[Any]) -> None:
        if step.step == 0:
            session.handle_points = [*session.handle_points, (20, 20)]

    session.drag(max_steps=3, on_step=on_step)
    assert session.point_ids == (1, 2)
    assert session.handle_points[1].tolist() == [20, 20]
    with pytest.raises(InputError, match="2 handle_points but 1 target_points"):
        session.drag()


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


def test_a_drag_is_repeated_bit_for_bit() -> None:
    one, other = pair_session(), pair_session()
    one.drag()
    other.drag()
    assert torch.equal(one.w, other.w)
    one.undo()
    one.drag()
    assert torch.equal(one.w, other.w)


def test_new_settings_hold_from_the_next_drag() -> None:
    session = pair_session()
    session.drag(max_steps=1)
    session.config = replace(MANY_STEPS, max_steps=2)
    assert session.drag().steps == 2


def test_settings_that_the_generator_cannot_use_change_nothing() -> None:
    session = pair_session()
    before = session.config
    with pytest.raises(InputError, match="feature_block must be one of the generator's blocks"):
        session.config = DragConfig(feature_block=33)
    assert session.config is before


# Undo, redo, reset


def test_undo_and_redo_restore_every_state_bit_for_bit() -> None:
    session = pair_session()
    states = [session.history.entries[0].state, session.state]
    session.drag(max_steps=2)
    states.append(session.state)
    session.mask = np.tri(64, dtype=bool)
    states.append(session.state)
    session.step()
    states.append(session.state)
    session.reset()
    states.append(session.state)
    session.sample(9)
    states.append(session.state)
    session.w = torch.ones(1, 8, 6)
    states.append(session.state)
    pictures = []
    for state in reversed(states):
        assert same(session.state, state)
        pictures.append(session.image.tobytes())
        session.undo()
    assert not session.undo()
    for state in states:
        assert same(session.state, state)
        assert session.image.tobytes() == pictures.pop()
        session.redo()
    assert not session.redo()


def test_moving_one_target_in_many_steps_is_one_change() -> None:
    session = pair_session()
    for x in range(40, 50):
        session.target_points = [[x, 31]]
    session.undo()
    assert session.target_points.tolist() == [list(TARGET)]


def test_handles_and_targets_set_by_a_script_are_one_change() -> None:
    session = blob_session()
    session.handle_points = [HANDLE]
    session.target_points = [TARGET]
    session.undo()
    assert len(session.handle_points) == len(session.target_points) == 0


def test_undoing_a_change_of_points_keeps_what_the_others_look_like() -> None:
    session = pair_session()
    session.drag(max_steps=2)
    evaluations = session.drag(max_steps=1).generator_evaluations
    session.set_points([*session.handle_points, (20, 20)], [TARGET, (20, 20)], point_ids=[1, 2])
    session.undo()
    # A new optimizer would have begun with one more pass through the generator.
    assert session.drag(max_steps=1).generator_evaluations == evaluations


def test_reset_returns_to_the_first_picture_and_the_handles_to_where_they_were_put() -> None:
    session = pair_session()
    session.drag()
    session.reset()
    assert torch.equal(session.w, torch.zeros(1, 8, 6))
    assert session.handle_points.tolist() == [list(HANDLE)]
    assert session.status == "idle"


# Solvers and spaces


Z_CONFIG = DragConfig(solver="kinematic", space="z", feature_block=32, arrival_px=2)


def z_session(config: DragConfig = Z_CONFIG) -> DragSession:
    """Return a session over a blob of seed 5 whose latent comes from a z, with one pair of points."""
    generator = MappedPictureBlobs()
    session = DragSession(generator, seed=5, config=config)
    handle = generator.centres(session.w)[0].numpy()
    session.set_points([handle], [np.add(handle, (5, -4))])
    return session


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_can_be_undone_redone_and_reset(solver: str) -> None:
    session = z_session(DragConfig(solver=solver, space="z", feature_block=32))
    first = session.state
    assert session.drag().status == "arrived"
    last = session.state
    assert not same(first, last)
    session.undo()
    assert same(session.state, first)
    session.redo()
    assert same(session.state, last)
    session.reset()
    assert torch.equal(session.w, first.w)
    assert same_z(session.z, first.z)


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


def test_a_new_sample_has_its_z() -> None:
    session = z_session()
    session.sample(9)
    generator = session.generator
    assert isinstance(generator, MappedPictureBlobs)
    z = session.z
    assert z is not None
    assert torch.equal(session.w, generator.w_of_z(z))


def test_a_picture_may_be_given_by_its_z() -> None:
    generator = MappedPictureBlobs()
    z = generator.sample_z(4)
    session = DragSession(generator, z=z)
    assert same_z(session.z, z)
    assert torch.equal(session.w, generator.w_of_z(z))
    apart = DragSession(generator, w=generator.start(), z=z)
    assert same_z(apart.z, z)
    assert torch.equal(apart.w, generator.start())


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


def test_the_z_that_is_returned_is_a_copy() -> None:
    session = z_session()
    z = session.z
    assert z is not None
    z.zero_()
    assert not same_z(session.z, z)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"z": np.zeros(6)}, r"z must be \[1, 6\], got \[6\]; generator.sample_z"),
        ({"z": np.full((1, 6), np.inf)}, "z must be finite"),
        ({"z": "latent"}, r"z must be numbers \[1, 6\]"),
    ],
)
def test_an_unusable_z_is_refused_in_words(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        DragSession(MappedPictureBlobs(), **arguments)


def test_a_generator_without_a_mapping_takes_no_z() -> None:
    with pytest.raises(InputError, match="PictureBlobs has no w_of_z"):
        DragSession(PictureBlobs(), z=np.zeros((1, 6)))
    session = blob_session()
    with pytest.raises(InputError, match="PictureBlobs has no w_of_z"):
        session.config = Z_CONFIG
    assert session.config == DragConfig()


# Files and listeners


def test_the_picture_is_saved_as_it_is_shown(tmp_path: Path) -> None:
    session = pair_session()
    with Image.open(session.save_image(tmp_path / "a.png")) as image:
        assert image.tobytes() == session.image.tobytes()


def test_the_last_drag_is_saved_as_an_animation(tmp_path: Path) -> None:
    session = pair_session()
    session.drag(max_steps=3)
    path = session.save_animation(tmp_path / "a.gif", fps=20, points=True)
    with Image.open(path) as image:
        assert len(list(ImageSequence.Iterator(image))) == 4


def test_without_a_drag_there_is_nothing_to_animate(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no drag to animate; call drag\(\) first"):
        pair_session().save_animation(tmp_path / "a.gif")


def test_listeners_are_told_of_steps_and_of_other_changes() -> None:
    session, told = pair_session(), list[int | None]()
    end = session.listen(lambda step: told.append(None if step is None else step.step))
    session.mask = np.ones((64, 64), bool)
    session.drag(max_steps=1)
    end()
    session.sample(4)
    assert told == [None, 0, 1, None]
