"""Generators that come with the package, by name."""

from pathlib import Path

import torch

from draggan_widget.checkpoints import load_generator_file
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.generator import Generator

_FOLDER = Path(__file__).parent

DEFAULT_GENERATOR = "animals"
"""Generator that is used when none is named."""


def list_generators() -> tuple[str, ...]:
    """Return the names of the generators that :func:`load_generator` knows, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.safetensors")))


def load_generator(
    source: str | Path = DEFAULT_GENERATOR, *, device: torch.device | str | None = None
) -> Generator:
    """Return a generator, frozen and ready.

    Args:
        source: A name from :func:`list_generators`, or the path of a ``.safetensors`` file of this project.
        device: Where to put it; None is a CUDA device where there is one, otherwise the CPU.

    Raises:
        InputError: The device cannot be used here.
        GeneratorError: There is no such generator or file, or the file cannot be used.
    """
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    device = checked_device(device)
    if str(source) in list_generators():
        return load_generator_file(_FOLDER / f"{source}.safetensors", device=device)
    if Path(source).is_file():
        return load_generator_file(source, device=device)
    raise GeneratorError(
        f"there is no generator {str(source)!r}: neither a file nor one of {list(list_generators())}"
    )


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
