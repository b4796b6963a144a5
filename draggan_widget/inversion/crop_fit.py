"""Parts of a photo that move until the generator can draw them, while latents move until they do."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from draggan_widget.inversion.climb import BETAS
from draggan_widget.inversion.photo import SMALLEST_PX, Crop, as_tensor
from draggan_widget.inversion.samples import SIDE_PX, Samples, brought_to, small_pictures

STEPS = 40
W_RATE, PLACE_RATE = 0.15, 0.02
"""Adam's steps: of latents in standard deviations of w, of parts in their own size."""

PRIOR = 0.05
"""Weight of the mean squared coordinate of a latent, against the log of a ratio of variances."""

LEAST_VARIANCE = 0.002
"""Of parts, -1..1: smaller ones are noise, and tell nothing."""

AT_ONCE = 8
"""Parts are moved so many at once."""

SUPERSAMPLED = 2
"""Places of a part that are read along each axis for a pixel of the small picture."""


def fitted_crop(photo: Image.Image, crops: list[Crop], known: Samples) -> Crop:
    """Return the part of a photo that is explained best once parts and latents have moved.

    Args:
        photo: RGB, small.
        crops: Where parts begin.
        known: Random pictures, the most alike of which are where latents begin.
    """
    picture = as_tensor(photo).to(known.pictures)
    found: list[tuple[float, Crop]] = []
    for first in range(0, len(crops), AT_ONCE):
        found += _fitted(picture, crops[first : first + AT_ONCE], known)
    return max(found, key=lambda each: each[0])[1]


def explained(parts: Tensor, left: Tensor) -> Tensor:
    """Return by how much something explains parts ``[T, 3, h, w]``, as log of a ratio of variances, ``[T]``.

    Nearly even parts are like many pictures, but there is little to be explained in them.

    Args:
        parts: Colours in -1..1.
        left: Mean squared differences that are left, ``[T]``.
    """
    whole = parts.flatten(2).var(2).mean(1)
    return ((whole + LEAST_VARIANCE) / (left + LEAST_VARIANCE)).log()


@torch.enable_grad()
def _fitted(picture: Tensor, crops: list[Crop], known: Samples) -> list[tuple[float, Crop]]:
    """Return parts where they have moved to, each with its size times what is explained of it."""
    height, width = picture.shape[2:]
    aspect = crops[0].width / crops[0].height
    begun = picture.new_tensor(
        [(c.left + c.width / 2, c.top + c.height / 2, c.width) for c in crops]
    )
    largest = min(float(width), height * aspect)
    coordinates = known.coordinates
    moves = torch.zeros_like(begun).requires_grad_()
    with torch.no_grad():
        parts = _parts(picture, begun, aspect, known)
        nearest = torch.cat([known.most_alike(each, 1) for each in torch.split(parts, 1)])
    values = coordinates.tied(coordinates.of_w(nearest)).requires_grad_()
    adam = torch.optim.Adam(
        [{"params": [values], "lr": W_RATE}, {"params": [moves], "lr": PLACE_RATE}], betas=BETAS
    )
    for step in range(STEPS + 1):
        places = _places(begun, moves, (width, height), aspect, largest)
        parts = _parts(picture, places, aspect, known)
        drawn = small_pictures(known.generator, coordinates.w(coordinates.untied(values)))
        left = (brought_to(drawn, SIDE_PX) - parts).square().mean((1, 2, 3))
        gains = places[:, 2] / largest * explained(parts, left)
        if step == STEPS:
            break
        loss = (PRIOR * values.square().mean((1, 2)) - gains).sum()
        values.grad, moves.grad = torch.autograd.grad(loss, [values, moves])
        adam.step()
    ends = zip(gains.tolist(), places.tolist(), strict=True)
    return [
        (gain, Crop(x - side / 2, y - side / aspect / 2, side, side / aspect))
        for gain, (x, y, side) in ends
    ]


def _places(
    begun: Tensor, moves: Tensor, size: tuple[int, int], aspect: float, largest: float
) -> Tensor:
    """Return middle and width ``[T, 3]`` of parts that have moved, held inside the photo."""
    least = min(SMALLEST_PX * max(aspect, 1.0), largest)
    side = (begun[:, 2] * moves[:, 2].exp()).clamp(min=least, max=largest)
    halves = side / 2, side / aspect / 2
    centres = [
        (begun[:, axis] + moves[:, axis] * begun[:, 2]).clamp(min=half, max=size[axis] - half)
        for axis, half in enumerate(halves)
    ]
    return torch.stack([*centres, side], 1)


def _parts(picture: Tensor, places: Tensor, aspect: float, known: Samples) -> Tensor:
    """Return parts ``[T, 3, h, w]`` of a photo at the size of the samples; differentiable in their places ``[T, 3]``."""
    rows, columns = known.pictures.shape[2:]
    height, width = picture.shape[2:]
    across, down = (
        (torch.arange(SUPERSAMPLED * count).to(places) + 0.5) / (SUPERSAMPLED * count) - 0.5
        for count in (columns, rows)
    )
    x, y, side = (each[:, None] for each in places.unbind(1))
    x = (x + across * side) / width * 2 - 1
    y = (y + down * side / aspect) / height * 2 - 1
    shape = len(places), len(down), len(across)
    grid = torch.stack([x[:, None].expand(shape), y[:, :, None].expand(shape)], 3)
    read = F.grid_sample(
        picture.expand(len(places), -1, -1, -1), grid, padding_mode="border", align_corners=False
    )
    return F.avg_pool2d(read, SUPERSAMPLED)
