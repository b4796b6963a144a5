"""z as searches see it: u, which is uniform where z is normal, bounded, and what scenes are nearly linear in."""

import math

import torch
from torch import Tensor

LIMIT = 1.72
"""Largest entry of u, that of z = 2.7: beyond it z changes a lot and the picture hardly."""


def to_uniform(z: Tensor) -> Tensor:
    """Return ``u = sqrt(3) erf(z / sqrt(2))``, within the limit."""
    return (torch.erf(z / math.sqrt(2.0)) * math.sqrt(3.0)).clamp(-LIMIT, LIMIT)


def to_normal(u: Tensor) -> Tensor:
    """Return z of u."""
    z: Tensor = torch.special.erfinv(u / math.sqrt(3.0)) * math.sqrt(2.0)
    return z
