"""What a session is made from, checked: a generator by name or by itself, a latent, settings."""

import os
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from draggan_widget.drag import DragConfig
from draggan_widget.errors import InputError
from draggan_widget.pretrained import checked_device, load_generator
from draggan_widget.state import PictureGenerator

GeneratorSource = PictureGenerator | str | os.PathLike[str] | None
"""A generator, or what :func:`load_generator` takes; None is the embedded one."""


def found_generator(
    source: GeneratorSource, device: torch.device | str | None = None
) -> PictureGenerator:
    """Return a generator that is given by itself or by name.

    Raises:
        InputError: It is something else, the device cannot be used here, or it is given for a loaded
            generator on another one.
        GeneratorError: There is no generator of this name, or it cannot be read.
    """
    if source is None:
        return load_generator(device=device)
    if isinstance(source, str | os.PathLike):
        return load_generator(os.fspath(source), device=device)
    if not isinstance(source, nn.Module) or not hasattr(source, "image_from_trace"):
        raise InputError(
            f"generator must be a Generator or its name, got {type(source).__name__}; "
            "load_generator makes one"
        )
    generator = cast(PictureGenerator, source)
    if device is not None and checked_device(device) != generator.device:
        raise InputError(
            f"device is for a generator given by name, but this one is on {generator.device}; "
            "move it with generator.to(device) first"
        )
    return generator


def checked_config(config: object, generator: PictureGenerator) -> DragConfig:
    """Return the settings of a drag on a generator.

    Raises:
        InputError: They are something else, or the generator has no such feature block.
    """
    if not isinstance(config, DragConfig):
        raise InputError(
            f"config must be a DragConfig, got {type(config).__name__}; write DragConfig(solver=...)"
        )
    config.block_of(generator.height, generator.feature_blocks)
    return config


def checked_latent(generator: PictureGenerator, w: Tensor | ArrayLike) -> Tensor:
    """Return a latent as a new tensor ``[1, num_ws, w_dim]`` of the generator's type and device.

    Raises:
        InputError: Not real numbers, another shape, or not finite in the generator's type.
    """
    like = next(iter(generator.parameters()))
    expected = [1, generator.num_ws, generator.w_dim]
    try:
        given = w if isinstance(w, Tensor) else torch.as_tensor(np.array(w, dtype=np.float64))
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"w must be numbers {expected}, got {type(w).__name__}") from error
    if given.is_complex():
        raise InputError(
            f"w must be real numbers {expected}, got {given.dtype}; give its real part"
        )
    if list(given.shape) != expected:
        raise InputError(
            f"w must be {expected}, got {list(given.shape)}; generator.sample_w makes one"
        )
    latent = given.detach().to(like, copy=True)
    if not bool(latent.isfinite().all()):
        raise InputError(
            f"w must be finite in {like.dtype}, got NaN, infinite or too large entries"
        )
    return latent
