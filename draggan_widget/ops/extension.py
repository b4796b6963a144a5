"""Whether an op runs as PyTorch or as a CUDA kernel; the kernels are compiled when the first of them is wanted.

Nothing is compiled when the package is imported, nor without a CUDA device. Compiling takes about ten seconds, in a
thread of its own: until then, and for good where it fails, an op with ``impl="auto"`` is its PyTorch reference.
"""

import threading
import warnings
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from draggan_widget.errors import KernelError
from draggan_widget.ops.build import cuda_toolchain, library
from draggan_widget.ops.library import SUFFIXES, Kernels

Impl = Literal["auto", "reference", "cuda"]
"""``"reference"`` is PyTorch on any device; ``"cuda"`` is the kernel, or :class:`KernelError`; ``"auto"`` is the kernel
where it can be had, else PyTorch."""


class Extension:
    """Kernels that are made once, in the background, and whose failure is remembered."""

    def __init__(self, make: Callable[[], Kernels]) -> None:
        """Make nothing yet.

        Args:
            make: Compiles and loads; raises where that fails.
        """
        self._make = make
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._kernels: Kernels | None = None
        self._failure: Exception | None = None
        self._warned = False

    def status(self) -> str:
        """Return ``"absent"``, ``"compiling"``, ``"ready"`` or ``"failed: "`` and why."""
        if self._kernels is not None:
            return "ready"
        if self._failure is not None:
            return f"failed: {self._failure}"
        return "absent" if self._thread is None else "compiling"

    def ready(self) -> Kernels | None:
        """Return the kernels if they are there; else see to it that they are made.

        Warns once if they cannot be made, with the reason.
        """
        if self._kernels is None and self._failure is None:
            self._start()
        elif self._failure is not None and not self._warned:
            self._warned = True
            warnings.warn(
                f"CUDA kernels cannot be used, PyTorch's own operations run instead: {self._failure}",
                stacklevel=4,
            )
        return self._kernels

    def wait(self) -> Kernels:
        """Return the kernels, however long that takes.

        Raises:
            KernelError: They cannot be made.
        """
        self._start().join()
        if self._kernels is None:
            raise KernelError(f"CUDA kernels cannot be used: {self._failure}") from self._failure
        return self._kernels

    def _start(self) -> threading.Thread:
        """Return the thread that makes the kernels, or has made them."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="kernels", daemon=True)
                self._thread.start()
            return self._thread

    def _run(self) -> None:
        """Make the kernels; whatever goes wrong, the reference runs."""
        try:
            self._kernels = self._make()
        except Exception as error:
            self._failure = error


def status() -> str:
    """Return ``"absent"``, ``"compiling"``, ``"ready"`` or ``"failed: "`` and why, for the CUDA kernels."""
    return _CUDA.status()


def kernels_for(impl: Impl, *tensors: Tensor | None, fit: bool = True) -> Kernels | None:
    """Return the kernels that an op shall run, or None for its PyTorch reference.

    Args:
        impl: What the caller asks for.
        tensors: The op's floating-point tensors; those that are absent are None.
        fit: Whether all tensors have the documented shapes: PyTorch broadcasts others, kernels would read beyond them.

    Raises:
        KernelError: ``impl`` is ``"cuda"``, and the tensors do not suit or the kernels cannot be made.
    """
    if impl == "reference":
        return None
    if impl == "auto":
        return _CUDA.ready() if fit and _suited(tensors) else None
    if impl != "cuda":
        raise KernelError(f'impl must be "auto", "reference" or "cuda", got {impl!r}')
    if not _suited(tensors):
        found = sorted({f"{each.dtype} on {each.device}" for each in tensors if each is not None})
        raise KernelError(
            'impl="cuda" needs tensors on one CUDA device that are all float32 or all float64, '
            f'got {", ".join(found)}; impl="auto" takes PyTorch instead'
        )
    if not fit:
        shapes = [list(each.shape) for each in tensors if each is not None]
        raise KernelError(
            'impl="cuda" needs tensors of exactly the documented shapes and types, '
            f'got {shapes}; impl="auto" takes PyTorch instead'
        )
    return _CUDA.wait()


def selects(condition: Tensor, shape: tuple[int, ...], like: Tensor) -> bool:
    """Return whether a condition is boolean, of a shape, and on the device of another tensor."""
    found = condition.dtype, tuple(condition.shape), condition.device
    return found == (torch.bool, shape, like.device)


def _suited(tensors: tuple[Tensor | None, ...]) -> bool:
    """Whether kernels take these tensors; the first one is there."""
    first = tensors[0]
    if first is None or not first.is_cuda or first.dtype not in SUFFIXES:
        return False
    kind = first.dtype, first.device
    return all(each is None or (each.dtype, each.device) == kind for each in tensors)


def _make_cuda() -> Kernels:
    """Compile for all devices of this machine, load, and try a kernel on the current device."""
    if not torch.cuda.is_available():
        raise KernelError("there is no CUDA device")
    devices = range(torch.cuda.device_count())
    capabilities = sorted({torch.cuda.get_device_capability(each) for each in devices})
    toolchain = cuda_toolchain(tuple(f"{major}{minor}" for major, minor in capabilities))
    kernels = Kernels(library(toolchain))
    one = torch.ones(1, 1, device="cuda")
    enlarged = torch.empty(2, 2, device="cuda")
    kernels.call("two_taps", one, enlarged, 1, 1, 1, 2, 2, 1)
    if not bool((enlarged == 0.75**2).all()):
        raise KernelError("a compiled kernel gives wrong numbers on this device")
    return kernels


_CUDA = Extension(_make_cuda)
