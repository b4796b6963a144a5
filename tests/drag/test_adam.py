"""Adam against PyTorch's."""

import pytest
import torch

from draggan_widget.drag.adam import Adam


@pytest.mark.parametrize("learning_rate", [1e-3, 0.3])
def test_it_goes_where_pytorchs_goes(learning_rate: float) -> None:
    torch.manual_seed(0)
    ours = torch.randn(1, 6, 8, dtype=torch.float64)
    theirs = ours.clone().requires_grad_()
    adam = Adam(ours, learning_rate)
    reference = torch.optim.Adam([theirs], lr=learning_rate)
    for _ in range(20):
        gradient = torch.randn_like(ours) * torch.rand(1, 6, 1)
        adam.step(ours, gradient)
        theirs.grad = gradient
        reference.step()
        torch.testing.assert_close(ours, theirs.detach(), rtol=1e-12, atol=1e-12)


def test_an_entry_without_gradient_stays() -> None:
    parameter = torch.ones(3)
    Adam(parameter, 0.1).step(parameter, torch.tensor([0.0, 1.0, -2.0]))
    torch.testing.assert_close(parameter, torch.tensor([1.0, 0.9, 1.1]))
