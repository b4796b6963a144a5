"""What a widget begins with: a session, or the arguments of one, checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from draggan_widget.errors import InputError
from draggan_widget.inputs import TRUNCATION_PSI, checked_seed, checked_truncation
from draggan_widget.traits import checked_config

if TYPE_CHECKING:
    from draggan_widget.session import DragSession

SESSION_ARGUMENTS = ("generator", "seed", "w", "truncation_psi", "config", "device")
"""What a new session takes."""

WIDGET_ARGUMENTS = ("session", *SESSION_ARGUMENTS, "auto_run", "keep_result", "layout")
"""What a widget takes."""


def check_names(others: Mapping[str, object]) -> None:
    """Raise :class:`TypeError` if an argument beside those with names of their own is unknown."""
    if unknown := sorted(others.keys() - {"layout"}):
        raise TypeError(f"unknown arguments {unknown}; valid are {', '.join(WIDGET_ARGUMENTS)}")


@dataclass(frozen=True)
class Beginning:
    """What a widget begins with.

    Attributes:
        seed: Of the first picture.
        truncation_psi: Of the pictures of seeds.
        make_session: Gives the session, in the thread that will own it.
    """

    seed: int
    truncation_psi: float
    make_session: Callable[[], DragSession]


def checked_beginning(session: DragSession | None, given: Mapping[str, Any]) -> Beginning:
    """Return what a widget begins with.

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
    seed = checked_seed(arguments.get("seed", 0))
    psi = checked_truncation(arguments.get("truncation_psi", TRUNCATION_PSI))
    if session is not None:
        seed, psi = session.seed, session.truncation_psi

    def make() -> DragSession:
        if session is not None:
            return session
        from draggan_widget.session import DragSession  # with torch, in the runner's thread

        return DragSession(**arguments)

    return Beginning(seed, psi, make)
