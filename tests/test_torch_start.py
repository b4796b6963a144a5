"""What a widget leaves behind where the interpreter ends: in scripts, nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import WAIT_S

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "moment",
    [
        "pass",  # before torch is there
        "while 'torch._C' not in sys.modules: time.sleep(0.01)",
        "widget.session",
    ],
)
def test_a_script_that_ends_with_a_widget_ends_without_a_word(moment: str) -> None:
    code = (
        "import sys, time\nimport draggan_widget as dg\n"
        f"widget = dg.DragWidget(seed=3)\n{moment}\nprint(widget)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S
    )
    assert ended.stderr == ""
    assert ended.returncode == 0
    assert ended.stdout.startswith("<DragWidget seed 3, 0 points, ")


def test_a_session_that_cannot_be_made_is_told_while_the_script_goes_on() -> None:
    code = (
        "import draggan_widget as dg\nwidget = dg.DragWidget('no-such-generator')\n"
        "try: widget.session\nexcept dg.DragganError as error: print(error)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S
    )
    assert "no-such-generator" in ended.stdout
    assert "no-such-generator" in ended.stderr
    assert ended.returncode == 0
