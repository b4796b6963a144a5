"""The 30 parameters: their distribution, their documentation and the mirror symmetry."""

import math
import re

import numpy as np
import pytest
import torch

from draggan_widget.animals import (
    GEOMETRY_DIM,
    PARAMETERS,
    Z_DIM,
    mirror_z,
    parameters_from_z,
)

LOW = torch.tensor([parameter.low for parameter in PARAMETERS])
HIGH = torch.tensor([parameter.high for parameter in PARAMETERS])


def index(name: str) -> int:
    return [parameter.name for parameter in PARAMETERS].index(name)


def test_the_geometry_block_comes_first() -> None:
    assert (Z_DIM, GEOMETRY_DIM) == (30, 21)
    blocks = [parameter.block for parameter in PARAMETERS]
    assert blocks == ["geometry"] * 21 + ["appearance"] * 9


def test_each_parameter_has_its_own_name_and_a_meaning() -> None:
    assert len({parameter.name for parameter in PARAMETERS}) == Z_DIM
    for parameter in PARAMETERS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", parameter.name)
        assert parameter.meaning
        assert parameter.low < parameter.high


def test_extreme_z_reaches_the_ends_of_every_range_and_nothing_beyond() -> None:
    torch.testing.assert_close(parameters_from_z(torch.full((1, Z_DIM), 8.0))[0], HIGH)
    torch.testing.assert_close(parameters_from_z(torch.full((1, Z_DIM), -8.0))[0], LOW)


def test_a_parameter_without_bend_is_uniform() -> None:
    z = torch.randn(20_000, Z_DIM, generator=torch.Generator().manual_seed(0))
    shares = ((parameters_from_z(z) - LOW) / (HIGH - LOW)).sort(dim=0).values
    uniform = (torch.arange(20_000) + 0.5) / 20_000
    straight = [i for i, parameter in enumerate(PARAMETERS) if parameter.bend == "none"]
    # Kolmogorov-Smirnov: 1.95 / sqrt(n) is passed once in a thousand times.
    assert (shares[:, straight] - uniform[:, None]).abs().max() < 1.95 / math.sqrt(20_000)


@pytest.mark.parametrize(
    ("name", "median_share"),
    [
        ("mouth_open", 0.5**1.3),
        ("mane", 0.5**1.5),
        ("stripes", 0.5**1.8),
        ("eye_open", 1.0 - 0.5**6),
        ("yaw", 0.5),
    ],
)
def test_the_median_follows_the_bend(name: str, median_share: float) -> None:
    i = index(name)
    value = parameters_from_z(torch.zeros(1, Z_DIM, dtype=torch.float64))[0, i].item()
    expected = PARAMETERS[i].low + (PARAMETERS[i].high - PARAMETERS[i].low) * median_share
    assert value == pytest.approx(expected, abs=1e-12)


def test_mirroring_twice_gives_the_same_z() -> None:
    z = torch.randn(5, Z_DIM, generator=torch.Generator().manual_seed(1))
    assert torch.equal(mirror_z(mirror_z(z)), z)


def test_the_mirror_turns_what_points_sideways_and_swaps_the_ears() -> None:
    z = torch.arange(1.0, Z_DIM + 1.0)[None]
    before, after = z[0].tolist(), mirror_z(z)[0].tolist()
    left, right = index("ear_tilt_left"), index("ear_tilt_right")
    assert (after[left], after[right]) == (before[right], before[left])
    turned = {p.name for p, a, b in zip(PARAMETERS, before, after, strict=True) if a == -b}
    assert turned == {"yaw", "roll", "shift_x", "ear_asymmetry", "gaze_x", "light_azimuth"}


def test_numpy_arrays_and_integers_are_welcome() -> None:
    values = parameters_from_z(np.zeros((2, Z_DIM), dtype=np.int64))
    assert values.shape == (2, Z_DIM)
    assert values.dtype == torch.float32


@pytest.mark.parametrize("function", [parameters_from_z, mirror_z])
def test_a_wrong_shape_is_named_with_its_cure(function: object) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match=r"\[B, 30\].*got \[30\].*z\[None\]"):
        function(torch.zeros(30))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_named_with_its_row(bad: float) -> None:
    z = torch.zeros(3, Z_DIM)
    z[1, 4] = bad
    with pytest.raises(ValueError, match="row 1 holds NaN or infinity"):
        parameters_from_z(z)
