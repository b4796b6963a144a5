"""The search for what a view looks like, on views whose answer is known."""

import pytest
import torch
from torch import Tensor

from draggan_widget.evaluation import least_squares
from draggan_widget.evaluation.least_squares import Problem, solved
from draggan_widget.evaluation.uniform import LIMIT, to_normal, to_uniform

DIRECTIONS = torch.randn(4, 12, generator=torch.Generator().manual_seed(0))
EVERYTHING = torch.ones(4, dtype=torch.bool)


def linear(u: Tensor) -> Tensor:
    """A view that is linear in u."""
    return u @ DIRECTIONS


def bent(u: Tensor) -> Tensor:
    """A view that bends, but never back."""
    return (u + 0.3 * u**3) @ DIRECTIONS


def problem_of(target: Tensor, **changes: object) -> Problem:
    """The problem of a view without much of a prior."""
    values = {
        "view": linear,
        "target": target,
        "centre": torch.zeros(4),
        "weight": 1e-6,
        "movable": EVERYTHING,
        **changes,
    }
    return Problem(**values)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize("view", [linear, bent])
def test_what_is_seen_is_found_again(view: least_squares.View) -> None:
    u = torch.tensor([0.5, -1.2, 0.1, 1.5])
    found = solved(problem_of(view(u[None])[0], view=view), torch.zeros(4))
    torch.testing.assert_close(found, u, atol=0.01, rtol=0)


def test_the_prior_decides_what_the_view_leaves_open() -> None:
    centre = torch.tensor([0.4, 0.3, 0.2, 0.1])
    blind = problem_of(torch.zeros(1), view=lambda u: u[:, :1] - 1.0, centre=centre, weight=1e-3)
    found = solved(blind, torch.zeros(4))
    assert found[0].item() == pytest.approx(1.0, abs=0.01)
    torch.testing.assert_close(found[1:], centre[1:], atol=0.01, rtol=0)


def test_entries_that_may_not_move_stay() -> None:
    u = torch.tensor([0.5, -1.2, 0.1, 1.5])
    movable = torch.tensor([True, False, True, False])
    start = torch.tensor([0.0, 0.7, 0.0, -0.7])
    found = solved(problem_of(linear(u[None])[0], movable=movable), start)
    assert torch.equal(found[~movable], start[~movable])
    assert not torch.equal(found[movable], start[movable])


def test_nothing_leaves_the_limits() -> None:
    beyond = linear(torch.tensor([[3.0, -3.0, 0.0, 0.5]]))[0]
    found = solved(problem_of(beyond), torch.zeros(4))
    assert found.abs().max() <= LIMIT
    assert (found[:2].abs() == LIMIT).any()


def test_u_is_uniform_where_z_is_normal() -> None:
    z = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(1)).clamp(-2.6, 2.6)
    u = to_uniform(z)
    torch.testing.assert_close(to_normal(u), z, atol=1e-3, rtol=0)
    quarters = u.quantile(torch.tensor([0.25, 0.5, 0.75]))
    expected = torch.tensor([-0.5, 0.0, 0.5]) * 3**0.5
    torch.testing.assert_close(quarters, expected, atol=0.03, rtol=0)
    assert to_uniform(torch.tensor([9.0, -9.0])).tolist() == pytest.approx([LIMIT, -LIMIT])
