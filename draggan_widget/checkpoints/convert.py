"""Checkpoints written anew: in this project's format, or in one that other programs read."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from draggan_widget.checkpoints.ada import ada_tensors, synthesis_tensors
from draggan_widget.checkpoints.load import load_checkpoint
from draggan_widget.checkpoints.safetensors import save_generator_file
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.generator import AnyGenerator, Generator
from draggan_widget.generator.latents import LatentGenerator
from draggan_widget.whole_files import write_whole

ADA = "stylegan2-ada-pytorch"
OWN = "draggan_widget"
LAYOUTS = (OWN, ADA)
PARTS = ("all", "synthesis")


def convert(
    source: str | Path | AnyGenerator,
    target: str | Path,
    *,
    layout: str = OWN,
    part: str = "all",
    label: int | None = None,
) -> tuple[Path, ...]:
    """Write a generator to a file of another kind, in single precision, and return the files that were written.

    Args:
        source: A checkpoint that :func:`load_checkpoint` reads, or a generator.
        target: ``.safetensors`` for the layout of this project, beside which a ``.json`` tells the architecture;
            ``.pt`` for a state dict that ``torch.load(..., weights_only=True)`` reads.
        layout: ``"draggan_widget"`` or ``"stylegan2-ada-pytorch"``.
        part: ``"all"``, or ``"synthesis"`` alone for the second layout.
        label: Class of a conditional source; what is written has no classes.

    Raises:
        InputError: An unknown layout or part, another ending, or no such folder.
        GeneratorError: The source cannot be read, or has no place in the layout.
    """
    target = Path(target)
    ending = {OWN: ".safetensors", ADA: ".pt"}.get(layout)
    if ending is None:
        raise InputError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}")
    if part not in PARTS or (part != "all" and layout != ADA):
        raise InputError(f"part must be 'all', or 'synthesis' with layout={ADA!r}, got {part!r}")
    if target.suffix != ending:
        raise InputError(
            f"the file of the layout {layout} must end in {ending}, got {target.name!r}"
        )
    if not target.parent.is_dir():
        raise InputError(f"there is no folder {target.parent}; create it or choose another path")
    generator: AnyGenerator
    if isinstance(source, LatentGenerator):
        if label is not None:
            raise InputError("label is for a checkpoint; a generator in memory has its class")
        generator = source
    else:
        generator = load_checkpoint(source, label=label)
    if layout == ADA:
        if not isinstance(generator, Generator):
            raise GeneratorError(f"the layout {ADA} is for StyleGAN2 generators only")
        return (_write_ada(generator, target, part),)
    save_generator_file(generator, target, dtype=torch.float32)
    description = target.with_suffix(".json")
    values = {"name": generator.name, "architecture": generator.config.to_json()}
    write_whole(description, json.dumps(values, indent=2) + "\n")
    return target, description


def _write_ada(generator: Generator, target: Path, part: str) -> Path:
    """Write a state dict in stylegan2-ada-pytorch's layout."""
    tensors = ada_tensors(generator) if part == "all" else synthesis_tensors(generator)
    write_whole(target, lambda stream: torch.save(tensors, stream))
    return target
