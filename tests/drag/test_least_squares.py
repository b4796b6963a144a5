"""The steps of inverse kinematics against what defines them."""

import torch
from torch import Tensor

from draggan_widget.drag.least_squares import (
    damped_step,
    in_noises,
    secant_update,
    shortened,
)

PLACES, COORDINATES = 6, 40


def random(*shape: int, seed: int = 0) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=rng)


def test_the_step_is_the_minimum_of_its_objective() -> None:
    jacobian, errors, back = random(PLACES, COORDINATES), random(PLACES), random(COORDINATES)
    noise = random(PLACES, seed=1).square() + 0.1
    step = damped_step(jacobian, errors, noise, back).requires_grad_()
    objective = (step - back).square().sum() + ((jacobian @ step - errors).square() / noise).sum()
    (gradient,) = torch.autograd.grad(objective, step)
    assert float(gradient.abs().max()) < 1e-10


def test_without_noise_the_step_is_the_shortest_that_moves_the_places() -> None:
    jacobian, errors = random(PLACES, COORDINATES), random(PLACES)
    step = damped_step(
        jacobian, errors, torch.full_like(errors, 1e-12), torch.zeros(COORDINATES).double()
    )
    torch.testing.assert_close(step, torch.linalg.pinv(jacobian) @ errors)


def test_in_coordinates_of_a_metric_the_shortest_step_is_the_most_probable_one() -> None:
    jacobian, errors, root = random(PLACES, 9), random(PLACES), random(9, 9)
    tiny, nothing = torch.full_like(errors, 1e-12), torch.zeros(9).double()
    move = root @ damped_step(jacobian @ root, errors, tiny, nothing)
    covariance = root @ root.T
    expected = (
        covariance @ jacobian.T @ torch.linalg.solve(jacobian @ covariance @ jacobian.T, errors)
    )
    torch.testing.assert_close(move, expected)


def test_a_place_that_is_seen_badly_counts_less() -> None:
    jacobian, errors = torch.ones(2, 1).double(), torch.tensor([1.0, -1.0]).double()
    noise = torch.tensor([0.1, 10.0]).double()
    step = damped_step(jacobian, errors, noise, torch.zeros(1).double())
    assert float(step) > 0.8


def test_in_multiples_of_their_noise_handles_cost_what_their_covariances_say() -> None:
    jacobian, errors, step = random(PLACES, 9), random(PLACES // 2, 2), random(9, seed=2)
    roots = random(PLACES // 2, 2, 2, seed=1)
    covariances = roots @ roots.mT + 0.1 * torch.eye(2).double()
    rows, residuals = in_noises(jacobian, errors, covariances)
    misses = (jacobian @ step).reshape(-1, 2) - errors
    expected = torch.einsum("ni,nij,nj", misses, torch.linalg.inv(covariances), misses)
    torch.testing.assert_close((rows @ step - residuals).square().sum(), expected)


def test_places_that_cannot_move_leave_the_way_back() -> None:
    back = random(COORDINATES)
    step = damped_step(
        torch.zeros(PLACES, COORDINATES).double(), random(PLACES), torch.ones(PLACES).double(), back
    )
    assert torch.equal(step, back)


def test_handles_side_by_side_are_solved_in_single_precision_too() -> None:
    row = random(1, COORDINATES).float()
    jacobian = torch.cat([row, row + 1e-7])
    step = damped_step(
        jacobian, torch.tensor([1.0, 1.0]), torch.full((2,), 1e-4), torch.zeros(COORDINATES)
    )
    torch.testing.assert_close(jacobian @ step, torch.ones(2), atol=1e-3, rtol=0)


def test_a_secant_update_explains_the_step_and_nothing_across_it() -> None:
    jacobian, step, observed = random(2, COORDINATES), random(COORDINATES), random(2, seed=3)
    updated = secant_update(jacobian, step, observed - jacobian @ step)
    torch.testing.assert_close(updated @ step, observed)
    across = random(COORDINATES, seed=5)
    across -= step * (across @ step) / step.square().sum()
    torch.testing.assert_close(updated @ across, jacobian @ across)


def test_only_vectors_that_are_too_long_are_shortened() -> None:
    vectors = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    torch.testing.assert_close(
        shortened(vectors, 1.0), torch.tensor([[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]])
    )
