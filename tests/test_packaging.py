"""What a user installs: the wheel and the source distribution, built as a release builds them."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from draggan_widget._version import __version__

ROOT = Path(__file__).parent.parent
BUNDLE = {"draggan_widget/static/widget.js", "draggan_widget/static/widget.css"}
LARGEST_WHEEL_BYTES = 16_000_000
"""The embedded weights may take 15 MB."""

FIRST_PICTURE = """
import json, socket, sys

def refuse(*args):
    raise OSError("this test allows no network")

socket.socket.connect = refuse
import draggan_widget as dg

session = dg.DragSession(seed=3)
print(json.dumps({"file": dg.__file__, "size": session.image.size, "version": dg.__version__}))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(folder))
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the installed wheel."""
    folder = tmp_path_factory.mktemp("site")
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "install", *options, "--target", str(folder), str(wheel))
    return folder


def run(*command: str, cwd: Path = ROOT, **environment: str) -> str:
    """Run a program and return what it prints; its messages are in the error of a failure."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_all_that_runs_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    sources = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("draggan_widget/**/*.py")}
    kernels = ROOT.glob("draggan_widget/ops/csrc/*")
    data = {path.relative_to(ROOT).as_posix() for path in kernels} | {
        "draggan_widget/evaluation/landmarks.md",
        "draggan_widget/evaluation/landmarks.safetensors",
        "draggan_widget/pretrained/animals.safetensors",
        "draggan_widget/py.typed",
    }
    assert names >= sources | data | BUNDLE
    folders = {name.split("/")[0] for name in names}
    assert folders == {"draggan_widget", f"draggan_widget-{__version__}.dist-info"}
    assert not [name for name in names if "test" in name or name.endswith((".pyc", ".ts"))]


def test_the_wheel_stays_small(wheel: Path) -> None:
    assert wheel.stat().st_size < LARGEST_WHEEL_BYTES


def test_the_wheel_names_version_licence_and_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = f"draggan_widget-{__version__}.dist-info"
        metadata = message_from_bytes(archive.read(f"{info}/METADATA"))
        assert metadata["Version"] == __version__
        assert metadata["License-Expression"] == "MIT"
        assert f"{info}/licenses/LICENSE" in archive.namelist()
        assert b"draggan-widget = draggan_widget.cli:main" in archive.read(
            f"{info}/entry_points.txt"
        )


def test_the_source_distribution_holds_the_bundle_and_what_it_is_built_from(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= BUNDLE | {"js/src/index.ts", "package-lock.json", "tests/test_packaging.py"}
    assert not [name for name in names if "node_modules" in name or name.startswith("build/")]


def test_the_source_distribution_becomes_the_same_wheel_without_node(
    built: Path, wheel: Path, tmp_path: Path
) -> None:
    run("tar", "-xf", str(next(built.glob("*.tar.gz"))), "-C", str(tmp_path))
    source = next(tmp_path.iterdir())
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=source, PATH=str(tmp_path))
    again = next((source / "dist").glob("*.whl"))
    with zipfile.ZipFile(wheel) as ours, zipfile.ZipFile(again) as theirs:
        assert ours.namelist() == theirs.namelist()


def test_the_installed_wheel_makes_a_picture_without_network(
    installed: Path, tmp_path: Path
) -> None:
    environment = {"PYTHONPATH": str(installed), "HOME": str(tmp_path)}
    told = json.loads(run(sys.executable, "-c", FIRST_PICTURE, cwd=tmp_path, **environment))
    assert Path(told["file"]).is_relative_to(installed)
    assert told["version"] == __version__
    assert min(told["size"]) >= 128


def test_the_installed_wheel_brings_the_quickstart(installed: Path) -> None:
    ours = ROOT / "examples" / "quickstart.ipynb"
    theirs = installed / "draggan_widget" / "examples" / "quickstart.ipynb"
    assert theirs.read_bytes() == ours.read_bytes()
