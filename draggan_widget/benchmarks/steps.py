"""``bench step``: what one step costs, of the plain loop and of each solver, with no frame drawn."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from draggan_widget.benchmarks.machine import seconds_now
from draggan_widget.benchmarks.networks import prepared, random_generator
from draggan_widget.benchmarks.plain import PlainDrag, load_adam, trainable, untrained
from draggan_widget.benchmarks.spread import paired_ratios, spread
from draggan_widget.drag import DragConfig, DragOptimizer, DragStep
from draggan_widget.drag.validation import Mask, Points
from draggan_widget.errors import DragganError
from draggan_widget.generator import Generator
from draggan_widget.progress import progress_bar

PLAIN = "plain"
"""Name of the plain loop among the solvers."""

PLAIN_FROZEN = "plain-frozen"
"""Name of the plain loop whose weights gather no gradients, which no step needs."""

PLAIN_LOOPS: Mapping[str, Callable[[Generator], Generator]] = {
    PLAIN: trainable,
    PLAIN_FROZEN: untrained,
}
"""What makes the generators of the plain loops."""

DEFAULT_SOLVERS = (PLAIN, PLAIN_FROZEN, "official", "kinematic", "whitened")

SEED = 0
"""Seed of the picture."""

DISTANCE = 0.3
"""How far each point is to go, as a share of the width: no solver arrives within a few steps."""

Step = Callable[[], bool]
"""Moves the latent once and returns whether it did; it does not once the drag has ended."""


@dataclass(frozen=True)
class StepCase:
    """What is dragged.

    Attributes:
        points: How many points.
        masked: Whether the outer part of the picture must not move.
    """

    points: int
    masked: bool


CASES: Mapping[str, StepCase] = {
    "1": StepCase(1, masked=False),
    "5": StepCase(5, masked=False),
    "5+mask": StepCase(5, masked=True),
}
"""What is dragged, by name."""


def product_step(optimizer: DragOptimizer[Any]) -> DragStep[Any]:
    """Take one step of the package with no frame drawn."""
    return optimizer.step(drawn=False)


def step_report(
    sizes: Sequence[int],
    cases: Sequence[str],
    solvers: Sequence[str],
    *,
    device: torch.device,
    channels: int,
    rounds: int,
    progress: bool | None,
) -> Iterator[dict[str, Any]]:
    """Yield a row for each size, case and solver.

    The solvers of a case take their steps in turn, so that all of them see the same load of the machine.

    Args:
        sizes: Of the pictures, px.
        cases: Names of :data:`CASES`.
        solvers: Names of solvers, or of :data:`PLAIN_LOOPS`.
        device: Where to compute.
        channels: Of the inner layers.
        rounds: Steps of each that are measured.
        progress: As ``shown`` of :func:`progress_bar`.

    Raises:
        InputError: There is no generator of a size.
        DragganError: A drag ends before it can be measured.
    """
    load_adam()
    total = len(sizes) * len(cases) * len(solvers) * (rounds + 1)
    with progress_bar(total, "steps", shown=progress) as bar:
        for size in sizes:
            generator = random_generator(size, device, channels=channels)
            prepared(generator)
            plain = {name: make(generator) for name, make in PLAIN_LOOPS.items() if name in solvers}
            for case in cases:
                opened = partial(begun, generator=generator, plain=plain, case=CASES[case])
                starts, times = _interleaved(solvers, opened, rounds, device, bar.update)
                for solver in solvers:
                    row: dict[str, Any] = {"size": size, "points": case, "solver": solver}
                    row["start_ms"] = 1000 * starts[solver]
                    row["step_ms"] = spread([1000 * each for each in times[solver]])
                    if PLAIN in solvers:
                        row["speedup"] = paired_ratios(times[PLAIN], times[solver])
                    yield row


def begun(
    solver: str, generator: Generator, plain: Mapping[str, Generator], case: StepCase
) -> Step:
    """Return the step of a drag that has just begun.

    Args:
        solver: Name of a solver, or one of :data:`PLAIN_LOOPS`.
        generator: Frozen.
        plain: The generators of plain loops, by name.
        case: What is dragged.
    """
    w = generator.sample_w(SEED)
    handles, targets, mask = task(generator.width, generator.height, case)
    if solver in PLAIN_LOOPS:
        drag = PlainDrag(plain[solver], w, handles, targets, mask=mask)
        return lambda: drag.step().status == "running"
    optimizer = DragOptimizer(generator, w, DragConfig(solver=solver))
    optimizer.set_points(handles, targets, point_ids=range(len(handles)))
    optimizer.set_mask(mask)
    return lambda: product_step(optimizer).status == "running"


def task(width: int, height: int, case: StepCase) -> tuple[Points, Points, Mask | None]:
    """Return handles, targets and mask of a case, in a picture of this size."""
    places = np.array([[0.5, 0.5], [0.35, 0.35], [0.65, 0.4], [0.4, 0.7], [0.6, 0.65]])
    handles = np.floor(places[: case.points] * (width, height))
    angles = np.arange(case.points) * (2 * np.pi / 5)
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1) * DISTANCE * width
    mask = None
    if case.masked:
        mask = np.zeros((height, width), dtype=np.bool_)
        mask[height // 4 : -height // 4, width // 4 : -width // 4] = True
    return handles, handles + ways, mask


def _interleaved(
    names: Sequence[str],
    opened: Callable[[str], Step],
    rounds: int,
    device: torch.device,
    tell: Callable[[], object],
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Return seconds from nothing to after the first step, and of each later step, by name."""
    starts: dict[str, float] = {}
    steps: dict[str, Step] = {}
    for name in names:
        started = seconds_now(device)
        steps[name] = opened(name)
        steps[name]()
        starts[name] = seconds_now(device) - started
        tell()
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            moved, seconds = _timed(steps[name], device)
            if not moved:  # a step that moves nothing is not one: begin anew
                steps[name] = opened(name)
                steps[name]()
                moved, seconds = _timed(steps[name], device)
                if not moved:
                    raise DragganError(f"{name} ends within two steps; measure larger pictures")
            times[name].append(seconds)
            tell()
    return starts, times


def _timed(step: Step, device: torch.device) -> tuple[bool, float]:
    """Return whether a step moved the latent, and its seconds."""
    started = seconds_now(device)
    moved = step()
    return moved, seconds_now(device) - started
