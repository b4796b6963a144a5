"""What came out of one item, in numbers and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from draggan_widget.batch.tasks import Task
from draggan_widget.errors import DragganError

FAILED = "failed"
"""Status of an item that could not be dragged."""

Points = tuple[tuple[float, float], ...]

COLUMNS = (
    "index",
    "item",
    "generator",
    "seed",
    "status",
    "words",
    "steps",
    "evaluations",
    "seconds",
    "farthest_px",
    "distances_px",
    "error",
)
"""Columns of a table, in order."""


@dataclass(frozen=True)
class BatchRow:
    """What came out of one item.

    Attributes:
        index: Its place among the items, from 0.
        item: What people call it.
        generator: Name of the generator; empty where there was none.
        seed: Of the picture; None where nobody knows.
        status: ``"arrived"``, ``"stalled"``, ``"max_steps"``, ``"stopped"``, ``"idle"`` for a recipe that does not end
            with a drag, or ``"failed"``.
        words: The same for people; of a failure its message.
        steps: How many times the last drag moved the latent.
        evaluations: Passes of it through the generator.
        seconds: Duration of the item, the loading of the generator not included.
        distances_px: From each handle to its target.
        put_points: Where the handles were put down, px.
        handle_points: Where they are now, px.
        target_points: Where they should be, px.
        error: Why it failed, or None.
    """

    index: int
    item: str
    generator: str
    seed: int | None
    status: str
    words: str
    steps: int = 0
    evaluations: int = 0
    seconds: float = 0.0
    distances_px: tuple[float, ...] = ()
    put_points: Points = ()
    handle_points: Points = ()
    target_points: Points = ()
    error: str | None = None

    @property
    def is_failed(self) -> bool:
        """Whether the item could not be dragged."""
        return self.status == FAILED

    @property
    def farthest_px(self) -> float | None:
        """Largest distance; None without points."""
        return max(self.distances_px, default=None)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> BatchRow:
        """Return the row that :meth:`to_json` wrote."""
        points = ("put_points", "handle_points", "target_points")
        kept: dict[str, Any] = {field.name: values[field.name] for field in fields(cls)}
        kept |= {name: tuple(tuple(point) for point in kept[name]) for name in points}
        return cls(**(kept | {"distances_px": tuple(kept["distances_px"])}))

    def columns(self) -> dict[str, Any]:
        """Return the values of :data:`COLUMNS`."""
        values = self.to_json() | {"farthest_px": self.farthest_px}
        return {name: values[name] for name in COLUMNS}


@dataclass(frozen=True)
class Finished:
    """An item that is done.

    Attributes:
        row: What came out.
        start_w: Latent of the picture before, ``[1, num_ws, w_dim]``; None of a failure.
        w: Latent of the picture now.
    """

    row: BatchRow
    start_w: NDArray[Any] | None = None
    w: NDArray[Any] | None = None


def failed(task: Task, error: BaseException | str) -> Finished:
    """Return what came out of a task that could not be done."""
    said = error if isinstance(error, str) else told(error)
    row = BatchRow(
        index=task.index,
        item=task.label,
        generator="",
        seed=None,
        status=FAILED,
        words=f"failed: {said}",
        error=said,
    )
    return Finished(row)


def told(error: BaseException) -> str:
    """Return what an error says; one that is not ours says its kind too."""
    return str(error) if isinstance(error, DragganError) else f"{type(error).__name__}: {error}"


def plain_points(points: NDArray[np.float64]) -> Points:
    """Return points as tuples."""
    return tuple((float(x), float(y)) for x, y in points)
