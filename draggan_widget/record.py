"""The history as a widget shows it: entries that scripts can read, and the short form in which they travel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from draggan_widget.traits import Loaded

if TYPE_CHECKING:
    from PIL import Image

    from draggan_widget.session import SessionState
    from draggan_widget.session.history import History


@dataclass(frozen=True)
class HistoryEntry:
    """One change in the history of a widget; ``widget.jump(entry.id)`` goes there.

    Attributes:
        id: Number of the entry, from 1, never given again.
        parent: Id of the entry from which this one was made; None for the first.
        label: What it was, in a word: ``"sample"``, ``"points"``, ``"mask"``, ``"drag"``, ``"step"``, ``"take"``,
            ``"latent"`` or ``"reset"``.
        words: What it was, for people.
        time_s: When, in seconds since 1970; 0 where nobody knows.
    """

    id: int
    parent: int | None
    label: str
    words: str
    time_s: float
    _widget: Any = field(default=None, repr=False, compare=False)

    @property
    def picture(self) -> Image.Image:
        """The picture as it was then, drawn when it is asked for; waits for a drag's step at most."""
        picture: Image.Image = self._widget.image_at(self.id)
        return picture


class Record(Loaded):
    """The entries of the history, oldest first; reading them waits until the picture is there."""

    default_value: tuple[HistoryEntry, ...] = ()
    info_text = "entries of the history"

    def get(self, obj: Any, cls: Any = None) -> tuple[HistoryEntry, ...]:
        """Return the entries, whose pictures can be asked for."""
        return tuple(replace(entry, _widget=obj) for entry in super().get(obj, cls) or ())


def record_of(history: History[SessionState]) -> tuple[HistoryEntry, ...]:
    """Return the entries of a session's history, without their states."""
    return tuple(
        HistoryEntry(entry.id, entry.parent, entry.label, entry.words, entry.time_s)
        for entry in history.entries
    )


def record_to_json(entries: Sequence[HistoryEntry]) -> list[list[Any]]:
    """Return entries as they travel and are saved: ``[id, parent or 0, words]`` each, the oldest first."""
    return [[entry.id, entry.parent or 0, entry.words] for entry in entries]
