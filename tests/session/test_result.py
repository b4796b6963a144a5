import numpy as np

from draggan_widget.session import DragResult
from tests.picture_blobs import PictureBlobs, blob_session
from tests.session.sessions import HANDLE, TARGET


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


def test_a_point_keeps_its_own_confidence_and_a_new_one_has_not_lost_any() -> None:
    session = blob_session()
    session.set_points([HANDLE], [HANDLE])
    session.follow(0, TARGET)
    generator = session.generator
    assert isinstance(generator, PictureBlobs)
    generator.brightness.data.fill_(0.3)  # the blob no longer looks as it did
    (old,) = session.follow(0, (40, 32)).confidences
    assert old < 0.9
    session.set_points([(20, 20), HANDLE], [(20, 20), (40, 32)], point_ids=[2, 1])
    assert session.release().confidences.tolist() == [1, old]


def test_a_point_that_is_put_down_anew_looks_as_it_does() -> None:
    session = blob_session()
    session.set_points([HANDLE], [HANDLE])
    session.follow(0, TARGET)
    session.set_points([(20, 20)], [TARGET], point_ids=[1], placed=[1])
    assert session.release().confidences.tolist() == [1]


def test_a_mask_that_holds_nothing_counts_as_none() -> None:
    session = blob_session()
    session.set_points([HANDLE], [TARGET])
    session.mask = np.ones((64, 64), dtype=bool)
    result = session.drag()
    assert not result.masked
    assert result.hint == "one handle does not say what else may change: add a mask or pins"
    session.mask = np.tri(64, dtype=bool)
    assert session.drag().masked
