"""How far a landmark network is from the truth, on held-out renders."""

import json
import math
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from draggan_widget.animals import LANDMARK_NAMES
from draggan_widget.evaluation.landmark_network import (
    LandmarkNetwork,
    load_landmark_network,
    measured_landmarks,
)
from draggan_widget.training.dataset import Renders, held_out_shard, load_renders
from draggan_widget.training.landmark_augmentation import blurred

BLUR_PX = 0.62
"""Blur, in pixels of 128, after which renders hold about half of their gradient energy: less than a generator's pictures do."""

OTHER_SIZES = (64, 256)
"""Sizes to which the held-out renders are brought, in pixels: the network is to take any."""


def write_landmark_report(name: str, folder: Path, data: Path) -> dict[str, Any]:
    """Write ``landmarks-figures.json`` beside the weights and return the figures.

    Args:
        name: Of the preset.
        folder: Holds ``landmarks.safetensors``.
        data: Holds the held-out pictures.

    Returns:
        ``preset``, ``weights`` (path), ``parameters`` (count), ``held_out`` (pictures), and the held-out errors
        ``sharp``, ``blurred``, ``64_px`` and ``256_px`` in % of the width: ``mean``, ``median``, ``p95`` and
        ``by_landmark``.
    """
    weights = folder / "landmarks.safetensors"
    network = load_landmark_network(path=weights)
    held_out = load_renders([held_out_shard(data)])
    blur_px = BLUR_PX * held_out.images.shape[1] / 128
    figures = {
        "preset": name,
        "weights": str(weights),
        "parameters": sum(p.numel() for p in network.parameters()),
        "held_out": len(held_out),
        "sharp": summary(landmark_errors(network, held_out)),
        "blurred": summary(landmark_errors(network, held_out, blur_px)),
        **{f"{size}_px": summary(_errors_at(network, held_out, size)) for size in OTHER_SIZES},
    }
    (folder / "landmarks-figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    return figures


def landmark_errors(network: LandmarkNetwork, renders: Renders, blur_px: float = 0.0) -> Tensor:
    """Return how far the measured landmarks are from the true ones, ``[N, 24]``, in % of the width; NaN where hidden.

    Args:
        network: What measures.
        renders: Pictures with their true landmarks.
        blur_px: Standard deviation of a blur of the pictures before they are measured, in pixels.
    """
    images = renders.pictures(renders.images.shape[1])
    if blur_px:
        images = blurred(images, blur_px)
    return errors_percent(measured_landmarks(network, images), renders.landmarks, images.shape[-1])


def _errors_at(network: LandmarkNetwork, renders: Renders, size: int) -> Tensor:
    """Return errors as :func:`landmark_errors`, of the pictures brought to another size."""
    images = renders.pictures(renders.images.shape[1])
    images = F.interpolate(
        images, (size, size), mode="bilinear", align_corners=False, antialias=True
    )
    return errors_percent(measured_landmarks(network, images), renders.landmarks, size)


def errors_percent(measured_px: Tensor, landmarks: Tensor, size: int) -> Tensor:
    """Return the distances ``[N, 24]`` of measured landmarks from true ones in % of the width; NaN where hidden.

    Args:
        measured_px: ``[N, 24, 2]``, pixels.
        landmarks: ``[N, 24, 3]``: x and y as fractions of the picture, visible 0 or 1.
        size: Width of the pictures in pixels.
    """
    offsets = (measured_px + 0.5) / size - landmarks[..., :2]
    distances = 100 * offsets.square().sum(-1).sqrt()
    return distances.masked_fill(landmarks[..., 2] < 0.5, math.nan)


def summary(errors: Tensor) -> dict[str, Any]:
    """Return ``mean``, ``median``, ``p95`` and ``by_landmark`` (means of those ever seen) of errors ``[N, 24]``; NaN is hidden."""
    known = errors[errors.isfinite()]
    means = zip(LANDMARK_NAMES, errors.nanmean(0).tolist(), strict=True)
    return {
        "mean": round(known.mean().item(), 3),
        "median": round(known.median().item(), 3),
        "p95": round(known.quantile(0.95).item(), 3),
        "by_landmark": {name: round(mean, 3) for name, mean in means if math.isfinite(mean)},
    }
