"""What a finished training run shows: held-out figures, contact sheets and one sweep per parameter."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from draggan_widget.animals import PARAMETERS
from draggan_widget.checkpoints import load_generator_file
from draggan_widget.generator import Generator
from draggan_widget.training.dataset import held_out_shard, load_renders
from draggan_widget.training.objective import gradient_energy, psnr_db
from draggan_widget.training.presets import Preset

SHEET_COLUMNS = 8
"""Pictures in a row of a contact sheet."""

SWEEP_STEPS = 8
"""Pictures of a sweep, from low to high."""

SWEEP_RANGE = 2.0
"""A sweep moves an entry of z from minus to plus this many standard deviations."""

WEBP_QUALITY = 90
"""Of the sheet of sweeps, which as PNG would take megabytes; PNG ignores it."""

RANDOM_PICTURES = 32
"""Seeds of the sheet of random animals, from 0 on."""


def write_report(name: str, preset: Preset, folder: Path, data: Path) -> dict[str, Any]:
    """Write contact sheets and ``figures.json`` beside the weights and return the figures.

    Args:
        name: Name that the generator gets.
        preset: What was trained.
        folder: Holds ``generator.safetensors``; receives the sheets.
        data: Holds the held-out pictures.

    Returns:
        ``weights`` (path), ``parameters`` (count), ``held_out`` (pictures), ``psnr_db`` by picture size,
        ``gradient_energy_ratio`` (sharpness of the generator over that of the truth).
    """
    weights = folder / "generator.safetensors"
    generator = load_generator_file(weights)
    assert isinstance(generator, Generator)
    held_out = load_renders([held_out_shard(data)])
    truth = held_out.pictures(preset.generator.resolution)
    made = from_z(generator, held_out.z)
    figures = {
        "weights": str(weights),
        "parameters": sum(p.numel() for p in generator.parameters()),
        "held_out": len(held_out),
        "psnr_db": _psnr_by_size(made, truth),
        "gradient_energy_ratio": round(
            (gradient_energy(made).mean() / gradient_energy(truth).mean()).item(), 3
        ),
    }
    pairs = [x for i in range(0, 16, 8) for x in (truth[i : i + 8], made[i : i + 8])]
    save_sheet(torch.cat(pairs), folder / f"{name}-held-out.png")
    random = torch.cat([generator.sample_w(seed) for seed in range(RANDOM_PICTURES)])
    with torch.inference_mode():
        save_sheet(generator.image(random), folder / f"{name}-random.png")
    save_sheet(
        torch.cat([sweep(generator, i) for i in range(len(PARAMETERS))]),
        folder / f"{name}-sweeps.webp",
    )
    (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    return figures


def from_z(generator: Generator, z: Tensor) -> Tensor:
    """Return the pictures ``[B, 3, H, W]`` of ``z`` ``[B, z_dim]``, without truncation."""
    with torch.inference_mode():
        parts = [generator.image(generator.mapping(part)) for part in torch.split(z, 16)]
    return torch.cat(parts)


def sweep(generator: Generator, parameter: int) -> Tensor:
    """Return pictures of the median animal with one scene parameter moved from low to high, ``[SWEEP_STEPS, 3, H, W]``."""
    z = torch.zeros(SWEEP_STEPS, generator.z_dim)
    z[:, parameter] = torch.linspace(-SWEEP_RANGE, SWEEP_RANGE, SWEEP_STEPS)
    return from_z(generator, z)


def save_sheet(images: Tensor, path: Path, columns: int = SHEET_COLUMNS) -> None:
    """Write pictures ``[N, 3, H, W]`` in -1..1 row by row into one picture file; N is a multiple of ``columns``."""
    pixels = ((images.clamp(-1, 1) + 1) * 127.5).round().byte()
    rows = [torch.cat(list(row), dim=2) for row in torch.split(pixels, columns)]
    sheet = torch.cat(rows, dim=1).permute(1, 2, 0).cpu().numpy()
    Image.fromarray(np.ascontiguousarray(sheet)).save(path, optimize=True, quality=WEBP_QUALITY)


def _psnr_by_size(made: Tensor, truth: Tensor) -> dict[str, float]:
    """Return the mean held-out PSNR at the full size and at smaller ones down to 32 px."""
    figures: dict[str, float] = {}
    size = truth.shape[-1]
    while size >= 32:
        factor = truth.shape[-1] // size
        pair = (F.avg_pool2d(x, factor) if factor > 1 else x for x in (made.clamp(-1, 1), truth))
        figures[str(size)] = round(psnr_db(*pair).mean().item(), 2)
        size //= 2
    return figures
