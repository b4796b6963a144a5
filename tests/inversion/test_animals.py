"""A render of the scene that the embedded generator knows is found."""

from __future__ import annotations

import pytest
import torch

import draggan_widget as dg
from draggan_widget.animals import render


@pytest.mark.slow
def test_a_render_is_found() -> None:
    z = torch.randn(1, 30, generator=torch.Generator().manual_seed(2026))
    photo = render(z, 128)[0].numpy()
    found = dg.invert(photo, "animals", steps=100, device="cpu", progress=False)
    assert found.score.psnr_db > 30
    assert not found.score.warning
