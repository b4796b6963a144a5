"""What the tracer needs to know of each animal: the scene tensors derived from the 30 parameters.

Frames: the world has x to the right, y up and z towards the camera; the body frame is the world
without shift and scale; the head frame is the body turned by yaw, pitch and roll. In the head frame
the nose points along z, the eyes lie at y = 0.07 and the skull has a radius of about 0.55. Lengths
are in scene units.

The shape itself is in `field`, the use of the colours in `shading`.
"""

from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from draggan_widget.animals.colour import (
    Colour,
    colour_from_oklab,
    mix_colours,
    path_point,
)
from draggan_widget.animals.parameters import (
    PARAMETER_INDEX,
    PARAMETERS,
    ArrayLike,
    parameters_from_z,
)
from draggan_widget.animals.primitives import Triple

JAW_ANGLE = 0.88
"""Angle of the jaw with the mouth fully open, in rad."""

LIGHT_ELEVATION = 0.62
"""Height of the light above the horizon, in rad."""

LID_ANGLES = (-0.62, 1.02)
"""Elevation of the edge of the upper lid with the eye shut and wide open, in rad."""

EYE_HEIGHT = 0.07
EYE_RADIUS = 0.128
"""Height of the eyes, and their radius at size 1, in the head frame."""

BROW_HEIGHT = 0.294
"""Height of the brows, and of the pale spots on them, in the head frame."""

EYE_SPACING = 0.2295
"""Distance of an eye from the middle of a head of width 1."""

SKULL_RADII = (0.58, 0.52, 0.54)
SKULL_CENTRE = (0.08, -0.05)
"""Half axes of the skull at width 1, and ``(y, z)`` of its centre."""

EAR_SPACING = 0.3332
EAR_HEIGHT = 0.4232
EAR_DEPTH = -0.06
"""Root of the ears: distance from the middle of a head of width 1, height, depth."""

FUR_PATH = (
    (-0.004, -0.014),
    (0.006, 0.016),
    (0.014, 0.050),
    (0.028, 0.090),
    (0.070, 0.092),
    (0.072, 0.058),
)
"""OKLab ``(a, b)`` of the fur: blue-grey, warm grey, cream, gold, ginger, red-brown."""

IRIS_PATH = (
    (0.055, 0.085),
    (0.020, 0.130),
    (-0.030, 0.115),
    (-0.080, 0.080),
    (-0.065, 0.0),
    (-0.025, -0.085),
)
"""OKLab ``(a, b)`` of the iris: copper, amber, yellow-green, green, teal, blue."""


@dataclass(frozen=True)
class Scene:
    """A batch of animals. Every tensor is ``[B, 1]``, to broadcast over the points of each animal.

    Attributes:
        shift_x, shift_y, scale: Place and size of the animal in the world.
        head_right, head_up, head_forward: Axes of the head frame, in the body frame.
        head_width, cheek, mane, nose_size: The parameters of these names.
        muzzle_length, muzzle_width, muzzle_tip: Length beyond the mean, width, and z of the end of
            the muzzle.
        mouth_open, jaw_cos, jaw_sin, half_jaw_cos, half_jaw_sin: Opening, and the rotation of the
            jaw and of the cavity, which turns by half as much.
        eye_x, eye_z, eye_radius: Place and size of the eyes; the left one lies at ``-eye_x``.
        eye_open, lid_cos, lid_sin: Opening of the lids, and the plane of the upper one.
        gaze: Unit vector of the gaze, in the head frame.
        ear_left, ear_right: Length, and cosine and sine of the outward tilt, of each ear.
        ear_width, ear_point: Width of the ears; 0.15 for round ears to 1.5 for pointed ones.
        light: Unit vector towards the light, in the world.
        stripes, pale_extent: Strength of the stripes, extent of the pale parts (0.15 to 1).
        fur, pale, stripe, mane_fur, nose, iris_top, iris_bottom: Colours of the materials, linear
            RGB.
        background, background_edge: Colours of the background near the head and far from it, linear
            RGB.
    """

    shift_x: Tensor
    shift_y: Tensor
    scale: Tensor
    head_right: Triple
    head_up: Triple
    head_forward: Triple
    head_width: Tensor
    cheek: Tensor
    mane: Tensor
    nose_size: Tensor
    muzzle_length: Tensor
    muzzle_width: Tensor
    muzzle_tip: Tensor
    mouth_open: Tensor
    jaw_cos: Tensor
    jaw_sin: Tensor
    half_jaw_cos: Tensor
    half_jaw_sin: Tensor
    eye_x: Tensor
    eye_z: Tensor
    eye_radius: Tensor
    eye_open: Tensor
    lid_cos: Tensor
    lid_sin: Tensor
    gaze: Triple
    ear_left: Triple
    ear_right: Triple
    ear_width: Tensor
    ear_point: Tensor
    light: Triple
    stripes: Tensor
    pale_extent: Tensor
    fur: Triple
    pale: Triple
    stripe: Triple
    mane_fur: Triple
    nose: Triple
    iris_top: Triple
    iris_bottom: Triple
    background: Triple
    background_edge: Triple


def build_scene(z: ArrayLike, device: torch.device | str | None = None) -> Scene:
    """Return the scene tensors of a batch of animals, in float32.

    Args:
        z: ``[B, 30]``, standard normal.
        device: Where the tensors live; the device of z when None.

    Raises:
        ValueError: When z is not ``[B, 30]`` or not finite.
    """
    parameters = parameters_from_z(torch.as_tensor(z, device=device)).float()
    value = {
        parameter.name: column
        for parameter, column in zip(PARAMETERS, parameters.T[..., None], strict=True)
    }
    head_right, head_up, head_forward = _head_axes(value["yaw"], value["pitch"], value["roll"])
    jaw_angle = JAW_ANGLE * value["mouth_open"]
    eye_x = EYE_SPACING * (0.5 + 0.5 * value["head_width"])
    lid_angle = LID_ANGLES[0] + (LID_ANGLES[1] - LID_ANGLES[0]) * value["eye_open"]
    return Scene(
        shift_x=value["shift_x"],
        shift_y=value["shift_y"],
        scale=value["scale"],
        head_right=head_right,
        head_up=head_up,
        head_forward=head_forward,
        head_width=value["head_width"],
        cheek=value["cheek"],
        mane=value["mane"],
        nose_size=value["nose_size"],
        muzzle_length=value["muzzle_length"],
        muzzle_width=1.20 - 0.26 * _share(value, "muzzle_length"),
        muzzle_tip=0.48 + value["muzzle_length"],
        mouth_open=value["mouth_open"],
        jaw_cos=jaw_angle.cos(),
        jaw_sin=jaw_angle.sin(),
        half_jaw_cos=(0.5 * jaw_angle).cos(),
        half_jaw_sin=(0.5 * jaw_angle).sin(),
        eye_x=eye_x,
        eye_z=_eye_depth(eye_x, value["head_width"], value["eye_size"]),
        eye_radius=EYE_RADIUS * value["eye_size"],
        eye_open=value["eye_open"],
        lid_cos=lid_angle.cos(),
        lid_sin=lid_angle.sin(),
        gaze=_unit(value["gaze_x"], value["gaze_y"], torch.ones_like(value["gaze_x"])),
        ear_left=_ear(value["ear_length"] * (1.0 - value["ear_asymmetry"]), value["ear_tilt_left"]),
        ear_right=_ear(
            value["ear_length"] * (1.0 + value["ear_asymmetry"]), value["ear_tilt_right"]
        ),
        ear_width=value["ear_width"],
        ear_point=0.15 + 1.35 * _share(value, "ear_length"),
        light=_light(value["light_azimuth"]),
        stripes=value["stripes"],
        pale_extent=0.15 + 0.85 * value["pale"],
        **_palette(value),
    )


_SIZES = tuple((field.name, 1 if field.type is Tensor else 3) for field in fields(Scene))
"""Name of each field of a scene, and how many tensors it holds."""


def pack_scene(scene: Scene) -> Tensor:
    """Return all tensors of a scene as one, ``[V, B, 1]``: a function is called faster with few."""
    tensors: list[Tensor] = []
    for name, size in _SIZES:
        part = getattr(scene, name)
        tensors.extend((part,) if size == 1 else part)
    return torch.stack(tensors)


def unpack_scene(values: Tensor) -> Scene:
    """Return the scene that was packed as ``[V, B, 1]``."""
    tensors = iter(values.unbind(0))
    parts: dict[str, Any] = {
        name: next(tensors) if size == 1 else (next(tensors), next(tensors), next(tensors))
        for name, size in _SIZES
    }
    return Scene(**parts)


def _share(value: dict[str, Tensor], name: str) -> Tensor:
    """Return where in its range a parameter lies, 0 to 1."""
    parameter = PARAMETERS[PARAMETER_INDEX[name]]
    return (value[name] - parameter.low) / (parameter.high - parameter.low)


def _unit(x: Tensor, y: Tensor, z: Tensor) -> Triple:
    """Return the unit vector along ``(x, y, z)``."""
    inverse_length = (x * x + y * y + z * z).rsqrt()
    return x * inverse_length, y * inverse_length, z * inverse_length


def _head_axes(yaw: Tensor, pitch: Tensor, roll: Tensor) -> tuple[Triple, Triple, Triple]:
    """Return the columns of ``Rz(roll) Ry(yaw) Rx(-pitch)``: right, up and forward of the head."""
    cos_y, sin_y, cos_p, sin_p = yaw.cos(), yaw.sin(), pitch.cos(), pitch.sin()
    cos_r, sin_r = roll.cos(), roll.sin()

    def rolled(x: Tensor, y: Tensor, z: Tensor) -> Triple:
        return cos_r * x - sin_r * y, sin_r * x + cos_r * y, z

    right = rolled(cos_y, torch.zeros_like(yaw), -sin_y)
    up = rolled(-sin_y * sin_p, cos_p, -cos_y * sin_p)
    forward = rolled(sin_y * cos_p, sin_p, cos_y * cos_p)
    return right, up, forward


def _eye_depth(eye_x: Tensor, head_width: Tensor, eye_size: Tensor) -> Tensor:
    """Return z of the eyes: on the skull, a little deeper for large eyes."""
    across = eye_x / (SKULL_RADII[0] * head_width)
    above = (EYE_HEIGHT - SKULL_CENTRE[0]) / SKULL_RADII[1]
    forward = (1.0 - across * across - above * above).clamp(min=0.1).sqrt()
    return SKULL_CENTRE[1] + SKULL_RADII[2] * forward - 0.035 * eye_size


def _ear(length: Tensor, tilt: Tensor) -> Triple:
    """Return length, cosine and sine of the tilt of one ear."""
    return length, tilt.cos(), tilt.sin()


def _light(azimuth: Tensor) -> Triple:
    """Return the unit vector towards the light."""
    elevation = torch.full_like(azimuth, LIGHT_ELEVATION)
    return azimuth.sin() * elevation.cos(), elevation.sin(), azimuth.cos() * elevation.cos()


def _palette(value: dict[str, Tensor]) -> dict[str, Colour]:
    """Return the colours of an animal, by the names of the fields of `Scene`."""
    lightness = value["fur_lightness"]
    a, b = path_point(FUR_PATH, value["fur_hue"])
    iris_a, iris_b = path_point(IRIS_PATH, value["iris"])
    nose_pink = 0.1 + 0.9 * _share(value, "fur_lightness")
    back_l = value["background_lightness"]
    back_a, back_b = value["background_a"], value["background_b"]
    fur = colour_from_oklab(lightness, a, b)
    stripe = colour_from_oklab(lightness * 0.42, a * 0.45, b * 0.45)
    red, green, blue = mix_colours(fur, stripe, torch.full_like(lightness, 0.55))
    pale_lightness = (lightness + 0.06 + 0.28 * value["pale"]).clamp(max=0.97)
    return {
        "fur": fur,
        "pale": colour_from_oklab(pale_lightness, a * 0.35, b * 0.35 + 0.012),
        "stripe": stripe,
        "mane_fur": (red * 1.05, green, blue * 0.9),
        "nose": colour_from_oklab(
            0.20 + 0.46 * nose_pink, 0.01 + 0.09 * nose_pink, 0.005 + 0.03 * nose_pink
        ),
        "iris_top": colour_from_oklab(0.40, iris_a * 0.9, iris_b * 0.9),
        "iris_bottom": colour_from_oklab(0.66, iris_a, iris_b),
        "background": colour_from_oklab(back_l, back_a, back_b),
        "background_edge": colour_from_oklab(
            back_l * 0.62, back_a * 0.9 + 0.015, back_b * 0.9 - 0.03
        ),
    }
