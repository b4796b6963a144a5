"""Muon's orthogonal updates."""

import pytest
import torch

from draggan_widget.training.muon import Muon, orthogonalized


@pytest.mark.parametrize("shape", [(8, 8), (6, 20), (20, 6)])
def test_singular_values_come_close_to_equal(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    result = orthogonalized(torch.randn(shape, dtype=torch.float64))
    values = torch.linalg.svdvals(result) / max(shape) ** 0.5
    assert values.min() > 0.6
    assert values.max() < 1.3
    assert result.square().mean().sqrt() == pytest.approx(1, rel=0.2)


def test_the_result_does_not_depend_on_the_scale() -> None:
    matrix = torch.randn(5, 9, dtype=torch.float64)
    torch.testing.assert_close(orthogonalized(matrix), orthogonalized(matrix * 1000))


def test_a_quadratic_is_minimised_and_idle_weights_stay() -> None:
    torch.manual_seed(0)
    goal = torch.randn(4, 3, 3, 3)
    weight = torch.nn.Parameter(torch.zeros(4, 3, 3, 3))
    idle = torch.nn.Parameter(torch.ones(4, 4))
    muon = Muon([weight, idle], lr=0.05)
    for step in range(200):
        muon.param_groups[0]["lr"] = 0.05 * (1 - step / 200)
        weight.grad = weight.detach() - goal
        muon.step()
    assert (weight - goal).abs().max() < 0.1
    assert torch.equal(idle, torch.ones(4, 4))
