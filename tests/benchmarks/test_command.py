"""``draggan-widget bench``, whole, through the command line; on networks so small that figures mean nothing."""

from pathlib import Path
from typing import Any

import pytest
import torch

from draggan_widget.checkpoints import save_generator_file
from draggan_widget.cli import EXIT_DONE, main
from draggan_widget.generator import Generator
from draggan_widget.training.presets import PRESETS
from tests import command_line

SMALL = ("--sizes", "64", "--channels", "8", "--device", "cpu", "--threads", "1")


@pytest.fixture(scope="module")
def scene_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A generator of 32 px whose z counts as a scene of the animals."""
    torch.manual_seed(1)
    generator = Generator(PRESETS["tiny"].generator, name="small-animals")
    generator.scene = "animals"
    path: Path = tmp_path_factory.mktemp("generators") / "small-animals.safetensors"
    save_generator_file(generator, path, dtype=torch.float32)
    return str(path)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Return the report of a command line, and check what all have."""
    report = command_line.told(capsys, "bench", *arguments)
    assert report["benchmark"] == arguments[0]
    assert report["machine"]["torch"] == torch.__version__
    assert report["machine"]["processor"]
    assert report["machine"]["threads"] >= 1
    assert report["notes"]
    return report


def test_step_measures_each_solver_in_each_case_beside_the_plain_loop(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = torch.get_num_threads()
    report = told(capsys, "step", *SMALL, "--rounds", "2")
    rows = report["tables"]["steps"]
    names = [(row["points"], row["solver"]) for row in rows]
    solvers = ("plain", "plain-frozen", "official", "kinematic", "whitened")
    assert names == [(case, solver) for case in ("1", "5", "5+mask") for solver in solvers]
    for row in rows:
        assert row["size"] == 64
        assert row["step_ms"]["count"] == row["speedup"]["count"] == 2
        assert 0 < row["step_ms"]["low"] <= row["step_ms"]["median"] <= row["step_ms"]["high"]
        assert row["start_ms"] > 0
    assert rows[0]["speedup"]["median"] == 1
    assert report["machine"]["threads"] == 1
    assert torch.get_num_threads() == before


@pytest.mark.slow
def test_step_measures_memory_in_fresh_processes(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--solver", "plain", "--case", "1", "--rounds", "1", "--memory")
    report = told(capsys, "step", "--sizes", "64", "--channels", "8", "--device", "cpu", *options)
    (row,) = report["tables"]["memory"]
    assert (row["size"], row["points"], row["solver"]) == (64, "1", "plain")
    assert 50 < row["loaded_mib"] < row["peak_mib"] < 5000


def test_edit_goes_from_press_to_arrival_and_tells_what_is_computed_once(
    scene_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--generator", scene_file, "--rounds", "2", "--plain-steps", "20")
    report = told(capsys, "edit", *SMALL, *options, "--solver", "kinematic", "--distance", "40")
    rows = report["tables"]["edits"]
    assert [(row["generator"], row["solver"]) for row in rows] == [
        ("random-64", "plain"),
        ("random-64", "kinematic"),
        ("small-animals", "plain"),
        ("small-animals", "kinematic"),
    ]
    for row in rows:
        assert row["seconds"]["median"] > 0
        assert row["is_lower_bound"] == (row["status"] != "arrived")
        assert ("speedup" in row) == (row["status"] == "arrived" or row["solver"] == "plain")
    assert [row["generator"] for row in report["tables"]["once"]] == ["random-64", "small-animals"]
    once = report["tables"]["once"]
    assert all(row["covariance_s"] >= 0 and row["kernels_s"] > 0 for row in once)


def test_a_generator_is_measured_enlarged_too(
    scene_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--enlarge", "64", "--channels", "32", "--device", "cpu", "--threads", "1")
    steps = ("--rounds", "1", "--plain-steps", "2")
    rows = told(capsys, "edit", "--generator", scene_file, *options, *steps)["tables"]["edits"]
    assert [(row["generator"], row["size"]) for row in rows[::2]] == [
        ("small-animals", 32),
        ("small-animals-at-64", 64),
    ]


def test_a_plain_edit_that_is_cut_off_gives_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--generator", "animals", "--solver", "kinematic", "--plain-steps", "2")
    assert main(["bench", "edit", *SMALL, *options, "--rounds", "1"]) == EXIT_DONE
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("animals")]
    plain, kinematic, _ = rows
    assert "plain   " in plain
    assert "max_steps" in plain
    assert "arrived" in kinematic
    assert plain.count("≥ ") == kinematic.count("≥ ") == 1


def test_live_follows_a_landmark_and_tells_the_parts_of_a_picture(
    scene_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = told(capsys, "live", "--generator", scene_file, "--pictures", "3", "--device", "cpu")
    rows = report["tables"]["live"]
    assert [row["solver"] for row in rows] == [
        "kinematic",
        "whitened",
        "paper",
    ]
    for row in rows:
        assert row["pictures_per_s"] > 0
        assert row["lag_pictures"] == pytest.approx(row["lag_px"] / 0.32)
        parts = [row[f"{part}_ms"]["low"] for part in ("step", "draw", "encode")]
        assert sum(parts) <= row["picture_ms"]["low"] + 1e-6


def test_live_follows_in_an_enlarged_generator_too(
    scene_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--enlarge", "64", "--channels", "32", "--pictures", "1", "--device", "cpu")
    report = told(capsys, "live", "--generator", scene_file, *options, "--solver", "kinematic")
    rows = report["tables"]["live"]
    assert [row["generator"] for row in rows] == ["small-animals", "small-animals-at-64"]


def test_frames_are_drawn_and_encoded_in_every_format(
    scene_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = told(capsys, "frames", *SMALL, "--generator", scene_file, "--rounds", "2")
    rows = report["tables"]["frames"]
    assert [row["format"] for row in rows[:4]] == ["jpeg", "jpeg", "webp", "png"]
    assert {row["size"] for row in rows} == {64, 32}
    assert all(row["kilobytes"] > 0 for row in rows)


def test_people_read_an_aligned_table(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--solver", "plain", "--solver", "official", "--case", "1", "--rounds", "1")
    assert main(["bench", "step", *SMALL, *options]) == EXIT_DONE
    lines = capsys.readouterr().out.splitlines()
    titles = next(line for line in lines if line.startswith("size"))
    rows = [line for line in lines if line.startswith("  64")]
    assert [row.split()[2] for row in rows] == ["plain", "official"]
    assert all(row[titles.index("solver") - 1] == " " for row in rows)
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fly",), "invalid choice: 'fly'"),
        (("step", "--sizes", "100"), "sizes must be some of [8, 16, 32"),
        (("step", "--sizes", "16"), "sizes must be from 32 px, got 16"),
        (("step", "--channels", "0"), "channel_base must be at least 1"),
        (("step", "--rounds", "0"), "rounds must be a whole number from 1, got 0"),
        (("step", "--threads", "0"), "threads must be a whole number from 1, got 0"),
        (("step", "--pictures", "3"), "--pictures is no option of bench step; leave it out"),
        (("live", "--solver", "plain"), "--solver must be one of ['kinematic'"),
        (("frames", "--memory"), "--memory is no option of bench frames"),
        (("edit", "--distance", "0"), "distance must be from 0 to 240 px"),
        (("edit", "--distance", "nan"), "distance must be from 0 to 240 px"),
        (("edit", "--plain-rate", "0"), "plain_rate must be from 0 to 1, got 0.0; 1e-3 is the"),
        (("edit", "--size", "64", "--enlarge", "64"), "animals can be enlarged to [128, 256"),
        (("frames", "--enlarge", "256"), "--enlarge is no option of bench frames"),
        (("edit", "--plain-steps", "-1"), "plain_steps must be a whole number from 0, got -1"),
        (("edit", "--size", "64", "--generator", "unicorns"), "there is no generator 'unicorns'"),
        (("edit", "--solver", "plain"), "--solver must be one of ['paper'"),
        (("live", "--pictures", "0"), "pictures must be a whole number from 1, got 0"),
        (("live", "--landmark", "tail"), "landmark must be one of ['nose_tip'"),
    ],
)
def test_bad_arguments_are_told_with_their_cure(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in command_line.refused(capsys, "bench", *arguments)
