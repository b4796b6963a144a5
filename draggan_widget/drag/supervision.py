"""The losses of one step: motion supervision and the mask.

Both are divided by constants that depend on no latent. Adam's direction does not change with the
scale of the whole loss; what matters is the balance of the two terms. The published weight of 20
belongs to two means (DragGAN's own program); between the two sums that the article writes it would
hold the picture still, since a map has hundreds of times the elements of a patch.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from draggan_widget.drag.config import SolverRules
from draggan_widget.drag.geometry import FeatureWindows
from draggan_widget.drag.validation import Mask, Points
from draggan_widget.ops import mask_term, patch_loss

STEP_PX = 1.0
"""How far a patch is asked to move in one step: the unit vector of DragGAN, eq. 1."""


@dataclass(frozen=True)
class Patch:
    """The pixels around a handle that are moved with it.

    Attributes:
        offsets: Whole pixels along either axis ``[P]``.
        members: Which of the square of offsets belong to the patch, boolean ``[P, P]``.
    """

    offsets: Tensor
    members: Tensor

    @property
    def reach_px(self) -> float:
        """How far from the handle features are read, the step included."""
        return len(self.offsets) // 2 + STEP_PX

    @classmethod
    def disc(cls, radius_px: float, *, with_rim: bool, like: Tensor) -> "Patch":
        """Return the disc ``distance <= radius_px``, without its rim ``<``; typed as ``like``."""
        reach = int(radius_px)
        offsets = torch.arange(-reach, reach + 1, dtype=like.dtype, device=like.device)
        distance = torch.hypot(offsets[:, None], offsets[None])
        members = distance <= radius_px if with_rim else distance < radius_px
        return cls(offsets, members)


def steps_towards(handles: Points, targets: Points) -> Points:
    """Return where the patch of each handle is asked to go: one pixel towards the target.

    A target nearer than a pixel is asked for itself, so that the point does not overshoot.

    Args:
        handles: ``[N, 2]`` pixels.
        targets: ``[N, 2]`` pixels.
    """
    distances = np.hypot(*(targets - handles).T)[:, None]
    steps: Points = STEP_PX * (targets - handles) / np.maximum(distances, STEP_PX)
    return steps


def motion_loss(
    source: FeatureWindows,
    moved: FeatureWindows,
    handles: Tensor,
    steps: Tensor,
    weights: Tensor,
    patch: Patch,
    rules: SolverRules,
) -> Tensor:
    """Return the motion-supervision loss (DragGAN, Pan et al. 2023, eq. 1, first term).

    Sum over points of the L1 distance between the features of the patch where it is and where it
    is asked to be, per pixel and channel.

    Args:
        source: Features that the moved patch shall have; the caller detaches them.
        moved: The same features with their gradient; both to ``patch.reach_px``.
        handles: ``[N, 2]`` pixels.
        steps: ``[N, 2]`` pixels, see :func:`steps_towards`.
        weights: Of the points, ``[N]``.
        patch: Pixels that count.
        rules: How the borders are treated and what the sum is divided by.

    Returns:
        Scalar.
    """
    xs, ys = handles[:, :1] + patch.offsets, handles[:, 1:] + patch.offsets
    moved_xs, moved_ys = xs + steps[:, :1], ys + steps[:, 1:]
    counted = patch.members & _inside(source, xs, ys)
    if not rules.zeros_outside:
        counted = counted & _inside(source, moved_xs, moved_ys)
    pixels = counted.sum((1, 2)) if rules.patch_reduction == "mean" else patch.members.sum()
    error = patch_loss(source.reading(xs, ys), moved.reading(moved_xs, moved_ys), counted)
    return (weights * error / pixels).sum()


def mask_loss(features: Tensor, start_features: Tensor, held: Tensor) -> Tensor:
    """Return the change of the features outside the mask (DragGAN, eq. 1, second term, weight 1).

    Mean of ``|F - F0|`` over the feature map, weighed by ``held``. It is taken on the map's own
    grid: the change between cells is the mean of theirs, so enlarging the maps adds no information.

    Args:
        features: ``[C, h, w]``.
        start_features: Of the first picture, ``[C, h, w]``.
        held: Share of each cell that must not move, ``[h, w]`` in 0..1, from :func:`held_share`.

    Returns:
        Scalar.
    """
    return mask_term(features, start_features, held)


def held_share(mask: Mask, features: Tensor) -> Tensor:
    """Return the share of each feature cell that must not move.

    Args:
        mask: ``[H, W]``, True where the picture may move.
        features: ``[C, h, w]``, for the size and the type.

    Returns:
        ``[h, w]`` in 0..1.
    """
    held = torch.from_numpy(~mask).to(features)[None]
    rows, columns = features.shape[-2:]
    return F.adaptive_avg_pool2d(held, (rows, columns))[0]


def _inside(windows: FeatureWindows, xs: Tensor, ys: Tensor) -> Tensor:
    """Return which of the positions lie in the picture, ``[N, Q, P]``."""
    return windows.y.contains(ys)[:, :, None] & windows.x.contains(xs)[:, None, :]
