"""The scene whose landmarks are where they were found: a start for the search of the nearest picture.

Landmarks tell pose and shape at a glance, where pictures mislead: a head that turns moves every edge past others that
look alike.
"""

import torch
from torch import Tensor

from draggan_widget.animals import GEOMETRY_DIM, Z_DIM, landmark_positions_px, landmarks_px
from draggan_widget.evaluation.least_squares import Problem, solved
from draggan_widget.evaluation.uniform import to_normal, to_uniform

FOUND_SHARE = 0.006
"""Standard deviation that is expected of a found landmark, as a share of the picture; see ``landmarks.md``."""

HIDDEN_WEIGHT = 0.2
"""Weight of a landmark that is hidden at the start: the network only guesses where it is."""


@torch.no_grad()
def fitted_scene(found_px: Tensor, starts: Tensor, resolution: int) -> Tensor:
    """Return the scene near one of some others whose landmarks are nearest to where they were found.

    The search begins at the start whose landmarks fit best, stays near it in what landmarks do not tell, and leaves the
    appearance alone. The same arguments give the same result.

    Args:
        found_px: Where the landmarks are, ``[24, 2]`` px.
        starts: ``[S, 30]``, S >= 1.
        resolution: Side of the picture in pixels.

    Returns:
        ``[1, 30]``.
    """
    everywhere, visible = landmarks_px(starts, resolution)
    nearest = int((everywhere - found_px).square().sum((1, 2)).argmin())
    weights = torch.where(visible[nearest], 1.0, HIDDEN_WEIGHT).sqrt() / (FOUND_SHARE * resolution)

    def view(u: Tensor) -> Tensor:
        return (landmark_positions_px(to_normal(u), resolution) * weights[:, None]).flatten(1)

    start = to_uniform(starts[nearest])
    movable = torch.arange(Z_DIM, device=start.device) < GEOMETRY_DIM
    target = (found_px * weights[:, None]).flatten()
    return to_normal(solved(Problem(view, target, start, 1.0, movable), start))[None]
