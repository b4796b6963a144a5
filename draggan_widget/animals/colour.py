"""Colours: OKLab to linear RGB, blends of colours, and the tone curve of the picture.

A colour is a triple of red, green and blue, each a tensor that broadcasts with the points or a
constant. Keeping the channels apart lets a compiler fuse the whole shading into one loop.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from draggan_widget.animals.primitives import Scalar, Triple, mix

Colour = Triple
Paint = tuple[Scalar, Scalar, Scalar]
"""A colour, or a constant colour in linear RGB."""

GAMMA = 2.2
"""Exponent of the display that the tone curve ends with."""


def colour_from_oklab(lightness: Scalar, a: Tensor, b: Tensor) -> Colour:
    """Return linear RGB, negative channels cut off (Ottosson 2020, "A perceptual color space")."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        (4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short).clamp(min=0.0),
        (-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short).clamp(min=0.0),
        (-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short).clamp(min=0.0),
    )


def mix_colours(start: Paint, end: Paint, weight: Tensor) -> Colour:
    """Return the blend of two colours: ``start`` at weight 0, ``end`` at 1."""
    red, green, blue = (mix(a, b, weight) for a, b in zip(start, end, strict=True))
    return red, green, blue


def scale_colour(colour: Paint, factor: Tensor) -> Colour:
    """Return the colour with every channel multiplied by ``factor``."""
    red, green, blue = (channel * factor for channel in colour)
    return red, green, blue


def path_point(stops: Sequence[tuple[float, float]], share: Tensor) -> tuple[Tensor, Tensor]:
    """Return the point of a polyline with equally spaced stops.

    Args:
        stops: ``(a, b)`` of OKLab of each stop.
        share: 0 at the first stop, 1 at the last.
    """
    table = share.new_tensor(stops)
    position = share.clamp(0.0, 1.0) * (len(stops) - 1)
    index = position.long().clamp(max=len(stops) - 2)
    weight = (position - index)[..., None]
    a, b = (table[index] * (1.0 - weight) + table[index + 1] * weight).unbind(-1)
    return a, b


def tone_mapped(radiance: Tensor) -> Tensor:
    """Return the display value in 0..1 of linear light: a filmic curve, then gamma.

    The curve is a rational one in the manner of Narkowicz 2016, "ACES filmic tone mapping curve",
    with a darker toe.
    """
    x = radiance.clamp(min=0.0)
    filmic = x * (1.3805 * x + 0.45) / (x * (1.3365 * x + 0.62) + 0.12)
    return filmic.clamp(0.0, 1.0) ** (1.0 / GAMMA)


def average_samples(values: Tensor, samples: int) -> Tensor:
    """Return pixel values, the mean of ``samples x samples`` neighbours.

    Args:
        values: ``[B, H * samples, W * samples, 3]``.
        samples: Samples along each side of a pixel.

    Returns:
        ``[B, H, W, 3]``.
    """
    batch, height, width, channels = values.shape
    blocks = values.reshape(batch, height // samples, samples, width // samples, samples, channels)
    return torch.mean(blocks, dim=(2, 4))
