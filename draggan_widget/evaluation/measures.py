"""What is measured, in which units, and the formulas; pure functions of points, pictures and latents."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from draggan_widget.drag.validation import Mask

LEVELS = 255
"""Differences of pictures are told in levels of an 8-bit picture."""

BEST_PSNR_DB = 100.0
"""Pictures that agree better than this count as agreeing so well, so that equal ones have a number."""

Unit = Literal["px", "of 255", "dB", "x100", "x10", "sd", "s", "count"]


@dataclass(frozen=True)
class Measure:
    """A column of the tables.

    Attributes:
        title: Words above the column.
        unit: Of the value. ``"px"`` is pixels of the picture; ``"sd"`` is standard deviations of w.
        meaning: What is measured, in a sentence.
    """

    title: str
    unit: Unit
    meaning: str


MEASURES: Mapping[str, Measure] = {
    "before_px": Measure("before", "px", "mean distance of handles and targets at the start"),
    "away_px": Measure(
        "away", "px", "the solver's own mean distance to the targets on the way there"
    ),
    "tracked_px": Measure("tracked", "px", "the solver's own mean distance at the end"),
    "true_px": Measure(
        "true",
        "px",
        "mean distance of the dragged landmarks (of pairs: of all visible ones) to where they should be, "
        "as the landmark network finds them in the result",
    ),
    "floor_px": Measure(
        "floor",
        "px",
        "the same on the picture that the drag should lead to: what the measure can resolve",
    ),
    "all_before_px": Measure(
        "all before", "px", "mean distance at the start of all landmarks visible in both scenes"
    ),
    "all_true_px": Measure("all true", "px", "the true distance of all landmarks visible in both"),
    "mse_x100": Measure("MSE", "x100", "mean squared difference to the goal, colours in 0..1"),
    "psnr_before_db": Measure("PSNR before", "dB", "of the start against the goal"),
    "psnr_db": Measure("PSNR", "dB", "of the result against the picture that it should be"),
    "gradient_psnr_db": Measure(
        "gradient PSNR", "dB", "likewise of the differences of neighbouring pixels"
    ),
    "lpips_x10": Measure("LPIPS", "x10", "perceptual distance (AlexNet) to that picture"),
    "change": Measure("change", "of 255", "mean difference of the end to the start"),
    "w_distance": Measure(
        "w", "sd", "root mean square distance of the latent to the start, in the rows that may move"
    ),
    "residual": Measure(
        "off-manifold",
        "of 255",
        "mean difference of the result to the nearest picture of a scene that a search finds, so at most this",
    ),
    "outside": Measure(
        "outside", "of 255", "mean difference to the start where the true edit changes nothing"
    ),
    "outside_floor": Measure(
        "outside, goal", "of 255", "the same of the generator's own picture of the goal"
    ),
    "inverted_db": Measure(
        "PSNR", "dB", "of the reconstruction of a render that was given as a photo"
    ),
    "disturbed_db": Measure(
        "PSNR disturbed",
        "dB",
        "likewise of a render with noise, in another light, blurred, or kept as a poor JPEG",
    ),
    "own_px": Measure(
        "true, own latent",
        "px",
        "the true distance after the same drag from the latent of the scene itself",
    ),
    "disturbed_px": Measure(
        "true, disturbed",
        "px",
        "the true distance after the same drag from the latent of the disturbed photo",
    ),
    "inverted_s": Measure("inversion", "s", "duration of one inversion, by the clock"),
    "inverted_cpu_s": Measure("processor", "s", "the same in processor time of one thread"),
    "steps": Measure("steps", "count", "moves of the latent"),
    "evaluations": Measure(
        "evaluations", "count", "forward and backward passes through the generator"
    ),
}
"""The measures by name, in the order of the columns."""


def mean_distance_px(points: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    """Return the mean distance of points ``[N, 2]`` to targets ``[N, 2]``."""
    return float(np.linalg.norm(points - targets, axis=1).mean())


def mean_change(first: Tensor, second: Tensor) -> float:
    """Return the mean absolute difference of two pictures ``[1, 3, H, W]``, of 255."""
    return (_unit(first) - _unit(second)).abs().mean().item() * LEVELS


def change_outside(first: Tensor, second: Tensor, region: Mask) -> float | None:
    """Return the mean absolute difference of two pictures, of 255, where a region is not; None where it is everywhere.

    Args:
        first: ``[1, 3, H, W]``, -1..1.
        second: Likewise.
        region: ``[H, W]``.
    """
    if region.all():
        return None
    difference = (_unit(first) - _unit(second)).abs().mean(1)[0]
    return difference[~torch.from_numpy(region).to(difference.device)].mean().item() * LEVELS


def mse_x100(image: Tensor, truth: Tensor) -> float:
    """Return 100 times the mean squared difference of pictures ``[1, 3, H, W]`` with colours in 0..1."""
    return 100 * _mean_square(_unit(image) - _unit(truth))


def psnr_db(image: Tensor, truth: Tensor) -> float:
    """Return the peak signal-to-noise ratio of a picture ``[1, 3, H, W]`` in -1..1, at most 100 dB."""
    return _decibels(_mean_square(_unit(image) - _unit(truth)))


def gradient_psnr_db(image: Tensor, truth: Tensor) -> float:
    """Return the peak signal-to-noise ratio of the differences of neighbouring pixels, at most 100 dB.

    Smooth errors, such as another shade, count little; edges that lie elsewhere count fully.

    Args:
        image: ``[1, 3, H, W]``, -1..1.
        truth: Likewise.
    """
    errors = [_unit(image).diff(dim=d) - _unit(truth).diff(dim=d) for d in (-2, -1)]
    return _decibels(_mean_square(torch.cat([error.flatten() for error in errors])))


def w_distance(first: Tensor, second: Tensor, w_std: Tensor, rows: int) -> float:
    """Return the root mean square difference of the first rows of two latents, in standard deviations of w.

    Args:
        first: ``[1, num_ws, w_dim]``.
        second: Likewise.
        w_std: Standard deviation of the entries of each row, ``[num_ws]``.
        rows: How many rows count.
    """
    difference = (second - first)[:, :rows].double() / w_std[:rows, None].double()
    return math.sqrt(_mean_square(difference))


def _unit(image: Tensor) -> Tensor:
    """Return a picture with colours in 0..1, clipped as it is when shown."""
    return (image.detach().double().clamp(-1, 1) + 1) / 2


def _mean_square(values: Tensor) -> float:
    """Return the mean of the squares."""
    return values.square().mean().item()


def _decibels(mean_square: float) -> float:
    """Return the peak signal-to-noise ratio of an error of a signal whose peak is 1."""
    return BEST_PSNR_DB if mean_square <= 0 else min(BEST_PSNR_DB, -10 * math.log10(mean_square))
