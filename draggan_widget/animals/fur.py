"""Fur strands: value noise on a polar grid around the nose, which sticks to the head."""

import torch
from torch import Tensor

from draggan_widget.animals.primitives import Triple, mix, sum_of_squares
from draggan_widget.animals.scene import Scene

STRAND_SHIFT = (0.35, 0.5)
"""Shift across the strands, per octave, from which the bumps of the fur are found."""


def fur_strands(scene: Scene, head: Triple, side: Tensor) -> tuple[Tensor, Tensor]:
    """Return the fur noise, about -0.5..0.5, at a point and a little beside it.

    Args:
        scene: The animals.
        head: Position in the head frame, each ``[B, N]``.
        side: Distance from the symmetry plane, ``[B, N]``.
    """
    _, y, z = head
    forward = z - scene.muzzle_tip
    angle = torch.atan2(side, y + 0.06)
    radius = (sum_of_squares(side, y + 0.06) + 0.35 * forward * forward + 1e-6).sqrt()
    wave = 3.0 * (4.0 * radius).sin()

    def strands(shift_coarse: float, shift_fine: float) -> Tensor:
        coarse = value_noise(11.0 * angle + shift_coarse + wave, 5.5 * radius)
        fine = value_noise(23.0 * angle + shift_fine + 6.0 * radius, 9.0 * radius + 17.0)
        return 0.6 * coarse + 0.4 * fine - 0.5

    return strands(0.0, 0.0), strands(*STRAND_SHIFT)


def value_noise(u: Tensor, v: Tensor) -> Tensor:
    """Return noise in 0..1: random numbers on the integer grid, smoothly interpolated."""
    column, row = u.floor(), v.floor()
    across, down = u - column, v - row
    across = across * across * (3.0 - 2.0 * across)
    down = down * down * (3.0 - 2.0 * down)
    i, j = column.int(), row.int()
    return mix(
        mix(lattice_value(i, j), lattice_value(i + 1, j), across),
        mix(lattice_value(i, j + 1), lattice_value(i + 1, j + 1), across),
        down,
    )


def lattice_value(i: Tensor, j: Tensor) -> Tensor:
    """Return a number in 0..1 that looks random and depends on two int32 grid coordinates only.

    An integer hash with multiply and xor-shift rounds; int32 products wrap. The shifts are those of
    unsigned numbers.
    """
    n = i * 374761393 + j * 668265263
    n = (n ^ ((n >> 13) & 0x7FFFF)) * 1274126177
    return ((n ^ ((n >> 16) & 0xFFFF)) & 0xFFFF).float() * (1.0 / 65535.0)
