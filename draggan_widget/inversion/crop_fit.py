"""Parts of a photo that move until the generator can draw them, while latents move until they do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from draggan_widget.inversion.climb import BETAS
from draggan_widget.inversion.decoding import SMALLEST_PX
from draggan_widget.inversion.photo import Crop, as_tensor
from draggan_widget.inversion.samples import SIDE_PX, Samples, brought_to, small_pictures

STAGES = ((16, 8), (6, 12), (3, 20))
"""So many parts are moved by so many steps, and only the best of them go on: 260 small pictures, some 5 s of a core."""

MOST_DRAWN_PX = 2**14
"""Of a picture that is drawn for each step; of a generator that draws larger ones only, parts stay where they begin."""

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


@dataclass(frozen=True)
class Fitted:
    """A part of a photo, moved.

    Attributes:
        crop: Where it is.
        share: How much of what there is to see in it is explained, 0 to 1.
    """

    crop: Crop
    share: float


def fitted_crop(
    photo: Image.Image, crops: list[Crop], known: Samples, subject: Crop | None = None
) -> Fitted:
    """Return the part of a photo that is explained best once parts and latents have moved.

    Of parts that are explained equally well the larger one is better. Not so where a subject is known: an even ground
    around it is explained by anything, so that only what lies in it counts, and how much of it a part has.

    Args:
        photo: RGB, small.
        crops: Where parts begin, at least one, the most hopeful first; the first 16 count.
        known: Random pictures, the most alike of which are where latents begin.
        subject: What the part is to show.
    """
    aspect = crops[0].width / crops[0].height
    view = _View(as_tensor(photo).to(known.pictures), aspect, known, subject)
    begun = [(c.left + c.width / 2, c.top + c.height / 2, c.width) for c in crops[: STAGES[0][0]]]
    places = view.picture.new_tensor(begun)
    parts = view.parts(places)
    values = known.coordinates.tied(known.coordinates.of_w(known.nearest(parts)))
    can_move = known.drawn_px <= MOST_DRAWN_PX
    for count, steps in STAGES:
        kept = view.gains(places, values)[0].topk(min(count, len(places))).indices
        places, values = places[kept], values[kept]
        if can_move:
            places, values = _moved(view, places, values, steps)
    gains, explained_by = view.gains(places, values)
    best = int(gains.argmax())
    x, y, side = places[best].tolist()
    high = side / view.aspect
    share = 1 - math.exp(-max(float(explained_by[best]), 0.0))
    return Fitted(Crop(x - side / 2, y - high / 2, side, high), share)


def explained(parts: Tensor, left: Tensor, where: Tensor | None = None) -> Tensor:
    """Return by how much something explains parts ``[T, 3, h, w]``, as log of a ratio of variances, ``[T]``.

    Nearly even parts are like many pictures, but there is little to be explained in them.

    Args:
        parts: Colours in -1..1.
        left: Mean squared differences that are left, ``[T]``.
        where: Weights of their pixels, ``[T, 1, h, w]`` with a mean of 1; None is everywhere.
    """
    weights = torch.ones_like(parts[:, :1]) if where is None else where
    mean = (weights * parts).mean((2, 3), keepdim=True)
    whole = (weights * (parts - mean).square()).mean((1, 2, 3))
    return ((whole + LEAST_VARIANCE) / (left + LEAST_VARIANCE)).log()


class _View:
    """A photo of which parts are looked at, by the middle and width ``[T, 3]`` of each, px.

    Attributes:
        picture: ``[1, 3, H, W]``.
        aspect: Width of each part over its height.
    """

    def __init__(
        self, picture: Tensor, aspect: float, known: Samples, subject: Crop | None
    ) -> None:
        self.picture, self.aspect, self._known, self._subject = picture, aspect, known, subject
        self._height, self._width = picture.shape[2:]
        self._largest = min(float(self._width), self._height * aspect)

    @torch.no_grad()
    def gains(self, places: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return how good parts are, and what is explained of them, each ``[T]``."""
        pieces = [torch.split(each, AT_ONCE) for each in (places, values)]
        found = [self._gains(*each) for each in zip(*pieces, strict=True)]
        gains, explained_by = (torch.cat(each) for each in zip(*found, strict=True))
        return gains, explained_by

    @torch.enable_grad()
    def gradients(self, begun: Tensor, moves: Tensor, values: Tensor) -> tuple[Tensor, ...]:
        """Return the derivatives of a loss in the moves of parts and in the coordinates of their latents."""
        own = moves.detach().requires_grad_(), values.detach().requires_grad_()
        gains, _ = self._gains(self.moved(begun, own[0]), own[1])
        loss = PRIOR * own[1].square().mean((1, 2)) - gains
        return torch.autograd.grad(loss.sum(), own)

    def moved(self, begun: Tensor, moves: Tensor) -> Tensor:
        """Return middle and width ``[T, 3]`` of parts that have moved, held inside the photo."""
        least = min(SMALLEST_PX * max(self.aspect, 1.0), self._largest)
        side = (begun[:, 2] * moves[:, 2].exp()).clamp(min=least, max=self._largest)
        halves, ends = (side / 2, side / self.aspect / 2), (self._width, self._height)
        centres = [
            (begun[:, axis] + moves[:, axis] * begun[:, 2]).clamp(min=half, max=ends[axis] - half)
            for axis, half in enumerate(halves)
        ]
        return torch.stack([*centres, side], 1)

    def parts(self, places: Tensor) -> Tensor:
        """Return parts ``[T, 3, h, w]`` at the size of the samples; differentiable in their places."""
        rows, columns = self._known.pictures.shape[2:]
        across, down = (
            (torch.arange(SUPERSAMPLED * count).to(places) + 0.5) / (SUPERSAMPLED * count) - 0.5
            for count in (columns, rows)
        )
        x, y, side = (each[:, None] for each in places.unbind(1))
        x = (x + across * side) / self._width * 2 - 1
        y = (y + down * side / self.aspect) / self._height * 2 - 1
        shape = len(places), len(down), len(across)
        grid = torch.stack([x[:, None].expand(shape), y[:, :, None].expand(shape)], 3)
        picture = self.picture.expand(len(places), -1, -1, -1)
        read = F.grid_sample(picture, grid, padding_mode="border", align_corners=False)
        return F.avg_pool2d(read, SUPERSAMPLED)

    def _gains(self, places: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return what :meth:`gains` does, of few parts; differentiable."""
        parts, coordinates = self.parts(places), self._known.coordinates
        drawn = small_pictures(self._known.generator, coordinates.w(coordinates.untied(values)))
        where, covered = self._counting(places)
        left = (where * (brought_to(drawn, SIDE_PX) - parts).square()).mean((1, 2, 3))
        found = explained(parts, left, where)
        return covered * found, found

    def _counting(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return weights of pixels ``[T, 1, h, w]`` with a mean of 1, and by how much parts count, ``[T]``.

        Without a subject all pixels count, and parts by their size; with one its own pixels, and parts by how much of
        it they have.
        """
        rows, columns = self._known.pictures.shape[2:]
        if self._subject is None:
            return torch.ones_like(places[:, :1, None, None]), places[:, 2] / self._largest
        shares, inside = [], []
        ends = ((0, 2, columns, 1.0), (1, 3, rows, self.aspect))
        for axis, (start, end, count, aspect) in enumerate(ends):
            first, last = self._subject.box[start], self._subject.box[end]
            side = places[:, 2] / aspect
            low, high = places[:, axis] - side / 2, places[:, axis] + side / 2
            shares.append(
                (high.clamp(max=last) - low.clamp(min=first)).clamp(min=0) / (last - first)
            )
            cells = low[:, None] + (torch.arange(count).to(places) + 0.5) / count * side[:, None]
            inside.append(((cells >= first) & (cells <= last)).to(places))
        where = (inside[1][:, None, :, None] * inside[0][:, None, None]).detach()
        # A part that has lost the subject counts for nothing; its pixels must only not be none.
        mean = where.mean((2, 3), keepdim=True).clamp(min=1 / (rows * columns))
        return where / mean, shares[0] * shares[1]


def _moved(view: _View, places: Tensor, values: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Return parts, and the coordinates of their latents, after steps of Adam."""
    moves, own = torch.zeros_like(places), values.clone()
    adam = torch.optim.Adam(
        [{"params": [own], "lr": W_RATE}, {"params": [moves], "lr": PLACE_RATE}], betas=BETAS
    )
    for _ in range(steps):
        pieces = [torch.split(each, AT_ONCE) for each in (places, moves, own)]
        found = [view.gradients(*each) for each in zip(*pieces, strict=True)]
        moves.grad, own.grad = (torch.cat(each) for each in zip(*found, strict=True))
        adam.step()
    return view.moved(places, moves), own
