"""The loss and the measures on cases with known answers."""

import math

import pytest
import torch

from draggan_widget.animals import LANDMARK_NAMES
from draggan_widget.training.objective import (
    face_weights,
    gradient_energy,
    psnr_db,
    regression_loss,
)


def test_the_loss_is_zero_for_equal_pictures_and_grows_with_the_error() -> None:
    target = torch.rand(2, 3, 32, 32)
    weights = torch.ones(2, 1, 32, 32)
    noise = torch.randn_like(target)
    losses = [regression_loss(target + s * noise, target, weights).item() for s in (0, 0.1, 0.2)]
    assert losses[0] == 0
    assert losses[0] < losses[1] < losses[2]


def test_a_constant_offset_costs_what_the_formula_says() -> None:
    target = torch.zeros(1, 3, 16, 16)
    loss = regression_loss(target + 0.5, target, torch.ones(1, 1, 16, 16))
    assert loss.item() == pytest.approx(0.35 * 0.5 + 0.5 * 0.25 + 0.5 * 0.5)


def test_a_detail_of_one_pixel_costs_what_the_formula_says() -> None:
    target = torch.zeros(1, 3, 16, 16)
    image = target.clone()
    image[..., 8, 8] = 0.5
    low = torch.nn.functional.avg_pool2d(image, 2)
    detail = image - torch.nn.functional.interpolate(
        low, scale_factor=2, mode="bilinear", align_corners=False
    )
    expected = 0.35 * 0.5 / 256 + 0.5 * 0.25 / 256 + 0.5 * low.abs().mean()
    expected = expected + 1.5 * (detail.abs() + 6 * detail.square()).mean()
    loss = regression_loss(image, target, torch.ones(1, 1, 16, 16))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_loss_has_the_gradient_of_finite_differences() -> None:
    torch.manual_seed(0)
    target = torch.rand(1, 3, 16, 16, dtype=torch.float64)
    image = torch.rand_like(target).requires_grad_()
    weights = torch.rand(1, 1, 16, 16, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda x: regression_loss(x, target, weights), (image,), fast_mode=True
    )


def test_weights_peak_at_a_visible_nose_and_ignore_a_hidden_one() -> None:
    landmarks = torch.zeros(2, len(LANDMARK_NAMES), 3)
    landmarks[:, LANDMARK_NAMES.index("nose_tip")] = torch.tensor([0.25, 0.75, 1.0])
    landmarks[1, :, 2] = 0
    weights = face_weights(landmarks, 64)
    assert weights[0, 0].argmax().item() in {r * 64 + c for r in (47, 48) for c in (15, 16)}
    assert weights[0, 0].max() / weights[0, 0].min() == pytest.approx(6, rel=0.05)
    assert weights[1].min() == weights[1].max()
    assert weights.mean() == pytest.approx(1, rel=1e-5)


def test_psnr_of_a_known_error() -> None:
    target = torch.zeros(1, 3, 8, 8)
    assert psnr_db(target + 0.2, target).item() == pytest.approx(-20 * math.log10(0.1), rel=1e-5)


def test_psnr_clips_what_a_screen_would_clip() -> None:
    target = torch.ones(1, 3, 8, 8)
    assert psnr_db(target + 0.2, target).item() == math.inf


def test_gradient_energy_of_a_ramp() -> None:
    ramp = torch.arange(8.0).expand(1, 3, 8, 8) * 0.1
    assert gradient_energy(ramp).item() == pytest.approx(0.01)
