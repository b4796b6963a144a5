"""What is dragged where, on a generator whose scene is known: z is the scene, so the truth of every picture is too.

Case i depends on the seed of its protocol and on i alone: not on how many cases are run, nor on solver, number of points
or device. Cases of other generators are in `keypoints`; nothing here drags.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from draggan_widget.animals import GEOMETRY_DIM, LANDMARK_NAMES, PARAMETERS, Z_DIM, landmarks_px
from draggan_widget.animals.correspondences import POSE, correspondences
from draggan_widget.animals.parameters import PARAMETER_INDEX
from draggan_widget.drag.validation import Mask, Points
from draggan_widget.generator import Generator

GROUPS: Mapping[str, tuple[str, ...]] = {
    "pose": POSE,
    "mouth": ("mouth_open", "muzzle_length"),
    "ears": ("ear_length", "ear_asymmetry", "ear_width", "ear_tilt_left", "ear_tilt_right"),
    "eyes": ("eye_open", "eye_size", "gaze_x", "gaze_y"),
    "all": tuple(parameter.name for parameter in PARAMETERS[:GEOMETRY_DIM]),
}
"""What differs between the two scenes of a case: these scene parameters. Case i is of group i modulo 5."""

KNOWN_SCENE = "animals"
"""What a generator says of its z when it was trained on renders of the animals."""

ALL_POINTS = len(LANDMARK_NAMES)
"""So many points mean every landmark that is visible in both scenes."""

LEAST_VISIBLE = 8
"""A case has at least so many landmarks that are visible in both scenes; of random heads nearly all have."""

LEAST_MOVE = 0.02
"""The point that moves most moves at least this share of the width; less is within the error of the measure."""

PAIR_POINTS = 32
"""Correspondences of a pair (DragGAN, Pan et al. 2023, section 4.2)."""

PAIR_CHANGE = 0.5
"""Standard deviation of the change of a pose entry of z between the two pictures of a pair."""

NOSE = LANDMARK_NAMES.index("nose_tip")
LEAST_NOSE_MOVE = 0.05
"""A nose is dragged by at least this share of the width."""

REGION_THRESHOLD = 8 / 255
"""A pixel belongs to an edit where a colour changes by more than this share of its range."""

REGION_MARGIN = 0.02
"""By this share of the width the region of an edit is wider than the pixels that change."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known about the two scenes of a case.

    Attributes:
        z: The scene at the start and the scene of the goal, ``[2, 30]``.
        landmarks_px: Where the landmarks are in both, ``[2, 24, 2]`` px.
        visible: Which are in sight and in the picture in both, ``[24]``.
        handles: The landmarks that are dragged, in the order of the handles; empty where other points are.
    """

    z: Tensor
    landmarks_px: NDArray[np.float64]
    visible: NDArray[np.bool_]
    handles: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Case:
    """One task: a picture, points, and what is known about where they should lead.

    Attributes:
        number: Number of the case, from 0.
        group: What differs between start and goal, for tables by group.
        start_w: Latent of the picture that is dragged, ``[1, num_ws, w_dim]``.
        start_z: The z that it comes from, ``[1, z_dim]``.
        goal_w: Latent of the picture that the drag should lead to, or None.
        handle_points: ``[N, 2]`` px.
        target_points: ``[N, 2]`` px.
        region: Where the true edit changes the picture, ``[H, W]``, or None without a goal.
        truth: The scenes, or None.
    """

    number: int
    group: str
    start_w: Tensor
    start_z: Tensor
    goal_w: Tensor | None
    handle_points: Points
    target_points: Points
    region: Mask | None
    truth: Truth | None


def has_scene(generator: Generator) -> bool:
    """Whether z of a generator is a scene of the animals."""
    return generator.scene == KNOWN_SCENE and generator.z_dim == Z_DIM


def case_rng(seed: int, number: int) -> np.random.Generator:
    """Return the random numbers of a case, independent of every other case."""
    return np.random.default_rng(np.random.SeedSequence((seed, number)))


def landmark_case(generator: Generator, seed: int, number: int, points: int) -> Case:
    """Return the case in which landmarks of one scene are dragged to where another scene has them.

    The two scenes differ in the parameters of one group. The points are those of the landmarks visible in both that
    move most, in that order; so a case with fewer points has the first ones of a case with more.

    Args:
        generator: One with a scene.
        seed: Of the protocol.
        number: Of the case, from 0.
        points: How many landmarks, 1 to 24; fewer where fewer are visible.
    """
    truth = _landmark_scenes(seed, number, generator.width)
    moves = _moves(truth)
    count = min(points, int(truth.visible.sum()))
    handles = tuple(np.argsort(-moves, kind="stable")[:count].tolist())
    start, goal = truth.landmarks_px[:, list(handles)]
    group = _group(number)
    return _between_scenes(generator, number, group, start, goal, replace(truth, handles=handles))


def pair_case(generator: Generator, seed: int, number: int) -> Case:
    """Return the case in which 32 surface points of one head are dragged to where they are in another pose.

    Args:
        generator: One with a scene.
        seed: Of the protocol.
        number: Of the case, from 0.
    """
    truth, start, goal = _pair_scenes(seed, number, generator.width)
    return _between_scenes(generator, number, "pose", start, goal, truth)


def nose_case(generator: Generator, seed: int, number: int) -> Case:
    """Return the case in which the tip of a nose is dragged to where it is in another pose of the same head.

    Args:
        generator: One with a scene.
        seed: Of the protocol.
        number: Of the case, from 0.
    """
    truth = _nose_scenes(seed, number, generator.width)
    start, goal = truth.landmarks_px[:, list(truth.handles)]
    return _between_scenes(generator, number, "nose", start, goal, truth)


def changed_region(first: Tensor, second: Tensor) -> Mask:
    """Return where two pictures ``[1, 3, H, W]`` in -1..1 differ, with a margin: ``[H, W]``."""
    difference = (second.clamp(-1, 1) - first.clamp(-1, 1)).abs().amax(1, keepdim=True) / 2
    margin = max(1, round(REGION_MARGIN * first.shape[-1]))
    changed = (difference > REGION_THRESHOLD).float()
    wider = F.max_pool2d(changed, 2 * margin + 1, stride=1, padding=margin)
    region: Mask = (wider[0, 0] > 0).cpu().numpy()
    return region


@functools.lru_cache(maxsize=8)
def _landmark_scenes(seed: int, number: int, resolution: int) -> Truth:
    """Return the scenes of a case, drawn until enough is seen and moves; kept for its other numbers of points."""
    rng = case_rng(seed, number)
    while True:
        truth = _truth(_two_scenes(rng, GROUPS[_group(number)]), resolution)
        if truth.visible.sum() >= LEAST_VISIBLE and _moves(truth).max() >= LEAST_MOVE * resolution:
            return truth


@functools.lru_cache(maxsize=8)
def _pair_scenes(seed: int, number: int, resolution: int) -> tuple[Truth, Points, Points]:
    """Return the scenes of a pair, and the same places in both, ``[M, 2]`` px each; kept for other solvers."""
    rng = case_rng(seed, number)
    while True:
        z = _two_poses(rng)
        found = correspondences(z[0], z[1], PAIR_POINTS, int(rng.integers(2**31)), resolution)
        start, goal = (points.double().numpy() for points in found)
        moves = np.linalg.norm(goal - start, axis=1)
        if len(start) >= LEAST_VISIBLE and moves.max() >= LEAST_MOVE * resolution:
            return _truth(z, resolution), start, goal


@functools.lru_cache(maxsize=8)
def _nose_scenes(seed: int, number: int, resolution: int) -> Truth:
    """Return the scenes of a drag of the nose, drawn until it is seen and moves."""
    rng = case_rng(seed, number)
    while True:
        truth = _truth(_two_poses(rng), resolution)
        if truth.visible[NOSE] and _moves(truth)[NOSE] >= LEAST_NOSE_MOVE * resolution:
            return replace(truth, handles=(NOSE,))


def _group(number: int) -> str:
    """Return the group of a case."""
    return tuple(GROUPS)[number % len(GROUPS)]


def _moves(truth: Truth) -> NDArray[np.float64]:
    """Return how far each landmark moves, ``[24]`` px; -1 where it is hidden."""
    distances: NDArray[np.float64] = np.linalg.norm(np.subtract(*truth.landmarks_px), axis=1)
    return np.where(truth.visible, distances, -1.0)


def _two_scenes(rng: np.random.Generator, names: Iterable[str]) -> Tensor:
    """Return a random scene, and the same with some parameters of another one, ``[2, 30]``."""
    start, other = torch.from_numpy(rng.standard_normal((2, Z_DIM))).float()
    goal = start.clone()
    entries = _entries(names)
    goal[entries] = other[entries]
    return torch.stack([start, goal])


def _two_poses(rng: np.random.Generator) -> Tensor:
    """Return a random scene, and the same in a pose near to its own, ``[2, 30]``."""
    pose = _entries(GROUPS["pose"])
    z = torch.from_numpy(rng.standard_normal((1, Z_DIM))).float().repeat(2, 1)
    z[1, pose] += PAIR_CHANGE * torch.from_numpy(rng.standard_normal(len(pose))).float()
    return z


def _entries(names: Iterable[str]) -> list[int]:
    """Return where in z the parameters of these names are."""
    return [PARAMETER_INDEX[name] for name in names]


def _truth(z: Tensor, resolution: int) -> Truth:
    """Return what is known about two scenes ``[2, 30]``, with no landmark chosen."""
    positions, seen = landmarks_px(z, resolution)
    points = positions.double().numpy()
    visible = seen.numpy() & _inside(points, resolution)
    return Truth(z, points, visible[0] & visible[1], ())


def _inside(points: NDArray[np.float64], resolution: int) -> NDArray[np.bool_]:
    """Return which points ``[..., 2]`` lie between the first and the last pixel centres."""
    within: NDArray[np.bool_] = (points >= 0) & (points <= resolution - 1)
    return within[..., 0] & within[..., 1]


@torch.no_grad()
def _between_scenes(
    generator: Generator, number: int, group: str, start: Points, goal: Points, truth: Truth
) -> Case:
    """Return the case from one scene to the other, in the pictures that the generator makes of them."""
    z = truth.z.to(generator.device)
    w = generator.mapping(z)
    first, second = w[:1], w[1:]
    region = changed_region(generator.image(first), generator.image(second))
    return Case(number, group, first, z[:1], second, start, goal, region, truth)
