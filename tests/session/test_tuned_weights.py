"""Differences of weights: small, exact when added again, and refused where they do not fit."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from draggan_widget.errors import InputError
from draggan_widget.session.tuned_weights import changes, held_changes, with_changes


@pytest.fixture
def base() -> nn.Module:
    """Two layers."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


def other(base: nn.Module) -> nn.Module:
    """Return a copy whose second layer has other weights."""
    tuned = copy.deepcopy(base)
    with torch.no_grad():
        tuned.get_parameter("1.weight").add_(1e-3 * torch.randn(2, 4))
    return tuned


def test_only_weights_that_changed_are_told(base: nn.Module) -> None:
    found = changes(base, other(base))
    assert {name: each.dtype for name, each in found.items()} == {"1.weight": torch.float16}
    assert changes(base, base) == {}


def test_what_is_added_again_is_always_the_same(base: nn.Module) -> None:
    tuned = other(base)
    found = changes(base, tuned)
    once, twice = with_changes(base, found), with_changes(base, found)
    for name, weight in once.named_parameters():
        assert torch.equal(weight, twice.get_parameter(name))
        assert torch.allclose(weight, tuned.get_parameter(name), atol=1e-6)
    assert not torch.equal(base.get_parameter("1.weight"), once.get_parameter("1.weight"))
    assert held_changes(once) == found
    assert held_changes(base) == {}


@pytest.mark.parametrize(
    "tensors",
    [
        {"2.weight": torch.zeros(2, 4)},
        {"1.weight": torch.zeros(4, 2)},
        {"1.weight": torch.full((2, 4), float("nan"))},
    ],
)
def test_differences_that_do_not_fit_are_refused(
    base: nn.Module, tensors: dict[str, torch.Tensor]
) -> None:
    with pytest.raises(InputError, match="do not fit the generator"):
        with_changes(base, tensors)
