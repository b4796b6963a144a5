"""The ``draggan-widget`` command: what the package does, from a shell.

Each subcommand gives back a table of values, printed as lines or, with ``--json``, as one JSON object on standard
output; progress and messages go to standard error. A subcommand is imported when it is named.
"""

import argparse
import contextlib
import importlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from draggan_widget._version import __version__
from draggan_widget.errors import DragganError, InputError

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_BAD_ARGUMENTS = 2


@dataclass(frozen=True)
class Command:
    """A subcommand.

    Attributes:
        name: What is typed.
        summary: One line of help.
        module: Has ``add_arguments``, which adds its options to a parser; ``run``, which does the work that parsed ones
            ask for and returns the values to print; and, where a line for each is not enough, ``as_text``, which says
            the values for people.
    """

    name: str
    summary: str
    module: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status.

    Args:
        arguments: What follows the program's name; None takes them from the process.

    Returns:
        0 when the command did what was asked, 2 for bad arguments, 1 for a failure.

    Raises:
        SystemExit: Help or the version was asked for (0), or the arguments do not parse (2).
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    args = _parser(arguments).parse_args(arguments)
    try:
        # Whatever a library prints goes where messages go.
        with contextlib.redirect_stdout(sys.stderr):
            values = args.run(args)
    except InputError as error:
        return _fail(error, EXIT_BAD_ARGUMENTS)
    except (DragganError, OSError) as error:
        return _fail(error, EXIT_FAILED)
    except KeyboardInterrupt as stopped:
        return _fail(str(stopped) or "interrupted", EXIT_FAILED)
    sys.stdout.write(_as_json(values) if args.json else args.as_text(values))
    return EXIT_FAILED if args.has_failed(values) else EXIT_DONE


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; only the subcommand that is named gets its options, which may need imports."""
    parser = argparse.ArgumentParser(
        prog="draggan-widget", description="Drag points of a GAN's picture to where they belong."
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        sub = subparsers.add_parser(command.name, help=command.summary, description=command.summary)
        sub.add_argument(
            "--device", help="a torch device such as cpu or cuda:0 (default: cuda if there is one)"
        )
        sub.add_argument("--json", action="store_true", help="print one JSON object")
        if command.name in arguments:
            module = importlib.import_module(command.module)
            module.add_arguments(sub)
            sub.set_defaults(
                run=module.run,
                as_text=getattr(module, "as_text", _as_lines),
                has_failed=getattr(module, "has_failed", lambda _: False),
            )
    return parser


def _fail(message: object, status: int) -> int:
    """Tell what went wrong and return the exit status."""
    sys.stderr.write(f"draggan-widget: {message}\n")
    return status


def _as_json(values: dict[str, Any]) -> str:
    """Return values as one JSON object on a line."""
    return json.dumps(values, default=str) + "\n"


def _as_lines(values: dict[str, Any]) -> str:
    """Return values as aligned lines of name and value."""
    width = max(map(len, values))
    plain = json.loads(_as_json(values))
    return "".join(f"{name:{width}}  {value}\n" for name, value in plain.items())


COMMANDS = (
    Command("demo", "open JupyterLab on the quickstart", "draggan_widget.subcommands.demo"),
    Command("sample", "write the picture of a seed", "draggan_widget.subcommands.sample"),
    Command("drag", "drag points of a picture", "draggan_widget.subcommands.drag"),
    Command("batch", "drag many pictures", "draggan_widget.batch.command"),
    Command("invert", "make a photo a picture to drag", "draggan_widget.inversion.command"),
    Command("evaluate", "measure drags against the truth", "draggan_widget.evaluation.command"),
    Command("bench", "measure what drags cost", "draggan_widget.benchmarks.command"),
    Command("generators", "list generators", "draggan_widget.pretrained.list_command"),
    Command("convert", "write a checkpoint anew", "draggan_widget.pretrained.convert_command"),
    Command(
        "download", "fetch a published generator", "draggan_widget.pretrained.download_command"
    ),
    Command("train", "train an embedded generator from nothing", "draggan_widget.training"),
)
"""The subcommands, in the order of the help."""
