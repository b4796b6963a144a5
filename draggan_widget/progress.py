"""Bars of long work, in a terminal and in a notebook."""

import os
import sys
from typing import Any

from tqdm.auto import tqdm

from draggan_widget.notebook import kernel_shell

USUAL_SIZE = {"ncols": 80, "nrows": 24}
"""Of a terminal that does not know its size, as those of containers and of recorders."""


def progress_bar(
    total: int | None, words: str, *, done: int = 0, shown: bool | None = None, **options: Any
) -> "tqdm[Any]":
    """Return a bar, to be used as a context manager.

    Args:
        total: How much there is to do; None where nobody knows.
        words: What is done.
        done: How much of it is done already.
        shown: None shows the bar in a terminal and in a notebook, but not in a file.
        options: Of tqdm, such as the unit.
    """
    in_notebook = kernel_shell() is not None
    hidden = (False if in_notebook else None) if shown is None else not shown
    if not in_notebook and _has_no_size():  # tqdm would draw nothing in it
        options = {**USUAL_SIZE, **options}
    return tqdm(total=total, desc=words, initial=done, disable=hidden, **options)


def _has_no_size() -> bool:
    """Whether messages go to a terminal that says it has no columns or rows."""
    try:
        return 0 in os.get_terminal_size(sys.stderr.fileno())
    except (AttributeError, OSError, ValueError):  # no terminal, or nothing that has a number
        return False
