"""The folder that keeps outcomes: what it takes up, and what it refuses."""

import json
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


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    OutcomeFolder(tmp_path, FINGERPRINT).add(ONE)
    file = tmp_path / OUTCOMES_FILE
    file.write_text(file.read_text() + "{}\n")
    with pytest.raises(InputError, match=r"line 2 of .* is no outcome .* remove it"):
        OutcomeFolder(tmp_path, FINGERPRINT)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_description_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / FINGERPRINT_FILE).write_text(text)
    with pytest.raises(InputError, match="damaged"):
        OutcomeFolder(tmp_path, FINGERPRINT)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(InputError, match="must be a folder"):
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
