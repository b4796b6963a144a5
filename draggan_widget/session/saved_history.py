"""The history of a session file, checked: a tree, or in files of before there were any, a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from draggan_widget.errors import SessionFileError
from draggan_widget.session.entry_words import entry_words, first_words
from draggan_widget.session.history import HISTORY_LIMIT, Entry, History
from draggan_widget.session.saved_states import Reader, StatePool
from draggan_widget.session.state import SessionState


def saved_entry(entry: Entry[SessionState]) -> dict[str, Any]:
    """Return what a file holds of an entry besides its state, as JSON."""
    names = ("id", "parent", "label", "words", "time_s")
    return {name: getattr(entry, name) for name in names}


def read_history(reader: Reader, pool: StatePool) -> History[SessionState]:
    """Return the history of a session file.

    Args:
        reader: Of the file's description.
        pool: Builds the states.

    Raises:
        SessionFileError: The file is damaged.
    """
    items, position = reader.take("entries", list), reader.take("position", int)
    if not 1 <= len(items) <= HISTORY_LIMIT or not 0 <= position < len(items):
        raise SessionFileError(
            f"{reader.source} must hold 1 to {HISTORY_LIMIT} entries and the position of one of "
            f"them, got {len(items)} and {position}"
        )
    entries: dict[int, Entry[SessionState]] = {}
    for index, item in enumerate(items):
        entry = pool.entry(item, index)
        newest = max(entries, default=0)
        if entry.id <= newest or (entry.parent not in entries if index else entry.parent):
            raise SessionFileError(
                f"{reader.source} is damaged: the ids of entries must grow, and each after the first "
                "must have the id of an earlier one as its parent"
            )
        entries[entry.id] = entry if entry.words else _worded(entry, entries)
    visited = _visited(reader, entries)
    return History(tuple(entries.values()), position, visited)


def _worded(
    entry: Entry[SessionState], earlier: Mapping[int, Entry[SessionState]]
) -> Entry[SessionState]:
    """Return an entry of an older file with words."""
    if entry.parent is None:
        return replace(entry, words=first_words(entry.state, sampled=True))
    return replace(entry, words=entry_words(entry.label, earlier[entry.parent].state, entry.state))


def _visited(reader: Reader, entries: Mapping[int, Entry[SessionState]]) -> dict[int, int]:
    """Return which entry was visited last of those made from each."""
    visited = {}
    for pair in reader.take("visited", list, []):
        whole = type(pair) is list and [type(key) for key in pair] == [int, int]
        child = entries.get(pair[1]) if whole else None
        if child is None or child.parent != pair[0]:
            raise SessionFileError(
                f"{reader.source} is damaged: visited must hold pairs of an entry's parent and the entry"
            )
        visited[pair[0]] = pair[1]
    return visited
