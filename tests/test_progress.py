"""Bars of long work: in every terminal, and in no file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import WAIT_S

ROOT = Path(__file__).parent.parent
INVERT = """
import sys
from draggan_widget.cli import main
sys.exit(main(["invert", sys.argv[1], "--steps", "2", "--device", "cpu", "--image", sys.argv[2]]))
"""


def in_terminal(command: list[str], rows: int, columns: int) -> str:
    """Return what a command writes to a terminal of so many rows and columns."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 4096):
            said += part
    except OSError:  # so a terminal ends on Linux
        pass
    finally:
        os.close(ours)
    assert process.wait(WAIT_S) == 0, said
    return said.decode()


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """Return a command line that looks for a photo."""
    from draggan_widget.session import DragSession

    DragSession(seed=3, device="cpu").save_image(tmp_path / "photo.png")
    paths = [str(tmp_path / "photo.png"), str(tmp_path / "found.png")]
    return [sys.executable, "-c", INVERT, *paths]


@pytest.mark.skipif(os.name == "nt", reason="terminals are those of POSIX")
@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (30, 90)])
def test_a_terminal_shows_a_bar_even_one_that_does_not_know_its_size(
    rows: int, columns: int, command: list[str]
) -> None:
    said = in_terminal(command, rows, columns)
    assert "invert:   0%" in said
    assert "2/2" in said


def test_a_file_gets_no_bar(command: list[str]) -> None:
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S)
    assert ended.returncode == 0
    assert ended.stderr == ""
