"""The ``draggan-widget`` command: what the package does, from a shell.

Each subcommand gives back a table of values, printed as lines or, with ``--json``, as one JSON object on standard
output; progress and messages go to standard error. A subcommand imports what it needs when it runs.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from draggan_widget._version import __version__
from draggan_widget.errors import DragganError, GeneratorError, InputError

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_BAD_ARGUMENTS = 2

MAY_MOVE_FROM = 128
"""A mask's pixel of this brightness or more may move."""

QUICKSTART = "quickstart.ipynb"


@dataclass(frozen=True)
class Command:
    """A subcommand.

    Attributes:
        name: What is typed.
        summary: One line of help.
        add_arguments: Adds its options to a parser.
        run: Does the work and returns the values to print.
        as_text: Says the values for people; None prints a line for each.
    """

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], dict[str, Any]]
    as_text: Callable[[dict[str, Any]], str] | None = None


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
    sys.stdout.write(_as_json(values) if args.json else (args.as_text or _as_lines)(values))
    return EXIT_DONE


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
        sub.set_defaults(run=command.run, as_text=command.as_text)
        if command.name in arguments:
            command.add_arguments(sub)
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


# demo


def _add_demo_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``demo``."""
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("draggan_demo"),
        help="gets the notebook; a notebook that is there already is kept (default: %(default)s)",
    )
    parser.add_argument(
        "lab_options",
        nargs="*",
        metavar="OPTION",
        help="options for JupyterLab, after --, such as: -- --no-browser --port 9000",
    )


def _run_demo(args: argparse.Namespace) -> dict[str, Any]:
    """Open JupyterLab on a copy of the quickstart and wait until it ends."""
    from draggan_widget.demo import serve

    if importlib.util.find_spec("jupyterlab") is None:
        raise DragganError("demo needs JupyterLab; install it: pip install 'draggan-widget[lab]'")
    environment = os.environ | _visible_devices(args.device)
    notebook = args.folder / QUICKSTART
    args.folder.mkdir(parents=True, exist_ok=True)
    if not notebook.exists():
        shutil.copyfile(_quickstart(), notebook)
    status = serve(notebook, _quickstart(), args.lab_options, environment)
    if status != 0:
        raise DragganError(f"JupyterLab ended with status {status}; its messages above say why")
    return {"notebook": notebook.resolve()}


def _quickstart() -> Path:
    """Return the quickstart notebook: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "examples" / QUICKSTART
    return inside if inside.is_file() else package.parent / "examples" / QUICKSTART


def _visible_devices(device: str | None) -> dict[str, str]:
    """Return the environment in which a kernel finds the wanted device by itself."""
    if device is None:
        return {}
    from draggan_widget.pretrained import checked_device

    wanted = checked_device(device)
    if wanted.type == "cpu":
        return {"CUDA_VISIBLE_DEVICES": ""}
    if wanted.type != "cuda":
        raise InputError(
            f"demo runs on cpu or cuda, got {device!r}; leave --device out to choose it"
        )
    return {"CUDA_VISIBLE_DEVICES": str(wanted.index or 0)}


# sample


def _add_sample_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``sample``."""
    _add_picture_arguments(parser)


def _run_sample(args: argparse.Namespace) -> dict[str, Any]:
    """Write the picture of a seed."""
    session = _session(args)
    session.save_image(args.out)
    width, height = session.image.size
    return {
        "image": args.out,
        "generator": session.generator.name,
        "seed": args.seed,
        "width": width,
        "height": height,
    }


# drag


def _add_drag_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``drag``."""
    from draggan_widget.drag.config import SOLVERS
    from draggan_widget.export import ANIMATION_FORMATS

    _add_picture_arguments(parser)
    for name, role in (("handle", "a point to move"), ("target", "where the handle should go")):
        parser.add_argument(
            f"--{name}",
            type=_point,
            action="append",
            required=True,
            metavar="X,Y",
            help=f"{role}, in pixels of the picture; give as many as there are points",
        )
    parser.add_argument(
        "--mask", type=Path, help="a picture of the same size, white where it may move"
    )
    parser.add_argument("--solver", choices=sorted(SOLVERS), help="how to drag")
    parser.add_argument("--max-steps", type=int, help="most steps of the drag")
    parser.add_argument("--session-out", type=_output(), help="session file, to go on from later")
    parser.add_argument(
        "--animation", type=_output(*ANIMATION_FORMATS), help="animation of the drag"
    )


def _run_drag(args: argparse.Namespace) -> dict[str, Any]:
    """Drag points of the picture of a seed and write the result."""
    from tqdm import tqdm

    from draggan_widget.drag import DragConfig

    if len(args.handle) != len(args.target):
        raise InputError(
            f"every --handle needs its --target: got {len(args.handle)} handles "
            f"and {len(args.target)} targets"
        )
    chosen = {"solver": args.solver, "max_steps": args.max_steps, "seed": args.seed}
    config = DragConfig(**{name: value for name, value in chosen.items() if value is not None})
    session = _session(args, config=config)
    session.set_points(args.handle, args.target)
    if args.mask is not None:
        session.mask = _read_mask(args.mask)
    # None shows the bar in a terminal only.
    silent = True if args.json else None
    with tqdm(total=config.max_steps, desc="drag", unit="step", disable=silent) as bar:
        result = session.drag(on_step=lambda step: bar.update(step.step - bar.n))
    session.save_image(args.out)
    if args.session_out is not None:
        session.save(args.session_out)
    if args.animation is not None:
        session.save_animation(args.animation)
    return {
        **result.to_json(),
        "target_points": session.target_points.tolist(),
        "image": args.out,
        "generator": session.generator.name,
        "solver": config.solver,
    }


def _read_mask(path: Path) -> Any:
    """Return a mask from a picture, True where it is bright and not transparent."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path) as image:
            light, alpha = np.moveaxis(np.asarray(image.convert("RGBA").convert("LA")), -1, 0)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(
            f"--mask must be a picture of the generator's size, and {path} is none: {error}"
        ) from error
    return (light >= MAY_MOVE_FROM) & (alpha >= MAY_MOVE_FROM)


# What the subcommands share


def _add_picture_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a picture and where the result goes."""
    from draggan_widget.export import IMAGE_FORMATS

    parser.add_argument(
        "--generator", default="animals", help="name or file of a generator (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the picture (default: 0)")
    parser.add_argument(
        "--out", type=_output(*IMAGE_FORMATS), required=True, help="picture to write"
    )


def _session(args: argparse.Namespace, **options: Any) -> Any:
    """Return a session on the chosen picture."""
    from draggan_widget.session import DragSession

    try:
        return DragSession(args.generator, seed=args.seed, device=args.device, **options)
    except GeneratorError as error:  # what was named; a drag that fails later is no bad argument
        raise InputError(str(error)) from error


def _point(text: str) -> tuple[float, float]:
    """Return a point from ``X,Y``."""
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be X,Y such as 64,70, got {text!r}") from None
    return x, y


def _output(*suffixes: str) -> Callable[[str], Path]:
    """Return a check of a file to write, so that no long work ends in a file that cannot be.

    Args:
        suffixes: Endings of the file; none allows all.
    """

    def checked(text: str) -> Path:
        """Return the path if its folder is there and its ending is known."""
        path = Path(text)
        if suffixes and path.suffix.lower() not in suffixes:
            raise argparse.ArgumentTypeError(f"must end in {' or '.join(suffixes)}, got {text!r}")
        if not path.parent.is_dir():
            raise argparse.ArgumentTypeError(
                f"there is no folder {str(path.parent)!r}; make it first"
            )
        return path

    return checked


# generators and download


def _add_no_arguments(_: argparse.ArgumentParser) -> None:
    """Add nothing: the command has no options of its own."""


def _run_generators(args: argparse.Namespace) -> dict[str, Any]:
    """Return what is known about the generators."""
    from draggan_widget.pretrained import command

    return command.run_list(args)


def _say_generators(values: dict[str, Any]) -> str:
    """Return the generators as lines."""
    from draggan_widget.pretrained import command

    return command.list_as_text(values)


def _add_download_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``download``."""
    from draggan_widget.pretrained import command

    command.add_download_arguments(parser)


def _run_download(args: argparse.Namespace) -> dict[str, Any]:
    """Fetch a published generator."""
    from draggan_widget.pretrained import command

    return command.run_download(args)


# invert


def _add_invert_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``invert``."""
    from draggan_widget.inversion import command

    command.add_arguments(parser, _output)


def _run_invert(args: argparse.Namespace) -> dict[str, Any]:
    """Look for a photo among the pictures of a generator."""
    from draggan_widget.inversion import command

    return command.run(args)


# convert


def _add_convert_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``convert``."""
    from draggan_widget.checkpoints import convert

    convert.add_arguments(parser)


def _run_convert(args: argparse.Namespace) -> dict[str, Any]:
    """Write a checkpoint anew."""
    from draggan_widget.checkpoints import convert

    return convert.run(args)


# train


def _add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``train``."""
    from draggan_widget import training

    training.add_arguments(parser)


def _run_train(args: argparse.Namespace) -> dict[str, Any]:
    """Train a generator from nothing."""
    from draggan_widget import training
    from draggan_widget.pretrained import checked_device

    if args.device is not None:
        checked_device(args.device)
    return training.run(args)


# batch


def _add_batch_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``batch``."""
    from draggan_widget.batch import command

    command.add_arguments(parser)


def _run_batch(args: argparse.Namespace) -> dict[str, Any]:
    """Drag many pictures and return what came out."""
    from draggan_widget.batch import command

    return command.run(args)


def _say_batch(values: dict[str, Any]) -> str:
    """Return how the items ended."""
    from draggan_widget.batch import command

    return command.as_text(values)


# evaluate


def _add_evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``evaluate``."""
    from draggan_widget.evaluation import command

    command.add_arguments(parser)


def _run_evaluate(args: argparse.Namespace) -> dict[str, Any]:
    """Run a protocol and return its report."""
    from draggan_widget.evaluation import command

    return command.run(args)


def _say_evaluation(values: dict[str, Any]) -> str:
    """Return the tables of a report."""
    from draggan_widget.evaluation import command

    return command.as_text(values)


# bench


def _add_bench_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench``."""
    from draggan_widget.benchmarks import command

    command.add_arguments(parser)


def _run_bench(args: argparse.Namespace) -> dict[str, Any]:
    """Run a benchmark and return its report."""
    from draggan_widget.benchmarks import command

    return command.run(args)


def _say_bench(values: dict[str, Any]) -> str:
    """Return the tables of a benchmark."""
    from draggan_widget.benchmarks import command

    return command.as_text(values)


COMMANDS = (
    Command("demo", "open JupyterLab on the quickstart", _add_demo_arguments, _run_demo),
    Command("sample", "write the picture of a seed", _add_sample_arguments, _run_sample),
    Command("drag", "drag points of a picture", _add_drag_arguments, _run_drag),
    Command("batch", "drag many pictures", _add_batch_arguments, _run_batch, _say_batch),
    Command("invert", "make a photo a picture to drag", _add_invert_arguments, _run_invert),
    Command(
        "evaluate",
        "measure drags against the truth",
        _add_evaluate_arguments,
        _run_evaluate,
        _say_evaluation,
    ),
    Command("bench", "measure what drags cost", _add_bench_arguments, _run_bench, _say_bench),
    Command("generators", "list generators", _add_no_arguments, _run_generators, _say_generators),
    Command("convert", "write a checkpoint anew", _add_convert_arguments, _run_convert),
    Command("download", "fetch a published generator", _add_download_arguments, _run_download),
    Command("train", "train an embedded generator from nothing", _add_train_arguments, _run_train),
)
"""The subcommands, in the order of the help."""
