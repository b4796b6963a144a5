"""The options of ``draggan-widget invert``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from draggan_widget.arguments import output_file
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.export import IMAGE_FORMATS
from draggan_widget.inversion.invert import STEPS, CropSource, invert


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``invert``."""
    parser.add_argument("photo", type=Path, help="a picture to look for")
    parser.add_argument(
        "--generator", default="animals", help="name or file of a generator (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=output_file(), metavar="FILE.dgs", help="session file, to drag it later"
    )
    parser.add_argument(
        "--image", type=output_file(*IMAGE_FORMATS), help="picture of what was found"
    )
    parser.add_argument(
        "--crop",
        type=_crop,
        metavar="L,T,W,H",
        help="part of the upright photo in pixels, or auto to look for it (default: its middle)",
    )
    parser.add_argument(
        "--steps", type=int, default=STEPS, help="most steps of the search (default: %(default)s)"
    )
    parser.add_argument(
        "--tune",
        type=int,
        default=0,
        help="steps of tuning the generator to the photo; the session file keeps it (default: none)",
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Look for a photo, write what is asked for, and return the score.

    Args:
        args: What :func:`add_arguments` defines, ``device`` (a torch device or None) and ``json``.
    """
    if args.out is None and args.image is None:
        raise InputError("say where the result goes: --out FILE.dgs, --image FILE.png, or both")
    for target in (args.out, args.image):
        both_are_there = target is not None and target.exists() and args.photo.exists()
        if both_are_there and target.samefile(args.photo):
            raise InputError(f"{target} is the photo itself; choose another file for the result")
    try:
        found = invert(
            args.photo,
            args.generator,
            crop=args.crop,
            steps=args.steps,
            tune=args.tune,
            device=args.device,
            progress=False if args.json else None,
        )
    except GeneratorError as error:  # what was named
        raise InputError(str(error)) from error
    session = found.session()
    if args.out is not None:
        session.save(args.out)
    if args.image is not None:
        session.save_image(args.image)
    files = {"session": args.out, "image": args.image}
    return {
        "score": found.score.words,
        "psnr_db": round(found.score.psnr_db, 2),
        **({"warning": found.score.warning} if found.score.warning else {}),
        "crop": [
            round(float(side), 1)
            for side in (found.crop.left, found.crop.top, found.crop.width, found.crop.height)
        ],
        "generator": found.generator.name,
        **{name: path for name, path in files.items() if path is not None},
    }


def _crop(text: str) -> CropSource:
    """Return a part of a photo from ``L,T,W,H`` or ``auto``."""
    if text == "auto":
        return "auto"
    try:
        left, top, width, height = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be auto or L,T,W,H such as 10,0,300,300, got {text!r}"
        ) from None
    return left, top, width, height
