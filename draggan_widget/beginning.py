"""What a widget begins with: a session, or the arguments of one, checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from draggan_widget.errors import InputError
from draggan_widget.inputs import checked_seed
from draggan_widget.traits import checked_config

if TYPE_CHECKING:
    from draggan_widget.session import DragSession

WIDGET_ARGUMENTS = (
    *("session", "generator", "seed", "w", "config", "device"),
    *("auto_run", "keep_result", "layout"),
)
"""What a widget takes."""


def check_names(others: Mapping[str, object]) -> None:
    """Raise :class:`TypeError` if an argument beside those with names of their own is unknown."""
    if unknown := sorted(others.keys() - {"layout"}):
        raise TypeError(f"unknown arguments {unknown}; valid are {', '.join(WIDGET_ARGUMENTS)}")


def checked_beginning(
    session: DragSession | None, given: Mapping[str, Any]
) -> tuple[int, Callable[[], DragSession]]:
    """Return the first seed, and what gives the session in the thread that will own it.

    Args:
        session: The session to show, or None.
        given: Otherwise the arguments of a new one; None stands for what was not given.

    Raises:
        InputError: An unusable seed or configuration, or a session as well as arguments of one.
    """
    if isinstance(session, str | PathLike):
        raise InputError(
            f"session must be a DragSession, got {str(session)!r}; "
            "write generator= for a generator's name, DragSession.load for a session file"
        )
    arguments = {name: value for name, value in given.items() if value is not None}
    if session is not None and arguments:
        raise InputError(
            f"give either a session or {', '.join(arguments)}: the session has its own"
        )
    if "config" in arguments:
        arguments["config"] = checked_config(arguments["config"])
    first_seed = session.seed if session is not None else checked_seed(arguments.get("seed", 0))

    def make() -> DragSession:
        if session is not None:
            return session
        from draggan_widget.session import DragSession  # with torch, in the runner's thread

        return DragSession(**arguments)

    return first_seed, make
