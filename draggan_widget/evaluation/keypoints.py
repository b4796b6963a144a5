"""Points for generators about whose scenes nothing is known: read from pictures and features alone.

Cases as in `cases`, without a truth: edges of a random picture that are dragged somewhere, and features that are found
again in a picture nearby.
"""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from draggan_widget.drag.validation import Points
from draggan_widget.errors import GeneratorError
from draggan_widget.evaluation.cases import (
    LEAST_MOVE,
    LEAST_VISIBLE,
    PAIR_POINTS,
    Case,
    case_rng,
    changed_region,
)
from draggan_widget.generator import Generator

TRUNCATION_PSI = 0.7
"""Truncation of random pictures, as usual for samples that people look at."""

SHORTEST_DRAG, LONGEST_DRAG = 0.05, 0.15
"""How far a random target lies from its handle, as shares of the picture's longer side."""

BORDER = 0.10
"""Share of each side, at the border, in which no handle is placed."""

SPACING = 0.05
"""Least distance of two handles as a share of the longer side; 24 of them fit in."""

NEARBY = 0.3
"""How far the second picture of a pair is on the way to another random one, in the rows that a drag may move."""

LARGEST_MATCHED_BLOCK = 64
"""Features are matched on grids of at most this side: 4096 cells against 4096."""

MOST_DRAWS = 1000
"""Random pictures after which a generator counts as one that has no cases; usual ones need one or two."""

FARTHEST_MATCH = 0.25
"""Matches farther apart than this share of the longer side are taken for mistakes."""


@torch.no_grad()
def edge_case(generator: Generator, seed: int, number: int, points: int) -> Case:
    """Return the case in which points on edges of a random picture are dragged in random directions.

    Args:
        generator: Any.
        seed: Of the protocol.
        number: Of the case, from 0.
        points: How many; fewer where the picture has fewer edges.
    """
    rng = case_rng(seed, number)
    for z in _draws(generator, rng):
        w = generator.mapping(z, TRUNCATION_PSI)
        start_z = generator.mapping.truncated(z, TRUNCATION_PSI)
        handles = edge_points(generator.image(w), points, rng)
        if len(handles):
            targets = random_targets(handles, generator.width, generator.height, rng)
            return Case(number, "random", w, start_z, None, handles, targets, None, None)
    raise AssertionError  # `_draws` ends by raising


@torch.no_grad()
def matched_case(generator: Generator, seed: int, number: int, rows: int) -> Case:
    """Return the case in which features of a picture are dragged to where a picture nearby has them.

    Args:
        generator: Any.
        seed: Of the protocol.
        number: Of the case, from 0.
        rows: How many rows of w+ a drag may move; only they differ between the two pictures.
    """
    rng = case_rng(seed, number)
    block = max(b for b in generator.feature_blocks if b <= LARGEST_MATCHED_BLOCK)
    for z in _draws(generator, rng):
        other = torch.from_numpy(rng.standard_normal((1, generator.z_dim))).to(z)
        w, other_w = (generator.mapping(each, TRUNCATION_PSI) for each in (z, other))
        start_z = generator.mapping.truncated(z, TRUNCATION_PSI)
        goal = w.clone()
        goal[:, :rows] = torch.lerp(w[:, :rows], other_w[:, :rows], NEARBY)
        handles, targets = matched_points(
            generator.features(w, block)[0],
            generator.features(goal, block)[0],
            generator.width,
            generator.height,
        )
        seen = _on_edges(generator.image(w), block, handles)
        handles, targets = handles[seen], targets[seen]
        moves = np.linalg.norm(targets - handles, axis=1)
        side = max(generator.width, generator.height)
        if len(handles) >= LEAST_VISIBLE and moves.max() >= LEAST_MOVE * side:
            chosen = spread_out(handles, PAIR_POINTS)
            region = changed_region(generator.image(w), generator.image(goal))
            return Case(
                number, "matched", w, start_z, goal, handles[chosen], targets[chosen], region, None
            )
    raise AssertionError  # `_draws` ends by raising


def edge_points(image: Tensor, count: int, rng: np.random.Generator) -> Points:
    """Return random pixels of a picture where its brightness changes much, some distance from each other.

    Args:
        image: ``[1, 3, H, W]``.
        count: How many at most.
        rng: Chooses; a pixel is the likelier, the stronger the gradient.

    Returns:
        ``[N, 2]`` px; N is smaller than ``count`` where there are no more edges.
    """
    strength = _edge_strength(image)
    height, width = strength.shape
    y, x = np.mgrid[:height, :width]
    for position, length in ((y, height), (x, width)):
        margin = BORDER * length
        strength[(position < margin) | (position > length - 1 - margin)] = 0.0
    spacing = SPACING * max(width, height)
    points: list[tuple[float, float]] = []
    while len(points) < count and strength.sum() > 0:
        pixel = rng.choice(strength.size, p=(strength / strength.sum()).ravel())
        at_y, at_x = np.unravel_index(pixel, strength.shape)
        points.append((float(at_x), float(at_y)))
        strength[np.hypot(x - at_x, y - at_y) < spacing] = 0.0
    return np.array(points).reshape(-1, 2)


def random_targets(
    handle_points: Points, width: int, height: int, rng: np.random.Generator
) -> Points:
    """Return a target inside the picture for each handle, 5 to 15 % of the longer side away, ``[N, 2]`` px."""
    side = max(width, height)
    targets = np.empty_like(handle_points)
    for index, handle in enumerate(handle_points):
        while True:
            angle = rng.uniform(0.0, 2 * np.pi)
            way = rng.uniform(SHORTEST_DRAG, LONGEST_DRAG) * side
            target = handle + way * np.array([np.cos(angle), np.sin(angle)])
            if (target >= 0).all() and (target <= (width - 1, height - 1)).all():
                break
        targets[index] = target
    return targets


def matched_points(first: Tensor, second: Tensor, width: int, height: int) -> tuple[Points, Points]:
    """Return the mutual nearest neighbours of two feature maps, by the angle between centred features.

    Args:
        first: ``[C, h, w]``.
        second: ``[C, h, w]``.
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.

    Returns:
        ``[M, 2]`` and ``[M, 2]`` px: the centres of the cells in both.
    """
    rows, columns = first.shape[1:]
    centred = (each.flatten(1) - first.flatten(1).mean(1, keepdim=True) for each in (first, second))
    one, two = (F.normalize(each, dim=0) for each in centred)
    likeness = one.T @ two
    there, back = likeness.argmax(1), likeness.argmax(0)
    mutual = (back[there] == torch.arange(len(there), device=there.device)).nonzero()[:, 0]
    cells = (mutual.cpu().numpy(), there[mutual].cpu().numpy())
    start, goal = (
        np.stack(
            [
                (cell % columns + 0.5) * width / columns - 0.5,
                (cell // columns + 0.5) * height / rows - 0.5,
            ],
            axis=1,
        )
        for cell in cells
    )
    near = np.linalg.norm(goal - start, axis=1) <= FARTHEST_MATCH * max(width, height)
    return start[near], goal[near]


def spread_out(points: Points, count: int) -> NDArray[np.int64]:
    """Return which points to take so that they lie far from each other: each is the farthest from those before."""
    chosen = [0]
    distance = np.linalg.norm(points - points[0], axis=1)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.array(chosen)


def _draws(generator: Generator, rng: np.random.Generator) -> Iterator[Tensor]:
    """Yield random z ``[1, z_dim]``; raise when too many were asked for."""
    for _ in range(MOST_DRAWS):
        z = torch.from_numpy(rng.standard_normal((1, generator.z_dim)))
        yield z.float().to(generator.device)
    raise GeneratorError(
        f"{generator.name} gave no usable case in {MOST_DRAWS} random pictures: nothing in them can be "
        "held and moved; look at them with `draggan-widget sample`"
    )


def _edge_strength(image: Tensor) -> NDArray[np.float64]:
    """Return the squared gradient of the brightness of a picture ``[1, 3, H, W]``: ``[H, W]``."""
    brightness = image[0].clamp(-1, 1).mean(0).double().cpu().numpy()
    strength: NDArray[np.float64] = np.add(*(part**2 for part in np.gradient(brightness)))
    return strength


def _on_edges(image: Tensor, cells: int, points: Points) -> NDArray[np.bool_]:
    """Return which points lie in a cell of a grid of ``cells`` rows that has edges above the average."""
    strength = torch.from_numpy(_edge_strength(image))[None]
    height, width = image.shape[2:]
    grid = F.adaptive_avg_pool2d(strength, (cells, cells * width // height))[0].numpy()
    rows, columns = (
        (points[:, 1] + 0.5) * grid.shape[0] / height,
        (points[:, 0] + 0.5) * grid.shape[1] / width,
    )
    seen: NDArray[np.bool_] = grid[rows.astype(int), columns.astype(int)] > grid.mean()
    return seen
