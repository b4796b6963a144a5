"""Questions that were understood, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from draggan_widget.commands import When

if TYPE_CHECKING:
    from draggan_widget.session import DragSession


@dataclass(frozen=True)
class Answer:
    """What a question found.

    Attributes:
        result: Values, as JSON.
        files: Pictures and other files.
    """

    result: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Question:
    """A question that was understood.

    Attributes:
        answer: Finds the answer, in the thread of the session.
        when: What becomes of a drag that runs meanwhile.
    """

    answer: Callable[[DragSession], Answer]
    when: When
