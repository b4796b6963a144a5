"""Masks on the wire: 8-bit grey PNGs, exactly as large as the picture."""

import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from draggan_widget.errors import InputError
from draggan_widget.protocol.values import Size, brief

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

GREY_8_BIT = (8, 0)
"""Bit depth and colour type of a mask, as in a PNG's header."""

MAY_MOVE = 255
"""Grey level of what may move in a mask that is sent; anything from half of it on counts."""


def decode_mask(value: object, size: Size) -> NDArray[np.bool_] | None:
    """Return a mask, ``[H, W]``, True where the picture may move; None for everywhere.

    Args:
        value: An 8-bit grey PNG exactly as large as the picture, or None.
        size: Width and height of the picture.

    Raises:
        InputError: It is no such PNG, or nothing may move.
    """
    if value is None:
        return None
    if not isinstance(value, bytes | bytearray | memoryview):
        raise InputError(f"mask must be a PNG or null, got {brief(value)}")
    data = bytes(value)
    # The header is read by hand: no library sees a picture whose size is not the one expected.
    if data[:8] != PNG_SIGNATURE or data[12:16] != b"IHDR" or len(data) < 26:
        raise InputError("mask must be a PNG")
    width, height, *kind = struct.unpack(">IIBB", data[16:26])
    if (width, height) != size:
        raise InputError(
            f"mask must be exactly as large as the image, {size[0]} x {size[1]}, got {width} x {height}"
        )
    if tuple(kind) != GREY_8_BIT:
        raise InputError("mask must be an 8-bit grey PNG without transparency")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.size != size:  # a second header, which the first one hides
                raise ValueError(f"it says {picture.size} elsewhere")
            grey = np.asarray(picture.convert("L"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"mask must be a complete PNG: {error}") from error
    mask: NDArray[np.bool_] = grey > MAY_MOVE // 2
    if not mask.any():
        raise InputError("a mask must leave something that may move; null means no mask")
    return mask


def encode_mask(mask: NDArray[np.bool_]) -> bytes:
    """Return a mask ``[H, W]`` as an 8-bit grey PNG."""
    stream = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * MAY_MOVE).save(stream, "PNG")
    return stream.getvalue()
