"""Failures as a person can read them: one of too little memory says what to do, and gives back what it holds."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from draggan_widget.errors import DragganError, NoMemoryError

SIGNS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "STATUS_ALLOC_FAILED",
)
"""What the libraries below it say instead, in errors that are no kind of their own."""

CURE = (
    "nothing that was done is lost. Use fewer points or a smaller generator, "
    "or close other notebooks and programs, and try again"
)


def in_words(error: BaseException) -> BaseException:
    """Return an error that a person can read: one of too little memory with its cure, any other as it is."""
    if isinstance(error, DragganError) or not is_of_memory(error):
        return error
    place = "the computer" if isinstance(error, MemoryError) or "CPU" in str(error) else "the GPU"
    told = NoMemoryError(f"there is too little memory on {place} for this; {CURE}")
    told.__cause__ = error
    return told.with_traceback(error.__traceback__)


def is_of_memory(error: BaseException) -> bool:
    """Return whether an error says that there is too little memory."""
    if isinstance(error, MemoryError) or _is_of_torch(error):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)


def let_go_of_memory(error: NoMemoryError) -> None:
    """Give back what the frames of an error hold, so that there is room for what comes next."""
    cause: BaseException | None = error
    while cause is not None:
        traceback.clear_frames(cause.__traceback__)
        cause = cause.__cause__
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


@contextmanager
def memory_in_words() -> Iterator[None]:
    """Raise :class:`NoMemoryError` with its cure where there is too little memory."""
    try:
        yield
    except Exception as error:
        told = in_words(error)
        if told is error:
            raise
        raise told from error


def _is_of_torch(error: BaseException) -> bool:
    """Return whether torch has found a GPU full."""
    torch = sys.modules.get("torch")
    if torch is None:  # what is not there has raised nothing
        return False
    return isinstance(error, torch.cuda.OutOfMemoryError)
