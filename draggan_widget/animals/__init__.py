"""The procedural animals behind the embedded generator: 30 numbers make a picture.

`render` draws, `landmarks` says where 24 named points of the head are, `correspondences` where the
same places of a head are in two poses, `mirror_z` gives the mirrored animal, and `PARAMETERS`
documents each number. Everything is deterministic and drawn from formulas only.
"""

from draggan_widget.animals.correspondences import POSE, correspondences
from draggan_widget.animals.landmarks import (
    LANDMARK_NAMES,
    MIRROR_LANDMARKS,
    landmark_positions_px,
    landmarks,
    landmarks_px,
)
from draggan_widget.animals.parameters import (
    GEOMETRY_DIM,
    PARAMETERS,
    Z_DIM,
    SceneParameter,
    mirror_z,
    parameters_from_z,
)
from draggan_widget.animals.render import render

__all__ = [
    "GEOMETRY_DIM",
    "LANDMARK_NAMES",
    "MIRROR_LANDMARKS",
    "PARAMETERS",
    "POSE",
    "Z_DIM",
    "SceneParameter",
    "correspondences",
    "landmark_positions_px",
    "landmarks",
    "landmarks_px",
    "mirror_z",
    "parameters_from_z",
    "render",
]
