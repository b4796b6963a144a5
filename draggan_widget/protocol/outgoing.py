"""What the kernel says to a browser."""

from collections.abc import Mapping
from dataclasses import dataclass
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


def frame_message(seq: int, info: FrameInfo, size: Size, mime: str) -> dict[str, Any]:
    """Return the message that goes with a picture of this size and type."""
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
    }


def here_message() -> dict[str, Any]:
    """Return the answer to a poll: handlers are called, so that no cell keeps a person waiting."""
    return {"k": "here"}


def answer_message(rid: int, error: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a question; its files are buffers beside it, and an empty error means that there is one."""
    return {"k": "answer", "rid": rid, "ok": not error, "error": error, "result": dict(result)}


def progress_message(rid: int, part: float, words: str, shows: Shown) -> dict[str, Any]:
    """Return how much of a question is answered, 0..1, and what is done; what it shows is a file beside it."""
    return {"k": "progress", "rid": rid, "part": part, "words": words, "shows": shows}


def reply_message(rid: int, error: str = "") -> dict[str, Any]:
    """Return the answer to a command; an empty error means that it was done."""
    return {"k": "reply", "rid": rid, "ok": not error, "error": error}
