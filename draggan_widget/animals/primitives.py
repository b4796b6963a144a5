"""Pure functions from which the animal is put together: blends, smooth joins and two solids.

Every function is element-wise and broadcasts, so it works on any batch of points and on any device.
Nothing here knows what an animal is.

The joins and the ellipsoid bound are the well-known ones of the distance-field literature: Hart
1996, "Sphere tracing"; Quilez, "Smooth minimum" and "Ellipsoid SDF" (iquilezles.org).
"""

import torch
from torch import Tensor

Scalar = Tensor | float
"""A tensor that broadcasts with the points, or a constant of the anatomy."""

Triple = tuple[Tensor, Tensor, Tensor]
"""Components x, y and z of a vector, or red, green and blue."""

TINY = 1e-9
"""Added below square roots, so that they are smooth at zero: far below any square of a length."""


def mix(start: Scalar, end: Scalar, weight: Tensor) -> Tensor:
    """Return ``start`` where ``weight`` is 0, ``end`` where it is 1, a straight line between."""
    return start + (end - start) * weight


def components(vectors: Tensor) -> Triple:
    """Return x, y and z of vectors ``[3, ...]``."""
    return vectors[0], vectors[1], vectors[2]


def smoothstep(start: Scalar, end: Scalar, x: Tensor) -> Tensor:
    """Return the cubic that rises from 0 at ``start`` to 1 at ``end`` and is flat outside.

    With ``start > end`` it falls: 1 below ``end``, 0 above ``start``.
    """
    t = ((x - start) / (end - start)).clamp(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def smooth_minimum(a: Tensor, b: Tensor, width: Scalar) -> Tensor:
    """Return the minimum, rounded where the two differ by less than ``width``: a union of solids.

    Never above the minimum, and below it by ``width / 4`` at most.
    """
    overlap = (width - (a - b).abs()).clamp(min=0.0) / width
    return torch.minimum(a, b) - overlap * overlap * width * 0.25


def smooth_maximum(a: Tensor, b: Tensor, width: Scalar) -> Tensor:
    """Return the maximum, rounded where the two differ by less than ``width``: an intersection."""
    return -smooth_minimum(-a, -b, width)


def length(*components: Tensor) -> Tensor:
    """Return the Euclidean length of a vector given by its components, smooth at zero."""
    return (sum_of_squares(*components) + TINY).sqrt()


def sum_of_squares(*components: Tensor) -> Tensor:
    """Return the sum of the squared components."""
    first, *rest = components
    total = first * first
    for component in rest:
        total = total + component * component
    return total


def ellipsoid(
    x: Tensor, y: Tensor, z: Tensor, radius_x: Scalar, radius_y: Scalar, radius_z: Scalar
) -> Tensor:
    """Return a bound of the signed distance to an ellipsoid around the origin.

    The first-order bound ``k0 (k0 - 1) / k1`` with ``k0 = |p / r|`` and ``k1 = |p / r^2|``
    (Quilez): exact on the axes, zero on the surface, off elsewhere by an amount that the step
    factor of the tracer allows for.
    """
    inverse_x, inverse_y, inverse_z = 1.0 / radius_x, 1.0 / radius_y, 1.0 / radius_z
    x, y, z = x * inverse_x, y * inverse_y, z * inverse_z
    k0 = length(x, y, z)
    k1 = length(x * inverse_x, y * inverse_y, z * inverse_z)
    return k0 * (k0 - 1.0) / k1


def capped_cone(
    x: Tensor,
    y: Tensor,
    z: Tensor,
    start: tuple[float, float],
    end: tuple[float, Scalar],
    start_radius: Scalar,
    end_radius: Scalar,
) -> Tensor:
    """Return a bound of the signed distance to a round cone whose axis lies in the plane ``x = 0``.

    Args:
        x, y, z: The point.
        start, end: ``(y, z)`` of the two ends of the axis.
        start_radius, end_radius: Radius at each end; it changes linearly between.
    """
    axis_y, axis_z = end[0] - start[0], end[1] - start[1]
    y, z = y - start[0], z - start[1]
    along = ((y * axis_y + z * axis_z) / (axis_y * axis_y + axis_z * axis_z)).clamp(0.0, 1.0)
    return length(x, y - along * axis_y, z - along * axis_z) - mix(start_radius, end_radius, along)
