"""The shape of the animal: a signed distance field of ellipsoids and cones, joined smoothly.

Points are ``[3, B, N]``: x, y and z of N points for each of B animals. Only `surface` and
`distance` know the world; the parts below them work in the head frame of `scene` and hold the
sculpted sizes as numbers: centres and half axes in head units. ``side`` is the distance from the
symmetry plane, so one shape serves left and right.

The field is a bound, not a distance: ellipsoids and tapered ears are off by a few per cent.
`STEP_FACTOR` makes ``STEP_FACTOR * distance`` a safe step along a ray.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from draggan_widget.animals.primitives import (
    Triple,
    capped_cone,
    components,
    ellipsoid,
    length,
    smooth_maximum,
    smooth_minimum,
    sum_of_squares,
)
from draggan_widget.animals.scene import (
    EAR_DEPTH,
    EAR_HEIGHT,
    EAR_SPACING,
    EYE_HEIGHT,
    SKULL_CENTRE,
    SKULL_RADII,
    Scene,
)

STEP_FACTOR = 0.88
"""Share of the field value that a ray may advance by."""

JAW_HINGE = (-0.18, 0.10)
"""``(y, z)`` of the axis that the jaw turns about."""

LID_SLANT = 0.02
"""Slope of the axis of the eye: the outer corner is a little higher."""


@dataclass(frozen=True)
class Surface:
    """The field at some points, part by part, for the materials. Every tensor is ``[B, N]``.

    Attributes:
        distance: Signed distance bound to the whole animal, in the world.
        skin: The furry union: head, ears, mane and body; like all that follows in head units.
        eye, lid, nose, mouth, tongue, ear_hollow, mane, body: The parts; ``mouth`` is the cavity.
        head: Position in the head frame.
        ear_across, ear_along: Position in the nearer ear: sideways, and along it (0 root, 1 about
            the tip).
    """

    distance: Tensor
    skin: Tensor
    eye: Tensor
    lid: Tensor
    nose: Tensor
    mouth: Tensor
    tongue: Tensor
    ear_hollow: Tensor
    mane: Tensor
    body: Tensor
    head: Triple
    ear_across: Tensor
    ear_along: Tensor


def distance(scene: Scene, points: Tensor) -> Tensor:
    """Return the distance bound ``[B, N]`` at world points ``[3, B, N]``: above 0 outside."""
    return surface(scene, points).distance


def surface(scene: Scene, points: Tensor) -> Surface:
    """Return the field at world points ``[3, B, N]``, part by part."""
    body_point = body_frame(scene, points)
    x, y, z = head_frame(scene, body_point)
    side = smooth_absolute(x)
    mouth_y, mouth_z = y - JAW_HINGE[0], z - JAW_HINGE[1]
    jaw_y, jaw_z = _turned(mouth_y, mouth_z, scene.jaw_cos, scene.jaw_sin)
    gap_y, gap_z = _turned(mouth_y, mouth_z, scene.half_jaw_cos, scene.half_jaw_sin)

    head = _skull_with_muzzle(scene, x, y, z, side)
    head = smooth_minimum(head, _jaw(scene, x, jaw_y, jaw_z), 0.08 - 0.03 * scene.mouth_open)
    mouth = _mouth_cavity(scene, x, side, gap_y, gap_z)
    head = smooth_maximum(head, -mouth, 0.025)
    tongue = _tongue(scene, x, jaw_y, jaw_z)

    eye_x, eye_y, eye_z = eye_frame(scene, side, y, z)
    eye_distance = length(eye_x, eye_y, eye_z)
    eye = eye_distance - scene.eye_radius
    head = smooth_maximum(head, scene.eye_radius * 1.03 - eye_distance, 0.03)
    lid = _lids(scene, eye_x, eye_y, eye_z, eye_distance)
    head = smooth_minimum(head, lid, 0.035)

    ear, ear_hollow, ear_across, ear_along = _ears(scene, x, y, z)
    head = smooth_minimum(head, ear, 0.07)
    mane = _mane(scene, x, y, z, side)
    body = _body(*body_point)
    skin = smooth_minimum(smooth_minimum(head, mane, 0.10), body, 0.16)

    nose = _nose(scene, x, y, z)
    whole = smooth_minimum(torch.minimum(skin, eye), nose, 0.015)
    whole = torch.minimum(whole, torch.maximum(tongue, mouth - 0.03))
    return Surface(
        distance=whole * scene.scale,
        skin=skin,
        eye=eye,
        lid=lid,
        nose=nose,
        mouth=mouth,
        tongue=tongue,
        ear_hollow=ear_hollow,
        mane=mane,
        body=body,
        head=(x, y, z),
        ear_across=ear_across,
        ear_along=ear_along,
    )


def body_frame(scene: Scene, points: Tensor) -> Triple:
    """Return world points ``[3, B, N]`` in the body frame."""
    x, y, z = components(points)
    inverse_scale = 1.0 / scene.scale
    return (
        (x - scene.shift_x) * inverse_scale,
        (y - scene.shift_y) * inverse_scale,
        z * inverse_scale,
    )


def head_frame(scene: Scene, body_point: Triple) -> Triple:
    """Return points of the body frame in the head frame."""

    def along(axis: Triple) -> Tensor:
        return axis[0] * body_point[0] + axis[1] * body_point[1] + axis[2] * body_point[2]

    return along(scene.head_right), along(scene.head_up), along(scene.head_forward)


def world_points(scene: Scene, head_points: Tensor) -> Tensor:
    """Return points ``[3, B, N]`` of the head frame in the world: the inverse of the two frames."""
    right, up, forward = (
        torch.stack(axis) for axis in (scene.head_right, scene.head_up, scene.head_forward)
    )
    x, y, z = components(head_points)
    shift = torch.stack((scene.shift_x, scene.shift_y, torch.zeros_like(scene.shift_x)))
    return (right * x + up * y + forward * z) * scene.scale + shift


def eye_frame(scene: Scene, side: Tensor, y: Tensor, z: Tensor) -> Triple:
    """Return the position relative to the centre of the nearer eye."""
    return side - scene.eye_x, y - EYE_HEIGHT, z - scene.eye_z


def above_upper_lid(scene: Scene, eye_x: Tensor, eye_y: Tensor, eye_z: Tensor) -> Tensor:
    """Return the signed distance above the plane of the edge of the upper lid."""
    return (eye_y - LID_SLANT * eye_x) * scene.lid_cos - eye_z * scene.lid_sin


def smooth_absolute(x: Tensor) -> Tensor:
    """Return ``|x|``, rounded within a thousandth of a head: the two halves join smoothly."""
    return (x * x + 1e-6).sqrt()


def _turned(y: Tensor, z: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    """Return the point in a frame that hangs on the hinge of the jaw and is turned downwards."""
    return cos * y + sin * z, cos * z - sin * y


def _skull_with_muzzle(scene: Scene, x: Tensor, y: Tensor, z: Tensor, side: Tensor) -> Tensor:
    """Return skull, cheeks with tufts, brow ridges, muzzle and whisker pads."""
    skull = ellipsoid(
        x,
        y - SKULL_CENTRE[0],
        z - SKULL_CENTRE[1],
        SKULL_RADII[0] * scene.head_width,
        SKULL_RADII[1],
        SKULL_RADII[2],
    )
    tufts = 0.016 * (26.0 * y + 9.0 * z).sin()
    cheeks = ellipsoid(
        side - 0.30 * scene.head_width,
        y + 0.19,
        z - 0.08,
        0.27 * scene.cheek + tufts,
        0.22 * scene.cheek,
        0.27,
    )
    brows = ellipsoid(side - 0.20, y - 0.338 + 0.22 * side, z - 0.40, 0.11, 0.036, 0.05)
    muzzle = capped_cone(
        x, y, z, (0.02, 0.34), (-0.12, scene.muzzle_tip), 0.19, 0.115 * scene.muzzle_width
    )
    pads = ellipsoid(
        side - 0.105 * scene.muzzle_width,
        y + 0.19,
        z - scene.muzzle_tip,
        0.155 * scene.muzzle_width,
        0.125,
        0.16,
    )
    head = smooth_minimum(smooth_minimum(skull, cheeks, 0.22), brows, 0.10)
    return smooth_minimum(head, smooth_minimum(muzzle, pads, 0.09), 0.14)


def _jaw(scene: Scene, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Return the lower jaw, in the frame of the jaw."""
    return capped_cone(
        x,
        y,
        z,
        (-0.16, 0.08),
        (-0.165, 0.30 + 0.92 * scene.muzzle_length),
        0.14 * scene.muzzle_width + 0.03,
        0.105 * scene.muzzle_width,
    )


def smile(side: Tensor) -> Tensor:
    """Return how far the line of the mouth rises towards its corners."""
    return 1.2 * side * side - 0.0075


def _mouth_cavity(scene: Scene, x: Tensor, side: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Return the cavity between the jaws, in the frame turned by half the jaw angle."""
    return ellipsoid(
        x,
        y + 0.125 - smile(side),
        z - (0.26 + 0.62 * scene.muzzle_length),
        0.160 * scene.muzzle_width,
        0.010 + 0.215 * scene.mouth_open,
        0.30 + 0.42 * scene.muzzle_length,
    )


def _tongue(scene: Scene, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Return the tongue, in the frame of the jaw."""
    return ellipsoid(
        x,
        y + 0.075 - 0.1 * x * x,
        z - (0.20 + 0.75 * scene.muzzle_length),
        0.095 * scene.muzzle_width,
        0.032,
        0.19,
    )


def _lids(scene: Scene, x: Tensor, y: Tensor, z: Tensor, from_centre: Tensor) -> Tensor:
    """Return the lids: a ball around the eye, cut open between two planes."""
    above = above_upper_lid(scene, x, y, z)
    below = -0.86 * (y - LID_SLANT * x) - 0.51 * z + 0.02 * scene.eye_radius
    return smooth_maximum(
        from_centre - scene.eye_radius * 1.13, -torch.maximum(above, below), 0.012
    )


def _ears(scene: Scene, x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the nearer ear, its hollow front, and the position across and along it."""
    on_right = x > 0.0
    ear_length, tilt_cos, tilt_sin = (
        torch.where(on_right, right, left)
        for right, left in zip(scene.ear_right, scene.ear_left, strict=True)
    )

    outward, upward = x.abs() - EAR_SPACING * scene.head_width, y - EAR_HEIGHT
    across = tilt_cos * outward - tilt_sin * upward
    up = tilt_sin * outward + tilt_cos * upward
    depth = z - EAR_DEPTH + 0.10 * up
    along = up / ear_length
    towards_tip = along.clamp(0.0, 1.0)
    narrowed = across * (1.0 + scene.ear_point * towards_tip * towards_tip)
    outer = ellipsoid(
        narrowed, up - 0.42 * ear_length, depth, scene.ear_width, 0.60 * ear_length, 0.10
    )
    hollow = ellipsoid(
        narrowed,
        up - 0.40 * ear_length,
        depth - 0.095,
        0.72 * scene.ear_width,
        0.47 * ear_length,
        0.12,
    )
    return 0.8 * smooth_maximum(outer, -hollow, 0.02), hollow, across, along


def _mane(scene: Scene, x: Tensor, y: Tensor, z: Tensor, side: Tensor) -> Tensor:
    """Return the mane: a flat ellipsoid behind the face with a scalloped rim."""
    angle = torch.atan2(side, y + 0.05)
    radius = (sum_of_squares(x, y + 0.05) + 1e-6).sqrt()
    scallops = 0.6 * (15.0 * angle + 1.3 * (7.0 * angle).sin() - 2.5 * radius).sin()
    scallops = scallops + 0.4 * (27.0 * angle + 2.0 * radius).sin()
    disc = ellipsoid(
        x,
        y + 0.10,
        z + 0.30,
        0.44 + 0.50 * scene.mane,
        0.42 + 0.50 * scene.mane,
        0.20 + 0.14 * scene.mane,
    )
    return 0.85 * (disc - 0.035 * scallops * scene.mane)


def _body(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Return neck and shoulders, in the body frame: they do not turn with the head."""
    return capped_cone(x, y, z, (-0.45, -0.32), (-1.7, -0.35), 0.36, 0.80)


def _nose(scene: Scene, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Return the nose, broader at the top."""
    forward = z - scene.muzzle_tip
    breadth = 0.082 + 0.25 * (y + 0.085).clamp(min=-0.06)
    return 0.8 * ellipsoid(
        x,
        y + 0.085 + 0.25 * (forward - 0.1),
        forward - 0.105,
        breadth * scene.nose_size,
        0.056 * scene.nose_size,
        0.06,
    )
