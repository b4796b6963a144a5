"""Contact sheets: of each item the picture before and the picture now, side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from draggan_widget.batch.rows import BatchRow
from draggan_widget.errors import InputError
from draggan_widget.export import points_scaled, with_points

PICTURE_PX = 96
"""Width of a picture where none is given."""

GAP_PX = 6
"""Between items, and around all."""

CAPTION_PX = 14
"""Height of an item's words."""

MOST_PIXELS = 100_000_000
"""Larger sheets are refused: they take 300 MB, and few programs show them."""

GROUND = (255, 255, 255)
NOTHING = (216, 216, 216)
INK = (64, 64, 64)


@dataclass(frozen=True)
class Layout:
    """Where things are on a sheet, px.

    Attributes:
        count: How many items there are.
        columns: How many of them are beside each other.
        width: Of a picture.
        height: Of a picture.
    """

    count: int
    columns: int
    width: int
    height: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the sheet."""
        rows = math.ceil(self.count / self.columns)
        return GAP_PX + self.columns * self._across, GAP_PX + rows * self._down

    def place(self, number: int) -> tuple[int, int]:
        """Return the upper left corner of an item's first picture; the second is ``width`` to the right."""
        row, column = divmod(number, self.columns)
        return GAP_PX + column * self._across, GAP_PX + row * self._down

    @property
    def _across(self) -> int:
        """From one item to the next."""
        return 2 * self.width + GAP_PX

    @property
    def _down(self) -> int:
        """From one row of items to the next."""
        return self.height + CAPTION_PX + GAP_PX


def layout_of(count: int, columns: int | None, width: int, shape: tuple[int, int]) -> Layout:
    """Return the layout of a sheet.

    Args:
        count: How many items there are, from 1.
        columns: How many are beside each other; None makes the sheet about square.
        width: Of a picture, px.
        shape: Width and height of the generator's pictures.

    Raises:
        InputError: The sheet would be too large.
    """
    height = max(1, round(width * shape[1] / shape[0]))
    square = math.ceil(math.sqrt(count * (height + CAPTION_PX) / (2 * width)))
    layout = Layout(count, min(columns or square, count), width, height)
    if math.prod(layout.size) > MOST_PIXELS:
        raise InputError(
            f"the sheet would have {layout.size[0]}x{layout.size[1]} px; give first=, or a smaller width"
        )
    return layout


def contact_sheet(
    layout: Layout,
    items: Iterable[tuple[BatchRow, tuple[Image.Image, Image.Image] | None]],
    *,
    points: bool,
) -> Image.Image:
    """Return a sheet.

    Args:
        layout: Of as many items.
        items: Their rows, with the pictures before and now; None of what failed, which stays grey.
        points: Whether handles and targets are drawn.
    """
    sheet = Image.new("RGB", layout.size, GROUND)
    pen = ImageDraw.Draw(sheet)
    size = layout.width, layout.height
    for number, (row, pictures) in enumerate(items):
        x, y = layout.place(number)
        if pictures is None:
            pen.rectangle((x, y, x + 2 * size[0] - 1, y + size[1] - 1), fill=NOTHING)
        else:
            ends = row.put_points, row.handle_points
            for side, (picture, handles) in enumerate(zip(pictures, ends, strict=True)):
                small = _small(picture, size)
                if points:
                    small = _marked(small, picture.size, handles, row.target_points)
                sheet.paste(small, (x + side * size[0], y))
        pen.text((x, y + size[1]), f"{row.index} {row.status}", fill=INK)
    return sheet


def _small(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a picture of a size."""
    if picture.size == size:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS)


def _marked(
    picture: Image.Image,
    size: tuple[int, int],
    handles: Iterable[tuple[float, float]],
    targets: Iterable[tuple[float, float]],
) -> Image.Image:
    """Return a picture with points, which are given for its former size."""
    scale = np.array(picture.size) / size
    ends = [
        points_scaled(np.array(list(points)).reshape(-1, 2), scale) for points in (handles, targets)
    ]
    return with_points(picture, *ends) if len(ends[0]) == len(ends[1]) else picture
