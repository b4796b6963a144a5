from dataclasses import replace

import numpy as np
import pytest

from draggan_widget.drag import DragConfig
from draggan_widget.drag.config import SOLVERS
from draggan_widget.inspector.look import (
    DISTANCES,
    FEATURES,
    LARGEST_PICTURE_PX,
    PICTURE,
    Choice,
    Look,
    Looker,
    Zoom,
    small_picture,
)
from draggan_widget.inspector.watch import Watch
from draggan_widget.session import DragSession
from tests.session.sessions import HANDLE, pair_session


def looked(session: DragSession, looker: Looker, choice: Choice) -> Look:
    return looker.look(Watch(session, lambda: True, lambda: None).moment, choice)


@pytest.mark.parametrize("solver", SOLVERS)
def test_after_a_drag_the_least_distance_is_where_the_handle_was_tracked(solver: str) -> None:
    session = pair_session(config=DragConfig(solver=solver, feature_block=32))
    watch = Watch(session, lambda: True, lambda: None)
    session.drag()
    look = Looker(session.generator).look(watch.moment, Choice())
    assert look.zoom is not None
    x, y, value = look.zoom.least
    assert (x, y) == pytest.approx(session.handle_points[0].tolist(), abs=1.0)
    assert value < 0.5
    assert look.zoom.distances.max() > 2 * value
    assert look.zoom.handle == tuple(session.handle_points[0].tolist())


def test_each_ground_has_the_size_of_what_it_shows() -> None:
    session = pair_session(config=DragConfig(feature_block=32))
    looker = Looker(session.generator)
    picture, features, distances = (
        looked(session, looker, Choice(ground=ground)) for ground in (PICTURE, FEATURES, DISTANCES)
    )
    np.testing.assert_array_equal(picture.ground, np.asarray(session.image))
    assert picture.is_smooth
    assert features.ground.shape == distances.ground.shape == (32, 32, 3)
    assert [features.is_smooth, distances.is_smooth] == [False, False]
    assert features.share is not None
    assert 0 < features.share <= 1
    assert (picture.block, picture.channels, picture.share) == (32, 5, None)


def test_colours_stay_the_same_while_one_animal_is_dragged_and_change_with_the_animal() -> None:
    session = pair_session()
    looker, choice = Looker(session.generator), Choice(ground=FEATURES)
    before = looked(session, looker, choice).ground
    session.drag()
    moved = looked(session, looker, choice).ground
    assert not np.array_equal(before, moved)
    corner = np.s_[-3:, -3:]  # where the blob never is
    np.testing.assert_array_equal(before[corner], moved[corner])
    session.undo()
    np.testing.assert_array_equal(looked(session, looker, choice).ground, before)


def test_another_block_than_the_solvers_can_be_looked_at() -> None:
    session = pair_session(config=DragConfig(feature_block=32))
    session.drag()
    look = looked(session, Looker(session.generator), Choice(ground=FEATURES, block=16))
    assert (look.block, look.ground.shape) == (16, (16, 16, 3))
    assert look.zoom is not None


def test_the_chosen_handle_is_shown_and_the_first_if_it_is_gone() -> None:
    session = pair_session()
    session.set_points([HANDLE, (20, 40)], [HANDLE, (20, 40)])
    looker = Looker(session.generator)
    first, second = session.point_ids
    assert looked(session, looker, Choice(handle=second)).index == 1
    assert looked(session, looker, Choice(handle=first)).index == 0
    assert looked(session, looker, Choice(handle=999)).index == 0
    assert looked(session, looker, Choice()).index == 0


def test_without_handles_the_picture_is_shown_instead_of_distances() -> None:
    session = pair_session()
    session.clear_points()
    look = looked(session, Looker(session.generator), Choice(ground=DISTANCES))
    assert look.is_smooth
    assert look.zoom is None
    np.testing.assert_array_equal(look.ground, np.asarray(session.image))


def test_the_least_distance_is_looked_for_where_the_solver_searches() -> None:
    distances = np.full((9, 9), 2.0, np.float32)
    distances[0, 0] = 0.1  # outside the square that is searched
    distances[4, 6] = 0.5
    zoom = Zoom(distances, x=10, y=20, spacing_px=0.5, handle=(12, 22), search_px=1.0)
    wider = replace(zoom, search_px=2.0)
    assert [*zoom.least] == [13, 22, 0.5]
    assert [*wider.least] == [10, 20, pytest.approx(0.1)]


def test_a_large_picture_is_shown_smaller() -> None:
    session = pair_session()
    image = session.generator.image(session.w)
    large = image.repeat_interleave(10, 2).repeat_interleave(20, 3)
    assert small_picture(large).shape == (LARGEST_PICTURE_PX // 2, LARGEST_PICTURE_PX, 3)
