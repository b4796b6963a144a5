"""Light: how bright each point of the animal looks, and the background.

One light with a soft shadow, ambient occlusion, light from the sky, a rim light, highlights on what
is wet, and two catchlights in the eyes. All of it is linear RGB; the tone curve is in `colour`.
"""

import torch
from torch import Tensor

from draggan_widget.animals.coat import Coat, coat_at
from draggan_widget.animals.colour import Colour, mix_colours, scale_colour
from draggan_widget.animals.field import surface
from draggan_widget.animals.primitives import Triple, components, smoothstep, sum_of_squares
from draggan_widget.animals.scene import Scene

EXPOSURE = 0.76
"""Factor on all light before the tone curve."""

BACKGROUND_GAIN = 1.2
"""Brightness of the background relative to its colour."""

BRIGHTEST = 4.0
"""Radiance is cut off here: highlights beyond it look the same."""

LIGHT_COLOUR = (2.05, 1.93, 1.74)
AMBIENT_COLOUR = (0.30, 0.30, 0.34)
GROUND_COLOUR = (0.16, 0.13, 0.12)
RIM_COLOUR = (0.06, 0.06, 0.065)
SKY_MIX = ((0.45, 0.55), (0.45, 0.55), (0.50, 0.55))
"""Light from the sky in each channel: a constant, and a share of the background."""


def background(scene: Scene, plane: Tensor) -> Tensor:
    """Return the radiance of the background.

    Args:
        scene: The animals.
        plane: ``[2, N]``, positions in the picture plane.

    Returns:
        ``[3, B, N]``.
    """
    x, y = plane.unbind(0)
    from_glow = (0.62 * (0.55 * x * x + (y - 0.25) * (y - 0.25))).clamp(0.0, 1.0)
    weight = (from_glow * (1.6 - 0.6 * from_glow)).clamp(0.0, 1.0)
    colours = mix_colours(scene.background, scene.background_edge, weight)
    return torch.stack(colours) * (BACKGROUND_GAIN * EXPOSURE)


def radiance(
    scene: Scene,
    points: Tensor,
    directions: Tensor,
    normals: Tensor,
    occlusion: Tensor,
    unshadowed: Tensor,
) -> Tensor:
    """Return the light that the camera sees at points of the animal.

    Args:
        scene: The animals.
        points: ``[3, B, N]``, on the surface, in the world.
        directions: ``[3, B, N]``, unit vectors away from the camera.
        normals: ``[3, B, N]``, unit vectors out of the surface.
        occlusion: ``[B, N]``, how closely the surroundings crowd the point; 0 in the open.
        unshadowed: ``[B, N]``, share of the light that arrives: 0 in full shadow.

    Returns:
        ``[3, B, N]``, linear RGB.
    """
    coat = coat_at(scene, surface(scene, points))
    smooth_normal = components(normals)
    towards = components(directions)
    normal = _furry_normal(smooth_normal, coat.bump)
    lit = ((_dot(normal, scene.light) + 0.30) / 1.30).clamp(0.0, 1.0)
    lit = lit * (0.6 * lit + 0.4)
    key = lit * (0.30 + 0.70 * unshadowed)
    in_open = (-1.15 * occlusion).exp()
    rim = _rim_light(scene, towards, smooth_normal, normal) * in_open * 1.6
    wet = torch.maximum(coat.nose, coat.tongue) * (0.30 + 0.70 * unshadowed)
    wet = 0.45 * wet * _highlight(scene, towards, smooth_normal)
    body_light = _body_light(scene, coat, normal[1], key, in_open, rim, wet)
    eye_light = scale_colour(coat.eye_colour, 1.5 * (0.55 + 0.45 * lit) * coat.lid_shadow)
    glint = _catchlights(scene, smooth_normal)
    red, green, blue = (channel + glint for channel in eye_light)
    seen = mix_colours(body_light, (red, green, blue), coat.eye)
    return (torch.stack(seen) * EXPOSURE).clamp(max=BRIGHTEST)


def _dot(a: Triple, b: Triple) -> Tensor:
    """Return the scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _furry_normal(normal: Triple, bump: Tensor) -> Triple:
    """Return the normal, turned in the picture plane by the slope of the fur."""
    x, y, z = normal
    return x + 0.8 * bump * y, y - 0.8 * bump * x, z


def _rim_light(scene: Scene, towards: Triple, smooth_normal: Triple, normal: Triple) -> Tensor:
    """Return the light from behind, strong where the surface turns away from the camera."""
    grazing = (1.0 + _dot(towards, smooth_normal)).clamp(0.0, 1.0)
    opposite = scene.light[0] / (scene.light[0].abs() + 0.3)
    behind = (-0.35 * normal[2] + 0.55 * normal[1] - 0.55 * opposite * normal[0]).clamp(0.0, 1.0)
    return grazing * grazing * grazing * (0.25 + 1.3 * behind)


def _highlight(scene: Scene, towards: Triple, normal: Triple) -> Tensor:
    """Return the highlight of a wet surface (Blinn 1977, exponent 16)."""
    half_x, half_y, half_z = (light - ray for light, ray in zip(scene.light, towards, strict=True))
    along = _dot(normal, (half_x, half_y, half_z))
    cosine = (along * sum_of_squares(half_x, half_y, half_z).rsqrt()).clamp(0.0, 1.0)
    for _ in range(4):
        cosine = cosine * cosine
    return cosine


def _body_light(
    scene: Scene,
    coat: Coat,
    upward: Tensor,
    key: Tensor,
    in_open: Tensor,
    rim: Tensor,
    wet: Tensor,
) -> Colour:
    """Return the light from all but the eyes: key light, sky and ground, rim, highlight."""
    sky = 0.5 + 0.5 * upward

    def channel(index: int) -> Tensor:
        constant, share = SKY_MIX[index]
        from_sky = 0.42 * sky * (constant + share * scene.background[index])
        around = AMBIENT_COLOUR[index] + from_sky + GROUND_COLOUR[index] * (1.0 - sky)
        diffuse = coat.colour[index] * (LIGHT_COLOUR[index] * key + in_open * around)
        return diffuse + rim * (0.35 * coat.colour[index] + RIM_COLOUR[index]) + wet

    return channel(0), channel(1), channel(2)


def _catchlights(scene: Scene, normal: Triple) -> Tensor:
    """Return the two reflections in the eyes: one towards the light, a faint one opposite."""
    x, y, z = normal
    sun = sum_of_squares(x - 0.30 * scene.light[0], y - 0.42).sqrt()
    fill = sum_of_squares(x + 0.35 * scene.light[0], y + 0.38).sqrt()
    glint = 1.15 * smoothstep(0.22, 0.12, sun) + 0.25 * smoothstep(0.17, 0.07, fill)
    return glint * smoothstep(0.0, 0.3, z)
