"""The latent of a photo: from the most alike of many random pictures, through w, to w+ (Abdal et al. 2019).

Steps are taken in coordinates in which random latents are standard normal, with their distribution as a prior: a picture
that looks like the photo and is one of the generator's can be dragged as its own are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from draggan_widget.generator import AnyGenerator
from draggan_widget.inversion.climb import ROWS_RATE, W_RATE, Climb
from draggan_widget.inversion.coordinates import Coordinates
from draggan_widget.inversion.likeness import Likeness
from draggan_widget.inversion.samples import Samples, collected, drawn

STARTS = (16, 8, 4)
"""So many of the most alike pictures are followed, for a third of the stage each: the nearest at first is not always so in the end."""

START_SHARE, W_SHARE = 0.15, 0.25
"""Parts of all steps that each stage gets: the starts together, and the best one in w; the rest are in w+."""

FALLING_SHARE = 0.4
"""The steps become smaller in this last part of a stage."""

SETTLED_STEPS = 20
SETTLED_SHARE = 0.995
"""Where the mean loss of so many steps is more than this share of that of as many before, larger steps lead no further."""


@dataclass(frozen=True, eq=False)
class Look:
    """How far a search has come.

    Attributes:
        stage: ``"samples"``, ``"starts"``, ``"w"``, ``"w+"`` or ``"tuning"``.
        done, total: Steps of the search, or of the tuning; a stage that has settled skips some.
        w: The best latent of the moment, ``[1, num_ws, w_dim]``, or None while samples are drawn.
        picture: Its picture ``[1, 3, H, W]``, or None likewise.
    """

    stage: str
    done: int
    total: int
    w: Tensor | None = None
    picture: Tensor | None = None


@torch.no_grad()  # in each step alone: between them whoever looks does as they like
def searched(
    generator: AnyGenerator,
    likeness: Likeness,
    steps: int,
    start: Tensor | None,
    known: Samples | None = None,
) -> Iterator[Look]:
    """Yield looks at a search, the last one with its result.

    Args:
        generator: Frozen.
        likeness: Distance to the photo.
        steps: Of Adam, over all stages.
        start: Latent ``[1, num_ws, w_dim]`` to begin from; None looks for one among random pictures.
        known: Random pictures, where they have been drawn already.
    """
    coordinates = Coordinates(generator)
    to_start = 0 if start is not None else round(START_SHARE * steps)
    in_w = round(W_SHARE * steps)
    if start is None:
        yield Look("samples", 0, steps)
        if known is None:
            parts = []
            for part in drawn(generator):
                parts.append(part)
                yield Look("samples", 0, steps)
            known = collected(generator, parts)
        start = known.most_alike(likeness.target, STARTS[0])
    first = coordinates.tied(coordinates.of_w(start))
    climb = Climb(generator, likeness, coordinates, first, W_RATE)
    for step in range(to_start):
        left = STARTS[step * len(STARTS) // to_start]
        if left < len(climb.values):
            nearest = climb.losses.topk(left, largest=False).indices
            climb = Climb(generator, likeness, coordinates, climb.values[nearest], W_RATE)
        climb.step(1.0)
        yield _look(climb, "starts", step + 1, steps)
    best = int(climb.losses.argmin())
    climb = Climb(generator, likeness, coordinates, climb.values[best : best + 1], W_RATE)
    for step in _stage(climb, in_w):
        yield _look(climb, "w", to_start + step, steps)
    rows = coordinates.untied(climb.values)
    climb = Climb(generator, likeness, coordinates, rows, ROWS_RATE)
    for step in _stage(climb, steps - to_start - in_w):
        yield _look(climb, "w+", to_start + in_w + step, steps)
    yield Look("w+", steps, steps, *climb.ended())


def _stage(climb: Climb, steps: int) -> Iterator[int]:
    """Take the steps of a stage and yield how far it is; the steps fall at its end, and earlier once it has settled."""
    falling = round(FALLING_SHARE * steps)
    losses: list[float] = []
    step = 0
    while step < steps:
        climb.step(min(1.0, (steps - step) / max(falling, 1)))
        losses.append(float(climb.losses))
        step = (
            max(step, steps - falling - 1) if _has_settled(losses, step, steps - falling) else step
        )
        step += 1
        yield step


def _has_settled(losses: list[float], step: int, until: int) -> bool:
    """Whether losses have ceased to fall before the steps begin to."""
    if step >= until or len(losses) < 2 * SETTLED_STEPS:
        return False
    before, after = losses[-2 * SETTLED_STEPS : -SETTLED_STEPS], losses[-SETTLED_STEPS:]
    return sum(after) > SETTLED_SHARE * sum(before)


def _look(climb: Climb, stage: str, done: int, total: int) -> Look:
    """Return a look at the best latent of the last step."""
    assert climb.pictures is not None
    best = int(climb.losses.argmin())
    kept = slice(best, best + 1)
    return Look(stage, done, total, climb.w[kept], climb.pictures[kept])
