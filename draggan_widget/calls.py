"""What edits and commands of the front end, once checked, do to a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from draggan_widget import protocol

if TYPE_CHECKING:
    from draggan_widget.session import DragSession
    from draggan_widget.session.state import SessionState


def newly_placed(edit: protocol.PointEdit, state: SessionState) -> set[int]:
    """Return the ids that an edit places where they were not put already.

    Edits repeat what was not confirmed yet: a handle that was put down and has moved on since is not put back.
    """
    put = dict(zip(state.point_ids, map(tuple, state.put_points.tolist()), strict=True))
    handles = dict(zip(edit.ids, edit.handles, strict=True))
    return {key for key in edit.placed if put.get(key) != handles[key]}


def is_known(edit: protocol.PointEdit, state: SessionState) -> bool:
    """Return whether an edit asks for nothing but what is there: what a pointer pulled to is told as an edit, too."""
    if newly_placed(edit, state) or edit.ids != state.point_ids:
        return False
    return tuple(map(tuple, state.target_points.tolist())) == edit.targets


def call_of(command: protocol.Command) -> Callable[[DragSession], object]:
    """Return what a command of the front end does to the session."""
    args = command.args
    calls: dict[str, Callable[[DragSession], object]] = {
        "step": lambda session: session.step(),
        "undo": lambda session: session.undo(),
        "redo": lambda session: session.redo(),
        "reset": lambda session: session.reset(),
        "clear_points": lambda session: session.clear_points(),
        "sample": lambda session: session.sample(args["seed"], args.get("truncation_psi")),
        "configure": lambda session: session.configure(args["settings"]),
        "jump": lambda session: session.jump(args["entry"]),
        "take": lambda session: session.take(args["index"]),
    }
    return calls[command.name]
