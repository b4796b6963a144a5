"""Bars of long work, in a terminal and in a notebook."""

from typing import Any

from tqdm.auto import tqdm

from draggan_widget.notebook import kernel_shell


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
    hidden = (False if kernel_shell() is not None else None) if shown is None else not shown
    return tqdm(total=total, desc=words, initial=done, disable=hidden, **options)
