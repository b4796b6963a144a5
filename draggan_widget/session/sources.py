"""What a session is made from, checked: a generator by name or by itself, a latent, settings."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from draggan_widget.drag import DragConfig
from draggan_widget.drag.charts import check_suits, mapping_of
from draggan_widget.drag.protocols import MappedGenerator
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.pretrained import checked_device, list_generators, load_generator
from draggan_widget.session.state import PictureGenerator

GeneratorSource = PictureGenerator | str | os.PathLike[str] | None
"""A generator, or what :func:`load_generator` takes; None is the embedded one."""


@contextmanager
def differentiable() -> Iterator[None]:
    """Leave PyTorch's inference mode, if a caller is in it: nothing can be derived of what is computed there."""
    if torch.is_inference_mode_enabled():
        with torch.inference_mode(False):
            yield
    else:
        yield


def found_generator(
    source: GeneratorSource, device: torch.device | str | None = None
) -> PictureGenerator:
    """Return a generator that is given by itself or by name.

    Raises:
        InputError: It is something else, or was made in inference mode, the device cannot be used here, or it is given
            for a loaded generator on another one.
        GeneratorError: There is no generator of this name, or it cannot be read.
    """
    if source is None or isinstance(source, str | os.PathLike):
        with differentiable():
            name = () if source is None else (os.fspath(source),)
            return load_generator(*name, device=device)
    if not isinstance(source, nn.Module) or not hasattr(source, "image_from_trace"):
        raise InputError(
            f"generator must be a Generator or its name, got {type(source).__name__}; "
            "load_generator makes one"
        )
    if any(weights.is_inference() for weights in source.parameters()):
        raise InputError(
            "the generator was made in torch.inference_mode(), so that nothing can be derived of its pictures; "
            "make or load it outside"
        )
    generator = cast(PictureGenerator, source)
    if device is not None and checked_device(device) != generator.device:
        raise InputError(
            f"device is for a generator given by name, but this one is on {generator.device}; "
            "move it with generator.to(device) first"
        )
    return generator


def generator_of_file(
    name: str, given: GeneratorSource, device: torch.device | str | None
) -> PictureGenerator:
    """Return the generator that was given for a file, else the one whose name the file has.

    A name in a file is one of :func:`list_generators` and never a path: who sends a file does not choose what is read here.

    Raises:
        GeneratorError: There is no generator of this name; otherwise as :func:`found_generator`.
    """
    if given is None and all(info.name != name for info in list_generators()):
        raise GeneratorError(
            f"there is no generator {name[:80]!r} that has a name here; give the one it was made with (its file, or the loaded one) as generator="
        )
    return found_generator(name if given is None else given, device)


def checked_config(config: object, generator: PictureGenerator) -> DragConfig:
    """Return the settings of a drag on a generator.

    Raises:
        InputError: They are something else, or the generator has no such feature block, or no
            mapping for the space z.
    """
    if not isinstance(config, DragConfig):
        raise InputError(
            f"config must be a DragConfig, got {type(config).__name__}; write DragConfig(solver=...)"
        )
    check_suits(config, generator)
    return config


def checked_max_steps(max_steps: int | None, config: DragConfig) -> int:
    """Return the most moves of a drag; None is that of the settings.

    Raises:
        InputError: They are no whole number from 1.
    """
    limit = config.max_steps if max_steps is None else max_steps
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise InputError(f"max_steps must be a whole number from 1, got {limit!r}")
    return limit


def sampled(
    generator: PictureGenerator, seed: int, truncation_psi: float
) -> tuple[Tensor, Tensor | None]:
    """Return the w ``[1, num_ws, w_dim]`` of a seed, and its z ``[1, z_dim]`` where the generator has a mapping."""
    w = generator.sample_w(seed, truncation_psi)
    if not isinstance(generator, MappedGenerator):
        return w, None
    return w, generator.sample_z(seed, truncation_psi)


def first_latent(
    generator: PictureGenerator,
    seed: int,
    w: Tensor | ArrayLike | None,
    z: Tensor | ArrayLike | None,
    truncation_psi: float,
) -> tuple[Tensor, Tensor | None]:
    """Return w ``[1, num_ws, w_dim]`` and z ``[1, z_dim]``, where it is known, of a first picture.

    Args:
        generator: Makes the picture.
        seed: Of the sample that it is without ``w`` and ``z``.
        w: Its latent.
        z: The z that the latent comes from; alone it gives the latent too.
        truncation_psi: Of the sample.

    Raises:
        InputError: The generator has no mapping for a given z, or a tensor is not real numbers, has another shape, or
            is not finite.
    """
    if z is None:
        if w is not None:
            return checked_latent(generator, w), None
        return sampled(generator, seed, truncation_psi)
    mapping = mapping_of(generator)
    start_z = checked_z(generator, z)
    if w is not None:
        return checked_latent(generator, w), start_z
    with torch.no_grad():
        return mapping.w_of_z(start_z), start_z


def checked_z(generator: PictureGenerator, z: Tensor | ArrayLike) -> Tensor:
    """Return a z as a new tensor ``[1, z_dim]`` of the generator's type and device.

    Raises:
        InputError: The generator has no mapping, or it is not real numbers, has another shape, or is not finite.
    """
    return _checked_tensor(generator, "z", z, [1, mapping_of(generator).z_dim], "sample_z")


def checked_latent(generator: PictureGenerator, w: Tensor | ArrayLike) -> Tensor:
    """Return a latent as a new tensor ``[1, num_ws, w_dim]`` of the generator's type and device.

    Raises:
        InputError: Not real numbers, another shape, or not finite in the generator's type.
    """
    return _checked_tensor(generator, "w", w, [1, generator.num_ws, generator.w_dim], "sample_w")


def _checked_tensor(
    generator: PictureGenerator,
    name: str,
    values: Tensor | ArrayLike,
    expected: list[int],
    source: str,
) -> Tensor:
    """Return values as a new tensor of this shape and of the generator's type and device."""
    like = next(iter(generator.parameters()))
    try:
        given = (
            values
            if isinstance(values, Tensor)
            else torch.as_tensor(np.array(values, dtype=np.float64))
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{name} must be numbers {expected}, got {type(values).__name__}"
        ) from error
    if given.is_complex():
        raise InputError(
            f"{name} must be real numbers {expected}, got {given.dtype}; give its real part"
        )
    if list(given.shape) != expected:
        raise InputError(
            f"{name} must be {expected}, got {list(given.shape)}; generator.{source} makes one"
        )
    tensor = given.detach().to(like, copy=True)
    if not bool(tensor.isfinite().all()):
        raise InputError(
            f"{name} must be finite in {like.dtype}, got NaN, infinite or too large entries"
        )
    return tensor
