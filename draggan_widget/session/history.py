"""Undo and redo over immutable states; knows nothing of what the states hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

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
    """

    label: str
    state: StateT
    subject: object = None


@dataclass(frozen=True)
class History(Generic[StateT]):
    """A line of states with a present one; every change returns a new history.

    Attributes:
        entries: From the oldest to the newest, never empty.
        position: Index of the present entry.
    """

    entries: tuple[Entry[StateT], ...]
    position: int = 0

    @property
    def current(self) -> Entry[StateT]:
        """The present entry."""
        return self.entries[self.position]

    @property
    def can_undo(self) -> bool:
        """Whether there is an entry before the present one."""
        return self.position > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is an entry after the present one."""
        return self.position + 1 < len(self.entries)

    def push(self, entry: Entry[StateT]) -> History[StateT]:
        """Return the history with one more entry after the present one; what was undone is dropped."""
        kept = (*self.entries[: self.position + 1], entry)[-HISTORY_LIMIT:]
        return History(kept, len(kept) - 1)

    def amend(self, entry: Entry[StateT]) -> History[StateT]:
        """Return the history with another present entry; what was undone is dropped."""
        return History((*self.entries[: self.position], entry), self.position)

    def record(self, entry: Entry[StateT], *, completes: bool) -> History[StateT]:
        """Return the history with a new present entry.

        What is of one subject with the newest entry, or ``completes`` it, replaces it, so that moving one thing in
        many small steps is undone at once.
        """
        newest = self.current
        same = entry.subject is not None and entry.subject == newest.subject
        if (same or completes) and self.can_undo and not self.can_redo:
            return self.amend(entry)
        return self.push(entry)

    def undo(self) -> History[StateT]:
        """Return the history one entry back; call it only if :attr:`can_undo`."""
        assert self.can_undo
        return replace(self, position=self.position - 1)

    def redo(self) -> History[StateT]:
        """Return the history one entry forth; call it only if :attr:`can_redo`."""
        assert self.can_redo
        return replace(self, position=self.position + 1)
