"""What a generator keeps for later is of use for drags, whatever mode it was first asked in."""

import pytest
import torch

from draggan_widget.generator import Generator, StyleGAN2Config


@pytest.fixture
def network() -> Generator:
    torch.manual_seed(0)
    return Generator(StyleGAN2Config(32, channel_base=256, channel_max=8)).frozen()


def test_derivatives_are_taken_after_a_picture_was_drawn_in_inference_mode(
    network: Generator,
) -> None:
    with torch.inference_mode():
        network.image(network.sample_w(0))
    w = network.sample_w(0).requires_grad_()
    (gradient,) = torch.autograd.grad(network.image(w).sum(), w)
    assert bool(gradient.any())


def test_derivatives_are_taken_of_a_synthesis_that_was_prepared_in_inference_mode(
    network: Generator,
) -> None:
    with torch.inference_mode():
        network.prepared(network.sample_w(0), 3, 32)
    w = network.sample_w(0).requires_grad_()
    features = network.prepared(w.detach(), 3, 32).trace(w).features
    (gradient,) = torch.autograd.grad(features.sum(), w)
    assert bool(gradient.any())


def test_statistics_that_were_asked_for_in_inference_mode_can_be_computed_with(
    network: Generator,
) -> None:
    with torch.inference_mode():
        kept = network.w_std, network.w_covariance
    for each in kept:
        scale = torch.ones((), requires_grad=True)
        (gradient,) = torch.autograd.grad((each * scale).sum(), scale)
        assert bool(gradient.isfinite())
