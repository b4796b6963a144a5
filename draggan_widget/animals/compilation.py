"""The hot function of a picture, the distance field: eager anywhere, compiled where a compiler is.

A batch of pictures calls it about a hundred times, on packed scenes (`scene.pack_scene`).
Compiling means `torch.compile`: C++ and OpenMP on a CPU, Triton on a GPU. On one AVX2 core it takes
half a minute the first time on a machine, and seven seconds in a later process, because PyTorch
keeps what it built.
"""

import functools
import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from draggan_widget.animals import field
from draggan_widget.animals.parameters import Z_DIM
from draggan_widget.animals.scene import build_scene, pack_scene, unpack_scene

PROBE_SHAPE = (2, 64)
"""Animals and points of the first call. Neither is 1: what is compiled serves all larger shapes."""

DistanceFunction = Callable[[Tensor, Tensor], Tensor]
"""From a packed scene ``[V, B, 1]`` and points ``[3, B, N]`` to distance bounds ``[B, N]``."""


def packed_distance(values: Tensor, points: Tensor) -> Tensor:
    """Return `field.distance` for a packed scene."""
    return field.distance(unpack_scene(values), points)


@functools.cache
def compiled_distance(device_type: str) -> DistanceFunction:
    """Return `packed_distance` compiled for ``"cpu"`` or ``"cuda"``, once in a process.

    The number of threads is that of each call (``cpp.dynamic_threads``), not of the first one.
    With a single animal the number of points must be even, as it is in `tracing`.

    Raises:
        RuntimeError: When PyTorch cannot compile here, with the reason.
    """
    try:
        compiled: DistanceFunction = torch.compile(
            packed_distance, fullgraph=True, options={"cpp.dynamic_threads": True}
        )
        _call_with_free_sizes(compiled, torch.device(device_type))
    except Exception as error:
        raise RuntimeError(
            f"the renderer cannot be compiled for {device_type}: {_reason(error)}. "
            "Install a C++ compiler (Triton on a GPU), or render with compiled=False."
        ) from error
    return functools.partial(_call_with_two_rows, compiled)


@functools.cache
def compiled_distance_or_eager(device_type: str) -> DistanceFunction:
    """Return the compiled function, or the eager one with one warning that says why."""
    try:
        return compiled_distance(device_type)
    except RuntimeError as error:
        warnings.warn(f"rendering without compilation, four times slower: {error}", stacklevel=5)
        return packed_distance


def _reason(error: Exception) -> str:
    """Return the reason: PyTorch names the backend in its first line, the cause in the next."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return " ".join(lines[:2]).rstrip(" .")


def _call_with_two_rows(distance: DistanceFunction, values: Tensor, points: Tensor) -> Tensor:
    """Return the distances, those of one animal as two rows: one row is compiled apart."""
    if points.shape[1] > 1:
        return distance(values, points)
    return distance(values.repeat(1, 2, 1), points.reshape(3, 2, -1)).reshape(1, -1)


@torch.no_grad()
def _call_with_free_sizes(distance: DistanceFunction, device: torch.device) -> None:
    """Call the function with its two sizes marked as variable, which compiles it for all sizes."""
    animals, count = PROBE_SHAPE
    values = pack_scene(build_scene(torch.zeros(animals, Z_DIM, device=device)))
    points = torch.ones(3, animals, count, device=device)
    torch._dynamo.mark_dynamic(values, 1)
    torch._dynamo.mark_dynamic(points, (1, 2))
    distance(values, points)
