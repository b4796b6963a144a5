"""Low-pass filters with a Kaiser window, as alias-free networks have them (Karras et al. 2021)."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FAR_SIDE_LOBES_DB, NEAR_SIDE_LOBES_DB = 50.0, 21.0
"""Attenuations between which Kaiser's formula for the shape of his window changes (Kaiser 1974)."""


def low_pass(
    taps: int, cutoff: float, width: float, rate: float, *, radial: bool = False
) -> Tensor | None:
    """Return a low-pass filter with a Kaiser window and sum one; None for a single tap.

    Args:
        taps: Number of taps along a line.
        cutoff: Frequency at which half of the amplitude is left.
        width: Width of the transition.
        rate: Samples per unit.
        radial: Whether it is radially symmetric (a jinc), ``[taps, taps]``, and not a line.
    """
    if taps == 1:
        return None
    attenuation = 2.285 * (taps - 1) * math.pi * (width / (rate / 2)) + 7.95
    window = np.kaiser(taps, kaiser_shape(attenuation))
    places = (np.arange(taps) - (taps - 1) / 2) / rate
    if radial:
        values = _jinc(np.hypot(*np.meshgrid(places, places)), cutoff) * np.outer(window, window)
    else:
        values = np.sinc(2 * cutoff * places) * window
    return torch.from_numpy((values / values.sum()).astype(np.float32))


def kaiser_shape(attenuation_db: float) -> float:
    """Return the shape parameter of Kaiser's window for an attenuation in the stopband (Kaiser 1974)."""
    if attenuation_db > FAR_SIDE_LOBES_DB:
        return 0.1102 * (attenuation_db - 8.7)
    if attenuation_db > NEAR_SIDE_LOBES_DB:
        above = attenuation_db - NEAR_SIDE_LOBES_DB
        return float(0.5842 * above**0.4 + 0.07886 * above)
    return 0.0


def _jinc(radius: NDArray[np.float64], cutoff: float) -> NDArray[np.float64]:
    """Return the radial low-pass of a cut-off at some distances, ``J1(2 pi f r) / (pi r)`` up to a factor."""
    argument = torch.from_numpy(2 * math.pi * cutoff * radius)
    small = argument < 1e-9
    safe = torch.where(small, torch.ones_like(argument), argument)
    values = torch.where(small, torch.full_like(safe, 0.5), torch.special.bessel_j1(safe) / safe)
    found: NDArray[np.float64] = values.numpy()
    return found
