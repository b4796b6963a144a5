"""Point tracking: finds in a new picture the feature that a handle had where it was put down."""

import torch
from torch import Tensor

from draggan_widget.drag.geometry import FeatureWindows
from draggan_widget.ops import feature_search

TIE_ROUNDINGS = 64
"""Distances closer than this many roundings of the feature's norm count as equal: on a flat area
the handle must stay where it is and not follow rounding errors."""

REFINEMENT_LIMIT_PX = 1.0
"""Farthest that a refined point may lie from the best whole pixel."""

MARGIN_PX = REFINEMENT_LIMIT_PX + 1
"""How far beyond the search radius features are read: a refined point and its neighbours."""

REFINEMENT_DAMPING = 1e-3
"""Added to the diagonal of the normal matrix, relative to its trace: along an edge, where the
position is not determined, the point is not refined."""


def track(
    windows: FeatureWindows,
    handles: Tensor,
    references: Tensor,
    *,
    radius_px: int,
    norm: int,
    subpixel: bool,
) -> Tensor:
    """Return how far each handle moved: the offset to its nearest feature (DragGAN, eq. 2).

    The offsets searched are whole pixels, in a square around the handle, cut off at the border;
    of equally near features the one closest to the handle wins.

    Args:
        windows: Features around the handles, to ``radius_px + MARGIN_PX`` at least.
        handles: ``[N, 2]`` pixels.
        references: Feature of each handle in the picture where it was put down, ``[N, C]``.
        radius_px: r2, half side of the square.
        norm: 1 or 2, norm of the difference.
        subpixel: Whether the best pixel is refined by a Gauss-Newton step. Features are smooth
            over a pixel; a second step changes little.

    Returns:
        ``[N, 2]`` pixels; exactly zero where the picture did not change, NaN where the features
        are not finite.
    """
    offsets = torch.arange(-radius_px, radius_px + 1, device=handles.device, dtype=handles.dtype)
    xs, ys = handles[:, :1] + offsets, handles[:, 1:] + offsets
    inside = windows.y.contains(ys)[:, :, None] & windows.x.contains(xs)[:, None, :]
    closeness = (offsets.square()[:, None] + offsets.square()).flatten()
    tolerance = _tie_tolerance(references, norm)
    best, nearest = feature_search(
        windows.reading(xs, ys), references, inside, closeness, tolerance, norm=norm
    )
    moved = torch.stack([offsets[best % len(offsets)], offsets[best // len(offsets)]], dim=1)
    if subpixel:
        refined = _refine(windows, handles + moved, references)
        moved = moved + refined.where((nearest > tolerance)[:, None], 0.0)
    return moved.where(nearest.isfinite()[:, None], torch.nan)


def _tie_tolerance(references: Tensor, norm: int) -> Tensor:
    """Return the distance ``[N]`` below which features are equal up to rounding."""
    scale: Tensor = torch.linalg.vector_norm(references, norm, dim=1)
    return scale * (TIE_ROUNDINGS * torch.finfo(references.dtype).eps)


def _refine(windows: FeatureWindows, pixels: Tensor, references: Tensor) -> Tensor:
    """Return the offsets ``[N, 2]`` from pixels to the nearest features between pixels, or zero."""
    step, mismatch = _gauss_newton_step(windows, pixels, references)
    refined = pixels + step.clamp(-REFINEMENT_LIMIT_PX, REFINEMENT_LIMIT_PX)
    refined = _clamp_inside(windows, refined)
    features = windows.sample(refined[:, :1], refined[:, 1:])[:, :, 0, 0]
    improved = (references - features).square().sum(1) < mismatch
    return (refined - pixels).where(improved[:, None], 0.0)


def _gauss_newton_step(
    windows: FeatureWindows, points: Tensor, references: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the damped step ``[N, 2]`` towards the references, and the squared distance ``[N]``."""
    before, after = _clamp_inside(windows, points - 1), _clamp_inside(windows, points + 1)
    xs, ys = torch.stack([before, points, after], dim=2).unbind(1)
    patch = windows.sample(xs, ys)
    gradient = (
        torch.stack(
            [patch[:, :, 1, 2] - patch[:, :, 1, 0], patch[:, :, 2, 1] - patch[:, :, 0, 1]], dim=2
        )
        / (after - before)[:, None]
    )
    residual = references - patch[:, :, 1, 1]
    right_x, right_y = (gradient * residual[:, :, None]).sum(1).unbind(1)
    xx, yy = gradient.square().sum(1).unbind(1)
    xy = gradient.prod(2).sum(1)
    damping = (xx + yy) * REFINEMENT_DAMPING
    xx, yy = xx + damping, yy + damping
    determinant = (xx * yy - xy.square()).clamp(min=torch.finfo(xx.dtype).tiny)
    step = torch.stack([yy * right_x - xy * right_y, xx * right_y - xy * right_x], dim=1)
    return step / determinant[:, None], residual.square().sum(1)


def _clamp_inside(windows: FeatureWindows, points: Tensor) -> Tensor:
    """Return points ``[N, 2]`` moved into the picture."""
    x, y = points.unbind(1)
    return torch.stack([x.clamp(0, windows.x.pixels - 1), y.clamp(0, windows.y.pixels - 1)], dim=1)
