"""Generators by name: those of the package, and published ones that a person has fetched."""

from pathlib import Path

import torch

from draggan_widget.checkpoints import load_checkpoint
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.generator import AnyGenerator, Generator
from draggan_widget.pretrained.catalogue import EMBEDDED, GeneratorInfo, catalogue, info_of
from draggan_widget.pretrained.download import download_generator, downloaded_file

__all__ = [
    "DEFAULT_GENERATOR",
    "GeneratorInfo",
    "checked_device",
    "download_generator",
    "generator_file",
    "generators_here",
    "is_file",
    "list_generators",
    "load_generator",
    "load_stylegan2",
]

DEFAULT_GENERATOR = "animals"
"""Generator that is used when none is named."""


def list_generators() -> tuple[GeneratorInfo, ...]:
    """Return the generators that have a name, those of the package first.

    Published ones are loaded by name once :func:`download_generator` has fetched them; asking for this list fetches
    nothing.
    """
    return catalogue()


def generators_here() -> tuple[str, ...]:
    """Return the names of the generators whose files are on this machine, those of the package first."""
    return tuple(
        info.name for info in catalogue() if info.is_embedded or downloaded_file(info) is not None
    )


def load_generator(
    source: str | Path = DEFAULT_GENERATOR,
    *,
    label: int | None = None,
    device: torch.device | str | None = None,
) -> AnyGenerator:
    """Return a generator, frozen and ready.

    Args:
        source: A name from :func:`list_generators`, or the path of a file: this project's, NVIDIA's, rosinality's, or a
            state dict; docs/checkpoints.md lists them.
        label: Which class a conditional generator draws, from 0.
        device: Where to put it; None is a CUDA device where there is one, otherwise the CPU.

    Raises:
        InputError: The device cannot be used here.
        GeneratorError: There is no such generator or file, or the file cannot be used.
    """
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    device = checked_device(device)
    return load_checkpoint(generator_file(source), label=label, device=device)


def load_stylegan2(
    source: str | Path = DEFAULT_GENERATOR, *, device: torch.device | str | None = None
) -> Generator:
    """Return a StyleGAN2 generator; otherwise as :func:`load_generator`.

    Raises:
        GeneratorError: It is of another kind.
    """
    generator = load_generator(source, device=device)
    if not isinstance(generator, Generator):
        raise GeneratorError(f"{generator.name} is no StyleGAN2 generator, which is needed here")
    return generator


def generator_file(source: str | Path) -> Path:
    """Return the file of a generator by name or path.

    Raises:
        GeneratorError: There is no such generator or file here.
    """
    info = info_of(str(source))
    if info is not None and info.is_embedded:
        return EMBEDDED / info.filename
    if is_file(source):
        return Path(source)
    if info is None:
        names = ", ".join(each.name for each in catalogue())
        raise GeneratorError(
            f"there is no generator {str(source)!r:.200}: neither a file nor one of {names}"
        )
    if (file := downloaded_file(info)) is not None:
        return file
    if not info.is_direct:
        raise GeneratorError(
            f"{info.name} is not on this machine: get its file at {info.source} and give its path"
        )
    raise GeneratorError(
        f"{info.name} is not on this machine; fetch it with "
        f"draggan_widget.download_generator({info.name!r}, accept_licence=True) if you keep to its licence "
        f"({info.licence}), or give the path of its file"
    )


def is_file(source: str | Path) -> bool:
    """Return whether there is a file; nothing that a system says of a strange name is an error."""
    try:
        return Path(source).is_file()
    except (OSError, ValueError):
        return False


def checked_device(device: torch.device | str) -> torch.device:
    """Return a device, with its number, on which tensors can be made and read here.

    Raises:
        InputError: It is none.
    """
    try:
        probe = torch.empty(1, device=torch.device(device))
        probe.tolist()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"device {str(device)!r} cannot be used here ({reason}); give 'cpu', or None to choose one"
        ) from error
    return probe.device
