"""A render of the scene that the embedded generator knows is found, wherever it lies in a photo."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import draggan_widget as dg
from draggan_widget.animals import render


@pytest.fixture(scope="module")
def rendered() -> Image.Image:
    """A render of a scene that nothing was trained on."""
    z = torch.randn(1, 30, generator=torch.Generator().manual_seed(2026))
    return Image.fromarray(render(z, 128)[0].numpy())


@pytest.mark.slow
def test_a_render_is_found(rendered: Image.Image) -> None:
    found = dg.invert(rendered, "animals", steps=100, device="cpu", progress=False)
    assert found.score.psnr_db > 30
    assert not found.score.warning


@pytest.mark.slow
def test_a_render_in_a_larger_photo_is_found(rendered: Image.Image) -> None:
    ground = np.random.default_rng(1).integers(0, 256, (13, 15, 3), dtype=np.uint8)
    photo = Image.fromarray(ground).resize((300, 260), Image.Resampling.BICUBIC)
    photo.paste(rendered.resize((140, 140), Image.Resampling.LANCZOS), (110, 60))
    found = dg.invert(photo, "animals", crop="auto", steps=60, device="cpu", progress=False)
    assert np.abs(np.subtract(found.crop.box, (110, 60, 250, 200))).max() < 0.12 * 140
    centred = dg.invert(photo, "animals", steps=60, device="cpu", progress=False)
    assert found.score.psnr_db > centred.score.psnr_db + 3


@pytest.mark.slow
def test_a_drawing_is_of_another_kind() -> None:
    stripes = np.tile(np.repeat([0, 255], 8).astype(np.uint8), (128, 8))
    found = dg.invert(stripes, "animals", steps=30, device="cpu", progress=False)
    assert "does not look like anything that animals draws" in found.score.warning
