"""The only conversion between picture pixels and the coarser grid of a feature map.

The method reads features at picture resolution: the map is enlarged to the size of the picture
(bilinear, cell edges aligned) and then read between pixels (bilinear, zero outside the picture).
Both stages are linear and separable, so a patch is ``rows @ map @ columns.T`` with two small
matrices, and the enlarged map never exists. Plain bilinear reading of the coarse map would differ
where two pixels straddle a cell's centre.

Only the cells around a point matter: they are cut out as one window a point and read in batches.
Along an axis everything is the same for x and y; points are ``(x, y)``, tensors ``[..., y, x]``.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from draggan_widget.ops.patch_loss import Reading, read


@dataclass(frozen=True)
class Axis:
    """One axis of a picture and of its feature map.

    Attributes:
        pixels: Length of the picture; pixel centres are 0 .. pixels - 1.
        cells: Length of the feature map, at most ``pixels``.
    """

    pixels: int
    cells: int

    def window_cells(self, radius_px: float) -> int:
        """Return how many cells hold everything within ``radius_px`` of any point."""
        # A position is read from the pixels on both sides, a pixel from the cells on both sides.
        needed = math.ceil(2 * (radius_px + 1) * self.cells / self.pixels) + 2
        return min(needed, self.cells)

    def window_starts(self, centres_px: Tensor, radius_px: float) -> Tensor:
        """Return the first cell of each point's window.

        Args:
            centres_px: Positions along the axis ``[N]``, inside the picture.
            radius_px: Half side of the window.

        Returns:
            int64 ``[N]``; windows of :meth:`window_cells` cells from there lie inside the map.
        """
        first = self._cell_of(centres_px - radius_px - 1).floor().long()
        return first.clamp(max=self.cells - self.window_cells(radius_px))

    def weights(self, positions_px: Tensor, starts: Tensor, count: int) -> Tensor:
        """Return the matrices that read windows at positions along the axis.

        Args:
            positions_px: ``[N, P]``, anywhere; outside the picture there are zeros.
            starts: First cell of each window ``[N]``.
            count: Cells of a window.

        Returns:
            ``[N, P, count]``; each row has at most four neighbouring weights other than zero.
        """
        below = positions_px.floor()
        fraction = (positions_px - below)[..., None]
        cells = starts[:, None] + torch.arange(count, device=starts.device)
        lower = self._pixel_weights(below, cells)
        upper = self._pixel_weights(below + 1, cells)
        return (1 - fraction) * lower + fraction * upper

    def contains(self, positions_px: Tensor) -> Tensor:
        """Return which positions lie between the first and the last pixel centre."""
        return (positions_px >= 0) & (positions_px <= self.pixels - 1)

    def _pixel_weights(self, pixels: Tensor, cells: Tensor) -> Tensor:
        """Return the weights ``[N, P, K]`` of cells ``[N, K]`` in pixels ``[N, P]``; 0 outside."""
        distance = self._cell_of(pixels)[..., None] - cells[:, None]
        return (1 - distance.abs()).clamp(min=0) * self.contains(pixels)[..., None]

    def _cell_of(self, positions_px: Tensor) -> Tensor:
        """Return where on the map the enlargement reads for positions in the picture."""
        scale = self.cells / self.pixels
        return ((positions_px + 0.5) * scale - 0.5).clamp(0, self.cells - 1)


@dataclass(frozen=True)
class FeatureWindows:
    """The cells of a feature map around some points.

    Attributes:
        x, y: The axes.
        values: ``[N, C, rows, columns]``.
        starts: First column and row of each window, int64 ``[N, 2]``.
    """

    x: Axis
    y: Axis
    values: Tensor
    starts: Tensor

    def sample(self, xs: Tensor, ys: Tensor) -> Tensor:
        """Return features at picture positions, read from the map enlarged to the picture.

        Args:
            xs: ``[N, P]`` pixels, within the radius the windows were made for.
            ys: ``[N, Q]`` likewise.

        Returns:
            ``[N, C, Q, P]``, zero outside the picture.
        """
        return read(self.reading(xs, ys))

    def reading(self, xs: Tensor, ys: Tensor) -> Reading:
        """Return what :meth:`sample` multiplies; arguments as there."""
        rows, columns = self.values.shape[-2:]
        column_weights = self.x.weights(xs, self.starts[:, 0], columns)
        row_weights = self.y.weights(ys, self.starts[:, 1], rows)
        return Reading(self.values, row_weights, column_weights)

    def to(self, device: torch.device) -> "FeatureWindows":
        """Return the same windows on a device, with channels side by side, as they are read fastest; differentiable."""
        values = self.values.to(device, memory_format=torch.channels_last)
        return FeatureWindows(self.x, self.y, values, self.starts.to(device))

    def detach(self) -> "FeatureWindows":
        """Return the same windows, cut off from the gradient."""
        return FeatureWindows(self.x, self.y, self.values.detach(), self.starts)


@dataclass(frozen=True)
class FeatureGrid:
    """How a feature map lies under a picture.

    Attributes:
        x, y: The axes.
    """

    x: Axis
    y: Axis

    @classmethod
    def between(cls, width: int, height: int, features: Tensor) -> "FeatureGrid":
        """Return the grid of a picture of ``width`` x ``height`` px and a map ``[..., h, w]``."""
        rows, columns = features.shape[-2:]
        return cls(Axis(width, columns), Axis(height, rows))

    def window_size(self, radius_px: float) -> tuple[int, int]:
        """Return rows and columns of the windows that hold everything within a radius of any point."""
        return self.y.window_cells(radius_px), self.x.window_cells(radius_px)

    def window_starts(self, points: Tensor, radius_px: float) -> Tensor:
        """Return the first column and row of the window of each point ``[N, 2]``, int64 ``[N, 2]``."""
        axes = enumerate((self.x, self.y))
        return torch.stack([axis.window_starts(points[:, i], radius_px) for i, axis in axes], dim=1)

    def windows(self, features: Tensor, points: Tensor, radius_px: float) -> FeatureWindows:
        """Return the cells that hold everything within a radius of each point.

        Args:
            features: ``[C, h, w]``.
            points: ``[N, 2]`` pixels, inside the picture.
            radius_px: Half side of the square around each point.
        """
        starts = self.window_starts(points, radius_px)
        values = cut_out(features, starts, *self.window_size(radius_px))
        return FeatureWindows(self.x, self.y, values, starts)


def cut_out(features: Tensor, starts: Tensor, rows: int, columns: int) -> Tensor:
    """Return windows of a map, ``[N, C, rows, columns]``.

    Args:
        features: ``[C, h, w]``.
        starts: First column and row of each window, int64 ``[N, 2]``.
        rows, columns: Size of a window.
    """
    ys = starts[:, 1, None] + torch.arange(rows, device=starts.device)
    xs = starts[:, 0, None] + torch.arange(columns, device=starts.device)
    return features[:, ys[:, :, None], xs[:, None, :]].transpose(0, 1)
