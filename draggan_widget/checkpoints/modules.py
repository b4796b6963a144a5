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


@dataclass(frozen=True)
class Module:
    """A module as a file describes it.

    Attributes:
        class_name: Of its class, without the module.
        arguments: With which it was made, by name.
        records: Parameters and buffers by their full names, not built yet.
    """

    class_name: str
    arguments: dict[str, object]
    records: dict[str, object]


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
    count = 0
    while waiting:
        prefix, each, depth = waiting.pop()
        inner = _parts(each)
        if inner is None:
            continue
        count += 1
        if depth > DEEPEST or count > MOST_MODULES:
            raise GeneratorError("the file's modules have no end")
        own = inner[1]
        for kind in ("_parameters", "_buffers"):
            for name, record in entries(own.get(kind)).items():
                if record is not None:
                    records[prefix + name] = record
        for name, child in entries(own.get("_modules")).items():
            waiting.append((f"{prefix}{name}.", child, depth + 1))
    return Module(class_name, arguments, records)


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
