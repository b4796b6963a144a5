"""Damped least squares without derivatives: what makes a view of u most like a target.

Gauss-Newton steps (Levenberg 1944; Marquardt 1963) with a damping in proportion to the loss (Yamashita and Fukushima
2001) and with Jacobians from finite differences that every step corrects (Broyden 1965).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from draggan_widget.evaluation.uniform import LIMIT

View = Callable[[Tensor], Tensor]
"""From u ``[B, D]`` to what is compared, ``[B, F]``."""

DIFFERENCE_STEP = 0.05
"""Step of the finite differences."""

MAX_JACOBIANS = 4
MAX_STEPS = 16
"""Jacobians that are measured, and steps that are tried."""

TRUSTED = 0.7
"""A Jacobian is measured anew after a step that saved less than this share of what it promised."""

LEAST_PROMISE = 0.01
"""A step that promises less than this share of the loss is the last one."""

FIRST_DAMPING = 0.03
LEAST_DAMPING = 0.003
"""Damping of the steps at first and at least, as a share of the loss.

As long as the views differ much, entries that are hardly seen are not to explain what others have caused.
"""


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be made small: ``|view(u) - target|^2 + weight |u - centre|^2``.

    Attributes:
        view: What is compared.
        target: What it should be, ``[F]``.
        centre: Where u is expected, ``[D]``; it decides what the view leaves open.
        weight: How firmly; positive.
        movable: Which entries of u may change, ``[D]``.
    """

    view: View
    target: Tensor
    centre: Tensor
    weight: float
    movable: Tensor

    def loss(self, seen: Tensor, u: Tensor) -> float:
        """Return the value for u ``[D]`` of which ``[F]`` is seen."""
        return float(
            (seen - self.target).square().sum() + self.weight * (u - self.centre).square().sum()
        )


def solved(problem: Problem, u: Tensor) -> Tensor:
    """Return the u ``[D]`` that a search from another one ends at; every entry within the limit."""
    seen = problem.view(u[None])[0]
    jacobian = _jacobian(problem, u, seen)
    left, stale, damping = MAX_JACOBIANS - 1, False, FIRST_DAMPING
    for _ in range(MAX_STEPS):
        moved = (u + _damped_step(problem, jacobian, seen, u, damping)).clamp(-LIMIT, LIMIT)
        step, found = moved - u, problem.view(moved[None])[0]
        loss = problem.loss(seen, u)
        promised = loss - problem.loss(seen + step @ jacobian, moved)
        saved = loss - problem.loss(found, moved)
        correction = (found - seen - step @ jacobian) / step.square().sum().clamp(min=1e-12)
        jacobian = torch.addr(jacobian, step, correction)
        if saved > 0.0:
            u, seen, stale = moved, found, True
        damping = max(LEAST_DAMPING, damping * _damping_factor(saved / max(promised, 1e-12)))
        if promised < LEAST_PROMISE * loss:
            break
        if left and stale and saved < TRUSTED * promised:
            jacobian = _jacobian(problem, u, seen)
            left, stale = left - 1, False
    return u


def _jacobian(problem: Problem, u: Tensor, seen: Tensor) -> Tensor:
    """Return how what is seen changes with each entry of u, ``[D, F]``; differences point inwards."""
    entries = problem.movable.nonzero()[:, 0]
    steps = torch.full_like(u, DIFFERENCE_STEP).copysign(-u)
    jacobian = seen.new_zeros(len(u), len(seen))
    changed = problem.view(u + steps.diag()[entries])
    jacobian[entries] = (changed - seen) / steps[entries, None]
    return jacobian


def _damped_step(
    problem: Problem, jacobian: Tensor, seen: Tensor, u: Tensor, damping: float
) -> Tensor:
    """Return the step ``[D]`` towards the least loss of the linear model; no entry at its limit is pushed further."""
    slopes, offset = jacobian.double(), problem.weight * (u - problem.centre).double()
    gradient = slopes @ (seen - problem.target).double() + offset
    free = problem.movable & ((u.abs() < LIMIT) | (gradient * u > 0.0))
    curvature = slopes[free] @ slopes[free].T
    curvature.diagonal().add_(problem.weight + damping * problem.loss(seen, u))
    step = torch.zeros_like(gradient)
    step[free] = -torch.linalg.solve(curvature, gradient[free])
    return step.to(u)


def _damping_factor(kept: float) -> float:
    """Return by how much to change the damping after a step that saved a share of what it promised."""
    if kept <= 0.0:
        return 5.0
    return 0.5 if kept > 0.75 else 1.0 if kept > 0.25 else 2.0
