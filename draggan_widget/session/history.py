"""A tree of immutable states, about which undo, redo and jumps go; knows nothing of what the states hold."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from draggan_widget.errors import InputError

StateT = TypeVar("StateT")

HISTORY_LIMIT = 200
"""Entries kept; at 36 KB a latent of the largest published generators these are 7 MB."""


@dataclass(frozen=True)
class Entry(Generic[StateT]):
    """One state that a person can return to.

    Attributes:
        label: What led to the state, in a word: ``"sample"``, ``"drag"``, ``"points"``.
        state: The state, which nobody changes.
        subject: What exactly was changed, or None; entries of one subject may be merged.
        words: What led to the state, for people.
        time_s: When, in seconds since 1970; 0 where nobody knows.
        id: Number of the entry, from 1, never given again; a history gives it.
        parent: Id of the entry from which this one was made, None for the first; a history gives it.
    """

    label: str
    state: StateT
    subject: object = None
    words: str = ""
    time_s: float = field(default_factory=time.time, compare=False)
    id: int = 1
    parent: int | None = None


@dataclass(frozen=True)
class History(Generic[StateT]):
    """A tree of states with a present one; every change returns a new history.

    Undo goes to the entry from which the present one was made, redo to that made from it which was visited last. A
    change after an undo begins a branch and drops nothing. Beyond :data:`HISTORY_LIMIT` entries the oldest one goes
    that is not on the way from the first to the present one, and where there is none, the oldest after the first; what
    was made from it then follows what it was made from. So neither the first nor the present entry is ever dropped.

    Attributes:
        entries: From the oldest to the newest, never empty; each after the one that it was made from.
        position: Index of the present entry.
        visited: Of entries from which others were made, the id of that which was visited last.
    """

    entries: tuple[Entry[StateT], ...]
    position: int = 0
    visited: Mapping[int, int] = field(default_factory=dict)

    @property
    def current(self) -> Entry[StateT]:
        """The present entry."""
        return self.entries[self.position]

    @property
    def way(self) -> tuple[Entry[StateT], ...]:
        """The entries from the first to the present one, each made from the one before."""
        by_id = {entry.id: entry for entry in self.entries}
        way = [self.current]
        while (parent := way[-1].parent) is not None:
            way.append(by_id[parent])
        return tuple(reversed(way))

    @property
    def can_undo(self) -> bool:
        """Whether the present entry was made from another one."""
        return self.current.parent is not None

    @property
    def can_redo(self) -> bool:
        """Whether an entry was made from the present one."""
        return self._next_id() is not None

    def entry(self, entry_id: int) -> Entry[StateT]:
        """Return the entry of an id.

        Raises:
            InputError: There is none.
        """
        return self.entries[self._index(entry_id)]

    def push(self, entry: Entry[StateT]) -> History[StateT]:
        """Return the history with one more entry, made from the present one, as the present one."""
        made = replace(entry, id=self.entries[-1].id + 1, parent=self.current.id)
        return replace(self, entries=(*self.entries, made))._at(len(self.entries))._trimmed()

    def amend(self, entry: Entry[StateT]) -> History[StateT]:
        """Return the history with another entry in the place of the present one, under its id."""
        entries = list(self.entries)
        entries[self.position] = replace(entry, id=self.current.id, parent=self.current.parent)
        return replace(self, entries=tuple(entries))

    def record(
        self, entry: Entry[StateT], *, completes: bool, renews: bool = False
    ) -> History[StateT]:
        """Return the history with a new present entry.

        What is of one subject with the newest entry, or ``completes`` it, replaces it, so that moving one thing in
        many small steps is undone at once.

        Args:
            entry: The new one.
            completes: Whether the present entry was only a part of it.
            renews: Whether it looks different; then it does not take over the id of what it replaces, so that an id
                always stands for one picture.
        """
        present = self.current
        same = entry.subject is not None and entry.subject == present.subject
        is_newest = self.position == len(self.entries) - 1
        if not ((same or completes) and is_newest and self.can_undo):
            return self.push(entry)
        if not renews:
            return self.amend(entry)
        made = replace(entry, id=present.id + 1, parent=present.parent)
        return replace(self, entries=(*self.entries[:-1], made))._at(self.position)

    def undo(self) -> History[StateT]:
        """Return the history one entry back; call it only if :attr:`can_undo`."""
        parent = self.current.parent
        assert parent is not None
        return replace(self, position=self._index(parent))

    def redo(self) -> History[StateT]:
        """Return the history one entry forth; call it only if :attr:`can_redo`."""
        following = self._next_id()
        assert following is not None
        return self.jump(following)

    def jump(self, entry_id: int) -> History[StateT]:
        """Return the history at another entry; from there undo and redo go along its branch.

        Raises:
            InputError: There is no such entry.
        """
        return self._at(self._index(entry_id))

    def _index(self, entry_id: int) -> int:
        """Return the index of an entry."""
        for index, entry in enumerate(self.entries):
            if entry.id == entry_id:
                return index
        ids = ", ".join(str(entry.id) for entry in self.entries)
        raise InputError(f"the history has no entry {entry_id!r}; its entries are {ids}")

    def _next_id(self) -> int | None:
        """Return the id of the entry made from the present one that was visited last, or else made last."""
        made = [entry.id for entry in self.entries if entry.parent == self.current.id]
        last = self.visited.get(self.current.id)
        return last if last in made else max(made, default=None)

    def _at(self, position: int) -> History[StateT]:
        """Return the history at an index; the entries on the way there count as visited."""
        there = replace(self, position=position)
        steps = {entry.parent: entry.id for entry in there.way if entry.parent is not None}
        return replace(there, visited={**self.visited, **steps})

    def _trimmed(self) -> History[StateT]:
        """Return the history without its oldest entry, as the class says, where it has grown beyond the limit."""
        if len(self.entries) <= HISTORY_LIMIT:
            return self
        kept = {entry.id for entry in self.way}
        beside = [entry for entry in self.entries if entry.id not in kept]
        gone = beside[0] if beside else self.entries[1]
        entries = tuple(
            replace(entry, parent=gone.parent) if entry.parent == gone.id else entry
            for entry in self.entries
            if entry is not gone
        )
        assert gone.parent is not None
        visited = {
            parent: child
            for parent, child in self.visited.items()
            if gone.id not in (parent, child)
        }
        if self.visited.get(gone.parent) == gone.id and gone.id in self.visited:
            visited[gone.parent] = self.visited[gone.id]
        position = next(k for k, entry in enumerate(entries) if entry.id == self.current.id)
        return History(entries, position, visited)
