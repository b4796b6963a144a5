"""The noise of the fur."""

import torch

from draggan_widget.animals.fur import lattice_value, value_noise


def hash_of_unsigned_integers(i: int, j: int) -> float:
    """Return the same hash in Python's integers, modulo 2**32."""
    mask = 0xFFFFFFFF
    n = ((i & mask) * 374761393 + (j & mask) * 668265263) & mask
    n = ((n ^ (n >> 13)) * 1274126177) & mask
    n ^= n >> 16
    return (n & 0xFFFF) / 65535.0


def test_the_hash_is_that_of_unsigned_integers() -> None:
    i, j = torch.meshgrid(torch.arange(-20, 60), torch.arange(-5, 40), indexing="ij")
    found = lattice_value(i.int(), j.int())
    expected = [
        [hash_of_unsigned_integers(int(a), int(b)) for a, b in zip(r, s, strict=True)]
        for r, s in zip(i, j, strict=True)
    ]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_noise_meets_the_lattice_and_is_continuous() -> None:
    u = torch.tensor([3.0, 7.0])
    v = torch.tensor([2.0, 11.0])
    torch.testing.assert_close(value_noise(u, v), lattice_value(u.int(), v.int()))
    fine = torch.linspace(0.0, 5.0, 5001)
    # The steepest slope of a cubic step between 0 and 1 is 1.5.
    assert value_noise(fine, torch.full_like(fine, 0.3)).diff().abs().max() < 1.5 * 1.05e-3


def test_noise_covers_its_range_evenly() -> None:
    points = torch.rand(2, 20_000, generator=torch.Generator().manual_seed(0)) * 100.0
    noise = value_noise(points[0], points[1])
    assert 0.0 <= noise.min() < 0.1
    assert 0.9 < noise.max() <= 1.0
    assert abs(noise.mean().item() - 0.5) < 0.02
