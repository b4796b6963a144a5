"""What a widget begins with: a session, or the arguments of one, checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from draggan_widget.errors import InputError
from draggan_widget.inputs import TRUNCATION_PSI, checked_seed, checked_truncation
from draggan_widget.traits import checked_config

if TYPE_CHECKING:
    from draggan_widget.session import DragSession
    from draggan_widget.session.state import PictureGenerator

SESSION_ARGUMENTS = ("generator", "seed", "w", "truncation_psi", "config", "device")
"""What a new session takes."""

WIDGET_ARGUMENTS = ("session", *SESSION_ARGUMENTS, "auto_run", "keep_result", "layout")
"""What a widget takes."""

SESSION_ENDINGS = (".dgs", ".png")
"""Files that hold a session, and no generator."""


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


def checked_beginning(
    session: DragSession | PictureGenerator | str | PathLike[str] | None, given: Mapping[str, Any]
) -> Beginning:
    """Return what a widget begins with.

    Args:
        session: The session to show; or a generator of a new one, by name, by file or itself; or None.
        given: Otherwise the arguments of a new one; None stands for what was not given.

    Raises:
        InputError: An unusable seed or configuration, or a session or generator as well as arguments that say
            another one.
    """
    shown = session if _is_session(session) else None
    if session is not None and shown is None:
        _check_generator(session, given)
        given = {**given, "generator": session}
    arguments = {name: value for name, value in given.items() if value is not None}
    if shown is not None and arguments:
        raise InputError(
            f"give either a session or {', '.join(arguments)}: the session has its own"
        )
    if "config" in arguments:
        arguments["config"] = checked_config(arguments["config"])
    seed = checked_seed(arguments.get("seed", 0))
    psi = checked_truncation(arguments.get("truncation_psi", TRUNCATION_PSI))
    if shown is not None:
        seed, psi = shown.seed, shown.truncation_psi

    def make() -> DragSession:
        if shown is not None:
            return shown
        from draggan_widget.session import DragSession  # with torch, in the runner's thread

        return DragSession(**arguments)

    return Beginning(seed, psi, make)


def _is_session(given: object) -> TypeGuard[DragSession]:
    """Whether something is a session; its class is not imported here, because torch would come with it."""
    return hasattr(given, "begin_following")


def _check_generator(source: object, given: Mapping[str, Any]) -> None:
    """Refuse a generator besides another one, and the file of a session."""
    if given.get("generator") is not None:
        raise InputError(
            f"give one generator: the first argument is {source!r}, and generator= another one"
        )
    if isinstance(source, str | PathLike) and Path(source).suffix.lower() in SESSION_ENDINGS:
        raise InputError(
            f"{str(source)!r} is no generator; DragSession.load reads a session file, and its session can be shown"
        )
