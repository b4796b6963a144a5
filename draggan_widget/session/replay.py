"""Does again what a recipe tells, with a session's own methods."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import torch

from draggan_widget.drag import DragConfig, DragStep
from draggan_widget.errors import GeneratorError
from draggan_widget.session.changes import Changes
from draggan_widget.session.plain_values import (
    mask_from_json,
    state_from_json,
    tensor_from_json,
)
from draggan_widget.session.recipe import Edit, Recipe

OnStep = Callable[[DragStep[Any]], None]
"""Is called with the picture after each step."""


class _BrokenOffError(Exception):
    """Ends a drag where an exception has ended it."""


def play(session: Changes, recipe: Recipe, on_step: OnStep | None) -> None:
    """Do in a session, which stands at the recipe's start, what the recipe tells.

    Raises:
        InputError: The recipe asks for what cannot be done.
    """
    player = _Player(session, on_step)
    threads = torch.get_num_threads()
    end_listening = session.listen(lambda _: None, player.draws)
    try:
        for edit in recipe.edits:
            player.do(edit)
    finally:
        end_listening()
        torch.set_num_threads(threads)


class _Player:
    """Does edits, one after the other."""

    def __init__(self, session: Changes, on_step: OnStep | None) -> None:
        self._session, self._on_step = session, on_step
        self._drawn: deque[str] = deque()
        self._actions: dict[str, Callable[[Edit], object]] = {
            "sample": lambda edit: session.sample(edit["seed"], edit["truncation_psi"]),
            "latent": lambda edit: setattr(session, "w", tensor_from_json("w", edit["w"])),
            "points": self._points,
            "mask": lambda edit: setattr(
                session, "mask", mask_from_json(session.generator, edit["mask"])
            ),
            "config": lambda edit: setattr(session, "config", DragConfig.from_json(edit["config"])),
            "open": self._open,
            "drag": self._drag,
            "settle": self._drag,
            "step": self._step,
            "begin": lambda _: session.begin_following(),
            "follow": self._follow,
            "release": lambda _: session.release(),
            "undo": lambda _: session.undo(),
            "redo": lambda _: session.redo(),
            "reset": lambda _: session.reset(),
            "jump": lambda edit: session.jump(edit["entry"]),
            "take": lambda edit: session.take(edit["index"]),
            "renew": lambda _: session.renew(),
            "threads": lambda edit: torch.set_num_threads(edit["count"]),
        }

    def do(self, edit: Edit) -> None:
        """Do one edit."""
        self._actions[edit["do"]](edit)

    def draws(self) -> bool:
        """Return whether the next picture was drawn."""
        return self._drawn.popleft() == "1" if self._drawn else False

    def _points(self, edit: Edit) -> None:
        """Set points."""
        self._session.set_points(
            edit["handles"], edit["targets"], point_ids=edit["ids"], placed=edit["placed"]
        )

    def _open(self, edit: Edit) -> None:
        """Go to the state of a file."""
        state = state_from_json(self._session.generator, edit["state"])
        self._session.go_to(state, edit["words"])

    def _step(self, edit: Edit) -> None:
        """Move the latent once."""
        self._drawn = deque(edit["drawn"])
        self._told(self._session.step())

    def _follow(self, edit: Edit) -> None:
        """Follow a pointer."""
        self._drawn = deque(edit["drawn"])
        for index, x, y in edit["moves"]:
            self._told(self._session.follow(index, (x, y)))

    def _told(self, step: DragStep[Any]) -> None:
        """Tell of a step."""
        if self._on_step is not None:
            self._on_step(step)

    def _drag(self, edit: Edit) -> None:
        """Drag, or settle, with the same changes after the same pictures."""
        session, end, pictures = self._session, edit["end"], len(edit["drawn"])
        settles = edit["do"] == "settle"
        # A drag looks once more after it was stopped; settling does not.
        stop_after = pictures if settles else pictures - 1
        during = deque(edit["during"])
        self._drawn = deque(edit["drawn"])
        taken = 0

        def on_step(step: DragStep[Any]) -> None:
            nonlocal taken
            taken += 1
            self._told(step)
            while during and during[0][0] <= taken:
                self.do(during.popleft()[1])
            if end == "break" and taken >= pictures:
                raise _BrokenOffError
            if end == "stop" and taken == stop_after:
                session.stop()

        if end == "stop" and stop_after == 0:
            session.stop()
        if end == "break" and pictures == 0:
            if settles:
                session.release()
            session.renew()
            return
        try:
            if settles:
                session.settle(edit["max_steps"], on_step)
            else:
                session.drag(edit["max_steps"], on_step)
        except (_BrokenOffError, GeneratorError):
            if end != "break":
                raise
        for _, each in during:  # another picture has arrived sooner
            self.do(each)
