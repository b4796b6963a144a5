"""The command ``draggan-widget drag``: points of the picture of a seed."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from draggan_widget.arguments import output_file
from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.drag.config import SOLVERS
from draggan_widget.errors import InputError
from draggan_widget.export import ANIMATION_FORMATS
from draggan_widget.mask_pictures import mask_of_picture
from draggan_widget.progress import progress_bar
from draggan_widget.subcommands.picture import add_picture_arguments, session_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``drag``."""
    add_picture_arguments(parser)
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
        "--mask",
        type=Path,
        help="a black and white picture of the same size, white where it may move",
    )
    parser.add_argument("--solver", choices=sorted(SOLVERS), help="how to drag")
    parser.add_argument("--max-steps", type=int, help="most steps of the drag")
    parser.add_argument(
        "--session-out", type=output_file(), help="session file, to go on from later"
    )
    parser.add_argument(
        "--animation", type=output_file(*ANIMATION_FORMATS), help="animation of the drag"
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Drag points of the picture of a seed and write the result."""
    if len(args.handle) != len(args.target):
        raise InputError(
            f"every --handle needs its --target: got {len(args.handle)} handles "
            f"and {len(args.target)} targets"
        )
    chosen = {"solver": args.solver, "max_steps": args.max_steps, "seed": args.seed}
    config = DragConfig(**{name: value for name, value in chosen.items() if value is not None})
    session = session_of(args, config=config)
    session.set_points(args.handle, args.target)
    if args.mask is not None:
        session.mask = _read_mask(args.mask)
    shown = False if args.json else None
    with progress_bar(config.max_steps, "drag", unit="step", shown=shown) as bar:

        def tell(step: DragStep[Any]) -> None:
            bar.update(step.step - bar.n)

        result = session.drag(on_step=tell)
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


def _read_mask(path: Path) -> NDArray[np.bool_]:
    """Return a mask from a picture, True where it is white and not transparent."""
    try:
        with Image.open(path) as picture:
            return mask_of_picture(picture)
    except InputError as error:
        raise InputError(f"--mask {path} is no mask: {error}") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(
            f"--mask must be a picture of the generator's size, and {path} is none: {error}"
        ) from error


def _point(text: str) -> tuple[float, float]:
    """Return a point from ``X,Y``."""
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be X,Y such as 64,70, got {text!r}") from None
    return x, y
