"""Which cells of each layer a window of a feature map needs, and what computing only those costs.

A 3x3 convolution needs one cell more on every side. An up-sampling layer (stride-2 transposed 3x3 convolution, then
four smoothing taps) makes the cells ``2m`` and ``2m + 1`` of cells ``m - 1``, ``m`` and ``m + 1``. The sizes follow
from the size of the window alone, so that places may stay on the device; where a start is odd, and where even, differs
from point to point, so up-sampled windows are made large enough for both and then cut.

Knows sizes and places, but no weights.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

KERNEL_AREA = 9
"""Cells under a 3x3 kernel."""

SMOOTHING_AREA = 16
"""Cells under the smoothing of an up-sampling layer, one multiply-add each and channel."""

WEIGHT_COST = 24
"""What bringing a weight to the processor costs, in multiply-adds.

Measured with :data:`WINDOW_COST`: with both, the times of 1 to 10 windows of 13 and 20 cells of a map of 128, from any
layer on, are proportional to the costs within a tenth (PyTorch 2.13, one core with AVX-512).
"""

WINDOW_COST = 1.15
"""What a multiply-add on windows costs more than on a map: rows of odd lengths, cutting out, zeros around the map."""


@dataclass(frozen=True)
class LayerShape:
    """Sizes of one layer of the synthesis.

    Attributes:
        in_channels, out_channels: Of its kernel.
        rows, columns: Size of its whole output in cells.
        upsample: Whether the output is twice as large as the input.
    """

    in_channels: int
    out_channels: int
    rows: int
    columns: int
    upsample: bool

    @property
    def input_size(self) -> tuple[int, int]:
        """Rows and columns of its whole input in cells."""
        scale = 2 if self.upsample else 1
        return self.rows // scale, self.columns // scale

    def input_cells(self, cells: int) -> int:
        """Return how many neighbouring input cells hold all that ``cells`` neighbouring output cells need."""
        return cells // 2 + 3 if self.upsample else cells + 2

    def input_starts(self, starts: Tensor) -> Tensor:
        """Return the first of those input cells, for first output cells of any shape, int64."""
        return starts.div(2, rounding_mode="floor") - 1 if self.upsample else starts - 1

    def cost(self, rows: int, columns: int, count: int = 1) -> float:
        """Return the cost of ``count`` windows of the output, in multiply-adds on a whole map."""
        area = rows * columns
        if self.upsample:
            area = self.input_cells(rows) * self.input_cells(columns)
        return self._cost(WINDOW_COST * count * area, WINDOW_COST * count * rows * columns)

    def whole_cost(self) -> float:
        """Return the cost of the whole output, in multiply-adds."""
        return self._cost(math.prod(self.input_size), self.rows * self.columns)

    def _cost(self, kernel_cells: float, output_cells: float) -> float:
        """Return the cost of applying the kernel so often and making so many cells."""
        weights = KERNEL_AREA * self.in_channels * self.out_channels
        smoothing = SMOOTHING_AREA * self.out_channels * output_cells if self.upsample else 0
        return weights * (kernel_cells + WEIGHT_COST) + smoothing


@dataclass(frozen=True)
class Windows:
    """Equally large windows of a map, which may reach beyond its border.

    Attributes:
        starts: First column and row of each window, int64 ``[N, 2]``.
        rows, columns: Size of a window in cells.
        map_size: Rows and columns of the map in cells.
    """

    starts: Tensor
    rows: int
    columns: int
    map_size: tuple[int, int]

    def before(self, layer: LayerShape) -> "Windows":
        """Return the windows of a layer's input that these windows of its output need."""
        return Windows(
            layer.input_starts(self.starts),
            layer.input_cells(self.rows),
            layer.input_cells(self.columns),
            layer.input_size,
        )

    def inside(self, like: Tensor) -> Tensor:
        """Return 1 where a window lies on the map and 0 elsewhere, ``[N, 1, rows, columns]``."""
        columns, rows = (
            (cells >= 0) & (cells < size)
            for cells, size in zip(self._cells(self.starts), self.map_size[::-1], strict=True)
        )
        return (rows[:, None, :, None] & columns[:, None, None, :]).to(like.dtype)

    def cut(self, values: Tensor) -> Tensor:
        """Return the windows ``[N, C, rows, columns]`` of a map ``[1, C, h, w]``, with cells of its border outside."""
        height, width = values.shape[-2:]
        columns, rows = self._cells(self.starts)
        rows, columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)
        return self._gathered(values, rows[:, :, None] * width + columns[:, None, :])

    def cut_upsampled(self, values: Tensor) -> Tensor:
        """Return the windows of what an up-sampling layer makes of the windows before.

        Args:
            values: ``[N, C, h, w]``, from the even cell before, or at, each start.
        """
        height, width = values.shape[-2:]
        columns, rows = self._cells(self.starts % 2)
        window = torch.arange(len(values), device=rows.device)[:, None, None] * (height * width)
        return self._gathered(values, window + rows[:, :, None] * width + columns[:, None, :])

    def _cells(self, starts: Tensor) -> tuple[Tensor, Tensor]:
        """Return the columns ``[N, columns]`` and the rows ``[N, rows]`` of windows from ``starts`` on."""
        columns, rows = (
            starts[:, i, None] + torch.arange(cells, device=starts.device)
            for i, cells in enumerate((self.columns, self.rows))
        )
        return columns, rows

    def _gathered(self, values: Tensor, places: Tensor) -> Tensor:
        """Return the cells of ``[M, C, h, w]`` at ``places`` ``[N, rows, columns]`` of its M h w."""
        # Channels are last in memory, so that a cell is one piece of it.
        cells = values.permute(0, 2, 3, 1).flatten(0, 2)
        found = cells.index_select(0, places.flatten())
        return found.reshape(*places.shape, -1).permute(0, 3, 1, 2)


def first_on_windows(shapes: Sequence[LayerShape], count: int, rows: int, columns: int) -> int:
    """Return from which layer on it is cheapest to compute windows instead of whole maps.

    Args:
        shapes: The layers, from the first on.
        count: How many windows of the last layer's output are wanted.
        rows, columns: Size of a window.

    Returns:
        Index of a layer, at least 1, or ``len(shapes)``: whole maps are cheapest throughout.
    """
    best = len(shapes)
    cost = least = sum(shape.whole_cost() for shape in shapes)
    for index in range(len(shapes) - 1, 0, -1):
        shape = shapes[index]
        cost += shape.cost(rows, columns, count) - shape.whole_cost()
        rows, columns = shape.input_cells(rows), shape.input_cells(columns)
        if cost < least:
            best, least = index, cost
    return best
