from typing import Any

import numpy as np
import pytest

from draggan_widget.drag import DragStep
from draggan_widget.session import DragResult
from tests.picture_blobs import blob_session


def result(
    status: str, *distances_px: float, masked: bool = False, steps: int = 12, sure: float = 0.9
) -> DragResult:
    """Return a result; the picture in which the points were nearest was half a pixel nearer."""
    away = np.array(distances_px)
    return DragResult(
        status,
        steps,
        np.zeros((len(away), 2)),
        away,
        1.5,
        26,
        nearest_px=away - 0.5,
        near_px=2.56,
        confidences=np.full(len(away), sure),
        masked=masked,
    )


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (result("arrived", 0.7), "arrived after 12 steps"),
        (result("arrived", 0.7, steps=1), "arrived after 1 step"),
        (
            result("stalled", 3.7),
            "cannot reach: the point came no nearer than 3.2 px; "
            "try a nearer target or a mask around what should move",
        ),
        (
            result("stalled", 3.7, 9.1, masked=True),
            "cannot reach: the farthest point, 2, came no nearer than 8.6 px; "
            "try fewer points, a nearer target or a larger mask",
        ),
        (
            result("stalled", 9.1, sure=0.1),
            "cannot reach: the point came no nearer than 8.6 px, and it no longer looks as it did; "
            "try a nearer target or a mask around what should move",
        ),
        (
            result("stalled", 1.2, 2.9),
            "as near as it gets: the farthest point, 2, is 2.4 px from its target",
        ),
        (
            result("stalled", 1.4),
            "as near as it gets: the point is 0.9 px from its target",
        ),
        (
            result("max_steps", 3.7, 9.1),
            "stopped at the limit of 12 steps, 9.1 px to go; drag again to go on",
        ),
        (result("stopped", 3.7), "stopped after 12 steps, 3.7 px to go"),
        (result("stopped"), "stopped: there is no complete pair of points"),
    ],
)
def test_each_ending_is_said_in_words(ending: DragResult, words: str) -> None:
    assert ending.words == words


def test_how_near_a_drag_came_is_the_least_of_its_largest_distances() -> None:
    assert result("stalled", 3.7, 9.1).least_px == pytest.approx(8.6)
    assert result("stopped").least_px == 0


def test_one_handle_alone_is_said_to_be_ambiguous() -> None:
    assert result("arrived", 0.5).hint == (
        "one handle does not say what else may change: add a mask or pins"
    )


def test_the_sentence_has_the_hint_after_an_arrival_only() -> None:
    assert result("arrived", 0.5).sentence == (
        "Arrived after 12 steps. One handle does not say what else may change: add a mask or pins"
    )
    assert result("arrived", 0.5, 0.5).sentence == "Arrived after 12 steps"
    assert result("stopped", 3.7).sentence == "Stopped after 12 steps, 3.7 px to go"


def test_a_mask_or_a_second_point_needs_no_hint() -> None:
    assert result("arrived", 0.5, masked=True).hint == ""
    assert result("arrived", 0.5, 0.5).hint == ""


def test_a_target_out_of_reach_is_said_with_how_near_the_handle_came() -> None:
    session = blob_session()
    # One blob cannot be in two places.
    session.set_points([(28, 32), (32, 32)], [(12, 32), (50, 32)])
    ending = session.drag(max_steps=400)
    assert ending.status == "stalled"
    assert 0 < ending.least_px <= ending.distances_px.max()
    assert f"came no nearer than {ending.least_px:.1f} px; try fewer points" in ending.words
    away = [
        np.hypot(*(moment.target_points - moment.handle_points).T) for moment in session.trajectory
    ]
    assert ending.least_px == pytest.approx(min(away, key=np.mean).max())


def test_the_session_keeps_the_result_until_something_changes() -> None:
    session = blob_session()
    session.set_points([(30, 32)], [(33, 31)])
    results = [session.result, session.drag(), session.result]
    session.target_points = [(40, 31)]
    results.append(session.result)
    assert results[1] is results[2]
    assert results[0] is results[3] is None


def test_points_that_are_given_again_as_they_are_do_not_change_how_near_a_drag_came() -> None:
    session, away = blob_session(), list[np.ndarray]()
    # One blob cannot be in two places.
    session.set_points([(28, 32), (32, 32)], [(12, 32), (50, 32)])

    def on_step(step: DragStep[Any]) -> None:
        away.append(step.distances_px)
        session.set_points(session.handle_points, session.target_points)

    ending = session.drag(max_steps=400, on_step=on_step)
    assert ending.status == "stalled"
    assert ending.least_px == pytest.approx(min(away, key=np.mean).max())
