"""Tensors out of the records of a pickle: only what lies whole inside the file becomes one.

The functions that PyTorch and NumPy name in their pickles are known here by name, and what they would build is built
by hand, with every number checked against the bytes that are there.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from draggan_widget.checkpoints.pickles import Foreign, Made, Name, read_pickle
from draggan_widget.errors import GeneratorError

Outside = Callable[[str, int], bytes]
"""Gives the bytes of a storage that lies beside the pickle, by its key: at least so many."""

STORAGES: dict[str, torch.dtype] = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
"""Types of the elements by the last part of the storage's name."""

ARRAY_TYPES = {"f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "b1"}
"""Types of NumPy's arrays that a checkpoint may hold."""

MOST_DIMENSIONS = 8

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
"""What every file of PyTorch before 1.6 begins with."""


class Tensors:
    """Builds the tensors of one file.

    Attributes:
        outside: Gives the storages that lie beside the pickle.
    """

    def __init__(self, outside: Outside | None = None) -> None:
        self._outside = outside
        self._legacy: dict[int, tuple[torch.dtype, bytes]] = {}

    def tensor(self, value: object) -> Tensor | None:
        """Return a record as a tensor, floating-point ones in single precision; None where it is none.

        Raises:
            GeneratorError: It is one that does not lie whole inside the file.
        """
        found = self._tensor(value)
        if found is not None and found.is_floating_point():
            return found.float()
        return found

    def _tensor(self, value: object) -> Tensor | None:
        """Return a record as a tensor of its own type."""
        if not isinstance(value, Made):
            return None
        arguments, path = value.arguments, value.path
        if path == "torch._utils._rebuild_parameter" and arguments:
            inner = arguments[0]
            # A parameter of a parameter is nothing that PyTorch writes, and could be nested without end.
            is_tensor = isinstance(inner, Made) and inner.path != path
            return self._tensor(inner) if is_tensor else None
        if path in ("torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2"):
            if len(arguments) < 4:
                raise GeneratorError("a tensor of the file is damaged: it lacks a shape")
            kind, data = self._storage(arguments[0])
            return strided(data, kind, arguments[1], arguments[2], arguments[3])
        if path.endswith(".multiarray._reconstruct") and path.startswith("numpy."):
            return array(value.state)
        if path.endswith(".numeric._frombuffer") and path.startswith("numpy."):
            content, element, size, order = arguments if len(arguments) == 4 else (None,) * 4
            return array((1, size, element, order == "F", content))
        return None

    def _storage(self, value: object) -> tuple[torch.dtype, bytes]:
        """Return type and bytes of a storage."""
        if isinstance(value, Made) and value.path == "torch.storage._load_from_bytes":
            if id(value) not in self._legacy:
                data = latin(value.arguments[0]) if len(value.arguments) == 1 else None
                if data is None:
                    raise GeneratorError("a tensor of the file is damaged: it has no bytes")
                self._legacy[id(value)] = legacy_storage(data)
            return self._legacy[id(value)]
        key, kind, count = described(value)
        if self._outside is None:
            raise GeneratorError("the file refers to tensors that lie outside of it")
        return kind, self._outside(key, count * kind.itemsize)


def described(value: object) -> tuple[str, torch.dtype, int]:
    """Return key, type and number of elements of a storage that lies beside the pickle."""
    key = value.key if isinstance(value, Foreign) else None
    if isinstance(key, tuple) and len(key) >= 5:
        _, kind, name, _, count = key[:5]
        dtype = STORAGES.get(kind.path.rpartition(".")[2]) if isinstance(kind, Name) else None
        if dtype is not None and isinstance(name, str) and _is_count(count):
            return name, dtype, int(count)
    raise GeneratorError("a tensor of the file is damaged: its storage is of no known kind")


def legacy_storage(data: bytes) -> tuple[torch.dtype, bytes]:
    """Return type and bytes of the storage of a whole file of PyTorch before 1.6.

    Raises:
        GeneratorError: It is no such file.
    """
    root, outside = read_legacy(io.BytesIO(data))
    key, kind, count = described(root)
    return kind, outside(key, count * kind.itemsize)


def read_legacy(stream: BinaryIO) -> tuple[object, Outside]:
    """Return what a file of PyTorch before 1.6 holds, and its storages.

    It is five pickles, magic number, version, machine, content and keys, and then the storages in the order of the
    keys, each after its number of elements.

    Raises:
        GeneratorError: It is no such file.
    """
    if read_pickle(stream) != LEGACY_MAGIC:
        raise GeneratorError("the file is none of PyTorch's")
    for _ in range(2):
        read_pickle(stream)
    root, keys = read_pickle(stream), read_pickle(stream)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise GeneratorError("the file's list of storages is damaged")
    rest = memoryview(stream.read())
    kinds = storage_kinds(root)
    places: dict[str, bytes] = {}
    start = 0
    for key in keys:
        count = int.from_bytes(rest[start : start + 8], "little", signed=True)
        end = start + 8 + max(count, 0) * (kinds[key].itemsize if key in kinds else 1)
        if count < 0 or end > len(rest):
            raise GeneratorError("the file is cut off: it ends inside a tensor")
        places[key] = bytes(rest[start + 8 : end])
        start = end
    return root, lambda key, size: enough(places.get(key), size)


def storage_kinds(root: object) -> dict[str, torch.dtype]:
    """Return the type of each storage that a record refers to, however deep."""
    kinds: dict[str, torch.dtype] = {}
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, str | bytes | int | float | None):
            continue
        seen.add(id(value))
        if isinstance(value, Foreign):
            key, kind, _ = described(value)
            kinds[key] = kind
        elif isinstance(value, list | tuple):
            waiting.extend(value)
        elif isinstance(value, Made):
            waiting += [value.arguments, value.state, value.items, *value.pairs]
    return kinds


def strided(data: bytes, kind: torch.dtype, offset: object, size: object, stride: object) -> Tensor:
    """Return a tensor of some bytes; every element has a place of its own among them.

    Raises:
        GeneratorError: It reaches out of them, or repeats elements.
    """
    shape, steps = _whole(size), _whole(stride)
    if shape is None or steps is None or len(shape) != len(steps) or not _is_count(offset):
        raise GeneratorError("a tensor of the file is damaged: its shape is no list of sizes")
    assert isinstance(offset, int)
    count = math.prod(shape)
    last = offset + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
    there = len(data) // kind.itemsize
    if count > there or (count and last >= there):
        raise GeneratorError(
            f"a tensor of the file is damaged: its shape {list(shape)[:MOST_DIMENSIONS]} needs more than the "
            f"{there} elements that are there"
        )
    if count == 0:
        return torch.empty(shape, dtype=kind)
    flat = torch.frombuffer(bytearray(data), dtype=kind, count=there)
    return flat.as_strided(shape, steps, offset).clone(memory_format=torch.contiguous_format)


def array(state: object) -> Tensor:
    """Return NumPy's state of an array, ``(version, shape, dtype, in Fortran's order, bytes)``, as a tensor."""
    if isinstance(state, tuple) and len(state) == 5:
        _, size, kind, is_fortran, data = state
        shape, dtype = _whole(size), _array_type(kind)
        content = latin(data)
        if shape is not None and dtype is not None and content is not None:
            if math.prod(shape) * dtype.itemsize != len(content):
                raise GeneratorError("an array of the file is damaged: its bytes do not fill it")
            values = np.frombuffer(content, dtype)
            ordered = values.reshape(shape, order="F" if is_fortran is True else "C")
            return torch.from_numpy(ordered.astype(dtype.newbyteorder("=")))
    raise GeneratorError("an array of the file is damaged, or of a kind that no checkpoint has")


def latin(value: object) -> bytes | None:
    """Return bytes, which Python 2's protocols write as a call; None for anything else."""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, Made) and value.path == "_codecs.encode" and value.arguments:
        text = value.arguments[0]
        if isinstance(text, str):
            try:
                return text.encode("latin-1")
            except UnicodeEncodeError:
                return None
    return None


def enough(data: bytes | None, size: int) -> bytes:
    """Return a storage's bytes, so many at least.

    Raises:
        GeneratorError: It is absent or too short.
    """
    if data is None or len(data) < size:
        raise GeneratorError("the file is cut off: the bytes of a tensor are not all there")
    return data


def _array_type(value: object) -> np.dtype[Any] | None:
    """Return NumPy's record of a type; None where a checkpoint has no such type."""
    code = value.arguments[0] if isinstance(value, Made) and value.arguments else None
    if not isinstance(value, Made) or not value.path.endswith("dtype") or code not in ARRAY_TYPES:
        return None
    order = value.state[1] if isinstance(value.state, tuple) and len(value.state) > 1 else "<"
    assert isinstance(code, str)
    return np.dtype(f"{'>' if order == '>' else '<'}{code}")


def _whole(value: object) -> tuple[int, ...] | None:
    """Return a few whole numbers from 0, as they are written for a shape; None for anything else."""
    if isinstance(value, Made) and value.path == "torch.Size" and len(value.arguments) == 1:
        value = value.arguments[0]
    if not isinstance(value, tuple | list) or len(value) > MOST_DIMENSIONS:
        return None
    return tuple(value) if all(_is_count(each) for each in value) else None


def _is_count(value: object) -> bool:
    """Whether a value is a whole number from 0 that a size can be."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**48
