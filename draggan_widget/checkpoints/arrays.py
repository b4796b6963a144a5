"""Bytes of a file as tensors: every number of their shapes is checked against the bytes that are there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from draggan_widget.checkpoints.pickles import Made
from draggan_widget.errors import GeneratorError

ARRAY_TYPES = {"f8", "f4", "f2", "i8", "i4", "i2", "i1", "u1", "b1"}
"""Types of NumPy's arrays that a checkpoint may hold."""

MOST_DIMENSIONS = 8

MOST_ELEMENTS = 2**31
"""Of a tensor, an axis of length zero counted as one: more can only be written where an axis has no length."""


def stretch(there: int, offset: object, size: object, stride: object) -> tuple[int, int, int]:
    """Return where in a storage of ``there`` elements a tensor begins, how far it reaches, and how many it has.

    Raises:
        GeneratorError: It reaches out of the storage, or repeats elements.
    """
    shape, steps = _whole(size), _whole(stride)
    if shape is None or steps is None or len(shape) != len(steps) or not is_count(offset):
        raise GeneratorError("a tensor of the file is damaged: its shape is no list of sizes")
    assert isinstance(offset, int)
    count = math.prod(shape)
    reach = sum((n - 1) * step for n, step in zip(shape, steps, strict=True)) + 1 if count else 0
    if count > there or offset + reach > there:
        raise GeneratorError(
            f"a tensor of the file is damaged: its shape {list(shape)[:MOST_DIMENSIONS]} needs more than the "
            f"{there} elements that are there"
        )
    if math.prod(max(n, 1) for n in shape) > MOST_ELEMENTS:
        raise GeneratorError("a tensor of the file is damaged: no tensor has such a shape")
    return offset, reach, count


def strided(data: bytes, kind: torch.dtype, offset: object, size: object, stride: object) -> Tensor:
    """Return a tensor of some bytes; every element has a place of its own among them.

    Raises:
        GeneratorError: It reaches out of them, or repeats elements.
    """
    first, _, count = stretch(len(data) // kind.itemsize, offset, size, stride)
    shape, steps = _whole(size), _whole(stride)
    assert shape is not None
    assert steps is not None
    if count == 0:
        return torch.empty(shape, dtype=kind)
    flat = torch.frombuffer(bytearray(data), dtype=kind)
    return flat.as_strided(shape, steps, first).clone(memory_format=torch.contiguous_format)


def array(state: object) -> Tensor:
    """Return NumPy's state of an array, ``(version, shape, dtype, in Fortran's order, bytes)``, as a tensor."""
    if isinstance(state, tuple) and len(state) == 5:
        _, size, kind, is_fortran, data = state
        shape, dtype = _whole(size), _array_type(kind)
        content = latin(data)
        if shape is not None and dtype is not None and content is not None:
            has_room = math.prod(max(n, 1) for n in shape) <= MOST_ELEMENTS
            if not has_room or math.prod(shape) * dtype.itemsize != len(content):
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
    if not isinstance(value, Made) or not value.path.endswith("dtype") or not isinstance(code, str):
        return None
    if code not in ARRAY_TYPES:
        return None
    order = value.state[1] if isinstance(value.state, tuple) and len(value.state) > 1 else "<"
    return np.dtype(f"{'>' if order == '>' else '<'}{code}")


def _whole(value: object) -> tuple[int, ...] | None:
    """Return a few whole numbers from 0, as they are written for a shape; None for anything else."""
    if isinstance(value, Made) and value.path == "torch.Size" and len(value.arguments) == 1:
        value = value.arguments[0]
    if not isinstance(value, tuple | list) or len(value) > MOST_DIMENSIONS:
        return None
    return tuple(value) if all(is_count(each) for each in value) else None


def is_count(value: object) -> bool:
    """Whether a value is a whole number from 0 that a size can be."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**48
