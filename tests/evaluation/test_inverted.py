"""Renders as photos: the case of a nose, the ways they are disturbed, and the protocol as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import draggan_widget as dg
from draggan_widget.errors import InputError
from draggan_widget.evaluation.cases import LEAST_NOSE_MOVE, NOSE, nose_case
from draggan_widget.evaluation.inverted import DISTURBANCES, disturbed
from draggan_widget.generator import Generator


def test_the_nose_is_dragged_to_where_it_is_in_another_pose(scene_generator: Generator) -> None:
    for number in range(3):
        case = nose_case(scene_generator, 4, number)
        assert case.truth is not None
        assert case.truth.handles == (NOSE,)
        move = np.linalg.norm(case.target_points - case.handle_points)
        assert move >= LEAST_NOSE_MOVE * scene_generator.width
        assert np.array_equal(case.handle_points[0], case.truth.landmarks_px[0, NOSE])
        again = nose_case(scene_generator, 4, number)
        assert np.array_equal(case.target_points, again.target_points)


def test_pictures_are_disturbed_in_turn_a_little_and_always_alike() -> None:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    photo = Image.fromarray(small).resize((64, 64), Image.Resampling.BICUBIC)
    seen = set()
    for number in range(len(DISTURBANCES)):
        other = disturbed(photo, number)
        assert other == disturbed(photo, number)
        change = np.abs(np.asarray(other).astype(int) - np.asarray(photo)).mean()
        assert 0 < change < 25
        seen.add(other.tobytes())
    assert len(seen) == len(DISTURBANCES)


def test_a_generator_without_a_scene_is_refused(strange_file: Path) -> None:
    with pytest.raises(InputError, match="measured on renders of a known scene, and strange has"):
        dg.evaluate("inversion", generator=strange_file, cases=1, processes=1, progress=False)


def test_the_report_has_both_kinds_of_photos(scene_file: Path) -> None:
    report = dg.evaluate(
        "inversion", generator=scene_file, cases=1, max_steps=1, processes=1, progress=False
    ).report
    (result,) = report["results"]
    names = ("inverted_db", "disturbed_db", "own_px", "true_px", "disturbed_px", "inverted_cpu_s")
    assert all(result["measures"][name]["count"] == 1 for name in names)
    assert report["rows"][0]["edit"] == "nose"
    assert not any("correspondences" in note for note in report["notes"])
