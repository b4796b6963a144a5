"""The folder that keeps outcomes: what it takes up, and what it refuses."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from draggan_widget.errors import InputError
from draggan_widget.evaluation.outcomes import (
    FINGERPRINT_FILE,
    OUTCOMES_FILE,
    Job,
    Outcome,
    OutcomeFolder,
    Setting,
)

FINGERPRINT = {"protocol": "landmarks", "max_steps": 3}
ONE = Outcome(
    Job(Setting("paper", "w+", 3), 5),
    "ears",
    3,
    "arrived",
    {"true_px": 0.1 + 0.2, "residual": None},
    1.5,
)


def test_outcomes_come_back_exactly(tmp_path: Path) -> None:
    OutcomeFolder(tmp_path / "new" / "folder", FINGERPRINT).add(ONE)
    again = OutcomeFolder(tmp_path / "new" / "folder", FINGERPRINT)
    assert again.outcomes == {ONE.job: ONE}


def test_other_settings_are_told_and_refused(tmp_path: Path) -> None:
    OutcomeFolder(tmp_path, FINGERPRINT)
    with pytest.raises(
        InputError, match="other settings: max_steps 3 there, 4 here; choose another folder"
    ):
        OutcomeFolder(tmp_path, FINGERPRINT | {"max_steps": 4})


def test_a_line_that_was_never_finished_is_removed(tmp_path: Path) -> None:
    OutcomeFolder(tmp_path, FINGERPRINT).add(ONE)
    file = tmp_path / OUTCOMES_FILE
    whole = file.read_text()
    file.write_text(whole + '{"job": {"sett')
    folder = OutcomeFolder(tmp_path, FINGERPRINT)
    assert list(folder.outcomes) == [ONE.job]
    assert file.read_text() == whole


@pytest.mark.parametrize(
    "damage",
    [
        b"{}",
        b"\xff",
        b"[]",
        json.dumps(asdict(ONE) | {"measures": None}).encode(),
        json.dumps(asdict(ONE) | {"measures": {"true_px": "near"}}).encode(),
        json.dumps(asdict(ONE) | {"measures": {"true_px": math.nan}}).encode(),
        json.dumps(asdict(ONE) | {"more": 1}).encode(),
        json.dumps(asdict(ONE)).replace('"points": 3', '"points": [3]').encode(),
    ],
)
def test_a_damaged_line_is_named(damage: bytes, tmp_path: Path) -> None:
    OutcomeFolder(tmp_path, FINGERPRINT).add(ONE)
    with (tmp_path / OUTCOMES_FILE).open("ab") as file:
        file.write(damage + b"\n")
    with pytest.raises(InputError, match=r"line 2 of .* is no outcome .* remove it"):
        OutcomeFolder(tmp_path, FINGERPRINT)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_description_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / FINGERPRINT_FILE).write_text(text)
    with pytest.raises(InputError, match="damaged"):
        OutcomeFolder(tmp_path, FINGERPRINT)


def test_outcomes_of_unknown_settings_are_refused(tmp_path: Path) -> None:
    OutcomeFolder(tmp_path, FINGERPRINT).add(ONE)
    (tmp_path / FINGERPRINT_FILE).unlink()
    with pytest.raises(InputError, match="is missing; choose another folder"):
        OutcomeFolder(tmp_path, FINGERPRINT)


@pytest.mark.parametrize("name", [OUTCOMES_FILE, FINGERPRINT_FILE])
def test_a_folder_in_the_place_of_a_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="choose another"):
        OutcomeFolder(tmp_path, FINGERPRINT)


def test_a_figure_that_is_no_number_is_not_kept(tmp_path: Path) -> None:
    folder = OutcomeFolder(tmp_path, FINGERPRINT)
    with pytest.raises(ValueError, match="not JSON compliant"):
        folder.add(replace(ONE, measures={"true_px": math.inf}))
    assert OutcomeFolder(tmp_path, FINGERPRINT).outcomes == {}


def test_an_outcome_tells_why_a_drag_failed() -> None:
    failed = replace(ONE, status="failed", error="the features are not finite")
    assert failed.to_json([])["error"] == "the features are not finite"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(InputError, match="cannot be used as the folder of an evaluation"):
        OutcomeFolder(path, FINGERPRINT)


def test_an_outcome_is_told_without_its_duration() -> None:
    told = ONE.to_json(["true_px", "residual"])
    assert json.loads(json.dumps(told)) == {
        "solver": "paper",
        "space": "w+",
        "points": 3,
        "case": 5,
        "group": "ears",
        "handles": 3,
        "status": "arrived",
        "true_px": 0.1 + 0.2,
        "residual": None,
    }
