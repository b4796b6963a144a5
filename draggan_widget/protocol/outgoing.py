"""What the kernel says to a browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from draggan_widget.protocol.values import Size

Shown = Literal["", "photo", "picture"]
"""What is shown of work that goes on: nothing, the part of a photo that is looked for, or the picture found so far."""


@dataclass(frozen=True)
class FrameInfo:
    """What is known about a picture that is sent.

    Attributes:
        step: How many times the latent was moved.
        final: Whether the picture is at rest.
        point_ids: One id a pair.
        handles, targets: ``[N, 2]`` px.
        distances: From each handle to its target, ``[N]`` px.
        loss: Value of the loss, or None.
        pull: Number of the newest pull that the picture follows, 0 for none.
    """

    step: int
    final: bool
    point_ids: tuple[int, ...]
    handles: NDArray[np.float64]
    targets: NDArray[np.float64]
    distances: NDArray[np.float64]
    loss: float | None
    pull: int = 0


@dataclass(frozen=True)
class Way:
    """What is known about the way of a picture.

    Attributes:
        delay_ms: How long an answer of the front end takes where nothing waits in a queue, 0 while nothing is known.
        lean: Whether moving pictures are sent smaller than on a fast way.
    """

    delay_ms: int = 0
    lean: bool = False


def part_message(seq: int, index: int) -> dict[str, Any]:
    """Return the message that goes with a part of a picture whose end comes with its own message.

    Args:
        seq: Number of the message, counted with those of pictures.
        index: Number of the part, from 0.
    """
    return {"k": "part", "seq": seq, "index": index}


def frame_message(
    seq: int, info: FrameInfo, size: Size, mime: str, *, way: Way = Way(), parts: int = 0
) -> dict[str, Any]:
    """Return the message that goes with a picture.

    Args:
        seq: Number of the message.
        info: What is known about the picture.
        size: Its width and height.
        mime: Its type.
        way: What is known about its way.
        parts: How many parts of it have come before; its end is beside this message.
    """
    return {
        "k": "frame",
        "seq": seq,
        "step": info.step,
        "w": size[0],
        "h": size[1],
        "mime": mime,
        "final": info.final,
        "point_ids": list(info.point_ids),
        "handles": info.handles.tolist(),
        "targets": info.targets.tolist(),
        "distances": info.distances.tolist(),
        "loss": info.loss,
        "pull": info.pull,
        "delay_ms": way.delay_ms,
        "lean": way.lean,
        "parts": parts,
    }


@dataclass(frozen=True)
class Come:
    """What has come of a page.

    Attributes:
        writes: The numbers of its newest writes of traits, by their names.
        lost_commands, lost_questions: The numbers of those that it waits for and that have not come.
    """

    writes: Mapping[str, int] = field(default_factory=dict)
    lost_commands: Sequence[int] = ()
    lost_questions: Sequence[int] = ()


def here_message(n: int, state_rev: int | None, *, more: bool, come: Come) -> dict[str, Any]:
    """Return the answer to a greeting or a poll: handlers are called, so that no cell keeps a person waiting.

    Args:
        n: Number of what is answered.
        state_rev: Number of the message of traits before this, with which the page has all that it had missed; None where
            that could not be told.
        more: Whether something is being done that will be shown.
        come: What has come of the page.
    """
    lost = {
        "lost_commands": list(come.lost_commands),
        "lost_questions": list(come.lost_questions),
    }
    told = {"k": "here", "n": n, "state_rev": state_rev, "more": more}
    return told | {"writes": dict(come.writes)} | lost


def answer_message(rid: int, error: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a question; its files are buffers beside it, and an empty error means that there is one."""
    return {"k": "answer", "rid": rid, "ok": not error, "error": error, "result": dict(result)}


def in_pieces(answer: Mapping[str, Any], sizes: Sequence[int]) -> dict[str, Any]:
    """Return an answer whose files, of these sizes in bytes, have gone in pieces before it."""
    return {**answer, "sizes": list(sizes)}


def piece_message(rid: int, index: int) -> dict[str, Any]:
    """Return the message that goes with a piece of the files of an answer, which come one after the other.

    Args:
        rid: Number of the question.
        index: Number of the piece, from 0.
    """
    return {"k": "piece", "rid": rid, "index": index}


def progress_message(rid: int, part: float, words: str, shows: Shown) -> dict[str, Any]:
    """Return how much of a question is answered, 0..1, and what is done; what it shows is a file beside it."""
    return {"k": "progress", "rid": rid, "part": part, "words": words, "shows": shows}


def reply_message(rid: int, error: str = "") -> dict[str, Any]:
    """Return the answer to a command; an empty error means that it was done."""
    return {"k": "reply", "rid": rid, "ok": not error, "error": error}
