from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig
from draggan_widget.drag.config import SOLVERS
from draggan_widget.errors import InputError
from tests.picture_blobs import MANY_STEPS, MappedPictureBlobs, PictureBlobs, blob_session
from tests.session.sessions import HANDLE, TARGET, pair_session, same, same_z, z_session

# Points


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


def test_handles_and_targets_can_be_set_one_after_the_other() -> None:
    session = blob_session()
    session.handle_points = [[1, 2], [3, 4]]
    with pytest.raises(InputError, match="2 handle_points but 0 target_points; give each"):
        session.drag()
    session.target_points = [[5, 6], [7, 8]]
    assert session.point_ids == (1, 2)
    assert session.distances_px.shape == (2,)


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


# Mask and settings


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


def test_an_equal_mask_is_the_old_one_and_is_not_measured_again() -> None:
    session, mask = pair_session(config=DragConfig(feature_block=32)), np.tri(64, dtype=bool)
    session.mask = mask
    session.follow(0, (40, 31))
    before, generator = session.state, session.generator
    assert isinstance(generator, PictureBlobs)
    session.mask = mask.copy()
    assert session.state is before
    traces = generator.traces
    session.follow(0, (41, 31))
    assert generator.traces <= traces + 2


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


# Latent


def test_a_new_sample_has_no_points_and_no_mask() -> None:
    session = pair_session()
    session.mask = np.ones((64, 64), dtype=bool)
    session.sample(7)
    assert (session.seed, len(session.handle_points)) == (7, 0)
    assert session.state.mask is None
    assert torch.equal(session.w, PictureBlobs().sample_w(7))


def test_a_new_sample_has_its_z() -> None:
    session = z_session()
    session.sample(9)
    generator = session.generator
    assert isinstance(generator, MappedPictureBlobs)
    z = session.z
    assert z is not None
    assert torch.equal(session.w, generator.w_of_z(z))


def test_setting_the_latent_makes_it_the_start_and_keeps_the_points() -> None:
    session = pair_session()
    session.w = torch.full((1, 8, 6), 0.5)
    session.drag(max_steps=2)
    session.reset()
    assert torch.equal(session.w, torch.full((1, 8, 6), 0.5))
    assert session.handle_points.tolist() == [list(HANDLE)]


def test_reset_returns_to_the_first_picture_and_the_handles_to_where_they_were_put() -> None:
    session = pair_session()
    session.drag()
    session.reset()
    assert torch.equal(session.w, torch.zeros(1, 8, 6))
    assert session.handle_points.tolist() == [list(HANDLE)]
    assert session.status == "idle"


# History


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
