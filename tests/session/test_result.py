import numpy as np

from draggan_widget.session import DragResult


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
