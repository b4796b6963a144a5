import functools

import numpy as np
import pytest
import torch

from draggan_widget.inspector.components import Basis

CELLS = 12

approx = functools.partial(pytest.approx, rel=1e-4)


def rotated(signals: torch.Tensor, channels: int) -> torch.Tensor:
    """Return a map ``[C, 12, 12]`` that holds signals ``[K, 144]`` in directions of unit length."""
    rng = torch.Generator().manual_seed(1)
    directions, _ = torch.linalg.qr(torch.randn(channels, len(signals), generator=rng).double())
    features: torch.Tensor = directions @ signals.double()
    return features.reshape(channels, CELLS, CELLS).float()


def signals(*sizes: float) -> torch.Tensor:
    """Return uncorrelated signals of mean 0 and these sizes, ``[K, 144]``."""
    waves = [
        torch.sin(2 * torch.pi * (k + 1) * torch.arange(CELLS**2) / CELLS**2)
        for k in range(len(sizes))
    ]
    return torch.stack([size * wave for size, wave in zip(sizes, waves, strict=True)])


def test_the_directions_are_those_in_which_the_map_varies_most() -> None:
    basis = Basis.of(rotated(signals(5, 3, 2, 1), channels=7))
    shown = basis.directions @ rotated(signals(5, 3, 2, 1), 7).flatten(1)
    sizes = shown.std(1, correction=0) * 2**0.5
    assert sizes.tolist() == [approx(5), approx(3), approx(2)]
    assert torch.allclose(basis.directions @ basis.directions.T, torch.eye(3), atol=1e-5)


def test_the_share_of_the_variance_is_that_of_the_three_components() -> None:
    basis = Basis.of(rotated(signals(5, 3, 2, 1), channels=7))
    assert basis.share == approx((25 + 9 + 4) / (25 + 9 + 4 + 1))


def test_colours_of_a_later_map_are_in_the_same_directions_and_ranges() -> None:
    features = rotated(signals(5, 3, 2), channels=4)
    basis = Basis.of(features)
    colours, again = basis.colours(features), basis.colours(features.flip(2))
    assert colours.shape == (CELLS, CELLS, 3)
    np.testing.assert_array_equal(again, colours[:, ::-1])
    np.testing.assert_array_equal(basis.colours(features + 0.0), colours)


def test_colours_span_the_whole_range_and_each_sign_is_the_same_every_time() -> None:
    features = rotated(signals(5, 3, 2), channels=4)
    colours = Basis.of(features).colours(features)
    assert (colours.min((0, 1)) == 0).all()
    assert (colours.max((0, 1)) == 255).all()
    np.testing.assert_array_equal(Basis.of(features).colours(features), colours)


def test_a_map_that_does_not_vary_is_grey() -> None:
    basis = Basis.of(torch.full((5, 4, 6), 2.0))
    colours = basis.colours(torch.full((5, 4, 6), 2.0))
    assert colours.shape == (4, 6, 3)
    assert set(colours.flatten().tolist()) <= {127, 128}
    assert basis.share == 1


def test_fewer_channels_than_colours_leave_the_last_colours_grey() -> None:
    features = rotated(signals(2.0), channels=1)
    colours = Basis.of(features).colours(features)
    assert len(np.unique(colours[..., 0])) > 10
    assert (colours[..., 1:] == 128).all()
