"""Where 24 named points of the head appear in the picture, and whether they can be seen.

Each landmark is an anchor in the head frame that is pulled onto the surface, so it keeps to the
same place of the same animal in every pose. Left and right are those of the picture.
"""

import torch
from torch import Tensor

from draggan_widget.animals.camera import camera_position, picture_fractions
from draggan_widget.animals.field import JAW_HINGE, STEP_FACTOR, distance, smile, world_points
from draggan_widget.animals.parameters import ArrayLike, validated_z
from draggan_widget.animals.primitives import Scalar, Triple, components, length
from draggan_widget.animals.scene import (
    BROW_HEIGHT,
    EAR_DEPTH,
    EAR_HEIGHT,
    EAR_SPACING,
    EYE_HEIGHT,
    Scene,
    build_scene,
)
from draggan_widget.animals.tracing import NEAR

ANIMALS_PER_CHUNK = 512
"""Animals treated at once, some 100 MB of temporaries."""

PULL_STEPS = 8
PULL_LIMIT = 0.05
GRADIENT_STEP = 0.004
"""Newton steps onto the surface; limit of each, per unit of gradient; step of the differences."""

SIGHT_STEPS = 120
SIGHT_BLOCKED = 0.002
SIGHT_MARGIN = 0.05
SIGHT_STOP = 0.04
"""Steps of the line of sight; the bound that blocks it; how near it must come; where it ends."""

MIDDLE_NAMES_ABOVE = ("nose_tip", "nose_bridge", "forehead")
SIDE_NAMES = (
    "outer_eye_corner",
    "inner_eye_corner",
    "pupil",
    "brow",
    "ear_tip",
    "cheek",
    "whisker_pad",
    "mouth_corner",
    "temple",
)
MIDDLE_NAMES_BELOW = ("chin", "lower_lip", "upper_lip")

LANDMARK_NAMES: tuple[str, ...] = (
    *MIDDLE_NAMES_ABOVE,
    *(f"{name}_left" for name in SIDE_NAMES),
    *(f"{name}_right" for name in SIDE_NAMES),
    *MIDDLE_NAMES_BELOW,
)
"""Names in the order of the landmarks; left and right are those of the picture."""


def _mirrored_name(name: str) -> str:
    """Return the name of the landmark on the other side."""
    if name.endswith("_left"):
        return name.removesuffix("_left") + "_right"
    if name.endswith("_right"):
        return name.removesuffix("_right") + "_left"
    return name


MIRROR_LANDMARKS: tuple[int, ...] = tuple(
    LANDMARK_NAMES.index(_mirrored_name(name)) for name in LANDMARK_NAMES
)
"""Entry i is the landmark of the mirrored picture that landmark i becomes."""


@torch.no_grad()
def landmarks(z: ArrayLike, device: torch.device | str | None = None) -> Tensor:
    """Return where the landmarks appear.

    Args:
        z: ``[B, 30]``, standard normal.
        device: Where to compute; the device of z when None.

    Returns:
        ``[B, 24, 3]``, float32: x from the left and y from the top as fractions 0..1 of the
        picture, and 1 where the landmark is inside the picture and not hidden, else 0.

    Raises:
        ValueError: When z is not ``[B, 30]`` or not finite.
    """
    checked = validated_z(z, device)
    parts = [
        _landmarks_of(build_scene(checked[start : start + ANIMALS_PER_CHUNK]))
        for start in range(0, len(checked), ANIMALS_PER_CHUNK)
    ]
    return torch.cat(parts) if parts else checked.new_empty((0, len(LANDMARK_NAMES), 3)).float()


def landmarks_px(
    z: ArrayLike, resolution: int, device: torch.device | str | None = None
) -> tuple[Tensor, Tensor]:
    """Return where the landmarks appear, in pixels.

    Args:
        z: ``[B, 30]``, standard normal.
        resolution: Side of the picture in pixels.
        device: Where to compute; the device of z when None.

    Returns:
        ``[B, 24, 2]``, float32, ``(x, y)`` with pixel centres at integers; and ``[B, 24]``,
        boolean, visible.

    Raises:
        ValueError: When z is not ``[B, 30]`` or not finite, or the resolution is not positive.
    """
    if resolution < 1:
        raise ValueError(f"resolution must be at least 1, got {resolution}.")
    found = landmarks(z, device)
    return found[..., :2] * resolution - 0.5, found[..., 2] > 0.5


@torch.no_grad()
def landmark_positions_px(z: ArrayLike, resolution: int) -> Tensor:
    """Return where the landmarks appear, hidden or not: as :func:`landmarks_px`, in a third of its time.

    Args:
        z: ``[B, 30]``, standard normal.
        resolution: Side of the picture in pixels.

    Returns:
        ``[B, 24, 2]``, float32, ``(x, y)`` with pixel centres at integers.

    Raises:
        ValueError: When z is not ``[B, 30]`` or not finite.
    """
    scene = build_scene(validated_z(z))
    x, y, _ = _projected(scene)
    return torch.stack((x, y), dim=-1).float() * resolution - 0.5


def head_anchors(scene: Scene) -> Tensor:
    """Return the anchors ``[3, B, 24]`` of the landmarks in the head frame, in order."""
    tip = scene.muzzle_tip
    jaw_tip = 0.30 + 0.92 * scene.muzzle_length
    chin = _turned_down(scene.jaw_cos, scene.jaw_sin, -0.27, jaw_tip + 0.04)
    lower_lip = _turned_down(scene.jaw_cos, scene.jaw_sin, -0.10, jaw_tip + 0.10)
    anchors: tuple[tuple[Scalar, ...], ...] = (
        (0.0, -0.075, tip + 0.17),
        (0.0, 0.08, 0.52),
        (0.0, 0.36, 0.45),
        *_side_anchors(scene, scene.ear_left, -1.0),
        *_side_anchors(scene, scene.ear_right, 1.0),
        (0.0, *chin),
        (0.0, *lower_lip),
        (0.0, -0.26, tip + 0.12),
    )
    zero = torch.zeros_like(tip)
    return torch.cat(
        [torch.stack([zero + component for component in anchor]) for anchor in anchors], dim=2
    )


def _side_anchors(scene: Scene, ear: Triple, sign: float) -> tuple[tuple[Scalar, ...], ...]:
    """Return the anchors of one side in the order of `SIDE_NAMES`; ``sign`` is that of x."""
    eye_x, eye_z, radius = scene.eye_x, scene.eye_z, scene.eye_radius
    gaze_x, gaze_y, gaze_z = scene.gaze
    ear_length, tilt_cos, tilt_sin = ear
    mouth_x = 0.150 * scene.muzzle_width
    mouth_corner = _turned_down(
        scene.half_jaw_cos,
        scene.half_jaw_sin,
        smile(mouth_x) - 0.125,
        0.30 + 0.62 * scene.muzzle_length,
    )
    return (
        (sign * (eye_x + 0.85 * radius), EYE_HEIGHT + 0.15 * radius, eye_z + 0.65 * radius),
        (sign * (eye_x - 0.85 * radius), EYE_HEIGHT - 0.15 * radius, eye_z + 0.65 * radius),
        (
            sign * eye_x + radius * gaze_x,
            EYE_HEIGHT + radius * gaze_y,
            eye_z + radius * gaze_z,
        ),
        (sign * 0.20, BROW_HEIGHT, 0.47),
        (
            sign * (EAR_SPACING * scene.head_width + tilt_sin * ear_length),
            EAR_HEIGHT + tilt_cos * ear_length,
            EAR_DEPTH - 0.10 * ear_length,
        ),
        (sign * (0.30 * scene.head_width + 0.27 * scene.cheek), -0.17, 0.18),
        (sign * 0.15 * scene.muzzle_width, -0.205, scene.muzzle_tip + 0.14),
        (sign * mouth_x, *mouth_corner),
        (sign * 0.34 * scene.head_width, 0.30, 0.33),
    )


def _turned_down(cos: Tensor, sin: Tensor, y: Scalar, z: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``(y, z)`` in the head frame of a point in a frame that hangs on the jaw hinge."""
    return JAW_HINGE[0] + cos * y - sin * z, JAW_HINGE[1] + sin * y + cos * z


def _landmarks_of(scene: Scene) -> Tensor:
    """Return the landmarks ``[B, 24, 3]`` of a batch of animals."""
    x, y, points = _projected(scene)
    inside = (x >= 0.0) & (x <= 1.0) & (y >= 0.0) & (y <= 1.0)
    visible = inside & in_sight(scene, points)
    return torch.stack((x, y, visible.to(x)), dim=-1)


def _projected(scene: Scene) -> tuple[Tensor, Tensor, Tensor]:
    """Return x and y ``[B, 24]`` of the landmarks in fractions of the picture, and the points ``[3, B, 24]``."""
    points = pulled_onto_surface(scene, world_points(scene, head_anchors(scene)))
    return *picture_fractions(points), points


def pulled_onto_surface(scene: Scene, points: Tensor) -> Tensor:
    """Return points ``[3, B, N]`` after a few Newton steps along the gradient of the field."""
    offsets = GRADIENT_STEP * torch.eye(3).to(points)
    around = torch.cat((offsets, -offsets, torch.zeros(3, 1).to(points)), dim=1)
    for _ in range(PULL_STEPS):
        samples = (points[..., None] + around[:, None, None]).flatten(2)
        bounds = distance(scene, samples).reshape(*points.shape[1:], -1)
        gradient = (bounds[..., 0:3] - bounds[..., 3:6]) / (2.0 * GRADIENT_STEP)
        slope = gradient.square().sum(dim=-1) + 1e-6
        step = (bounds[..., -1] / slope).clamp(-PULL_LIMIT, PULL_LIMIT)
        points = points - gradient.movedim(-1, 0) * step
    return points


def in_sight(scene: Scene, points: Tensor) -> Tensor:
    """Return which points ``[3, B, N]`` the camera sees, by tracing towards each one."""
    camera = camera_position(points)
    ways = points - camera
    lengths = length(*components(ways))
    rays = ways / lengths
    reached = torch.full_like(lengths, NEAR)
    for _ in range(SIGHT_STEPS):
        bound = distance(scene, camera + rays * reached)
        going = (bound >= SIGHT_BLOCKED) & (reached < lengths - SIGHT_STOP)
        if not bool(going.any()):
            break
        reached = torch.where(going, reached + STEP_FACTOR * bound, reached)
    return reached >= lengths - SIGHT_MARGIN
