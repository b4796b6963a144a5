"""The modules that a pickle of a training run holds: their tensors by name, and what they were made with."""

from __future__ import annotations

from dataclasses import dataclass

from draggan_widget.checkpoints.pickles import Made, entries
from draggan_widget.errors import GeneratorError

PERSISTENT = "torch_utils.persistence._reconstruct_persistent_obj"
"""What NVIDIA's pickles name to make a module from its source; here only its state is read."""

DEEPEST = 32
"""Modules inside each other; the deepest published ones have five."""

MOST_MODULES = 10_000

MOST_ENTRIES = 100_000
"""Things under a name that are looked at in all modules together, which may be one module over and over."""

LONGEST_NAME = 200
"""Characters of the full name of a parameter."""


@dataclass(frozen=True)
class Module:
    """A module as a file describes it.

    Attributes:
        class_name: Of its class, without the module.
        arguments: With which it was made, by name.
        records: Parameters and buffers by their full names, not built yet.
        conv_clamp: What its layers say that they clamp their activations to; None where they say nothing.
    """

    class_name: str
    arguments: dict[str, object]
    records: dict[str, object]
    conv_clamp: object = None


def module_of(value: object) -> Module | None:
    """Return what a record says of a module; None where it is none.

    Raises:
        GeneratorError: There is no end to its parts.
    """
    parts = _parts(value)
    if parts is None:
        return None
    class_name, state = parts
    arguments = entries(state.get("_init_kwargs"))
    records: dict[str, object] = {}
    waiting: list[tuple[str, object, int]] = [("", value, 0)]
    count = looked_at = 0
    clamp: object = None
    while waiting:
        prefix, each, depth = waiting.pop()
        inner = _parts(each)
        if inner is None:
            continue
        own = inner[1]
        children, tensors = entries(own.get("_modules")), _tensors(own)
        count += 1
        looked_at += len(own) + len(children) + len(tensors)
        if depth > DEEPEST or count > MOST_MODULES or looked_at > MOST_ENTRIES:
            raise GeneratorError("the file's modules have no end")
        if any(len(prefix) + len(name) > LONGEST_NAME for name in (*children, *tensors)):
            raise GeneratorError("a module of the file has a name of no end")
        clamp = own.get("conv_clamp") if clamp is None else clamp
        records |= {prefix + name: record for name, record in tensors.items()}
        for name, child in children.items():
            waiting.append((f"{prefix}{name}.", child, depth + 1))
    return Module(class_name, arguments, records, clamp)


def _tensors(own: dict[str, object]) -> dict[str, object]:
    """Return the records of a module's own parameters and buffers."""
    every = entries(own.get("_parameters")) | entries(own.get("_buffers"))
    return {name: record for name, record in every.items() if record is not None}


def _parts(value: object) -> tuple[str, dict[str, object]] | None:
    """Return class and state of a module."""
    if not isinstance(value, Made):
        return None
    if value.path == PERSISTENT:
        meta = entries(value.arguments[0]) if value.arguments else {}
        name, state = meta.get("class_name"), entries(meta.get("state"))
        return (name, state) if isinstance(name, str) and "_modules" in state else None
    state = entries(value.state)
    if "_modules" in state and "_parameters" in state:
        return value.path.rpartition(".")[2], state
    return None
