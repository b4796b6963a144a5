"""What a drag has done so far, as rows of numbers: for curves and trajectories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from draggan_widget.drag import DragStep
from draggan_widget.drag.validation import Points

MOST_ROWS = 600
"""Most steps that are kept; more could not be told apart in a chart."""


@dataclass(frozen=True, eq=False)
class Row:
    """One picture of a drag.

    Attributes:
        step: How many times the latent had been moved.
        point_ids: One a point.
        handle_points: ``[N, 2]`` px.
        distances_px: From each handle to its target, ``[N]``.
        loss: None where the latent was not moved after the picture.
    """

    step: int
    point_ids: tuple[int, ...]
    handle_points: Points
    distances_px: Points
    loss: float | None


class Record:
    """The rows of one drag; single steps and a settling belong to the drag before them.

    Attributes:
        w: Latent of the last row, None before the first.
        rows: From the first on, of a long drag the older ones less densely; never changed in place.
    """

    def __init__(self) -> None:
        """Begin with no drag."""
        self.w: Tensor | None = None
        self.rows: tuple[Row, ...] = ()
        self._is_open = False

    def add(self, step: DragStep[Any]) -> None:
        """Note a picture of the drag, or of the next one."""
        row = Row(
            step.step,
            step.point_ids,
            step.handle_points,
            step.distances_px,
            step.loss if step.loss > 0 else None,
        )
        rows, last = self.rows, self.rows[-1].step if self.rows else -1
        if row.step < last or (row.step == last and not self._is_open):
            rows = ()
        elif row.step == last:  # the same picture again, or a nearer one that it has gone back to
            row = row if row.loss is not None else _with_loss(row, rows[-1].loss)
            rows = rows[:-1]
        rows = (*rows, row)
        if len(rows) > MOST_ROWS:
            half = len(rows) // 2
            rows = (*rows[:half:2], *rows[half:])
        self.rows, self.w, self._is_open = rows, step.w, True

    def rest(self) -> None:
        """Note that no drag runs any more."""
        self._is_open = False


def _with_loss(row: Row, loss: float | None) -> Row:
    """Return a row with another loss."""
    return Row(row.step, row.point_ids, row.handle_points, row.distances_px, loss)


def distances(rows: Iterable[Row]) -> dict[int, list[tuple[float, float | None]]]:
    """Return the distance curve of each point by its id: steps and px."""
    curves: dict[int, list[tuple[float, float | None]]] = {}
    for row in rows:
        for key, distance_px in zip(row.point_ids, row.distances_px.tolist(), strict=True):
            curves.setdefault(key, []).append((row.step, distance_px))
    return curves


def losses(rows: Iterable[Row]) -> list[tuple[float, float | None]]:
    """Return the loss curve: steps and losses, None where the latent was not moved."""
    return [(row.step, row.loss) for row in rows]


def paths(rows: Iterable[Row]) -> dict[int, list[tuple[float, float]]]:
    """Return where each handle went, by its id: places in px."""
    found: dict[int, list[tuple[float, float]]] = {}
    for row in rows:
        for key, (x, y) in zip(row.point_ids, row.handle_points.tolist(), strict=True):
            found.setdefault(key, []).append((x, y))
    return found
