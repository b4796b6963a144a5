"""The published step, written slowly and plainly: features at picture size, loops over pixels.

Shares no code with the package; everything is float64.
"""

import itertools
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.drag.blobs import BlobGenerator

Point = tuple[float, float]

TIE = 1e-12
"""Difference of features or of distances that is only rounding."""


def enlarge(features: Tensor, width: int, height: int) -> Tensor:
    """Return ``[C, h, w]`` at picture size, ``[C, height, width]``."""
    return F.interpolate(features[None], (height, width), mode="bilinear", align_corners=False)[0]


def read(picture: Tensor, x: float, y: float) -> Tensor:
    """Return the features ``[C]`` of a map at picture size between pixels; zero outside."""
    return read_all(picture, torch.tensor([[x, y]], dtype=torch.float64))[0]


def read_all(picture: Tensor, places: Tensor) -> Tensor:
    """Return the features ``[N, C]`` of a map at picture size at ``places`` ``[N, 2]``."""
    height, width = picture.shape[1:]
    unit = 2 * places / torch.tensor([width - 1, height - 1]) - 1
    return F.grid_sample(picture[None], unit[None, None], align_corners=True)[0, :, 0].T


def is_inside(picture: Tensor, x: float, y: float) -> bool:
    """Return whether a position lies between the first and the last pixel centre."""
    return 0 <= x <= picture.shape[2] - 1 and 0 <= y <= picture.shape[1] - 1


def motion_loss(
    features: Tensor,
    width: int,
    height: int,
    handle: Point,
    step: Point,
    *,
    solver: str,
    radius_px: float,
) -> Tensor:
    """Return the motion loss of one point: L1 per channel, over the pixels of its disc."""
    picture = enlarge(features, width, height)
    still = picture.detach()
    total, inside, members = features.new_zeros(()), 0, 0
    reach = math.ceil(radius_px)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            distance = math.hypot(dx, dy)
            if distance > radius_px or (solver == "official" and distance == radius_px):
                continue
            members += 1
            x, y = handle[0] + dx, handle[1] + dy
            ahead = x + step[0], y + step[1]
            if not is_inside(picture, x, y):
                continue
            if solver == "paper" and not is_inside(picture, *ahead):
                continue
            inside += 1
            difference = (read(still, x, y) - read(picture, *ahead)).abs()
            total = total + difference.where(difference > TIE, 0).mean()
    return total / (members if solver == "paper" else inside)


def nearest_pixel(picture: Tensor, handle: Point, reference: Tensor, radius: int, p: int) -> Point:
    """Return the whole-pixel neighbour of a handle whose feature is nearest to the reference.

    Of equal ones, such as the outermost pixels of a map that is coarser than its picture, the
    closest to the handle.
    """
    span = range(-radius, radius + 1)
    offsets = sorted(itertools.product(span, span), key=lambda offset: math.hypot(*offset))
    best, place = math.inf, handle
    for dy, dx in offsets:
        x, y = handle[0] + dx, handle[1] + dy
        if is_inside(picture, x, y):
            distance = float((read(picture, x, y) - reference).norm(p=p))
            if distance < best - TIE:
                best, place = distance, (x, y)
    return place


@dataclass
class PublishedDrag:
    """The whole loop with whole-pixel tracking, without a mask, on one latent of six free rows."""

    generator: BlobGenerator
    solver: str
    handles: list[Point]
    targets: list[Point]
    supervision_radius_px: float
    tracking_radius_px: int
    learning_rate: float

    def __post_init__(self) -> None:
        start = self.generator.start()
        self.fixed = start[:, 6:]
        self.free = start[:, :6].clone().requires_grad_()
        self.adam = torch.optim.Adam([self.free], lr=self.learning_rate)
        picture = self._enlarged(self._features())
        self.references = [read(picture, *handle).detach() for handle in self.handles]

    @property
    def w(self) -> Tensor:
        return torch.cat([self.free, self.fixed], 1)

    def step(self) -> None:
        """Track, then move the latent once."""
        features = self._features()
        picture = self._enlarged(features).detach()
        p = 1 if self.solver == "paper" else 2
        self.handles = [
            nearest_pixel(picture, handle, reference, self.tracking_radius_px, p)
            for handle, reference in zip(self.handles, self.references, strict=True)
        ]
        loss = features.new_zeros(())
        for (x, y), (tx, ty) in zip(self.handles, self.targets, strict=True):
            distance = math.hypot(tx - x, ty - y)
            if self.solver == "official" and distance <= 1:
                continue
            loss = loss + motion_loss(
                features,
                self.generator.width,
                self.generator.height,
                (x, y),
                ((tx - x) / max(distance, 1), (ty - y) / max(distance, 1)),
                solver=self.solver,
                radius_px=self.supervision_radius_px,
            )
        self.adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch
        self.adam.step()

    def _features(self) -> Tensor:
        return self.generator.trace(self.w, self.generator.feature_blocks[0]).features[0]

    def _enlarged(self, features: Tensor) -> Tensor:
        return enlarge(features, self.generator.width, self.generator.height)
