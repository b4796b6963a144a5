"""Generators out of files of any known format and layout, both told by what is in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from draggan_widget.checkpoints.ada import (
    LONGEST_NAME,
    LR_MULTIPLIER,
    AdaNetwork,
    generator_of,
)
from draggan_widget.checkpoints.alias_free import is_stylegan3, stylegan3_of
from draggan_widget.checkpoints.contents import Contents, read_contents
from draggan_widget.checkpoints.modules import Module, module_of
from draggan_widget.checkpoints.pickles import Made, entries
from draggan_widget.checkpoints.rosinality import is_rosinality, read_rosinality
from draggan_widget.checkpoints.safetensors import FORMAT, load_generator_file
from draggan_widget.checkpoints.tensorflow import is_tensorflow, read_tensorflow
from draggan_widget.errors import GeneratorError
from draggan_widget.generator import AnyGenerator

AVERAGES = ("G_ema", "g_ema", "Gs")
"""Where training runs keep the running average of the generator's weights, the only ones that are used."""

OTHERS = ("G", "D", "g", "d", "g_optim", "d_optim")
"""What lies beside the running average."""

WRAPPERS = ("state_dict", "model", "generator", "params_ema", "params")
"""Where else a state dict may lie in a file that holds nothing else."""


STRAY_ERRORS = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError),
    *(MemoryError, AssertionError),
)
"""What NumPy and PyTorch raise where a tensor has too few axes or a number is out of bounds: the layouts check what they
can tell a person, and nothing else of a file may get past this."""


def load_checkpoint(
    path: str | Path, *, label: int | None = None, device: torch.device | str | None = None
) -> AnyGenerator:
    """Return the generator of a checkpoint, in single precision, frozen; nothing in the file is executed.

    Args:
        path: A file of this project (safetensors), of stylegan2-ada-pytorch or stylegan3 (``.pkl``), of TensorFlow's
            StyleGAN2 (``.pkl``), of rosinality's stylegan2-pytorch (``.pt``), or a state dict in one of these layouts.
            What it is called does not matter.
        label: Which class a conditional generator draws, from 0; None for one without classes.
        device: Where to put the weights; None is the CPU.

    Raises:
        GeneratorError: The file is absent, damaged, hostile, or holds something else; the message says what it seems
            to be, lists everything that does not fit, and names the cure.
    """
    path = Path(path)
    contents = read_contents(path)
    if contents.format == "safetensors" and entries_of(contents).get("format") == FORMAT:
        if label is not None:
            raise GeneratorError(f"the generator of {path} has no classes; leave out label={label}")
        return load_generator_file(path, device=device)
    try:
        network = _network(contents)
        build = stylegan3_of if is_stylegan3(network.tensors) else generator_of
        return build(network, path.stem, label).to(device or "cpu")
    except GeneratorError as error:
        raise GeneratorError(f"{path} cannot be used: {error}") from error
    except STRAY_ERRORS as error:
        reason = f"{type(error).__name__}: {error}"[:300]
        raise GeneratorError(
            f"{path} cannot be used: a part of it is not what its layout has there ({reason})"
        ) from error


def entries_of(contents: Contents) -> dict[str, object]:
    """Return what lies under texts at the top of a file."""
    root = contents.root
    return dict(root) if isinstance(root, dict) else entries(root)


def _network(contents: Contents) -> AdaNetwork:
    """Return the generator's tensors, and what is known beside them, in one layout."""
    root = contents.root
    if contents.named:
        _check_names(contents.named)
        return _of_state_dict({key: value.float() for key, value in contents.named.items()}, None)
    if is_tensorflow(root):
        return read_tensorflow(root, contents.tensors)
    top = entries(root)
    for name in AVERAGES:
        if name in top:
            return _of_record(top[name], contents, top.get("latent_avg"))
    if (module := module_of(root)) is not None:
        return _of_module(module, contents)
    for name in WRAPPERS:
        if entries(top.get(name)):
            return _of_record(top[name], contents, top.get("latent_avg"))
    if not top:
        raise GeneratorError("it holds no network: there is nothing under a name in it")
    return _of_record(root, contents, top.get("latent_avg"))


def _of_record(record: object, contents: Contents, mean_w: object) -> AdaNetwork:
    """Return the network of a module or of a state dict."""
    if (module := module_of(record)) is not None:
        return _of_module(module, contents)
    if isinstance(record, Made) and record.path and not record.pairs and record.state is not None:
        raise GeneratorError(f"it holds an object of {record.path[:80]!r}, which is no network")
    build = contents.tensors.tensor
    tensors = {
        key: found for key, each in entries(record).items() if (found := build(each)) is not None
    }
    _check_names(tensors)
    if not tensors and (others := [name for name in OTHERS if name in entries(record)]):
        raise GeneratorError(
            f"it holds {', '.join(others)}, but no running average of the generator ({' or '.join(AVERAGES)})"
        )
    if not tensors:
        kinds = ", ".join(list(entries(record))[:8]) or "nothing"
        raise GeneratorError(
            f"it holds no tensors, only {kinds[:200]}; is it an optimiser's state?"
        )
    return _of_state_dict(tensors, build(mean_w))


def _of_module(module: Module, contents: Contents) -> AdaNetwork:
    """Return the network of a module that was pickled whole."""
    build: Callable[[object], Tensor | None] = contents.tensors.tensor
    built = {name: build(record) for name, record in module.records.items()}
    tensors = {name: value for name, value in built.items() if value is not None}
    _refuse_others(tensors)
    synthesis = {**module.arguments, **entries(module.arguments.get("synthesis_kwargs"))}
    mapping = {**module.arguments, **entries(module.arguments.get("mapping_kwargs"))}
    if synthesis.get("architecture", "skip") != "skip":
        raise GeneratorError("only generators with skip connections to RGB can be read")
    return AdaNetwork(
        tensors,
        conv_clamp=_number(synthesis.get("conv_clamp", module.conv_clamp)),
        lr_multiplier=_number(mapping.get("lr_multiplier")) or LR_MULTIPLIER,
        arguments=synthesis,
    )


def _of_state_dict(tensors: dict[str, Tensor], mean_w: Tensor | None) -> AdaNetwork:
    """Return the network of named tensors, by their names."""
    if is_rosinality(tensors):
        return read_rosinality(tensors, mean_w)
    _refuse_others(tensors)
    return AdaNetwork(tensors)


def _check_names(names: Mapping[str, object]) -> None:
    """Refuse names that no tensor has; messages repeat them."""
    if any(len(name) > LONGEST_NAME for name in names):
        raise GeneratorError("a tensor of the file has a name of no end")


def _refuse_others(names: Mapping[str, object]) -> None:
    """Say what a network is that is no StyleGAN2 generator."""
    if any("fromrgb" in name or name.startswith(("b4.out", "final_linear")) for name in names):
        raise GeneratorError(
            "it holds a discriminator, which judges pictures and makes none; use the generator of the same run"
        )
    if any(name.startswith(("synthesis.b4.", "mapping.")) for name in names):
        return
    some = ", ".join(sorted(names)[:6])
    raise GeneratorError(f"it holds no StyleGAN generator: its tensors are called {some[:300]} ...")


def _number(value: object) -> float | None:
    """Return a plain number, None for anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None  # type: ignore[arg-type]  # it is one
