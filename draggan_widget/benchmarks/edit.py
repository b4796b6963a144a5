"""``bench edit``: how long an edit takes, from putting the point down to its arrival."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from draggan_widget.benchmarks.machine import seconds_now
from draggan_widget.benchmarks.networks import prepared
from draggan_widget.benchmarks.plain import PlainDrag, load_adam, trainable
from draggan_widget.benchmarks.spread import spread
from draggan_widget.benchmarks.steps import PLAIN, product_step
from draggan_widget.drag import DragConfig, DragOptimizer
from draggan_widget.drag.config import pixel_scale
from draggan_widget.generator import Generator
from draggan_widget.progress import progress_bar

DIRECTIONS = 8
"""So many directions of the edit are tried, until one is found in which the package arrives."""

MOST_MOVES_TRIED = 60
"""A direction in which so many moves do not lead there is given up; unless all are, it is not measured."""

WARMING_STEPS = 3
"""Steps of the plain loop that are not counted: what PyTorch and the machine prepare at the first ones, they have
prepared for the package when its direction was looked for."""

Point = tuple[float, float]
"""``(x, y)`` px."""


@dataclass(frozen=True)
class Edit:
    """One point that is dragged from the middle of the picture.

    Attributes:
        seed: Of the picture.
        angle: Direction, degrees clockwise from the right.
        handle: Px.
        target: Px.
    """

    seed: int
    angle: float
    handle: Point
    target: Point

    @classmethod
    def of(cls, generator: Generator, seed: int, angle: float, distance_px: float) -> "Edit":
        """Return the edit in a direction.

        Args:
            generator: Makes the picture.
            seed: Of the picture.
            angle: Degrees clockwise from the right.
            distance_px: In px of a 512-px picture, up to 240.
        """
        width, height = generator.width, generator.height
        x, y = float(width // 2), float(height // 2)
        reach = distance_px * pixel_scale(width, height)
        way = math.radians(angle)
        return cls(seed, angle, (x, y), (x + reach * math.cos(way), y + reach * math.sin(way)))


@dataclass(frozen=True)
class Ending:
    """How an edit ended.

    Attributes:
        status: ``"arrived"``, ``"stalled"`` or ``"max_steps"``.
        seconds: From putting the point down.
        steps: Pictures that were looked at.
        moves: Of the latent.
        distance_px: To the target, as tracked.
    """

    status: str
    seconds: float
    steps: int
    moves: int
    distance_px: float


def edit_report(
    generators: Sequence[Generator],
    solvers: Sequence[str],
    *,
    distance_px: float,
    seed: int,
    plain_steps: int,
    plain_rate: float | None,
    rounds: int,
    progress: bool | None,
) -> Iterator[dict[str, Any]]:
    """Yield for each generator a row of its one-off costs, the plain loop and each solver.

    Args:
        generators: Frozen.
        solvers: Names of solvers; the direction is the first one in which the first of them arrives.
        distance_px: Length of the edit, px of a 512-px picture.
        seed: Of the picture.
        plain_steps: Most moves of the plain loop; 0 leaves it out.
        plain_rate: Its learning rate in units of w; None is that of the solver ``official``.
        rounds: How often the edit is repeated with each solver; the plain loop runs once.
        progress: As ``shown`` of :func:`progress_bar`.
    """
    total = len(generators) * (len(solvers) * rounds + plain_steps)
    load_adam()
    with progress_bar(total, "edit", shown=progress) as bar:
        for generator in generators:
            once = prepared(generator)
            edit = found_edit(generator, solvers[0], seed, distance_px)
            task = {
                "generator": generator.name,
                "size": generator.width,
                "seed": edit.seed,
                "angle": edit.angle,
            }
            yield task | {"solver": "once per generator", **once}
            endings: dict[str, list[Ending]] = {solver: [] for solver in solvers}
            for _ in range(rounds):
                for solver in solvers:
                    endings[solver].append(product_edit(generator, solver, edit))
                    bar.update()
            plain = None
            if plain_steps:
                plain_generator = trainable(generator)
                config = DragConfig(solver="official", learning_rate=plain_rate)
                plain_edit(plain_generator, edit, WARMING_STEPS, lambda: None, config)
                plain = plain_edit(plain_generator, edit, plain_steps, bar.update, config)
                bar.update(plain_steps - plain.steps)
                yield task | _row(PLAIN, [plain], plain)
            for solver in solvers:
                yield task | _row(solver, endings[solver], plain)


def found_edit(generator: Generator, solver: str, seed: int, distance_px: float) -> Edit:
    """Return the edit in the first direction in which a solver arrives, or else to the right."""
    edits = [
        Edit.of(generator, seed, 360 * index / DIRECTIONS, distance_px)
        for index in range(DIRECTIONS)
    ]
    for edit in edits:
        if product_edit(generator, solver, edit, MOST_MOVES_TRIED).status == "arrived":
            return edit
    return edits[0]


def product_edit(
    generator: Generator, solver: str, edit: Edit, most_moves: int = DragConfig.max_steps
) -> Ending:
    """Return how an edit ends with a solver of the package."""
    w, config = generator.sample_w(edit.seed), DragConfig(solver=solver)
    started = seconds_now(generator.device)
    optimizer = DragOptimizer(generator, w, config)
    optimizer.set_points([edit.handle], [edit.target], point_ids=(1,))
    step = product_step(optimizer)
    while step.status == "running" and step.step < most_moves:
        step = product_step(optimizer)
    seconds = seconds_now(generator.device) - started
    status = "max_steps" if step.status == "running" else step.status
    return Ending(status, seconds, step.step + 1, step.step, float(step.distances_px[0]))


def plain_edit(
    generator: Generator,
    edit: Edit,
    most_steps: int,
    tell: Callable[[], object],
    config: DragConfig,
) -> Ending:
    """Return how an edit ends with the plain loop, which has a :func:`trainable` generator, within so many steps from 1."""
    w = generator.sample_w(edit.seed)
    started = seconds_now(generator.device)
    drag = PlainDrag(generator, w, [edit.handle], [edit.target], config=config)
    step, steps = drag.step(), 1
    tell()
    while step.status == "running" and steps < most_steps:
        step, steps = drag.step(), steps + 1
        tell()
    seconds = seconds_now(generator.device) - started
    arrived = step.status == "arrived"
    status, moves = ("arrived", steps - 1) if arrived else ("max_steps", steps)
    return Ending(status, seconds, steps, moves, float(step.distances_px[0]))


def _row(solver: str, endings: Sequence[Ending], plain: Ending | None) -> dict[str, Any]:
    """Return the row of a solver; a plain loop that was cut off gives bounds only."""
    first, seconds = endings[0], spread([each.seconds for each in endings])
    row: dict[str, Any] = {
        "solver": solver,
        "status": first.status,
        "moves": first.moves,
        "distance_px": first.distance_px,
        "seconds": seconds,
        "is_lower_bound": first.status != "arrived",
    }
    if plain is not None and first.status == "arrived":
        row["speedup"] = plain.seconds / seconds["median"]
        row["speedup_is_lower_bound"] = plain.status != "arrived"
    return row
