"""Tensors out of the records of a pickle: only what lies whole inside the file becomes one.

The functions that PyTorch and NumPy name in their pickles are known here by name, and what they would build is built
by hand, with every number checked against the bytes that are there.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

import torch
from torch import Tensor

from draggan_widget.checkpoints.arrays import array, enough, is_count, latin, stretch, strided
from draggan_widget.checkpoints.pickles import MOST_OPCODES, Foreign, Made, Name, read_pickle
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

STORAGE_STEPS = 100
"""Of the pickles around a storage that was pickled with its own file; PyTorch writes a dozen."""

MOST_PICKLED_STORAGES = 2000
"""Of those in a file: each is read as a file of its own. The largest generators have some hundreds of tensors."""

SHARE_OF_FILE, SLACK_BYTES = 6, 16 << 20
"""The bytes that may be read for the tensors of a file: a multiple of the file's own, and some. Each tensor counts with
its storage, its stretch of it, and itself in single precision. A file whose tensors are views of each other over and
over would take all memory else."""

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
"""What every file of PyTorch before 1.6 begins with."""


class Tensors:
    """Builds the tensors of one file.

    A storage is read once as long as one tensor of it follows the other.
    """

    def __init__(self, outside: Outside | None = None, file_bytes: int = 0) -> None:
        """Begin with a file of so many bytes; ``outside`` gives the storages that lie beside its pickle."""
        self._outside = outside
        self._left = SHARE_OF_FILE * file_bytes + SLACK_BYTES
        self._legacy: dict[int, tuple[torch.dtype, bytes]] = {}
        self._last: tuple[str, bytes] | None = None

    def _spend(self, size: int) -> None:
        """Count bytes that are read or made.

        Raises:
            GeneratorError: They are more than the file can mean.
        """
        self._left -= size
        if self._left < 0:
            raise GeneratorError("its tensors are views of the same bytes over and over")

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
            offset, size, stride = arguments[1:4]
            first, count, elements = stretch(len(data) // kind.itemsize, offset, size, stride)
            self._spend(count * kind.itemsize + 4 * elements)
            part = data[first * kind.itemsize : (first + count) * kind.itemsize]
            return strided(part, kind, 0, size, stride)
        if path.endswith(".multiarray._reconstruct") and path.startswith("numpy."):
            return self._array(value.state)
        if path.endswith(".numeric._frombuffer") and path.startswith("numpy."):
            content, element, size, order = arguments if len(arguments) == 4 else (None,) * 4
            return self._array((1, size, element, order == "F", content))
        return None

    def _array(self, state: object) -> Tensor:
        """Return NumPy's state of an array as a tensor."""
        content = latin(state[4]) if isinstance(state, tuple) and len(state) == 5 else None
        self._spend(4 * len(content or b""))
        return array(state)

    def _storage(self, value: object) -> tuple[torch.dtype, bytes]:
        """Return type and bytes of a storage."""
        if isinstance(value, Made) and value.path == "torch.storage._load_from_bytes":
            if id(value) not in self._legacy:
                data = latin(value.arguments[0]) if len(value.arguments) == 1 else None
                if data is None:
                    raise GeneratorError("a tensor of the file is damaged: it has no bytes")
                if len(self._legacy) >= MOST_PICKLED_STORAGES:
                    raise GeneratorError("it has more tensors than any generator")
                self._spend(len(data))
                self._legacy[id(value)] = legacy_storage(data)
            return self._legacy[id(value)]
        key, kind, count = described(value)
        if self._outside is None:
            raise GeneratorError("the file refers to tensors that lie outside of it")
        if self._last is None or self._last[0] != key:
            data = self._outside(key, count * kind.itemsize)
            self._spend(len(data))
            self._last = key, data
        return kind, enough(self._last[1], count * kind.itemsize)


def described(value: object) -> tuple[str, torch.dtype, int]:
    """Return key, type and number of elements of a storage that lies beside the pickle."""
    key = value.key if isinstance(value, Foreign) else None
    if isinstance(key, tuple) and len(key) >= 5:
        _, kind, name, _, count = key[:5]
        dtype = STORAGES.get(kind.path.rpartition(".")[2]) if isinstance(kind, Name) else None
        if dtype is not None and isinstance(name, str) and is_count(count):
            return name, dtype, int(count)
    raise GeneratorError("a tensor of the file is damaged: its storage is of no known kind")


def legacy_storage(data: bytes) -> tuple[torch.dtype, bytes]:
    """Return type and bytes of the storage of a whole file of PyTorch before 1.6.

    Raises:
        GeneratorError: It is no such file.
    """
    root, outside = read_legacy(io.BytesIO(data), STORAGE_STEPS)
    key, kind, count = described(root)
    return kind, outside(key, count * kind.itemsize)


def read_legacy(stream: BinaryIO, most: int = MOST_OPCODES) -> tuple[object, Outside]:
    """Return what a file of PyTorch before 1.6 holds, and its storages.

    It is five pickles, magic number, version, machine, content and keys, and then the storages in the order of the
    keys, each after its number of elements.

    Args:
        stream: Open for reading.
        most: Steps that the content and the keys may have.

    Raises:
        GeneratorError: It is no such file.
    """
    if read_pickle(stream, STORAGE_STEPS) != LEGACY_MAGIC:
        raise GeneratorError("the file is none of PyTorch's")
    for _ in range(2):
        read_pickle(stream, STORAGE_STEPS)
    root, keys = read_pickle(stream, most), read_pickle(stream, most)
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
