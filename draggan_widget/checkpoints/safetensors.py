"""The project's own generator files: safetensors, with the architecture as JSON in the file's metadata.

Reading such a file executes nothing and builds nothing but tensors.
"""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from draggan_widget.errors import GeneratorError
from draggan_widget.generator import Generator, StyleGAN2Config

FORMAT = "draggan_widget generator 1"
"""Value of the metadata entry ``format``; the number changes with the meaning of the entries."""

COVARIANCE = "mapping.w_cov"
"""The covariance of w: absent where nobody has measured it, and never in half precision, where small entries vanish."""


def save_generator_file(
    generator: Generator, path: str | Path, *, dtype: torch.dtype = torch.float16
) -> None:
    """Write a generator's weights and architecture.

    Args:
        generator: Any StyleGAN2 generator.
        path: File to write, ending in ``.safetensors``.
        dtype: Floating-point type of the stored weights; half precision changes pictures by less than their 8 bits.
    """
    tensors = {
        k: v.detach().cpu().to(torch.float32 if k == COVARIANCE else dtype).contiguous()
        for k, v in generator.state_dict().items()
    }
    metadata = {
        "format": FORMAT,
        "name": generator.name,
        "scene": generator.scene,
        "noise": json.dumps(generator.noise),
        "config": json.dumps(generator.config.to_json()),
    }
    save_file(tensors, str(path), metadata)


def load_generator_file(path: str | Path, *, device: torch.device | str | None = None) -> Generator:
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
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118  # not a dict
    except SafetensorError as error:
        raise GeneratorError(f"{path} is not a complete safetensors file: {error}") from error
    if metadata.get("format") != FORMAT:
        raise GeneratorError(
            f"{path} does not hold a draggan_widget generator: its format is"
            f" {metadata.get('format')!r}, expected {FORMAT!r}"
        )
    try:
        config = StyleGAN2Config.from_json(json.loads(metadata["config"]))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise GeneratorError(f"{path} describes no architecture: {error!r}") from error
    # Not on the meta device: entering it loads PyTorch's compiler, which takes seconds.
    generator = Generator(config, name=metadata.get("name", path.stem))
    if COVARIANCE in tensors:
        blocks, w_dim = generator.mapping.w_avg.shape
        generator.mapping.w_cov = torch.empty(blocks, w_dim, w_dim)
    _check_tensors(path, generator, tensors)
    generator.load_state_dict(tensors, assign=True)
    generator.scene = metadata.get("scene", "")
    generator.noise = metadata.get("noise", "true") == "true"
    return generator.to(device or "cpu").frozen()


def _check_tensors(path: Path, generator: Generator, tensors: dict[str, torch.Tensor]) -> None:
    """Raise one error that lists everything in which the tensors differ from the architecture's."""
    expected = {name: tuple(t.shape) for name, t in generator.state_dict().items()}
    found = {name: tuple(t.shape) for name, t in tensors.items()}
    problems = [f"missing {name} {list(expected[name])}" for name in expected.keys() - found.keys()]
    problems += [
        f"unexpected {name} {list(found[name])}" for name in found.keys() - expected.keys()
    ]
    problems += [
        f"{name} is {list(found[name])}, expected {list(expected[name])}"
        for name in expected.keys() & found.keys()
        if expected[name] != found[name]
    ]
    problems += [f"{name} is not finite" for name, t in tensors.items() if not t.isfinite().all()]
    if problems:
        raise GeneratorError(
            f"{path} does not fit its architecture: " + "; ".join(sorted(problems))
        )
