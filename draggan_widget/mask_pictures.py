"""Masks out of black and white pictures; any other picture is refused."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from draggan_widget.errors import InputError

MAY_MOVE_FROM = 128
"""A mask's pixel of this brightness or more, and as little transparent, may move."""

MOST_COLOUR = 32
"""So far, of 255, the channels of a grey pixel may lie apart: a JPEG gives grey that much of a tint."""

DARK_TO, BRIGHT_FROM = 48, 207
"""Up to one and from the other on a pixel is black or white: JPEG blurs that much around an edge."""

MOST_COLOURED, MOST_GREY = 0.02, 0.25
"""Parts of the pixels that may be coloured, and neither black nor white: soft edges of a brush are wide, photos are greyer."""


def mask_of_picture(picture: Image.Image) -> NDArray[np.bool_]:
    """Return a mask ``[H, W]``, True where a picture is white and not transparent.

    Args:
        picture: Black and white, of any mode; smooth edges and the noise of a JPEG are no matter.

    Raises:
        InputError: It is coloured or has many greys, so that nobody can tell what may move.
    """
    if picture.mode.startswith(("I", "F")):  # deeper than 8 bits; conversion would cut them off
        raise InputError(f"its mode is {picture.mode}; save it with 8 bits a channel")
    *colours, alpha = np.moveaxis(np.asarray(picture.convert("RGBA"), np.int16), -1, 0)
    seen = alpha >= MAY_MOVE_FROM
    light = np.asarray(picture.convert("RGBA").convert("L"))
    coloured = seen & (np.ptp(colours, axis=0) > MOST_COLOUR)
    grey = seen & (light > DARK_TO) & (light < BRIGHT_FROM)
    for parts, most, words in (
        (coloured, MOST_COLOURED, "coloured"),
        (grey, MOST_GREY, "neither black nor white"),
    ):
        if (part := parts.mean()) > most:
            raise InputError(
                f"{100 * part:.0f} % of it are {words}; a mask is black and white: paint white "
                "where the picture may move and black where it must stay"
            )
    mask: NDArray[np.bool_] = seen & (light >= MAY_MOVE_FROM)
    return mask
