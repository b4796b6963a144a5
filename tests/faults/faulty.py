"""Blobs that fail when they are told to: numbers that break, a GPU that is full."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tests.drag.blobs import BlobTrace
from tests.picture_blobs import PictureBlobs


class FaultyBlobs(PictureBlobs):
    """Blobs whose features pass through a fault, once there is one.

    Attributes:
        fault: Is given the features of each latent, and returns those that the drag sees, or raises.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fault: Callable[[BlobTrace], BlobTrace] = lambda trace: trace

    def trace(self, w: Tensor, block: int) -> BlobTrace:
        return self.fault(super().trace(w, block))


def at_call(number: int, error: BaseException) -> Callable[[BlobTrace], BlobTrace]:
    """Return a fault that raises an error at the n-th call, and at no other."""
    calls = 0

    def fault(trace: BlobTrace) -> BlobTrace:
        nonlocal calls
        calls += 1
        if calls == number:
            raise error
        return trace

    return fault


def beyond(x_px: float, blobs: PictureBlobs, factor: float) -> Callable[[BlobTrace], BlobTrace]:
    """Return a fault that multiplies the features by a factor, NaN or infinity, where the blob lies right of a place."""

    def fault(trace: BlobTrace) -> BlobTrace:
        x = float(blobs.centres(trace.w.detach())[0, 0])
        return BlobTrace(trace.w, trace.features * factor) if x > x_px else trace

    return fault


class SmallGpu:
    """The memory of a GPU, simulated: what lives there is counted, and there is no more room than that.

    Attributes:
        capacity: Bytes; may be set at any time, as by a program that takes some.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity, self._used = capacity, 0

    def hold(self, tensor: Tensor) -> Tensor:
        """Count a tensor until it is gone.

        Raises:
            torch.cuda.OutOfMemoryError: There is no room for it.
        """
        size = tensor.numel() * tensor.element_size()
        if self._used + size > self.capacity:
            raise torch.cuda.OutOfMemoryError(
                f"CUDA out of memory. Tried to allocate {size} bytes. GPU 0 has a total capacity of {self.capacity} bytes"
            )
        self._used += size
        weakref.finalize(tensor, self._free, size)
        return tensor

    def _free(self, size: int) -> None:
        """Count no longer what is gone."""
        self._used -= size


WORKSPACES_BYTES = (40_000, 60_000)
"""What a synthesis takes beside its features while it runs, one after the other; a picture of 64 px is 49,152."""


class MeteredBlobs(PictureBlobs):
    """Blobs whose features and pictures lie on a :class:`SmallGpu`."""

    def __init__(self, gpu: SmallGpu) -> None:
        super().__init__()
        self.gpu = gpu

    def trace(self, w: Tensor, block: int) -> BlobTrace:
        first = self.gpu.hold(torch.empty(WORKSPACES_BYTES[0] // 4))
        second = self.gpu.hold(torch.empty(WORKSPACES_BYTES[1] // 4))
        trace = super().trace(w, block)
        self.gpu.hold(trace.features)
        del first, second
        return trace

    def image(self, w: Tensor) -> Tensor:
        return self.gpu.hold(super().image(w))


def fail_once(patch: Any, owner: object, name: str, error: BaseException) -> None:
    """Have a method raise an error when it is called next, and work again from then on."""
    method = getattr(owner, name)

    def fail(*_: object, **__: object) -> object:
        patch.setattr(owner, name, method)
        raise error

    patch.setattr(owner, name, fail)
