"""Where the rays meet the animal: cone marching of tiles, then sphere tracing of rays.

Both step along a ray by a safe share of the distance bound (Hart 1996, "Sphere tracing"). Tiles
whose cone of rays leaves the scene are background at once. Rays that are done are dropped as the
others go on.

The animals of a batch keep lists of equal length. A list is padded with its own first ray, whose
repetition changes nothing: a ray that has arrived stays where it is, and one that has left stays
outside.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from draggan_widget.animals.camera import (
    FOCAL_LENGTH,
    camera_position,
    grid_centres,
    ray_directions,
)
from draggan_widget.animals.compilation import DistanceFunction
from draggan_widget.animals.field import STEP_FACTOR

NEAR = 3.2
FAR = 7.0
"""The animal lies between these distances from the camera."""

ESCAPED = 6.4
"""A ray longer than this has missed: behind every animal, before `FAR`."""

ARRIVED = 0.0006
"""A ray has arrived when the bound is below this share of its length: a fifth of a 128 px pixel."""

MAX_STEPS = 70
"""Steps after which a ray stops. It grazes the animal then, and counts as arrived."""

MAX_TILE_STEPS = 16
"""Steps after which a tile stops. Its rays are traced then."""

STEPS_PER_LIST = 2
"""Steps between two clearings of the list: clearing costs about as much as one step."""

TILE = 8
"""Samples along each side of a tile: fewer mean more tiles, more mean more traced background."""

PADDING = 64
"""List lengths are multiples of it: whole vectors of the processor, never the special length 1."""


def trace(
    distance: DistanceFunction, values: Tensor, directions: Tensor, traced: Tensor | None = None
) -> Tensor:
    """Return how far each ray goes: to the surface, or beyond `ESCAPED`.

    Args:
        distance: The field, eager or compiled.
        values: ``[V, B, 1]``, a packed scene.
        directions: ``[3, N]``, unit vectors from the camera, shared by the animals.
        traced: ``[B, N]``, false for rays known to miss; all rays when None.

    Returns:
        ``[B, N]``, in scene units.
    """

    def advance(rays: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        bound = distance(values, camera_position(rays) + rays * lengths)
        going = bound >= ARRIVED * lengths
        return torch.where(going, lengths + STEP_FACTOR * bound, lengths), going

    start = values.new_full((values.shape[1], directions.shape[1]), NEAR)
    if traced is not None:
        start = torch.where(traced, start, FAR + 1.0)
    return _march(advance, directions, start, MAX_STEPS)


def may_hit(distance: DistanceFunction, values: Tensor, rows: range, width: int) -> Tensor:
    """Return which rays may meet the animal, found with one cone for each tile of rays.

    The middle ray of a tile advances while the empty ball around it holds every ray of the tile.

    Args:
        distance: The field, eager or compiled.
        values: ``[V, B, 1]``, a packed scene.
        rows: Sample rows of the picture, as in `camera.grid_centres`.
        width: Samples along each side of the picture.

    Returns:
        ``[B, len(rows) * width]``, boolean; false is certain.
    """
    spread = 2.0**0.5 * TILE / width / FOCAL_LENGTH

    def advance(rays: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        bound = distance(values, camera_position(rays) + rays * lengths)
        room = STEP_FACTOR * bound - spread * lengths
        going = room > 0.0
        return torch.where(going, lengths + room / (1.0 + spread), lengths), going

    plane = grid_centres(rows, width, TILE, values.device)
    start = values.new_full((values.shape[1], plane[0].numel()), NEAR)
    lengths = _march(advance, ray_directions(plane.flatten(1)), start, MAX_TILE_STEPS)
    tiles = (lengths <= FAR).reshape(-1, *plane.shape[1:])
    samples = tiles.repeat_interleave(TILE, 1).repeat_interleave(TILE, 2)
    return samples[:, : len(rows), :width].reshape(len(samples), -1)


def compact(kept: Tensor) -> tuple[Tensor, Tensor]:
    """Return the positions of the true entries of each row, as rows of equal length.

    Args:
        kept: ``[B, N]``, boolean.

    Returns:
        Positions ``[B, K]``, int64, ascending in each row and then padded with 0; and ``[B, K]``,
        true where a position is no padding. K is a multiple of `PADDING`, and 0 when nothing is
        true.
    """
    counts = kept.sum(dim=1, keepdim=True)
    longest = -(-int(counts.max()) // PADDING) * PADDING
    real = torch.arange(longest, device=kept.device) < counts
    positions = torch.zeros_like(real, dtype=torch.int64)
    positions[real] = kept.nonzero()[:, 1]
    return positions, real


def _march(
    advance: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    directions: Tensor,
    start: Tensor,
    max_steps: int,
) -> Tensor:
    """Return ray lengths ``[B, N]`` after ``advance`` was repeated while rays go on in `FAR`."""
    lengths = start.clone()
    order, real = compact(start <= FAR)
    for _ in range(max_steps // STEPS_PER_LIST):
        if order.shape[1] == 0:
            break
        rays, listed = directions[:, order], lengths.gather(1, order)
        for _ in range(STEPS_PER_LIST):
            listed, going = advance(rays, listed)
        lengths.scatter_(1, order, listed)
        kept, kept_real = compact(real & going & (listed <= FAR))
        order, real = order.gather(1, kept), kept_real
    return lengths
