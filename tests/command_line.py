"""Command lines of ``draggan-widget``, run whole, for the tests of its subcommands."""

import json
from typing import Any

import pytest

from draggan_widget.cli import EXIT_BAD_ARGUMENTS, EXIT_DONE, main


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
