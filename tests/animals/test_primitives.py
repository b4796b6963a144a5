"""Blends, smooth joins and solids."""

import math

import pytest
import torch

from draggan_widget.animals.primitives import (
    capped_cone,
    ellipsoid,
    mix,
    smooth_maximum,
    smooth_minimum,
    smoothstep,
)


def line(start: float, end: float) -> torch.Tensor:
    return torch.linspace(start, end, 201, dtype=torch.float64)


def test_mix_is_the_straight_line_between_its_ends() -> None:
    weights = torch.tensor([0.0, 0.25, 1.0])
    torch.testing.assert_close(mix(2.0, 6.0, weights), torch.tensor([2.0, 3.0, 6.0]))


def test_smoothstep_rises_and_falls_between_its_edges() -> None:
    x = line(-1.0, 2.0)
    rising, falling = smoothstep(0.0, 1.0, x), smoothstep(1.0, 0.0, x)
    assert bool((rising.diff() >= 0.0).all())
    assert rising[0] == 0.0
    assert rising[-1] == 1.0
    torch.testing.assert_close(falling, 1.0 - rising)
    assert smoothstep(0.0, 1.0, torch.tensor(0.5)).item() == 0.5


def test_the_smooth_minimum_is_the_minimum_where_the_two_are_far_apart() -> None:
    a = line(-1.0, 1.0)
    b = torch.zeros_like(a)
    joined = smooth_minimum(a, b, 0.2)
    minimum = torch.minimum(a, b)
    far = (a - b).abs() >= 0.2
    assert torch.equal(joined[far], minimum[far])
    assert bool((joined <= minimum).all())
    assert (minimum - joined).max().item() == pytest.approx(0.2 / 4)


def test_the_smooth_maximum_mirrors_the_smooth_minimum() -> None:
    a, b = line(-1.0, 1.0), line(0.5, -0.5)
    torch.testing.assert_close(smooth_maximum(a, b, 0.3), -smooth_minimum(-a, -b, 0.3))


def test_an_ellipsoid_with_equal_axes_is_a_sphere() -> None:
    points = torch.randn(3, 100, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = ellipsoid(points[0], points[1], points[2], 0.7, 0.7, 0.7)
    torch.testing.assert_close(found, points.norm(dim=0) - 0.7, atol=1e-6, rtol=0.0)


def test_an_ellipsoid_is_zero_on_its_surface_and_exact_on_its_axes() -> None:
    angles = line(0.0, 2.0 * math.pi)
    x, y = 0.5 * angles.cos(), 0.3 * angles.sin()
    assert ellipsoid(x, y, torch.zeros_like(x), 0.5, 0.3, 0.2).abs().max() < 1e-6
    far = torch.tensor([2.0], dtype=torch.float64)
    zero = torch.zeros_like(far)
    assert ellipsoid(far, zero, zero, 0.5, 0.3, 0.2).item() == pytest.approx(1.5, abs=1e-6)


def test_a_cone_of_one_radius_is_a_capsule() -> None:
    y = torch.tensor([0.5, 0.5, 3.0], dtype=torch.float64)
    z = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
    x = torch.tensor([0.6, 0.0, 0.0], dtype=torch.float64)
    found = capped_cone(x, y, z, (0.0, 0.0), (1.0, 0.0), 0.2, 0.2)
    torch.testing.assert_close(found, torch.tensor([0.4, 0.8, 1.8], dtype=torch.float64))


def test_a_cone_changes_its_radius_along_the_axis() -> None:
    y = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    x = torch.ones_like(y)
    found = capped_cone(x, y, torch.zeros_like(y), (0.0, 0.0), (1.0, 0.0), 0.1, 0.5)
    torch.testing.assert_close(found, torch.tensor([0.9, 0.7, 0.5], dtype=torch.float64))
