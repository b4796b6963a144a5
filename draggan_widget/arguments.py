"""Types of arguments of the command line, checked before any work begins."""

import argparse
from collections.abc import Callable
from pathlib import Path


def output_file(*suffixes: str) -> Callable[[str], Path]:
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
