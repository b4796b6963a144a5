"""Notes what is done in a session, so that it can be done again bit for bit."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch

from draggan_widget.session.recipe import Recipe

MOST_PICTURES = 200_000
"""Pictures of drags that are noted, some hours of live ones; of a longer session there is no recipe."""


class Recorder:
    """Notes edits in their order, and for each picture of a drag whether it was computed whole."""

    def __init__(self, begin: Recipe | None, draws: Callable[[], bool]) -> None:
        """Go on with what was done so far.

        Args:
            begin: What that is; None if nobody knows.
            draws: Says before each picture whether it will be drawn.
        """
        self._begin = begin
        self._edits: list[dict[str, Any]] = [dict(e) for e in begin.edits] if begin else []
        self._draws = draws
        self._open: dict[str, Any] | None = None
        self._drawn: list[str] = []
        self._drawn_next = "1"
        self._pictures = sum(len(edit.get("drawn", "")) for edit in self._edits)
        counts = [edit["count"] for edit in self._edits if edit["do"] == "threads"]
        self._threads: int | None = counts[-1] if counts else None

    def recipe(self, *, is_following: bool) -> Recipe | None:
        """Return what was done, or None if nobody knows or it was too much.

        A drag that runs counts as broken off here.

        Args:
            is_following: Whether a live drag is open.
        """
        if self._begin is None or self._pictures > MOST_PICTURES:
            return None
        edits = self._edits
        if self._open is not None:
            edits = [*edits[:-1], {**self._open, "drawn": "".join(self._drawn)}]
        elif is_following:
            edits = [*edits, {"do": "release"}, {"do": "renew"}]
        return replace(self._begin, edits=tuple(copy.deepcopy(edits)))

    def note(self, do: str, **values: Any) -> None:
        """Note what was done, at rest or while a drag runs."""
        if do != "threads" and self._open is None:
            self.note_threads()  # whatever is computed for it is rounded accordingly
        edit = {"do": do, **values}
        if self._open is not None:
            self._open["during"].append([len(self._drawn), edit])
        elif self._pictures <= MOST_PICTURES:
            self._edits.append(edit)

    def draws_next(self) -> bool:
        """Return whether the next picture will be drawn, and remember that for :meth:`take`."""
        drawn = self._draws()
        self._drawn_next = "1" if drawn else "0"
        return drawn

    def take(self) -> None:
        """Note a picture."""
        self._drawn.append(self._drawn_next)
        self._pictures += 1

    @contextmanager
    def drag(self, do: str, max_steps: int, is_stopped: Callable[[], bool]) -> Iterator[None]:
        """Note a drag with its pictures and what is changed while it runs.

        Args:
            do: ``"drag"`` or ``"settle"``.
            max_steps: Its most steps.
            is_stopped: Says at the end whether somebody has stopped it.
        """
        self.note_threads()
        edit: dict[str, Any] = {"do": do, "max_steps": max_steps, "drawn": "", "during": []}
        edit["end"] = "break"
        self._edits.append(edit)
        self._open, self._drawn = edit, []
        try:
            yield
            edit["end"] = "stop" if is_stopped() else "itself"
        finally:
            self._open, edit["drawn"] = None, "".join(self._drawn)

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """Note the begin of a live drag."""
        try:
            yield
        except BaseException:
            self.note("renew")
            raise
        self.note("begin")

    @contextmanager
    def move(self, index: int, place: tuple[float, float]) -> Iterator[None]:
        """Note a step of a live drag towards a place; moves without anything in between are noted together."""
        self.note_threads()
        self._drawn = []
        try:
            yield
        except BaseException:  # it has ended the live drag
            self.note("release")
            self.note("renew")
            raise
        if not self._edits or self._edits[-1]["do"] != "follow":
            self.note("follow", moves=[], drawn="")
        follow = self._edits[-1]
        follow["moves"].append([index, *place])
        follow["drawn"] += "".join(self._drawn)

    @contextmanager
    def step(self) -> Iterator[None]:
        """Note a single step."""
        self.note_threads()
        self._drawn = []
        try:
            yield
        except BaseException:
            self.note("renew")
            raise
        self.note("step", drawn="".join(self._drawn))

    def note_threads(self) -> None:
        """Note how many threads torch uses, where that has changed."""
        count = torch.get_num_threads()
        if count != self._threads:
            self._threads = count
            self.note("threads", count=count)
