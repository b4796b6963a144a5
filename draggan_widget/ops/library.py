"""A library of compiled kernels: how tensors are handed to it, and what layouts it takes."""

import contextlib
import ctypes
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

from draggan_widget.errors import KernelError
from draggan_widget.ops.signatures import SIGNATURES

P = ParamSpec("P")
R = TypeVar("R")

SUFFIXES = {torch.float32: "f32", torch.float64: "f64"}
"""Types that the kernels are compiled for, and how they are named."""

CHUNK = 2048
"""Elements that one block of threads adds up: eight for each of its threads."""

LANES = 32
"""Channels that one block of threads works on where channels lie side by side; as `epilogue.cu` has it."""

MOST_CHUNKS = 65535
"""Most blocks along the second axis of a CUDA grid."""


OPERATORS = torch.library.Library("draggan_widget", "DEF")  # type: ignore[no-untyped-call]  # has no types
"""Derivatives that PyTorch must know by name: it takes gradients in batches only through operators that it can call
once for each entry of the batch."""


class Kernels:
    """The functions of a compiled library. Each works on the device of its tensors and waits for nothing.

    Attributes:
        handle: A number by which operators find them again, see :func:`kernels_of`.
    """

    def __init__(self, path: Path) -> None:
        """Load a library.

        Raises:
            KernelError: The file cannot be loaded, or is another library.
        """
        try:
            self._library = ctypes.CDLL(str(path))
            self._message = self._library.draggan_error_message
            for (name, signature), suffix in itertools.product(
                SIGNATURES.items(), SUFFIXES.values()
            ):
                self._function(name, suffix).argtypes = signature
        except (OSError, AttributeError) as error:
            raise KernelError(f"the compiled kernels cannot be loaded: {error}") from error
        self._message.argtypes, self._message.restype = (ctypes.c_int,), ctypes.c_char_p
        self.handle = len(_LOADED)
        _LOADED.append(self)

    def call(self, name: str, first: Tensor, *others: Tensor | float | None) -> None:
        """Call a function on the stream that is current on the device of its first argument.

        Args:
            name: Function, without prefix and type.
            first: Contiguous tensor, whose type chooses the variant.
            others: Further arguments, as :data:`SIGNATURES` has them; None for an absent tensor.

        Raises:
            KernelError: CUDA refused the launch.
        """
        function = self._function(name, SUFFIXES[first.dtype])
        arguments = [
            value.data_ptr() if isinstance(value, Tensor) else value for value in (first, *others)
        ]
        with torch.cuda.device(first.device) if first.is_cuda else contextlib.nullcontext():
            stream = torch.cuda.current_stream().cuda_stream if first.is_cuda else None
            code = function(*arguments, stream)
        if code:
            reason = self._message(code).decode()
            raise KernelError(f"CUDA refused the kernel {name}: {reason}")

    def _function(self, name: str, suffix: str) -> Any:
        """Return a compiled function."""
        return getattr(self._library, f"draggan_{name}_{suffix}")


_LOADED: list[Kernels] = []
"""All that were loaded; a library is never unloaded."""


def kernels_of(handle: int) -> Kernels:
    """Return the kernels of a handle."""
    return _LOADED[handle]


def operator(schema: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that makes a function of tensors an operator of PyTorch, without a derivative.

    Args:
        schema: Its name and types, in PyTorch's own words.
    """
    OPERATORS.define(schema)  # type: ignore[no-untyped-call]  # has no types
    name = schema.split("(")[0]

    def register(function: Callable[P, R]) -> Callable[P, R]:
        OPERATORS.impl(name, function, "CompositeExplicitAutograd")  # type: ignore[no-untyped-call]  # has no types
        called: Callable[P, R] = getattr(torch.ops.draggan_widget, name)
        return called

    return register


def chunks_of(length: int, lanes: int = 1) -> int:
    """Return over how many blocks a sum of ``length`` elements is spread, ``lanes`` such sums being one block's work."""
    return min(max(-(-length * lanes // CHUNK), 1), MOST_CHUNKS)


def dense(x: Tensor) -> tuple[Tensor, int, torch.memory_format]:
    """Return maps ``[B, C, H, W]`` without gaps, and how they lie in memory.

    Returns:
        The maps, copied only if they have gaps; how many channels lie side by side (1, or C with the channels last);
        and the name of that layout.
    """
    if not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last):
        return x, x.shape[1], torch.channels_last
    return x.contiguous(), 1, torch.contiguous_format


def applied(function: type[torch.autograd.Function], *arguments: Any) -> Tensor:
    """Return the tensor that a function makes of its arguments, with its derivative."""
    result: Tensor = function.apply(*arguments)  # type: ignore[no-untyped-call]  # has no types
    return result
