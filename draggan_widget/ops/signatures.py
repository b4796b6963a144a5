"""What the functions of the compiled library take, as their C declarations say."""

import ctypes
from collections.abc import Mapping

Signature = tuple[type[ctypes.c_void_p] | type[ctypes.c_int64] | type[ctypes.c_double], ...]
"""Types of a function's arguments, in order."""


def _taking(pointers: int, sizes: int, numbers: int = 0) -> Signature:
    """Return a signature: tensors, whole numbers and other numbers come in this order, and the stream is last."""
    inputs = (ctypes.c_void_p,) * pointers + (ctypes.c_int64,) * sizes
    return (*inputs, *(ctypes.c_double,) * numbers, ctypes.c_void_p)


SIGNATURES: Mapping[str, Signature] = {
    "epilogue_forward": _taking(5, 4, 2),
    "epilogue_backward": _taking(7, 5, 2),
    "two_taps": _taking(2, 6),
    "four_taps": _taking(2, 8),
    "patch_peak": _taking(4, 7),
    "patch_error": _taking(10, 7),
    "patch_gradient": _taking(5, 6),
    "feature_search": _taking(10, 7),
    "mask_term": _taking(4, 4),
    "mask_gradient": _taking(5, 3),
}
"""Every function that works on tensors, by its name without prefix and type."""
