"""``draggan-widget evaluate``, whole, through the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from draggan_widget.cli import EXIT_DONE, EXIT_FAILED, main
from draggan_widget.evaluation import command, study
from draggan_widget.evaluation.evaluate import REPORT_FILE, TABLE_FILE
from draggan_widget.evaluation.outcomes import OUTCOMES_FILE, Outcome, OutcomeFolder
from tests.command_line import refused, told

SMALL = ("--cases", "2", "--max-steps", "2", "--device", "cpu", "--processes", "1")
POINTS = {
    "landmarks": ("--points", "1", "--points", "24"),
    "roundtrip": ("--points", "3"),
    "pairs": (),
}


def without_timing(report: dict[str, Any]) -> dict[str, Any]:
    """Return what must be the same in every run."""
    rows = [
        {name: value for name, value in row.items() if name != "seconds"} for row in report["rows"]
    ]
    return {name: value for name, value in report.items() if name != "timing"} | {"rows": rows}


@pytest.mark.parametrize("protocol", POINTS)
def test_two_runs_tell_the_same(
    protocol: str, scene_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (protocol, *POINTS[protocol], *SMALL, "--generator", str(scene_file))
    known = ["before_px", "tracked_px", "true_px", "floor_px", "evaluations"]
    if protocol == "landmarks":
        known.append("residual")
    else:
        arguments += ("--no-residual",)
    first, second = told(capsys, "evaluate", *arguments), told(capsys, "evaluate", *arguments)
    assert without_timing(first) == without_timing(second)
    assert first["max_steps"] == 2
    assert [each["case"] for each in first["outcomes"][:2]] == [0, 1]
    for result in first["results"]:
        assert result["cases"] == sum(result["statuses"].values()) == 2
        for name in known:
            assert result["measures"][name]["count"] == 2
    assert len(first["timing"]["outcome_seconds"]) == len(first["outcomes"])
    assert "seconds" not in json.dumps(without_timing(first))


@pytest.mark.parametrize("protocol", POINTS)
def test_a_generator_without_a_scene_gets_what_can_be_measured(
    protocol: str, strange_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = told(
        capsys, "evaluate", protocol, *POINTS[protocol], *SMALL, "--generator", str(strange_file)
    )
    for outcome in report["outcomes"]:
        assert outcome["group"] == ("matched" if protocol == "pairs" else "random")
        assert outcome["true_px"] is outcome["floor_px"] is outcome["residual"] is None
        assert outcome["before_px"] > 0
        assert outcome["tracked_px"] >= 0
    assert any("not known" in note for note in report["notes"])


def test_solvers_and_points_make_the_settings_in_the_order_given(
    scene_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = told(
        capsys,
        "evaluate",
        "landmarks",
        *("--solver", "official", "--solver", "paper", "--solver", "official"),
        *("--space", "w", "--points", "3", "--points", "1"),
        *("--generator", str(scene_file), "--cases", "1", "--max-steps", "1"),
        *("--device", "cpu", "--processes", "1", "--first", "7", "--no-residual", "--mask"),
    )
    settings = [(each["solver"], each["space"], each["points"]) for each in report["results"]]
    assert settings == [
        ("official", "w", 3),
        ("official", "w", 1),
        ("paper", "w", 3),
        ("paper", "w", 1),
    ]
    assert {outcome["case"] for outcome in report["outcomes"]} == {7}
    assert all(outcome["residual"] is None for outcome in report["outcomes"])
    assert len(report["notes"]) == 2  # no residual, and a mask


def test_people_read_tables(scene_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("landmarks", "--points", "2", *SMALL, "--no-residual")
    assert main(["evaluate", *arguments, "--generator", str(scene_file)]) == EXIT_DONE
    text = capsys.readouterr().out
    assert text.startswith("## landmarks on small-animals\n")
    assert "| kinematic | w+ | 2 |" in text
    assert "at most 2 steps a drag" in text


def test_a_stopped_evaluation_goes_on_from_its_folder(
    scene_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = (
        "landmarks",
        "--points",
        "1",
        *SMALL,
        "--no-residual",
        "--generator",
        str(scene_file),
    )
    whole = told(capsys, "evaluate", *arguments)
    keep = OutcomeFolder.add

    def keep_and_stop(folder: OutcomeFolder, outcome: Outcome) -> None:
        keep(folder, outcome)
        raise KeyboardInterrupt

    out = tmp_path / "study"
    with monkeypatch.context() as patch:
        patch.setattr(OutcomeFolder, "add", keep_and_stop)
        assert main(["evaluate", *arguments, "--out", str(out), "--json"]) == EXIT_FAILED
    output = capsys.readouterr()
    assert output.out == ""
    assert f"interrupted after 0 of 2 cases; they are in {out}" in output.err
    assert len((out / OUTCOMES_FILE).read_text().splitlines()) == 1
    rest = told(capsys, "evaluate", *arguments, "--out", str(out))
    assert len((out / OUTCOMES_FILE).read_text().splitlines()) == 2
    assert without_timing(rest) == without_timing(whole)
    assert json.loads((out / REPORT_FILE).read_text()) == rest
    assert (out / TABLE_FILE).read_text() == command.as_text(rest)
    monkeypatch.setattr(study, "carried_out", None)  # nothing is left to be run
    assert without_timing(
        told(capsys, "evaluate", *arguments, "--out", str(out))
    ) == without_timing(whole)


def test_an_evaluation_without_a_folder_says_how_it_could_go_on(
    scene_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(study, "carried_out", stop)
    assert main(["evaluate", "landmarks", *SMALL, "--generator", str(scene_file)]) == EXIT_FAILED
    assert "interrupted after 0 of 8 cases; given a folder (out)" in capsys.readouterr().err


def test_results_of_other_settings_are_not_mixed(
    scene_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("pairs", "--no-residual", "--cases", "1", "--device", "cpu", "--processes", "1")
    files = ("--generator", str(scene_file), "--out", str(tmp_path))
    told(capsys, "evaluate", *arguments, *files, "--max-steps", "1")
    message = refused(capsys, "evaluate", *arguments, *files, "--max-steps", "2")
    assert "max_steps 1 there, 2 here; choose another folder" in message


def test_the_figure_is_drawn(
    scene_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figure.png"
    options = ("--points", "2", *SMALL, "--generator", str(scene_file), "--no-residual")
    for protocol in ("landmarks", "roundtrip"):
        told(capsys, "evaluate", protocol, *options, "--figure", str(path))
        with Image.open(path) as image:
            assert image.width > 1000
            assert len(image.convert("RGB").getcolors(2**24) or []) > 1000
        path.unlink()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("drag",), "invalid choice: 'drag'"),
        (("landmarks", "--solver", "magic"), "invalid choice: 'magic'"),
        (("landmarks", "--points", "25"), "points must be from 1 to 24, got 25; 24 takes all"),
        (("landmarks", "--points", "0"), "points must be from 1 to 24, got 0"),
        (("pairs", "--points", "3"), "pairs has its own points; leave points out"),
        (("pairs", "--cases", "0"), "cases must be a whole number from 1, got 0"),
        (("pairs", "--first", "-1"), "first must be a whole number from 0, got -1"),
        (("pairs", "--max-steps", "0"), "max_steps must be a whole number from 1, got 0"),
        (("pairs", "--processes", "0"), "processes must be a whole number from 1, got 0"),
        (("pairs", "--figure", "a.jpg"), "a figure must end in .png, got 'a.jpg'"),
        (("pairs", "--figure", "none/a.png"), "there is no folder 'none' for the figure"),
        (("pairs", "--generator", "unicorns"), "there is no generator 'unicorns'"),
        (("pairs", "--device", "toaster"), "device 'toaster' cannot be used here"),
    ],
)
def test_bad_arguments_are_told_with_their_cure(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refused(capsys, "evaluate", *arguments)


def test_a_figure_without_matplotlib_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    message = refused(capsys, "evaluate", "pairs", "--figure", "a.png")
    assert "pip install 'draggan-widget[evaluation]'" in message


@pytest.mark.slow
def test_the_shipped_generator_and_the_landmark_network_agree_with_the_scene(
    capsys: pytest.CaptureFixture[str], record_property: Any
) -> None:
    report = told(
        capsys,
        "evaluate",
        *("landmarks", "--points", "24", "--cases", "5", "--max-steps", "1", "--no-residual"),
        *("--device", "cpu", "--processes", "1"),
    )
    measures = report["results"][0]["measures"]
    record_property("floor_percent", round(100 * measures["floor_px"]["mean"] / report["width"], 2))
    assert measures["floor_px"]["mean"] < 0.02 * report["width"]
    assert measures["true_px"]["mean"] == pytest.approx(measures["before_px"]["mean"], rel=0.3)
