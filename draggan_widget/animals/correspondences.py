"""Where the same places of one head appear in two pictures that show it in different poses.

The head is rigid as long as nothing but the pose changes, so a place on it that one picture shows
can be moved to the other pose exactly. Both pictures must show it: the ray of each camera must meet
the head there first. Neck and chest stay behind when the head turns, and are left out.
"""

import torch
from torch import Tensor

from draggan_widget.animals.camera import camera_position, picture_fractions, ray_directions
from draggan_widget.animals.compilation import packed_distance
from draggan_widget.animals.field import body_frame, head_frame, surface, world_points
from draggan_widget.animals.parameters import PARAMETER_INDEX, Z_DIM, ArrayLike, validated_z
from draggan_widget.animals.render import surface_normals
from draggan_widget.animals.scene import Scene, build_scene, pack_scene
from draggan_widget.animals.tracing import ESCAPED, trace

POSE: tuple[str, ...] = ("yaw", "pitch", "roll", "shift_x", "shift_y", "scale")
"""The parameters that move the head and leave its shape as it is."""

CELLS = 96
"""Cells along each side of the first picture; each gives one ray, so a head some 3000 places."""

REFINEMENTS = 4
REFINEMENT_STEP = 0.004
REFINEMENT_LIMIT = 0.02
"""Newton steps along a ray after tracing; step of the differences; limit of each, in scene units."""

ON_SURFACE = 2e-5
"""Field value at which a place lies on the surface: a thousandth of a 128 px pixel."""

SAME_PLACE = 1e-4
"""Distance below which two places are one: a hundred and fiftieth of a 128 px pixel."""

LEAST_FACING = 0.3
"""Cosine between surface and camera below which a place is too slanted: a pixel shows a long strip
of it, and the next pixel may show the background."""

BODY_CLEARANCE = 0.162
"""Bound to the body, in head units, from which on its smooth join with the head (0.16) ends."""


@torch.no_grad()
def correspondences(
    z_from: ArrayLike, z_to: ArrayLike, count: int, seed: int, resolution: int
) -> tuple[Tensor, Tensor]:
    """Return where places on a head appear in the pictures of two poses.

    The places are spread over what both pictures show of the head: each next one is as far as
    possible from those before it (Gonzalez 1985, "Clustering to minimize the maximum intercluster
    distance"), so that the first ones are spread as well.

    Args:
        z_from, z_to: ``[30]`` or ``[1, 30]``, equal but for the entries of `POSE`.
        count: How many places.
        seed: Of the choice of places; the same seed gives the same places.
        resolution: Side of both pictures in pixels.

    Returns:
        Two tensors ``[M, 2]``, float32, ``(x, y)`` px with pixel centres at integers, in the first
        and in the second picture, on the device of ``z_from``. M is ``count``, or less where the
        two pictures have little of the head in common.

    Raises:
        ValueError: When a z is no single finite z, the two differ in more than the pose, or a
            number is out of range.
    """
    for name, number in (("count", count), ("resolution", resolution)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}.")
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed must be from 0 to 2**63 - 1, got {seed}.")
    scenes = [build_scene(z) for z in _checked_pair(z_from, z_to)]
    rng = torch.Generator().manual_seed(seed)
    places, seen = _first_met(scenes[0], _jittered_plane(rng).to(scenes[0].scale.device))
    places = places[..., seen & _on_head(scenes[0], places)]
    on_head = torch.stack(head_frame(scenes[0], body_frame(scenes[0], places)))
    moved = world_points(scenes[1], on_head)
    points = [_pixels(each, resolution) for each in (places, moved)]
    met, seen = _first_met(scenes[1], _plane_of(moved))
    shown = seen & _on_head(scenes[1], met) & ((met - moved).norm(dim=0)[0] < SAME_PLACE)
    for each in points:
        shown &= ((each >= 0.0) & (each <= resolution - 1.0)).all(dim=1)
    chosen = shown.nonzero()[:, 0][_spread(on_head[:, 0, shown].T, count, rng)]
    return points[0][chosen], points[1][chosen]


def _checked_pair(z_from: ArrayLike, z_to: ArrayLike) -> tuple[Tensor, Tensor]:
    """Return both z as ``[1, 30]`` on the device of the first."""
    pair: list[Tensor] = []
    for name, z in (("z_from", z_from), ("z_to", z_to)):
        tensor = torch.as_tensor(z, device=pair[0].device if pair else None)
        if tensor.shape not in ((Z_DIM,), (1, Z_DIM)):
            raise ValueError(
                f"{name} must be [{Z_DIM}] or [1, {Z_DIM}], got {list(tensor.shape)}; "
                "give one animal at a time."
            )
        pair.append(validated_z(tensor.reshape(1, Z_DIM)))
    differing = set((pair[0] != pair[1])[0].nonzero()[:, 0].tolist())
    shape = [name for name, i in PARAMETER_INDEX.items() if i in differing and name not in POSE]
    if shape:
        raise ValueError(
            f"z_from and z_to must be equal but for the pose {POSE}, but they differ in {shape}; "
            "copy these entries from one to the other."
        )
    return pair[0], pair[1]


def _jittered_plane(rng: torch.Generator) -> Tensor:
    """Return a random place in each of the cells of the picture, ``[2, CELLS * CELLS]``, -1..1."""
    corners = torch.cartesian_prod(*(torch.arange(CELLS, dtype=torch.float32),) * 2)
    within = torch.rand(corners.shape, generator=rng)
    return ((corners + within) * (2.0 / CELLS) - 1.0).T


def _first_met(scene: Scene, plane: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first places ``[3, 1, N]`` on rays through ``[2, N]``, and which are seen well.

    The tracer stops close to the surface; Newton steps along the ray go on from there. Where a ray
    only passes near the surface they do not converge, and it sees nothing.
    """
    values = pack_scene(scene)
    rays = ray_directions(plane)[:, None]
    lengths = trace(packed_distance, values, rays[:, 0])
    hit = lengths < ESCAPED

    def bound(way: Tensor) -> Tensor:
        return packed_distance(values, camera_position(rays) + rays * way)

    for _ in range(REFINEMENTS):
        rise = bound(lengths + REFINEMENT_STEP) - bound(lengths - REFINEMENT_STEP)
        slope = (rise / (2.0 * REFINEMENT_STEP)).clamp(max=-0.5 * LEAST_FACING)
        step = bound(lengths) / slope
        lengths = lengths - step.clamp(-REFINEMENT_LIMIT, REFINEMENT_LIMIT)
    places = camera_position(rays) + rays * lengths
    facing = -(surface_normals(packed_distance, values, places) * rays).sum(dim=0) >= LEAST_FACING
    return places, (hit & facing & (bound(lengths).abs() < ON_SURFACE))[0]


def _on_head(scene: Scene, places: Tensor) -> Tensor:
    """Return which places ``[3, 1, N]`` of the surface belong to the head and not to the body."""
    return surface(scene, places).body[0] >= BODY_CLEARANCE


def _plane_of(places: Tensor) -> Tensor:
    """Return where places ``[3, 1, N]`` lie in the picture plane, ``[2, N]``, -1..1."""
    x, y = picture_fractions(places)[:, 0].unbind(0)
    return torch.stack((2.0 * x - 1.0, 1.0 - 2.0 * y))


def _pixels(places: Tensor, resolution: int) -> Tensor:
    """Return where places ``[3, 1, N]`` appear, ``[N, 2]`` px."""
    return picture_fractions(places)[:, 0].T * resolution - 0.5


def _spread(places: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Return indices of ``count`` of the places ``[N, 3]``: a random one, then the farthest."""
    count = min(count, len(places))
    chosen = torch.zeros(count, dtype=torch.int64, device=places.device)
    if count == 0:
        return chosen
    chosen[0] = torch.randint(len(places), (), generator=rng)
    nearest = torch.full_like(places[:, 0], torch.inf)
    for index in range(1, count):
        distance2 = (places - places[chosen[index - 1]]).square().sum(dim=1)
        nearest = torch.minimum(nearest, distance2)
        chosen[index] = nearest.argmax()
    return chosen
