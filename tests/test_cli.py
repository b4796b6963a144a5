"""The ``draggan-widget`` command: its arguments, its output, its files and its exit status."""

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import time
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from draggan_widget._version import __version__
from draggan_widget.cli import EXIT_DONE, EXIT_FAILED, main
from draggan_widget.session import DragSession
from tests.command_line import refused

DRAG = ("drag", "--seed", "3", "--device", "cpu", "--handle", "62,74", "--target", "75,74")
DEMO_TIMEOUT_S = 60.0


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the one JSON object that a command has printed."""
    values: dict[str, Any] = json.loads(capsys.readouterr().out)
    return values


def test_sample_writes_the_picture_of_the_seed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.png"
    assert (
        main(["sample", "--seed", "3", "--device", "cpu", "--out", str(out), "--json"]) == EXIT_DONE
    )
    values = told(capsys)
    session = DragSession(seed=3, device="cpu")
    assert values["seed"] == 3
    assert values["generator"] == "animals"
    assert values["image"] == str(out)
    with Image.open(out) as image:
        assert image.size == (values["width"], values["height"]) == session.image.size
        assert image.tobytes() == session.image.tobytes()


def test_drag_arrives_and_writes_picture_session_and_animation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"--out": "b.png", "--session-out": "b.dgs", "--animation": "b.gif"}
    files = [part for option, name in names.items() for part in (option, str(tmp_path / name))]
    assert main([*DRAG, *files, "--json"]) == EXIT_DONE
    values = told(capsys)
    assert values["status"] == "arrived"
    assert max(values["distances_px"]) <= 1.0
    assert values["target_points"] == [[75, 74]]
    assert values["steps"] >= 1
    assert values["generator_evaluations"] >= 2 * values["steps"]
    assert values["solver"] == "kinematic"
    session = DragSession.load(tmp_path / "b.dgs", device="cpu")
    assert session.handle_points.tolist() == values["handle_points"]
    with Image.open(tmp_path / "b.png") as image, Image.open(tmp_path / "b.gif") as animation:
        assert image.tobytes() == session.image.tobytes()
        assert getattr(animation, "n_frames", 1) > values["steps"] / 2


def test_drag_keeps_what_the_mask_excludes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = Image.new("L", (128, 128), 0)
    mask.paste(255, (0, 40, 128, 128))
    mask.save(tmp_path / "m.png")
    options = ("--max-steps", "2", "--mask", str(tmp_path / "m.png"))
    files = ("--out", str(tmp_path / "b.png"), "--session-out", str(tmp_path / "b.dgs"))
    assert main([*DRAG, *options, *files, "--json"]) == EXIT_DONE
    assert told(capsys)["status"] == "max_steps"
    kept = DragSession.load(tmp_path / "b.dgs", device="cpu").mask
    assert kept is not None
    assert not kept[:40].any()
    assert kept[40:].all()


@pytest.mark.parametrize("damage", ["truncated", "bomb", "folder"])
def test_a_mask_that_is_no_usable_picture_is_a_bad_argument(
    damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.png"
    Image.new("L", (128, 128), 255).save(path)
    data = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "bomb":
        size = struct.pack(">II", 60_000, 60_000)
        header = b"IHDR" + size + data[24:29]
        path.write_bytes(data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:])
    else:
        path = tmp_path
    message = refused(capsys, *DRAG, "--out", str(tmp_path / "b.png"), "--mask", str(path))
    assert "--mask must be a picture" in message


def test_a_picture_of_an_animal_is_no_mask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "a.png"
    DragSession(seed=3, device="cpu").save_image(picture)
    message = refused(capsys, *DRAG, "--out", str(tmp_path / "b.png"), "--mask", str(picture))
    assert f"--mask {picture} is no mask" in message
    assert "paint white where the picture may move" in message
    assert not (tmp_path / "b.png").exists()


def test_transparent_parts_of_a_mask_may_not_move(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = Image.new("RGBA", (128, 128), (255, 255, 255, 0))
    mask.paste((255, 255, 255, 255), (0, 40, 128, 128))
    mask.save(tmp_path / "m.png")
    files = ("--out", str(tmp_path / "b.png"), "--session-out", str(tmp_path / "b.dgs"))
    options = ("--max-steps", "1", "--mask", str(tmp_path / "m.png"), "--json")
    assert main([*DRAG, *options, *files]) == EXIT_DONE
    kept = DragSession.load(tmp_path / "b.dgs", device="cpu").mask
    assert kept is not None
    assert kept.sum(1).tolist() == [0] * 40 + [128] * 88


def test_without_json_the_values_are_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", "--device", "cpu", "--out", str(tmp_path / "a.png")]) == EXIT_DONE
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["seed"] == "0"
    assert lines["image"] == str(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        ((), "COMMAND"),
        (("morph",), "invalid choice"),
        (("sample", "--seed", "3"), "--out"),
        (("sample", "--out", "no/such/a.png"), "make it first"),
        (("sample", "--out", "a.bmp"), "must end in .png"),
        (("sample", "--out", "a.png", "--seed", "-1"), "seed must be"),
        (("sample", "--out", "a.png", "--device", "toaster"), "give 'cpu'"),
        (("sample", "--out", "a.png", "--generator", "unicorns"), "animals"),
        (("drag", "--out", "a.png"), "--handle"),
        (("drag", "--out", "a.png", "--handle", "1", "--target", "2,3"), "must be X,Y"),
        ((*DRAG, "--out", "a.png", "--handle", "1,2"), "every --handle needs its --target"),
        ((*DRAG, "--out", "a.png", "--handle", "1,2", "--target", "999,2"), "must lie in"),
        ((*DRAG, "--out", "a.png", "--solver", "magic"), "paper"),
        ((*DRAG, "--out", "a.png", "--max-steps", "0"), "max_steps must be"),
        ((*DRAG, "--out", "a.png", "--mask", "no.png"), "--mask must be a picture"),
        (("demo", "--device", "toaster"), "give 'cpu'"),
        (("train", "--device", "toaster"), "give 'cpu'"),
        (("bench", "step", "--device", "toaster"), "give 'cpu'"),
    ],
)
def test_a_bad_argument_is_refused_with_its_cure(
    arguments: tuple[str, ...],
    cure: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cure in refused(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_is_told_with_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    too_long = tmp_path / ("a" * 300 + ".png")
    assert "aaa.png" in refused(capsys, "sample", "--device", "cpu", "--out", str(too_long))
    lost = str(tmp_path / "lost.pkl")
    assert main(["convert", lost, str(tmp_path / "a.safetensors")]) == EXIT_FAILED
    output = capsys.readouterr()
    assert output.out == ""
    assert "lost.pkl" in output.err


def test_a_folder_as_the_file_to_write_is_a_bad_argument(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    occupied = tmp_path / "a.png"
    occupied.mkdir()
    words = refused(capsys, "sample", "--device", "cpu", "--out", str(occupied))
    assert "a.png' is a folder" in words


@pytest.mark.parametrize("name", ["demo", "sample", "drag", "bench", "train"])
def test_every_subcommand_has_help_device_and_json(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == EXIT_DONE
    text = capsys.readouterr().out
    assert "--device" in text
    assert "--json" in text


def test_the_installed_command_tells_its_version_without_loading_torch() -> None:
    code = (
        "import sys; from draggan_widget.cli import main\n"
        "try: main(['--version'])\n"
        "finally: sys.stderr.write(str('torch' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == __version__
    assert done.stderr == "False"


def test_demo_serves_a_copy_of_the_quickstart(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    with running_demo(tmp_path, folder) as (demo, server):
        served = api(server, "contents/quickstart.ipynb?content=0")
        api(server, "shutdown", method="POST")
        output, _ = demo.communicate(timeout=DEMO_TIMEOUT_S)
    assert served["path"] == "quickstart.ipynb"
    assert json.loads(output) == {"notebook": str(folder / "quickstart.ipynb")}
    assert demo.returncode == EXIT_DONE


@pytest.mark.skipif(sys.platform == "win32", reason="there a termination asks nobody")
def test_demo_takes_its_server_with_it_when_it_is_terminated(tmp_path: Path) -> None:
    with running_demo(tmp_path, tmp_path / "mine") as (demo, server):
        demo.terminate()
        demo.communicate(timeout=DEMO_TIMEOUT_S)
        with pytest.raises(ProcessLookupError):
            os.kill(server["pid"], 0)


@contextlib.contextmanager
def running_demo(
    tmp_path: Path, folder: Path
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """Run ``demo`` in a process of its own; give it and what its server writes about itself."""
    runtime = tmp_path / "runtime"
    own = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    environment = os.environ | own | {"JUPYTER_RUNTIME_DIR": str(runtime)}
    command = [
        sys.executable,
        "-c",
        "import sys; from draggan_widget.cli import main; sys.exit(main())",
    ]
    options = ["demo", "--json", "--device", "cpu", "--folder", str(folder)]
    lab = ["--", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    with subprocess.Popen(
        [*command, *options, *lab],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as demo:
        try:
            yield demo, wait_for_server(runtime, demo)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(demo.pid, signal.SIGKILL)


def wait_for_server(runtime: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return what a Jupyter server writes about itself, once it answers."""
    deadline = time.monotonic() + DEMO_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.2)
        for path in runtime.glob("jpserver-*.json"):
            try:
                server: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
                api(server, "status")
            except (OSError, ValueError):
                continue
            return server
    raise AssertionError(f"no server came up; the command's status is {process.poll()}")


def api(server: dict[str, Any], path: str, method: str = "GET") -> dict[str, Any]:
    """Return the answer of a Jupyter server."""
    headers = {"Authorization": f"token {server['token']}"}
    request = urllib.request.Request(f"{server['url']}api/{path}", headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as reply:
        text = reply.read()
    return dict(json.loads(text)) if text else {}
