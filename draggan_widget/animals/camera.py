"""The camera: where rays start and go, and where a world point appears in the picture."""

import torch
from torch import Tensor

CAMERA_HEIGHT = 0.04
CAMERA_DISTANCE = 5.0
"""The camera looks along -z from ``(0, CAMERA_HEIGHT, CAMERA_DISTANCE)``."""

HALF_PICTURE = 1.03
"""Half the side of the picture in the plane z = 0."""

FOCAL_LENGTH = CAMERA_DISTANCE / HALF_PICTURE
"""Distance of the picture plane whose half side is 1."""


def camera_position(like: Tensor) -> Tensor:
    """Return the place of the camera, ``[3, 1, 1]``, of the dtype and device of ``like``."""
    return like.new_tensor((0.0, CAMERA_HEIGHT, CAMERA_DISTANCE))[:, None, None]


def grid_centres(
    rows: range, width: int, cell: int = 1, device: torch.device | str | None = None
) -> Tensor:
    """Return where the middles of square cells of samples lie in the picture plane.

    Args:
        rows: Sample rows from the top that the cells cover, the last cells maybe beyond the end.
        width: Samples along each side of the square picture.
        cell: Samples along each side of a cell; 1 gives the samples themselves.
        device: Where the tensor lives.

    Returns:
        ``[2, rows of cells, columns of cells]``: x to the right and y up, -1..1 in the picture.
    """
    columns = torch.arange(0, width, cell, device=device)
    lines = torch.arange(rows.start, rows.stop, cell, device=device)
    across = (2.0 * columns + cell) / width - 1.0
    up = 1.0 - (2.0 * lines + cell) / width
    y, x = torch.meshgrid(up, across, indexing="ij")
    return torch.stack((x, y))


def ray_directions(plane: Tensor) -> Tensor:
    """Return unit directions ``[3, N]`` of rays through points ``[2, N]`` of the picture plane."""
    x, y = plane.unbind(0)
    slopes = torch.stack((x / FOCAL_LENGTH, y / FOCAL_LENGTH, -torch.ones_like(x)))
    return slopes * slopes.square().sum(dim=0).rsqrt()


def picture_fractions(points: Tensor) -> Tensor:
    """Return where world points appear in the picture.

    Args:
        points: ``[3, ...]`` in front of the camera.

    Returns:
        ``[2, ...]``: x from the left and y from the top, in 0..1 of the picture inside it.
    """
    x, y, z = points.unbind(0)
    enlargement = FOCAL_LENGTH / (CAMERA_DISTANCE - z)
    return torch.stack((0.5 + 0.5 * x * enlargement, 0.5 - 0.5 * (y - CAMERA_HEIGHT) * enlargement))
