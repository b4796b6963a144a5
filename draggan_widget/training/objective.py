"""The loss between generated pictures and renders, and the measures that judge a generator."""

import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.animals import LANDMARK_NAMES

FACE_LANDMARKS = tuple(
    LANDMARK_NAMES.index(name)
    for name in (
        "nose_tip",
        "upper_lip",
        "lower_lip",
        "chin",
        "mouth_corner_left",
        "mouth_corner_right",
        "outer_eye_corner_left",
        "outer_eye_corner_right",
        "inner_eye_corner_left",
        "inner_eye_corner_right",
        "pupil_left",
        "pupil_right",
        "whisker_pad_left",
        "whisker_pad_right",
    )
)
"""Landmarks of eyes, nose, whiskers and mouth, where a blur is seen first."""

FACE_WEIGHT = 5.0
"""Weight that a pixel on such a landmark has beyond that of the background."""

FACE_RADIUS = 0.045
"""Standard deviation of the weight around a landmark, as a share of the picture."""

WEIGHT_MAP_SIZE = 64
"""Size at which the smooth weight map is computed before it is resized."""

DETAIL_SQUARES = 6.0
"""Weight of the squares in the differences of details.

Absolute differences alone ask for the median: a whisker dot of which the place is not certain is best left out then,
and never learned. Squares ask for the mean, so it begins faint and in the right place.
"""

PYRAMID_SMALLEST = 8
"""Size at which the Laplacian pyramid ends."""


def face_weights(landmarks: Tensor, size: int) -> Tensor:
    """Return the weight of each pixel, mean one.

    Args:
        landmarks: ``[B, 24, 3]``: x and y as fractions of the picture, visible 0 or 1.
        size: Width and height of the result.

    Returns:
        ``[B, 1, size, size]``.
    """
    points = landmarks[:, FACE_LANDMARKS]
    line = (torch.arange(WEIGHT_MAP_SIZE, device=points.device) + 0.5) / WEIGHT_MAP_SIZE
    distance2 = (line - points[..., 0, None, None]).square()
    distance2 = distance2 + (line[:, None] - points[..., 1, None, None]).square()
    bumps = torch.exp(-distance2 / (2 * FACE_RADIUS**2)) * points[..., 2, None, None]
    weights = 1 + FACE_WEIGHT * bumps.amax(1, keepdim=True)
    if size != WEIGHT_MAP_SIZE:
        weights = F.interpolate(weights, size=size, mode="bilinear", align_corners=False)
    return weights / weights.mean()


def regression_loss(image: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted loss: a Laplacian pyramid and the pixels in L1 and L2, and the low pass in L1.

    Args:
        image: Generated pictures ``[B, 3, r, r]``.
        target: Rendered pictures ``[B, 3, r, r]``.
        weights: ``[B, 1, r, r]``, mean one.

    Returns:
        Scalar.
    """
    difference = image - target
    pixels = (
        0.35 * (difference.abs() * weights).mean() + 0.5 * (difference.square() * weights).mean()
    )
    details = difference.new_zeros([])
    while difference.shape[-1] > PYRAMID_SMALLEST:
        low = F.avg_pool2d(difference, 2)
        smooth = F.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)
        detail = difference - smooth
        details = details + ((detail.abs() + DETAIL_SQUARES * detail.square()) * weights).mean()
        difference, weights = low, F.avg_pool2d(weights, 2)
    return pixels + 1.5 * details + 0.5 * difference.abs().mean()


def psnr_db(image: Tensor, target: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio of each picture, in decibels.

    Args:
        image: Generated pictures ``[B, 3, r, r]``; values outside -1..1 are clipped, as they are when shown.
        target: True pictures ``[B, 3, r, r]`` in -1..1.

    Returns:
        ``[B]``.
    """
    error = ((image.clamp(-1, 1) - target) / 2).square().mean((1, 2, 3))
    return -10 * torch.log10(error)


def gradient_energy(image: Tensor) -> Tensor:
    """Return the mean squared difference of neighbouring pixels of pictures ``[B, 3, r, r]``: their sharpness, ``[B]``."""
    across = image.diff(dim=-1).square().mean((1, 2, 3))
    down = image.diff(dim=-2).square().mean((1, 2, 3))
    return across + down
