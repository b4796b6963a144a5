"""What came out of a batch: rows, latents, tables and pictures."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from draggan_widget.batch.contact_sheet import PICTURE_PX, contact_sheet, layout_of
from draggan_widget.batch.folder import Latents, Store
from draggan_widget.batch.rows import COLUMNS, BatchRow
from draggan_widget.batch.tasks import Origin
from draggan_widget.batch.workshop import Workshop
from draggan_widget.errors import DragganError, InputError
from draggan_widget.export import save_image
from draggan_widget.session.pictures import picture_of
from draggan_widget.session.sources import checked_latent
from draggan_widget.session.state import PictureGenerator
from draggan_widget.whole_files import write_whole

TABLE_FORMATS = (".csv", ".json")
"""Endings of a table's file."""


class BatchResult(Sequence[BatchRow]):
    """What came out of a batch: a sequence of its rows, in the order of the items.

    Attributes:
        rows: Of the items that are done, in the order of the items.
    """

    def __init__(
        self,
        rows: Sequence[BatchRow],
        store: Store,
        workshop: Workshop,
        origins: Mapping[int, Origin],
    ) -> None:
        """Hold rows.

        Args:
            rows: In any order.
            store: Has the latents.
            workshop: Has the generators.
            origins: Of the generators, by index of the item.
        """
        self.rows = tuple(sorted(rows, key=lambda row: row.index))
        self._store, self._workshop, self._origins = store, workshop, dict(origins)

    def __len__(self) -> int:
        """Return how many items are done."""
        return len(self.rows)

    def __getitem__(self, place: Any) -> Any:
        """Return the row of a place, or the rows of a slice."""
        return self.rows[place]

    def __repr__(self) -> str:
        """Return the result in a line."""
        counts = ", ".join(f"{count} {status}" for status, count in self.counts.items())
        return f"<BatchResult {len(self)} items: {counts or 'nothing'}>"

    @property
    def counts(self) -> dict[str, int]:
        """How many items ended how, the most frequent first."""
        return dict(Counter(row.status for row in self.rows).most_common())

    @property
    def failed(self) -> tuple[BatchRow, ...]:
        """Rows of the items that could not be dragged."""
        return tuple(row for row in self.rows if row.is_failed)

    def w(self, index: int) -> NDArray[Any]:
        """Return the latent of an item's picture now, ``[1, num_ws, w_dim]``.

        Raises:
            InputError: There is no such item, or it failed.
        """
        return self._latents(index)[1]

    def start_w(self, index: int) -> NDArray[Any]:
        """Return the latent of an item's picture before; otherwise as :meth:`w`."""
        return self._latents(index)[0]

    def image(self, index: int) -> Image.Image:
        """Return an item's picture now; otherwise as :meth:`w`."""
        return self._pictures(self._row(index))[1]

    # Tables

    def table(self) -> list[dict[str, Any]]:
        """Return a line for each item, as JSON types by name of the column."""
        return [row.columns() for row in self.rows]

    def save_table(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as CSV or JSON, by the ending of the path; return the path.

        Raises:
            InputError: Another ending, or no such folder.
        """
        target = Path(path)
        if target.suffix.lower() not in TABLE_FORMATS:
            raise InputError(
                f"a table must end in {' or '.join(TABLE_FORMATS)}, got {target.name!r}"
            )
        is_csv = target.suffix.lower() == ".csv"
        text = _csv(self.table()) if is_csv else json.dumps(self.table(), indent=1) + "\n"
        write_whole(target, text)
        return target

    # Pictures

    def contact_sheet(
        self,
        first: int | None = None,
        *,
        width: int = PICTURE_PX,
        columns: int | None = None,
        points: bool = True,
    ) -> Image.Image:
        """Return one picture of all items: each before and now, side by side, drawn from the latents.

        Args:
            first: How many items are shown, from the first on; None shows all.
            width: Of a picture, px.
            columns: How many items are beside each other; None makes the sheet about square.
            points: Whether handles and targets are drawn.

        Raises:
            InputError: There is nothing to show, an argument cannot be used, or the sheet would be too large.
        """
        for name, value in (("first", first), ("width", width), ("columns", columns)):
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and (not whole or value < 1):
                raise InputError(f"{name} must be a whole number from 1, got {value!r}")
        rows = self.rows[:first]
        drawn = next((row for row in rows if not row.is_failed), None)
        if drawn is None:
            raise InputError("there is nothing to show: no item was dragged")
        generator = self._generator(drawn)
        layout = layout_of(len(rows), columns, width, (generator.width, generator.height))
        return contact_sheet(layout, self._shown(rows), points=points)

    def save_images(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write each item's picture now as ``00000012.png``, by its index; return the paths.

        Raises:
            InputError: There is no such folder.
        """
        rows = [row for row in self.rows if not row.is_failed]
        place = Path(folder)
        return [save_image(self._pictures(row)[1], place / f"{row.index:08}.png") for row in rows]

    # Inside

    def _row(self, index: int) -> BatchRow:
        """Return the row of an item."""
        row = next((each for each in self.rows if each.index == index), None)
        if row is None:
            raise InputError(f"there is no result of item {index!r}; see rows")
        return row

    def _latents(self, index: int) -> Latents:
        """Return the latents of an item."""
        row = self._row(index)
        latents = None if row.is_failed else self._store.latents(index)
        if latents is None:
            raise InputError(f"item {index} has no picture: {row.words}")
        return latents

    def _generator(self, row: BatchRow) -> PictureGenerator:
        """Return the generator of an item that was dragged."""
        return self._workshop.drawer(self._origins[row.index], row.generator)

    def _pictures(self, row: BatchRow) -> tuple[Image.Image, Image.Image]:
        """Return the pictures of an item before and now."""
        generator = self._generator(row)
        before, now = (
            picture_of(generator, checked_latent(generator, w)) for w in self._latents(row.index)
        )
        return before, now

    def _shown(
        self, rows: Sequence[BatchRow]
    ) -> Iterator[tuple[BatchRow, tuple[Image.Image, Image.Image] | None]]:
        """Yield rows with their pictures, drawn when they are asked for."""
        for row in rows:
            yield row, None if row.is_failed else self._pictures(row)


class BatchInterrupted(KeyboardInterrupt):
    """A batch was interrupted.

    Attributes:
        result: What was done until then.
    """

    def __init__(self, message: str, result: BatchResult) -> None:
        """Tell how much was done."""
        super().__init__(message)
        self.result = result


class BatchError(DragganError):
    """A batch ended before all was done: by an error of whoever gives items or is told of rows, or of a disk or network.

    Attributes:
        result: What was done until then.
    """

    def __init__(self, message: str, result: BatchResult) -> None:
        """Tell how much was done."""
        super().__init__(message)
        self.result = result


def _csv(table: Sequence[Mapping[str, Any]]) -> str:
    """Return a table as CSV; several distances are separated by spaces."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for line in table:
        distances = " ".join(map(repr, line["distances_px"]))
        writer.writerow({**line, "distances_px": distances})
    return stream.getvalue()
