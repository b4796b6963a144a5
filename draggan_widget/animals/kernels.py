"""The two hot functions of a picture: eager anywhere, compiled where a compiler is.

Both work on a packed scene (`scene.pack_scene`). Compiling means `torch.compile`: C++ and OpenMP on
a CPU, Triton on a GPU. It takes about a minute the first time on a machine and seconds later,
because PyTorch keeps what it built.
"""

import functools
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from draggan_widget.animals import field, shading
from draggan_widget.animals.parameters import Z_DIM
from draggan_widget.animals.scene import build_scene, pack_scene, unpack_scene

PROBE_SHAPE = (2, 64)
"""Animals and points of the first call. Neither is 1: what is compiled serves all larger shapes."""


@dataclass(frozen=True)
class Kernels:
    """The hot functions.

    Attributes:
        distance: `packed_distance`, or the same compiled.
        radiance: `packed_radiance`, or the same compiled.
    """

    distance: Callable[[Tensor, Tensor], Tensor]
    radiance: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


def packed_distance(values: Tensor, points: Tensor) -> Tensor:
    """Return `field.distance` for a packed scene."""
    return field.distance(unpack_scene(values), points)


def packed_radiance(
    values: Tensor,
    points: Tensor,
    directions: Tensor,
    normals: Tensor,
    occlusion: Tensor,
    unshadowed: Tensor,
) -> Tensor:
    """Return `shading.radiance` for a packed scene."""
    return shading.radiance(
        unpack_scene(values), points, directions, normals, occlusion, unshadowed
    )


EAGER = Kernels(distance=packed_distance, radiance=packed_radiance)


@functools.cache
def compiled_kernels(device_type: str) -> Kernels:
    """Return the compiled functions for ``"cpu"`` or ``"cuda"``, built once in a process.

    Raises:
        RuntimeError: When PyTorch cannot compile here, with the reason.
    """
    kernels = Kernels(
        distance=torch.compile(packed_distance, fullgraph=True),
        radiance=torch.compile(packed_radiance, fullgraph=True),
    )
    try:
        _call_once(kernels, torch.device(device_type))
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise RuntimeError(
            f"the renderer cannot be compiled for {device_type}: {reason} Install a C++ compiler "
            "(Triton on a GPU), or render with compiled=False."
        ) from error
    return kernels


@functools.cache
def compiled_kernels_or_eager(device_type: str) -> Kernels:
    """Return the compiled functions, or the eager ones with one warning that says why."""
    try:
        return compiled_kernels(device_type)
    except RuntimeError as error:
        warnings.warn(f"rendering without compilation, several times slower: {error}", stacklevel=3)
        return EAGER


@torch.no_grad()
def _call_once(kernels: Kernels, device: torch.device) -> None:
    """Call each function with the two sizes marked as variable, which compiles it for all sizes."""
    animals, points = PROBE_SHAPE
    values = pack_scene(build_scene(torch.zeros(animals, Z_DIM, device=device)))
    vectors = [torch.ones(3, animals, points, device=device) for _ in range(3)]
    scalars = [torch.ones(animals, points, device=device) for _ in range(2)]
    torch._dynamo.mark_dynamic(values, 1)
    for vector in vectors:
        torch._dynamo.mark_dynamic(vector, (1, 2))
    for scalar in scalars:
        torch._dynamo.mark_dynamic(scalar, (0, 1))
    kernels.distance(values, vectors[0])
    kernels.radiance(values, vectors[0], vectors[1], vectors[2], scalars[0], scalars[1])
