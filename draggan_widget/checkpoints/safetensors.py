"""The project's own generator files: safetensors, with the architecture as JSON in the file's metadata.

Reading such a file executes nothing and builds nothing but tensors.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from draggan_widget.checkpoints.ada import check_size, check_tensors
from draggan_widget.errors import GeneratorError
from draggan_widget.generator import (
    AnyGenerator,
    Generator,
    StyleGAN2Config,
    StyleGAN3Config,
    StyleGAN3Generator,
)
from draggan_widget.whole_files import write_whole

FORMAT = "draggan_widget generator 1"
"""Value of the metadata entry ``format``; the number changes with the meaning of the entries."""

COVARIANCE = "mapping.w_cov"
"""The covariance of w: absent where nobody has measured it, and never in half precision, where small entries vanish."""


KINDS: Mapping[str, tuple[Callable[[Any], Any], Callable[..., AnyGenerator]]] = {
    "stylegan2": (StyleGAN2Config.from_json, Generator),
    "stylegan3": (StyleGAN3Config.from_json, StyleGAN3Generator),
}
"""How each kind of generator is made; files without a kind are of the first."""


LONGEST_HEADER_BYTES = 4 << 20
"""Of a file; a generator's has some kilobytes, and what is in it becomes objects before anything can be looked at."""


def open_safetensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return the metadata and the tensors of a safetensors file.

    Raises:
        GeneratorError: It is none, or not whole.
    """
    try:
        with path.open("rb") as stream:
            header = int.from_bytes(stream.read(8), "little")
        if header > LONGEST_HEADER_BYTES:
            raise GeneratorError(
                f"{path} is not a complete safetensors file of a generator: its header has {header} bytes"
            )
        with safe_open(str(path), framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dict
            metadata = file.metadata() or {}
    except (SafetensorError, OSError, RuntimeError, TypeError, ValueError, KeyError) as error:
        raise GeneratorError(f"{path} is not a complete safetensors file: {error}") from error
    if any(tensor.is_complex() for tensor in tensors.values()):
        raise GeneratorError(f"{path} is no generator's: it holds complex numbers")
    return metadata, tensors


def save_generator_file(
    generator: AnyGenerator, path: str | Path, *, dtype: torch.dtype = torch.float16
) -> None:
    """Write a generator's weights and architecture.

    Args:
        generator: Any generator of this project.
        path: File to write, ending in ``.safetensors``.
        dtype: Floating-point type of the stored weights; half precision changes pictures by less than their 8 bits.

    Raises:
        InputError: There is no such folder.
        StorageError: The disk is full, or nothing may be written there; a file that was there stays.
    """
    tensors = {
        k: v.detach().cpu().to(torch.float32 if k == COVARIANCE else dtype).contiguous()
        for k, v in generator.state_dict().items()
    }
    is_stylegan2 = isinstance(generator, Generator)
    metadata = {
        "format": FORMAT,
        "kind": "stylegan2" if is_stylegan2 else "stylegan3",
        "name": generator.name,
        "config": json.dumps(generator.config.to_json()),
    }
    if isinstance(generator, Generator):
        metadata |= {"scene": generator.scene, "noise": json.dumps(generator.noise)}
    write_whole(Path(path), save(tensors, metadata))


def load_generator_file(
    path: str | Path, *, device: torch.device | str | None = None
) -> AnyGenerator:
    """Return the generator of a file, in single precision, frozen.

    Args:
        path: A file that :func:`save_generator_file` wrote.
        device: Where to put the weights; None is the CPU.

    Raises:
        GeneratorError: The file is absent, not of this format, or its tensors don't fit its architecture; every
            missing, unexpected and misshapen tensor is listed.
    """
    path = Path(path)
    if not path.is_file():
        raise GeneratorError(f"there is no generator file {path}; check the path")
    metadata, stored = open_safetensors(path)
    tensors = {name: tensor.float() for name, tensor in stored.items()}
    kind = metadata.get("kind", "stylegan2")
    if metadata.get("format") != FORMAT or kind not in KINDS:
        raise GeneratorError(
            f"{path} does not hold a draggan_widget generator: its format is"
            f" {metadata.get('format')!r} ({kind[:40]}), expected {FORMAT!r}"
        )
    read_config, make = KINDS[kind]
    try:
        config = read_config(json.loads(metadata["config"]))
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise GeneratorError(f"{path} describes no architecture: {error!r:.300}") from error
    check_size(str(path), config, tensors)
    # Not on the meta device: entering it loads PyTorch's compiler, which takes seconds.
    generator = make(config, name=metadata.get("name", path.stem))
    if COVARIANCE in tensors:
        blocks, w_dim = generator.mapping.w_avg.shape
        generator.mapping.w_cov = torch.empty(blocks, w_dim, w_dim)
    check_tensors(str(path), generator, tensors)
    generator.load_state_dict(tensors, assign=True)
    if isinstance(generator, Generator):
        generator.scene = metadata.get("scene", "")
        generator.noise = metadata.get("noise", "true") == "true"
    return generator.to(device or "cpu").frozen()
