"""The materials: the colour of the animal at each point, and how wet or furry it is there.

Weights are in 0..1 and fade smoothly, so no edge is harder than a sample. Light is in `shading`.
Positions are in the head frame; the numbers are places and sizes of the markings in head units.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from draggan_widget.animals.colour import Colour, mix_colours, scale_colour
from draggan_widget.animals.field import (
    Surface,
    above_upper_lid,
    eye_frame,
    smooth_absolute,
)
from draggan_widget.animals.fur import fur_strands
from draggan_widget.animals.primitives import length, smoothstep, sum_of_squares
from draggan_widget.animals.scene import BROW_HEIGHT, Scene

LIP_COLOUR = (0.035, 0.022, 0.020)
MOUTH_COLOUR = (0.16, 0.025, 0.03)
LINER_COLOUR = (0.03, 0.02, 0.018)
TONGUE_COLOUR = (0.72, 0.22, 0.25)
EAR_SKIN_COLOUR = (0.80, 0.45, 0.40)
SCLERA_COLOUR = (0.55, 0.50, 0.45)
PUPIL_COLOUR = (0.008, 0.007, 0.008)
WHISKER_SPOTS = (
    (0.15, -0.20, 0.030, 0.015),
    (0.21, -0.165, 0.028, 0.014),
    (0.21, -0.235, 0.028, 0.014),
)
"""Spots of the whiskers: side for muzzle width 1, height, outer and inner radius."""


@dataclass(frozen=True)
class Coat:
    """The material at some points, ``[B, N]`` each.

    Attributes:
        colour: Diffuse colour, linear RGB, of all but the eyes.
        eye_colour: Diffuse colour of the eyes.
        eye, nose, tongue: Weights of these parts.
        bump: Slope of the fur across the strands, signed by the side of the head.
        lid_shadow: Light that the upper lid lets through to the eye.
    """

    colour: Colour
    eye_colour: Colour
    eye: Tensor
    nose: Tensor
    tongue: Tensor
    bump: Tensor
    lid_shadow: Tensor


def coat_at(scene: Scene, surface: Surface) -> Coat:
    """Return the material at the points of a surface."""
    side = smooth_absolute(surface.head[0])
    fur, fur_beside = fur_strands(scene, surface.head, side)
    colour = _fur_colour(scene, surface, side, fur)
    colour = _ear_skin(scene, surface, colour, fur)
    colour, mouth = _mouth_colours(scene, surface, side, colour)
    colour, lid_shadow = _eye_liner(scene, surface, side, colour)
    colour = scale_colour(colour, 1.0 - _whisker_spots(scene, surface, side))
    nose = smoothstep(0.010, -0.004, surface.nose - surface.skin.clamp(max=0.02) - 0.004)
    colour = mix_colours(colour, scale_colour(scene.nose, _nostrils(scene, surface, side)), nose)
    tongue = smoothstep(0.006, -0.006, surface.tongue - surface.skin)
    tongue = tongue * smoothstep(0.02, -0.01, surface.mouth - 0.02)
    colour = mix_colours(colour, TONGUE_COLOUR, tongue)
    eye = smoothstep(0.004, -0.004, surface.eye - torch.minimum(surface.skin, surface.lid))
    signed_side = (25.0 * surface.head[0]).clamp(-1.0, 1.0)
    return Coat(
        colour=colour,
        eye_colour=_eye_colour(scene, surface, side),
        eye=eye,
        nose=nose,
        tongue=tongue,
        bump=(fur_beside - fur) * signed_side * (1.0 - nose) * (1.0 - eye) * (1.0 - mouth),
        lid_shadow=lid_shadow,
    )


def _fur_colour(scene: Scene, surface: Surface, side: Tensor, fur: Tensor) -> Colour:
    """Return the colour of the fur with its markings and strands."""
    body = smoothstep(0.06, -0.04, surface.body - torch.minimum(surface.mane, surface.skin + 0.03))
    mane = smoothstep(0.07, -0.02, surface.mane - surface.skin - 0.02)
    mane = mane * (1.0 - body) * smoothstep(0.05, 0.4, scene.mane)
    pale = _pale_parts(scene, surface, side, fur, body)
    dark = torch.maximum(_stripes(scene, surface, side, fur, body), 0.9 * _ear_tips(scene, surface))
    colour = mix_colours(scene.fur, scene.pale, pale)
    colour = mix_colours(colour, scene.stripe, dark * (1.0 - 0.55 * pale))
    colour = mix_colours(colour, scene.mane_fur, mane)
    return scale_colour(colour, 1.0 + (0.50 + 0.22 * mane) * fur)


def _pale_parts(scene: Scene, surface: Surface, side: Tensor, fur: Tensor, body: Tensor) -> Tensor:
    """Return the weight of the pale parts: muzzle and chin, cheeks, brows and chest."""
    x, y, z = surface.head
    extent = scene.pale_extent
    forward = z - scene.muzzle_tip
    from_chin = (1.6 * x * x + 2.2 * (y + 0.27) * (y + 0.27) + 0.15 * forward * forward).sqrt()
    muzzle = smoothstep(0.13 + 0.34 * extent, 0.03 + 0.26 * extent, from_chin + 0.05 * fur)
    from_cheek = sum_of_squares(side - 0.42, y + 0.24).sqrt()
    cheeks = smoothstep(0.30, 0.14, from_cheek + 0.10 * (1.0 - extent) + 0.08 * fur) * extent
    from_brow = (
        0.7 * (side - 0.17) * (side - 0.17) + 3.0 * (y - BROW_HEIGHT) * (y - BROW_HEIGHT)
    ).sqrt()
    brows = 0.55 * smoothstep(0.10, 0.05, from_brow + 1.0 - smoothstep(0.15, 0.35, z))
    chest = body * smoothstep(0.42, 0.20, x.abs() + 0.15 * fur) * extent
    pale = torch.maximum(torch.maximum(muzzle, cheeks), brows * (0.35 + 0.65 * extent))
    return torch.maximum(pale, chest)


def _stripes(scene: Scene, surface: Surface, side: Tensor, fur: Tensor, body: Tensor) -> Tensor:
    """Return the weight of the stripes: lengthwise on the forehead, across on cheeks and body."""
    _, y, z = surface.head
    lengthwise = 17.0 * side + 5.0 * (y - 0.1) * (1.0 + side) + 1.2 * (9.0 * y).sin() + 1.2 * fur
    across = 27.0 * y - 9.0 * side + 4.0 * z + 1.2 * fur
    forehead = smoothstep(0.18, 0.40, y) * smoothstep(0.40, 0.25, side)
    flanks = smoothstep(0.34, 0.46, side) * smoothstep(0.5, 0.25, z)
    on_forehead = smoothstep(0.15, 0.75, lengthwise.sin()) * forehead
    on_flanks = smoothstep(0.25, 0.8, across.sin()) * torch.maximum(flanks, 0.8 * body)
    return torch.maximum(on_forehead, on_flanks) * scene.stripes


def _ear_tips(scene: Scene, surface: Surface) -> Tensor:
    """Return the weight of the dark tips of the ears."""
    return (
        smoothstep(0.55, 0.95, surface.ear_along)
        * smoothstep(0.12, 0.2, surface.head[1])
        * smoothstep(0.35, 0.0, surface.ear_across.abs())
        * scene.stripes
    )


def _ear_skin(scene: Scene, surface: Surface, colour: Colour, fur: Tensor) -> Colour:
    """Return the colour with the pink inside of the ears."""
    inside = smoothstep(0.012, -0.012, surface.ear_hollow - 0.004)
    inside = inside * smoothstep(0.2, 0.3, surface.head[1])
    red, green, blue = (
        tone * (0.5 + 0.5 * pale) * (1.0 + 0.5 * fur)
        for tone, pale in zip(EAR_SKIN_COLOUR, scene.pale, strict=True)
    )
    return mix_colours(colour, (red, green, blue), 0.85 * inside)


def _mouth_colours(
    scene: Scene, surface: Surface, side: Tensor, colour: Colour
) -> tuple[Colour, Tensor]:
    """Return the colour with philtrum, lips and mouth, and the weight of the inside."""
    _, y, z = surface.head
    philtrum = smoothstep(0.016, 0.004, side) * smoothstep(-0.30, -0.24, y)
    philtrum = philtrum * smoothstep(-0.09, -0.13, y)
    philtrum = philtrum * smoothstep(-0.02, 0.08, z - scene.muzzle_tip)
    lips = smoothstep(0.020, 0.002, surface.mouth) * smoothstep(0.1, 0.2, z)
    inside = smoothstep(0.006, -0.012, surface.mouth - 0.004) * smoothstep(0.05, 0.15, z)
    colour = mix_colours(colour, LIP_COLOUR, 0.85 * torch.maximum(0.8 * philtrum, lips))
    return mix_colours(colour, MOUTH_COLOUR, inside * scene.mouth_open), inside


def _eye_liner(
    scene: Scene, surface: Surface, side: Tensor, colour: Colour
) -> tuple[Colour, Tensor]:
    """Return the colour with the line around the eyes, and the light that the upper lid lets in."""
    _, y, z = surface.head
    eye_x, eye_y, eye_z = eye_frame(scene, side, y, z)
    from_centre = length(eye_x, eye_y, eye_z) / scene.eye_radius
    above = above_upper_lid(scene, eye_x, eye_y, eye_z)
    front = smoothstep(0.0, 0.05, eye_z)
    ring = smoothstep(1.36, 1.16, from_centre) * smoothstep(1.125, 1.15, from_centre)
    rim = smoothstep(0.022, 0.004, surface.eye)
    lashes = smoothstep(0.030, 0.010, above.abs()) * smoothstep(1.2, 1.15, from_centre)
    line = torch.maximum(torch.maximum(0.40 * ring * scene.eye_open, 0.9 * rim), 0.85 * lashes)
    lid_shadow = 0.45 + 0.55 * smoothstep(0.0, 0.06, -above)
    return mix_colours(colour, LINER_COLOUR, line * front), lid_shadow


def _whisker_spots(scene: Scene, surface: Surface, side: Tensor) -> Tensor:
    """Return how much darker the spots at the roots of the whiskers are."""
    _, y, z = surface.head
    spots = torch.zeros_like(y)
    for across, height, outer, inner in WHISKER_SPOTS:
        from_spot = sum_of_squares(side - across * scene.muzzle_width, y - height).sqrt()
        spots = spots + smoothstep(outer, inner, from_spot)
    return 0.75 * spots * smoothstep(-0.10, 0.0, z - scene.muzzle_tip)


def _nostrils(scene: Scene, surface: Surface, side: Tensor) -> Tensor:
    """Return the brightness of the nose: dark in the nostrils."""
    across, above = side - 0.040 * scene.nose_size, surface.head[1] + 0.100
    from_nostril = (across * across + 1.8 * above * above).sqrt()
    return 1.0 - 0.8 * smoothstep(0.030, 0.018, from_nostril)


def _eye_colour(scene: Scene, surface: Surface, side: Tensor) -> Colour:
    """Return the colour of the eyeball: sclera, iris with a dark rim, and pupil on the gaze."""
    x, y, z = surface.head
    eye_x, eye_y, eye_z = eye_frame(scene, side, y, z)
    inverse_length = 1.0 / length(eye_x, eye_y, eye_z)
    gaze_x, gaze_y, gaze_z = scene.gaze
    outwards = torch.where(x > 0.0, gaze_x, -gaze_x)
    towards_gaze = (eye_x * outwards + eye_y * gaze_y + eye_z * gaze_z) * inverse_length
    chord = (2.0 - 2.0 * towards_gaze).clamp(min=0.0).sqrt()
    lower_half = (0.5 - 0.6 * (eye_y * inverse_length - gaze_y)).clamp(0.0, 1.0)
    iris = mix_colours(scene.iris_top, scene.iris_bottom, lower_half)
    iris = scale_colour(iris, 1.25 * (1.0 - 0.75 * smoothstep(0.72, 0.98, chord)))
    eye = mix_colours(SCLERA_COLOUR, iris, smoothstep(1.02, 0.90, chord))
    return mix_colours(eye, PUPIL_COLOUR, smoothstep(0.55, 0.47, chord))
