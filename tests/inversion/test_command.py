"""``draggan-widget invert``, whole, through the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import draggan_widget as dg
from draggan_widget.checkpoints import save_generator_file
from draggan_widget.cli import EXIT_DONE, main
from draggan_widget.frames import to_rgb
from draggan_widget.generator import Generator
from tests.checkpoints.test_load import published
from tests.checkpoints.writers import ada_pickle
from tests.command_line import WAIT_S, refused, told


@pytest.fixture
def file(generator: Generator, tmp_path: Path) -> Path:
    """The file of a small generator."""
    path = tmp_path / "small.safetensors"
    save_generator_file(generator, path, dtype=torch.float32)
    return path


@pytest.fixture
def photo(generator: Generator, tmp_path: Path) -> Path:
    """A picture of it, with a margin on the right."""
    picture = np.pad(to_rgb(generator.image(generator.sample_w(5))), ((0, 0), (0, 20), (0, 0)))
    path = tmp_path / "photo.png"
    Image.fromarray(picture).save(path)
    return path


def test_a_photo_becomes_a_session_and_a_picture(
    photo: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--generator", str(file), "--crop", "0,0,32,32", "--steps", "30", "--tune", "3")
    outputs = ("--out", str(tmp_path / "a.dgs"), "--image", str(tmp_path / "a.png"))
    values = told(capsys, "invert", str(photo), *options, *outputs)
    assert values["psnr_db"] > 15
    assert values["score"]
    assert values["crop"] == [0, 0, 32, 32]
    assert {type(side) for side in values["crop"]} == {float}
    session = dg.DragSession.load(tmp_path / "a.dgs", generator=file)
    with Image.open(tmp_path / "a.png") as picture:
        change = np.asarray(session.image).astype(int) - np.asarray(picture.convert("RGB"))
    assert np.abs(change).max() <= 1  # sums may be taken in another order


def test_progress_and_score_are_told_to_people(
    photo: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "a.png")
    options = ["--generator", str(file), "--crop", "auto", "--steps", "2", "--image", target]
    assert main(["invert", str(photo), *options]) == EXIT_DONE
    assert "score" in capsys.readouterr().out


def test_a_generator_of_several_classes_tells_how_to_get_one_of_them(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = published()
    tensors["mapping.embed.weight"] = torch.randn(4, 3)
    tensors["mapping.embed.bias"] = torch.randn(4)
    weight = tensors["mapping.fc0.weight"]
    tensors["mapping.fc0.weight"] = torch.cat([weight, torch.randn(len(weight), 4)], 1)
    several, one = tmp_path / "several.pkl", tmp_path / "one.safetensors"
    several.write_bytes(ada_pickle(tensors, c_dim=3))
    result = ("--image", str(tmp_path / "a.png"), "--steps", "1")
    words = refused(capsys, "invert", str(photo), "--generator", str(several), *result)
    assert "3 classes; choose one with label=0 to 2, got None" in words
    assert "`draggan-widget convert --label`" in words
    told(capsys, "convert", str(several), str(one), "--label", "2")
    assert told(capsys, "invert", str(photo), "--generator", str(one), *result)["score"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_an_interrupted_search_says_so_and_leaves_nothing(
    photo: Path, file: Path, tmp_path: Path
) -> None:
    result, begun = tmp_path / "a.png", tmp_path / "begun"
    arguments = ["invert", str(photo), "--generator", str(file), "--steps", "100000"]
    code = (
        "import signal, sys, pathlib; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from draggan_widget.inversion import invert\n"
        "from draggan_widget.inversion.search import searched\n"
        "import importlib; module = importlib.import_module('draggan_widget.inversion.invert')\n"
        "def told(*arguments):\n"
        f"    pathlib.Path({str(begun)!r}).touch(); yield from searched(*arguments)\n"
        "module.searched = told\n"
        f"from draggan_widget.cli import main; raise SystemExit(main({[*arguments, '--image', str(result)]}))"
    )
    started = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + WAIT_S
    while not begun.exists():
        assert started.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=WAIT_S)
    assert started.returncode == 1
    assert "draggan-widget: interrupted" in errors
    assert "Traceback" not in errors
    assert not result.exists()


def test_what_cannot_be_used_is_refused(
    photo: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = ("--image", str(tmp_path / "a.png"), "--generator", str(file))
    broken = tmp_path / "broken.png"
    broken.write_bytes(photo.read_bytes()[:60])
    for arguments, words in (
        ((str(photo),), "say where the result goes"),
        ((str(tmp_path / "none.png"), *picture), "there is no photo"),
        ((str(broken), *picture), "the photo is damaged"),
        ((str(photo), *picture, "--crop", "1,2,3"), "must be auto or L,T,W,H"),
        ((str(photo), *picture, "--crop", "0,0,99,99"), "crop must lie in the photo"),
        ((str(photo), *picture, "--steps", "0"), "steps must be a whole number"),
        ((str(photo), *picture[:2], "--generator", "nobody"), "there is no generator 'nobody'"),
        ((str(photo), "--image", "a.txt"), "must end in"),
        ((str(photo), "--image", str(photo)), "is the photo itself; choose another file"),
        ((str(photo), "--out", str(tmp_path)), "is a folder; give the path of a file"),
        ((str(tmp_path), *picture), "there is no photo"),
    ):
        assert words in refused(capsys, "invert", *arguments)
