"""Pictures of animals: rays, tracing, shading and pixels, in chunks of bounded memory.

CPU time of one picture of 128 px with 2 x 2 samples, in batches of 24, on one thread of a 2-core
AVX2 CPU: 85 ms with the compiled field, 300 ms eager; a renderer of the same scene in hand-written
C with AVX2 takes 111 ms. Compiling takes 32 s the first time, later 7 s in each process.
"""

from itertools import pairwise

import torch
from torch import Tensor

from draggan_widget.animals.camera import camera_position, grid_centres, ray_directions
from draggan_widget.animals.colour import average_samples, tone_mapped
from draggan_widget.animals.compilation import (
    DistanceFunction,
    compiled_distance,
    compiled_distance_or_eager,
    packed_distance,
)
from draggan_widget.animals.parameters import ArrayLike, validated_z
from draggan_widget.animals.scene import build_scene, pack_scene, unpack_scene
from draggan_widget.animals.shading import background, radiance
from draggan_widget.animals.tracing import ESCAPED, compact, may_hit, trace

RAYS_PER_CHUNK = 2**18
"""Rays traced at once: four pictures of 128 px with 2 x 2 samples, some 100 MB of temporaries."""

RAYS_WORTH_COMPILING = 2**24
"""From this many rays, 256 pictures of 128 px, the time to compile is won back."""

NORMAL_STEP = 0.006
NORMAL_CORNERS = ((1.0, -1.0, -1.0), (-1.0, -1.0, 1.0), (-1.0, 1.0, -1.0), (1.0, 1.0, 1.0))
"""Corners of a tetrahedron: the fewest samples of the field that give its gradient."""

OCCLUSION_SAMPLES = 4
OCCLUSION_SPACING = 0.045
"""Samples of the field above the surface, and the height of the first."""

SHADOW_SAMPLES = 9
SHADOW_START = 0.06
SHADOW_GROWTH = 1.36
SHADOW_LIFT = 0.02
SHADOW_SHARPNESS = 3.6
"""Samples towards the light; way to the first; ratio of the next; lift; hardness of the edge."""


@torch.no_grad()
def render(
    z: ArrayLike,
    resolution: int = 128,
    samples: int = 2,
    device: torch.device | str | None = None,
    *,
    compiled: bool | None = None,
) -> Tensor:
    """Return pictures of animals.

    The same z gives the same picture whatever else is in the batch, up to rounding between
    machines.

    Args:
        z: ``[B, 30]``, standard normal; see `parameters.PARAMETERS`.
        resolution: Side of the square pictures in pixels.
        samples: Samples along each side of a pixel.
        device: Where to render; the device of z when None.
        compiled: Whether to compile the field, see `compilation`. None compiles when there is
            enough work for it, and warns when it cannot.

    Returns:
        ``[B, H, W, 3]``, uint8 sRGB, on the device.

    Raises:
        ValueError: When z is not ``[B, 30]`` or not finite, or a size is not positive.
        RuntimeError: When ``compiled`` is true and PyTorch cannot compile here.
    """
    for name, size in (("resolution", resolution), ("samples", samples)):
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}.")
    checked = validated_z(z, device)
    values = pack_scene(build_scene(checked))
    width = resolution * samples
    pictures = torch.empty(
        (len(checked), resolution, resolution, 3), dtype=torch.uint8, device=checked.device
    )
    distance = _chosen_distance(compiled, checked.device, len(checked) * width * width)
    animals_at_once = max(1, RAYS_PER_CHUNK // (width * width))
    rows_at_once = max(1, RAYS_PER_CHUNK // (width * samples))
    for animals in _equal_parts(len(checked), animals_at_once):
        chunk = values[:, animals.start : animals.stop].contiguous()
        for rows in _equal_parts(resolution, rows_at_once):
            band = render_band(
                distance, chunk, range(rows.start * samples, rows.stop * samples), width
            )
            pixels = average_samples(band, samples) * 255.0 + 0.5
            pictures[animals.start : animals.stop, rows.start : rows.stop] = pixels.byte()
    return pictures


def render_band(distance: DistanceFunction, values: Tensor, rows: range, width: int) -> Tensor:
    """Return the display values in 0..1 of some sample rows, ``[B, len(rows), width, 3]``.

    Args:
        distance: The field, eager or compiled.
        values: ``[V, B, 1]``, a packed scene.
        rows: Sample rows from the top.
        width: Samples along each side of the picture.
    """
    plane = grid_centres(rows, width, device=values.device).flatten(1)
    directions = ray_directions(plane)
    lengths = trace(distance, values, directions, may_hit(distance, values, rows, width))
    seen = background(unpack_scene(values), plane)
    hit = lengths < ESCAPED
    order, real = compact(hit)
    if order.shape[1] > 0:
        light = shade(distance, values, directions[:, order], lengths.gather(1, order))
        seen[:, hit] = light[:, real]
    return tone_mapped(seen).permute(1, 2, 0).reshape(-1, len(rows), width, 3)


def shade(distance: DistanceFunction, values: Tensor, rays: Tensor, lengths: Tensor) -> Tensor:
    """Return the light ``[3, B, K]`` along rays ``[3, B, K]`` that meet the animal."""
    points = camera_position(rays) + rays * lengths
    normals = surface_normals(distance, values, points)
    occlusion = ambient_occlusion(distance, values, points, normals)
    unshadowed = soft_shadow(distance, values, points, normals)
    return radiance(unpack_scene(values), points, rays, normals, occlusion, unshadowed)


def surface_normals(distance: DistanceFunction, values: Tensor, points: Tensor) -> Tensor:
    """Return the unit gradient of the field at points ``[3, B, K]``, from four differences."""
    gradient = torch.zeros_like(points)
    for signs in NORMAL_CORNERS:
        corner = points.new_tensor(signs)[:, None, None]
        gradient = gradient + corner * distance(values, points + NORMAL_STEP * corner)
    return gradient * (gradient.square().sum(dim=0) + 1e-12).rsqrt()


def ambient_occlusion(
    distance: DistanceFunction, values: Tensor, points: Tensor, normals: Tensor
) -> Tensor:
    """Return how closely the surroundings crowd each point, ``[B, K]``; 0 in the open.

    At growing heights above the surface, the share by which the field falls short of the height
    (Evans 2006, "Fast approximations for global illumination on dynamic scenes").
    """
    occlusion = torch.zeros_like(points[0])
    for k in range(1, OCCLUSION_SAMPLES + 1):
        height = OCCLUSION_SPACING * k * (0.6 + 0.4 * k)
        bound = distance(values, points + normals * height)
        occlusion = occlusion + (height - bound).clamp(min=0.0) / (height * (1.0 + 0.8 * k))
    return occlusion


def soft_shadow(
    distance: DistanceFunction, values: Tensor, points: Tensor, normals: Tensor
) -> Tensor:
    """Return the share of the light that reaches each point, ``[B, K]``.

    The least ratio of field and way along the ray to the light (Quilez, "Soft shadows in raymarched
    SDFs").
    """
    light = torch.stack(unpack_scene(values).light)
    start = points + normals * SHADOW_LIFT
    unshadowed = torch.ones_like(points[0])
    way = SHADOW_START
    for _ in range(SHADOW_SAMPLES):
        bound = distance(values, start + light * way)
        share = (0.5 + SHADOW_SHARPNESS / way * bound).clamp(0.0, 1.0)
        unshadowed = torch.minimum(unshadowed, share)
        way *= SHADOW_GROWTH
    return unshadowed


def _chosen_distance(compiled: bool | None, device: torch.device, rays: int) -> DistanceFunction:
    """Return the function that the caller asked for, or the one that suits the work."""
    if compiled:
        return compiled_distance(device.type)
    if compiled is None and rays >= RAYS_WORTH_COMPILING:
        return compiled_distance_or_eager(device.type)
    return packed_distance


def _equal_parts(total: int, largest: int) -> list[range]:
    """Return ranges that cover ``range(total)``, nearly equal and none longer than ``largest``."""
    parts = -(-total // largest)
    edges = [total * part // parts for part in range(parts + 1)] if parts else [0]
    return [range(start, stop) for start, stop in pairwise(edges)]
