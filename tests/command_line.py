"""Command lines of ``draggan-widget``, run whole, for the tests of its subcommands."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from draggan_widget.cli import EXIT_BAD_ARGUMENTS, EXIT_DONE, main

WAIT_S = 120.0
"""What starting and ending of processes may take on a loaded machine."""


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Return the JSON object of a command line that succeeds."""
    assert main([*arguments, "--json"]) == EXIT_DONE
    values: dict[str, Any] = json.loads(capsys.readouterr().out)
    return values


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the message of a command line that must be refused."""
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = int(ended.code or 0)
    output = capsys.readouterr()
    assert status == EXIT_BAD_ARGUMENTS
    assert output.out == ""
    return output.err


def check_end(
    arguments: Sequence[str], end: signal.Signals, begun: Callable[[], object], words: str
) -> None:
    """Check that with a command line all its processes end, and that one that is interrupted or terminated tells what it has done.

    Args:
        arguments: Of the command line, which would take far longer than the test.
        end: The signal that ends it, once something of its work is there.
        begun: Whether something is.
        words: Are in its message, where it can leave one.
    """
    # A shell lets what runs in its background ignore Ctrl-C, and that is inherited.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"from draggan_widget.cli import main; raise SystemExit(main({list(arguments)}))"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + WAIT_S
    while not begun():
        assert started.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    if end != signal.SIGKILL:  # to all of them, as a terminal and ``timeout`` do it
        os.killpg(started.pid, end)
    else:
        started.send_signal(end)
    # The pipes are closed when the last process that has them has ended.
    _, errors = started.communicate(timeout=WAIT_S)
    if end != signal.SIGKILL:
        assert started.returncode == 1
        assert "Traceback" not in errors, errors
        assert "leaked" not in errors, errors
        assert words in errors
