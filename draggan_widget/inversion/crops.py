"""Which part of a photo the generator can draw: a search over places and sizes, and a preview of a part."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
from PIL import Image, ImageDraw

from draggan_widget.inversion.crop_fit import Fitted, explained, fitted_crop
from draggan_widget.inversion.decoding import SMALLEST_PX
from draggan_widget.inversion.ground import around, standing_out
from draggan_widget.inversion.photo import Crop, as_tensor, centred_crop, cropped
from draggan_widget.inversion.samples import Samples, distances

SEARCHED_SIDE_PX = 320
"""Parts are compared in a photo of this size; the smallest then still have as many pixels as samples have."""

SIZES = (1.0, 0.84, 0.71, 0.59, 0.5, 0.42, 0.35, 0.3)
"""Sizes of a part that are tried, as shares of the largest one."""

STRIDE = 0.125
"""Places that are tried lie so far apart, as a share of the part's own size."""

TRIED = 16
"""So many parts are tried in the end."""

DISTINCT_SHARE = 0.15
"""Parts whose sides lie nearer to each other than this share of their width count as one."""

AROUND = (1.0, 1.1, 1.25, 1.5, 1.8)
"""How much larger than what stands out of a plain ground the parts are that are tried."""

USUAL_AROUND = 1.25
"""How much larger the part is if the generator can draw none of them."""

LEAST_EXPLAINED = 0.5
"""Of what there is to see in a part the generator must draw so much, or it draws no such things."""

PREVIEW_SIDE_PX = 512
SHADE = 0.35
"""Brightness of what a crop leaves out, in a preview."""

LINE_COLOUR = (255, 255, 255)


def found_crop(photo: Image.Image, known: Samples) -> Crop:
    """Return the part of a photo that a generator can draw best.

    On a plain ground parts around what stands out of it are tried. On any other one parts of several sizes are compared
    with random pictures on a grid. Then the parts that are explained best and the latents of their most alike pictures
    move together. A photo of nothing that the generator draws gives what stands out, or else the middle.

    Args:
        photo: RGB.
        known: Random pictures of the generator.
    """
    aspect = known.generator.width / known.generator.height
    small = photo.copy()
    small.thumbnail((SEARCHED_SIDE_PX, SEARCHED_SIDE_PX), Image.Resampling.LANCZOS)
    middle, subject = centred_crop(small.size, aspect), standing_out(small)
    usual, begun = middle, []
    if subject is None:
        begun = _unlike_each_other(_ranked(small, list(_grid(small.size, aspect)), known))
    elif subject.width:
        usual = around(subject, USUAL_AROUND, small.size, aspect)
        begun = list({around(subject, share, small.size, aspect): None for share in AROUND})
    best = fitted_crop(small, begun, known, subject) if begun else Fitted(usual, 0.0)
    found = best.crop if best.share >= LEAST_EXPLAINED else usual
    return found.scaled(photo.width / small.width)


def crop_preview(photo: Image.Image, crop: Crop) -> Image.Image:
    """Return a photo, at most 512 px long, dark outside a crop and with a frame around it."""
    shown = photo.copy()
    shown.thumbnail((PREVIEW_SIDE_PX, PREVIEW_SIDE_PX), Image.Resampling.LANCZOS)
    scale_x, scale_y = shown.width / photo.width, shown.height / photo.height
    left, top, right, bottom = crop.box
    box = (
        round(left * scale_x),
        round(top * scale_y),
        max(round(right * scale_x), round(left * scale_x) + 1),
        max(round(bottom * scale_y), round(top * scale_y) + 1),
    )
    dark = shown.point(lambda value: value * SHADE)
    dark.paste(shown.crop(box), box[:2])
    ImageDraw.Draw(dark).rectangle((*box[:2], box[2] - 1, box[3] - 1), outline=LINE_COLOUR)
    return dark


def _grid(size: tuple[int, int], aspect: float) -> Iterator[Crop]:
    """Yield parts of a photo of several sizes, over all of it."""
    largest = centred_crop(size, aspect)
    for share in SIZES:
        width, height = share * largest.width, share * largest.height
        if share < 1 and min(width, height) < SMALLEST_PX:
            break
        ways = size[0] - width, size[1] - height
        counts = [
            round(way / (STRIDE * each)) for way, each in zip(ways, (width, height), strict=True)
        ]
        for x, y in itertools.product(range(counts[0] + 1), range(counts[1] + 1)):
            yield Crop(_place(ways[0], x, counts[0]), _place(ways[1], y, counts[1]), width, height)


def _place(way: float, index: int, count: int) -> float:
    """Return one of ``count + 1`` even places on a way; the middle where there is only one."""
    return way * index / count if count else way / 2


def _ranked(photo: Image.Image, crops: list[Crop], known: Samples) -> list[Crop]:
    """Return parts in the order in which samples explain them, the best first; of equal ones larger ones."""
    height, width = known.pictures.shape[2:]
    parts = torch.cat([as_tensor(cropped(photo, crop, (width, height))) for crop in crops])
    sides = torch.tensor([crop.width for crop in crops])
    parts = parts.to(known.pictures)
    gains = sides * explained(parts, distances(known.pictures, parts).amin(1)).cpu()
    return [crops[index] for index in gains.argsort(descending=True, stable=True).tolist()]


def _unlike_each_other(crops: list[Crop]) -> list[Crop]:
    """Return the first parts that are no slight move or change of size of an earlier one."""
    kept: list[Crop] = []
    for crop in crops:
        if len(kept) < TRIED and all(_difference(crop, each) > DISTINCT_SHARE for each in kept):
            kept.append(crop)
    return kept


def _difference(one: Crop, other: Crop) -> float:
    """Return how far the sides of two parts are apart, as a share of the smaller one's width."""
    apart = max(abs(a - b) for a, b in zip(one.box, other.box, strict=True))
    return apart / min(one.width, other.width)
