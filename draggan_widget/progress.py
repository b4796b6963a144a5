"""Bars of long work, in a terminal and in a notebook."""

import sys
from typing import Any

from tqdm.auto import tqdm


def progress_bar(
    total: int | None, words: str, *, done: int = 0, shown: bool | None = None
) -> "tqdm[Any]":
    """Return a bar, to be used as a context manager.

    Args:
        total: How much there is to do; None where nobody knows.
        words: What is done.
        done: How much of it is done already.
        shown: None shows the bar in a terminal and in a notebook, but not in a file.
    """
    hidden = (False if _in_notebook() else None) if shown is None else not shown
    return tqdm(total=total, desc=words, initial=done, disable=hidden)


def _in_notebook() -> bool:
    """Whether this is the kernel of a notebook, whose output is no terminal but shows bars all the same."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
