"""OKLab, the paths of the palettes, the tone curve and the mean of the samples."""

import torch

from draggan_widget.animals.colour import (
    average_samples,
    colour_from_oklab,
    path_point,
    tone_mapped,
)


def test_oklab_white_and_black_are_white_and_black() -> None:
    zero = torch.zeros(1)
    white = torch.cat(colour_from_oklab(1.0, zero, zero))
    torch.testing.assert_close(white, torch.ones(3), atol=1e-6, rtol=0.0)
    assert torch.equal(torch.cat(colour_from_oklab(0.0, zero, zero)), torch.zeros(3))


def test_oklab_of_srgb_red_is_red() -> None:
    # OKLab of linear (1, 0, 0), from Ottosson's forward matrices.
    red = colour_from_oklab(0.6279554, torch.tensor([0.2248631]), torch.tensor([0.1258463]))
    torch.testing.assert_close(torch.cat(red), torch.tensor([1.0, 0.0, 0.0]), atol=1e-5, rtol=0.0)


def test_a_path_goes_through_its_stops_and_stays_at_its_ends() -> None:
    stops = ((0.0, 1.0), (2.0, 3.0), (4.0, -1.0))
    a, b = path_point(stops, torch.tensor([-1.0, 0.0, 0.25, 0.5, 1.0, 2.0]))
    assert a.tolist() == [0.0, 0.0, 1.0, 2.0, 4.0, 4.0]
    assert b.tolist() == [1.0, 1.0, 2.0, 3.0, -1.0, -1.0]


def test_the_tone_curve_rises_from_black_to_nearly_white() -> None:
    curve = tone_mapped(torch.linspace(-0.5, 4.0, 500))
    assert bool((curve.diff() >= 0.0).all())
    assert curve[0] == 0.0
    assert 0.99 < curve[-1] <= 1.0


def test_a_pixel_is_the_mean_of_its_samples() -> None:
    values = torch.arange(2 * 6 * 4 * 3, dtype=torch.float32).reshape(2, 6, 4, 3)
    averaged = average_samples(values, 2)
    assert averaged.shape == (2, 3, 2, 3)
    torch.testing.assert_close(averaged[1, 2, 1], values[1, 4:6, 2:4].mean(dim=(0, 1)))
