"""``dg.evaluate``: the evaluation as a function of a notebook or a script."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import draggan_widget as dg
from draggan_widget.errors import InputError
from draggan_widget.evaluation.evaluate import REPORT_FILE, TABLE_FILE

SMALL: dict[str, Any] = {
    "cases": 2,
    "max_steps": 2,
    "residual": False,
    "device": "cpu",
    "processes": 1,
}


@pytest.fixture(scope="module")
def evaluation(scene_file: Path) -> dg.Evaluation:
    """Two cases under two settings."""
    return dg.evaluate(generator=scene_file, points=[1, 3], **SMALL)


def test_a_notebook_shows_the_tables(evaluation: dg.Evaluation) -> None:
    assert evaluation._repr_markdown_() == evaluation.markdown
    assert evaluation.markdown.startswith("## landmarks on small-animals\n")
    assert repr(evaluation) == "<Evaluation landmarks on small-animals: 2 cases under 2 settings>"


def test_every_kind_of_edit_has_a_row_in_pixels_of_512(evaluation: dg.Evaluation) -> None:
    report = evaluation.report
    rows = report["rows"]
    assert report["solver"] == "kinematic"
    assert [(row["points"], row["edit"]) for row in rows] == [
        (1, "pose"),
        (1, "mouth"),
        (3, "pose"),
        (3, "mouth"),
    ]
    for row in rows:
        (outcome,) = (
            each
            for each in report["outcomes"]
            if (each["points"], each["group"]) == (row["points"], row["edit"])
        )
        assert row["cases"] == 1
        assert row["status"] == {outcome["status"]: 1}
        assert row["true_error_px512"] == pytest.approx(outcome["true_px"] * 512 / 32)
        assert row["tracked_error_px512"] == pytest.approx(outcome["tracked_px"] * 512 / 32)
        assert row["before_px512"] == pytest.approx(outcome["before_px"] * 512 / 32)
        assert row["generator_evaluations"] == outcome["evaluations"]
        assert row["off_manifold"] is None
        assert row["seconds"] > 0


def test_the_report_tells_the_own_error_of_its_measure(
    evaluation: dg.Evaluation, strange_file: Path
) -> None:
    own = evaluation.report["measure_own_error_px512"]
    assert 0 < own <= 0.01 * 512
    strange = dg.evaluate("pairs", generator=strange_file, **SMALL)
    assert strange.report["measure_own_error_px512"] is None


def test_a_row_of_a_round_trip_counts_the_status_of_both_ways(scene_file: Path) -> None:
    report = dg.evaluate("roundtrip", generator=scene_file, points=2, **SMALL).report
    for row in report["rows"]:
        assert sum(row["status"].values()) == 2 * row["cases"]
        assert row["change"] is not None


def test_pairs_tell_how_near_the_pictures_are(scene_file: Path) -> None:
    report = dg.evaluate("pairs", generator=scene_file, **SMALL).report
    (row,) = report["rows"]
    assert row["mse_x100"] > 0
    assert row["psnr_db"] > 0


def test_the_figure_is_drawn_once_and_saved(evaluation: dg.Evaluation, tmp_path: Path) -> None:
    assert evaluation.figure() is evaluation.figure()
    evaluation.save_figure(tmp_path / "cases.png")
    with Image.open(tmp_path / "cases.png") as image:
        assert image.width > 1000


def test_a_folder_keeps_report_and_tables(scene_file: Path, tmp_path: Path) -> None:
    evaluation = dg.evaluate("pairs", generator=str(scene_file), out=tmp_path / "a" / "b", **SMALL)
    assert json.loads((tmp_path / "a" / "b" / REPORT_FILE).read_text()) == evaluation.report
    assert (tmp_path / "a" / "b" / TABLE_FILE).read_text() == evaluation.markdown


def test_a_script_needs_no_guard(scene_file: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    options = {**SMALL, "processes": 2, "points": 1}
    script.write_text(
        "import draggan_widget as dg\n"
        f"found = dg.evaluate(generator={str(scene_file)!r}, **{options!r})\n"
        "print('ran', len(found.outcomes))\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout == "ran 2\n", done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"protocol": "drags"}, "protocol must be one of .*'pairs'.*, got 'drags'"),
        ({"solvers": "magic"}, "solver must be one of .*'magic'"),
        ({"spaces": ["w", "v"]}, "space must be one of .*'v'"),
        ({"solvers": []}, "solvers must have at least one entry, got none; leave solvers out"),
        ({"points": 25}, "points must be from 1 to 24, got 25; 24 takes all"),
        ({"points": [1, 2.5]}, "points must be from 1 to 24, got 2.5"),
        ({"protocol": "pairs", "points": 3}, "pairs has its own points; leave points out"),
        ({"points": [[1]]}, r"points must be one value or a list of several, got \[\[1\]\]"),
        ({"solvers": None}, "solvers must be one value or a list of several, got None"),
        ({"protocol": ["pairs"]}, "protocol must be one of"),
        ({"out": ""}, "out must be a folder, got ''; leave it out"),
        ({"out": 5}, "out must be a folder, got 5"),
        ({"cases": True}, "cases must be a whole number from 1, got True"),
        ({"mask": [[True]]}, "mask must be True or False, got list"),
        ({"generator": 3}, "generator must be a name or a file, got int"),
        ({"generator": "unicorns"}, "there is no generator 'unicorns'"),
    ],
)
def test_bad_arguments_are_told_with_their_cure(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        dg.evaluate(**arguments)


def test_a_figure_needs_a_png_in_a_folder(evaluation: dg.Evaluation, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a figure must end in \.png"):
        evaluation.save_figure(tmp_path / "cases.jpg")
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(InputError, match="is a folder; give the figure another name"):
        evaluation.save_figure(tmp_path / "taken.png")
    with pytest.raises(InputError, match="there is no folder"):
        evaluation.save_figure(tmp_path / "none" / "cases.png")
