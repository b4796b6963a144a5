"""``bench live``: how well a picture follows a pointer that never rests.

A landmark of a scene is held while the scene's head turns; where it is in every picture is known, so the pointer goes
where the landmark truly would.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from draggan_widget.animals import LANDMARK_NAMES, Z_DIM, landmark_positions_px
from draggan_widget.animals.parameters import PARAMETER_INDEX
from draggan_widget.benchmarks.machine import seconds_now
from draggan_widget.benchmarks.spread import spread
from draggan_widget.drag import DragConfig, DragOptimizer, DragStep
from draggan_widget.drag.validation import Points
from draggan_widget.errors import InputError
from draggan_widget.evaluation.cases import has_scene
from draggan_widget.frames import encode_live, to_picture
from draggan_widget.generator import Generator
from draggan_widget.progress import progress_bar

SPEED = 0.01
"""How far the pointer moves from picture to picture, as a share of the width."""

TURNS = {"yaw": (1.0, 1), "pitch": (0.8, 2)}
"""How the head turns: amplitude of the entry of z, and periods in a round. The two make a figure of eight."""

PATH_PLACES = 240
"""Places of a round that are computed; the pointer goes in straight lines between them."""

WARM_UP = 3
"""Pictures before the first that counts: the pointer's start is a sudden one."""

SETTINGS: Mapping[str, DragConfig] = {
    "kinematic": DragConfig(solver="kinematic"),
    "whitened": DragConfig(solver="whitened"),
    "paper": DragConfig(solver="paper"),
}
"""What follows, by name."""


@dataclass(eq=False)
class _Follower:
    """A drag that follows, and what was measured of it: seconds of each part, and the distance in px."""

    optimizer: DragOptimizer[Any]
    step_s: list[float] = field(default_factory=list)
    draw_s: list[float] = field(default_factory=list)
    encode_s: list[float] = field(default_factory=list)
    lag_px: list[float] = field(default_factory=list)


def live_step(optimizer: DragOptimizer[Any]) -> DragStep[Any]:
    """Move the latent once towards the targets, and return the picture after that."""
    return optimizer.advance()


def live_report(
    generator: Generator,
    settings: Sequence[str],
    *,
    landmark: str,
    seed: int,
    pictures: int,
    progress: bool | None,
) -> Iterator[dict[str, Any]]:
    """Yield a row for each setting; they make their pictures in turn.

    Args:
        generator: Frozen, one whose z is a scene.
        settings: Names of :data:`SETTINGS`.
        landmark: Name of the landmark that is held.
        seed: Of the scene.
        pictures: How many are measured, of each setting.
        progress: As ``shown`` of :func:`progress_bar`.

    Raises:
        InputError: The generator's scenes are not known, or there is no such landmark.
    """
    if not has_scene(generator):
        raise InputError(
            f"live needs a generator whose z is a scene, and {generator.name} is none; use animals"
        )
    z, pointer = pointer_path(generator, landmark, seed, pictures + WARM_UP)
    w = generator.w_of_z(z).detach()
    followers = {}
    for name in settings:
        optimizer = DragOptimizer(generator, w, SETTINGS[name], z=z)
        optimizer.set_points(pointer[:1], pointer[:1], point_ids=(1,))
        followers[name] = _Follower(optimizer)
    with progress_bar(pictures * len(settings), "live", shown=progress) as bar:
        for index, place in enumerate(pointer[1:]):
            for follower in followers.values():
                _follow(follower, generator, place, counted=index >= WARM_UP)
                bar.update(index >= WARM_UP)
    for name, follower in followers.items():
        yield {"solver": name, "generator": generator.name, **_row(follower, generator.width)}


@torch.no_grad()
def pointer_path(
    generator: Generator, landmark: str, seed: int, pictures: int
) -> tuple[torch.Tensor, Points]:
    """Return the scene ``[1, 30]`` at the start, and where the pointer is in each picture.

    Args:
        generator: One whose z is a scene.
        landmark: Name of the landmark that it holds.
        seed: Of the scene.
        pictures: How many follow the start.

    Returns:
        The z, and ``[pictures + 1, 2]`` px, :data:`SPEED` of the width apart along the landmark's way.

    Raises:
        InputError: There is no such landmark.
    """
    if landmark not in LANDMARK_NAMES:
        raise InputError(f"landmark must be one of {list(LANDMARK_NAMES)}, got {landmark!r}")
    assert generator.z_dim == Z_DIM
    scenes = generator.sample_z(seed).cpu().repeat(PATH_PLACES, 1)
    phases = torch.arange(PATH_PLACES) * (2 * math.pi / PATH_PLACES)
    for name, (amplitude, periods) in TURNS.items():
        scenes[:, PARAMETER_INDEX[name]] = amplitude * torch.sin(periods * phases)
    places = landmark_positions_px(scenes, generator.width)[:, LANDMARK_NAMES.index(landmark)]
    path = _at_even_speed(places.double().numpy(), SPEED * generator.width, pictures)
    last = generator.width - 1
    return scenes[:1].to(generator.device), path.clip(0, last)


def _at_even_speed(places: Points, speed_px: float, pictures: int) -> Points:
    """Return points ``[pictures + 1, 2]`` along a closed way, by its length, round after round."""
    closed = np.concatenate([places, places[:1]])
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    walked = np.arange(pictures + 1) * speed_px % lengths[-1]
    return np.stack([np.interp(walked, lengths, closed[:, axis]) for axis in (0, 1)], axis=1)


def _follow(follower: _Follower, generator: Generator, place: Points, *, counted: bool) -> None:
    """Make the picture for a place of the pointer, as the widget does."""
    device, optimizer = generator.device, follower.optimizer
    started = seconds_now(device)
    optimizer.set_points([place], [place], point_ids=(1,))  # a known handle stays where it is
    step = live_step(optimizer)
    assert step.trace is not None
    moved = seconds_now(device)
    with torch.no_grad():
        picture = to_picture(generator.image_from_trace(step.trace))
    drawn = seconds_now(device)
    encode_live(picture)
    encoded = seconds_now(device)
    if counted:
        follower.step_s.append(moved - started)
        follower.draw_s.append(drawn - moved)
        follower.encode_s.append(encoded - drawn)
        follower.lag_px.append(float(step.distances_px[0]))


def _row(follower: _Follower, width: int) -> dict[str, Any]:
    """Return what was measured."""
    parts = zip(follower.step_s, follower.draw_s, follower.encode_s, strict=True)
    whole = [sum(each) for each in parts]
    lag_px = float(np.mean(follower.lag_px))
    return {
        "pictures_per_s": len(whole) / sum(whole),
        "lag_px": lag_px,
        "largest_lag_px": max(follower.lag_px),
        "lag_pictures": lag_px / (SPEED * width),
        "picture_ms": spread([1000 * each for each in whole]),
        "step_ms": spread([1000 * each for each in follower.step_s]),
        "draw_ms": spread([1000 * each for each in follower.draw_s]),
        "encode_ms": spread([1000 * each for each in follower.encode_s]),
    }
