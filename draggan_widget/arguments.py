"""Types of arguments of the command line, checked before any work begins."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path


def output_file(*suffixes: str) -> Callable[[str], Path]:
    """Return a check of a file to write, so that no long work ends in a file that cannot be.

    Args:
        suffixes: Endings of the file; none allows all.
    """

    def checked(text: str) -> Path:
        """Return the path if its folder is there, it is none itself, and its ending is known."""
        path = Path(text)
        if suffixes and path.suffix.lower() not in suffixes:
            raise argparse.ArgumentTypeError(f"must end in {' or '.join(suffixes)}, got {text!r}")
        if not path.parent.is_dir():
            raise argparse.ArgumentTypeError(
                f"there is no folder {str(path.parent)!r}; make it first"
            )
        try:
            is_folder = path.is_dir()
        except OSError as error:  # of a name that is too long, for one
            raise argparse.ArgumentTypeError(f"cannot be written: {error}") from error
        if is_folder:
            raise argparse.ArgumentTypeError(f"{text!r} is a folder; give the path of a file")
        if not os.access(path.parent, os.W_OK):
            raise argparse.ArgumentTypeError(f"nothing can be written to {str(path.parent)!r}")
        return path

    return checked
