"""A plain implementation of the published step, to be measured against: same results, none of the savings.

Written from the paper (DragGAN, Pan et al. 2023) and from what is known about its authors' program, with that program's
costs: weights that gather gradients, the whole synthesis under autograd, features enlarged to the picture, a loop over the
points that waits for the device at each. It is nobody else's code, and its layers are those of this package. The method as
published does not need all of these costs: the gradients of the weights, which nobody reads, make a step a third longer or
more, and with frozen weights the loop does the same without them; ``bench step`` tells both. Behaves as the solver
``official``, except that the mask term is taken on the enlarged maps.
"""

import copy
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from torch import Tensor

from draggan_widget.drag import DragConfig
from draggan_widget.drag.validation import Points, check_mask, check_pairs
from draggan_widget.errors import InputError
from draggan_widget.generator import Generator

PLAIN_CONFIG = DragConfig(solver="official")
"""Radii, weights and rules of the published program."""


@dataclass(frozen=True, eq=False)
class PlainStep:
    """What a step found before it moved the latent.

    Attributes:
        handle_points: As tracked, ``[N, 2]`` px.
        distances_px: To the targets, ``[N]``.
        loss: 0 where every point had arrived.
        status: ``"running"`` or ``"arrived"``.
    """

    handle_points: Points
    distances_px: Points
    loss: float
    status: str


def trainable(generator: Generator) -> Generator:
    """Return a copy whose weights take gradients, laid out as PyTorch makes them."""
    return untrained(generator).requires_grad_(True)


def untrained(generator: Generator) -> Generator:
    """Return a copy whose weights are frozen, laid out likewise."""
    plain = copy.deepcopy(generator).requires_grad_(False)
    return plain.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload, no-any-return]  # not in its stubs


def load_adam() -> None:
    """Make PyTorch's Adam for the first time, which loads its compiler; that second belongs to no drag."""
    torch.optim.Adam([torch.zeros(1)])


class PlainDrag:
    """The published loop, a step at a time: forward, track, supervise, step.

    Attributes:
        handles: Where the handles are, whole pixels, ``[N, 2]``.
        targets: ``[N, 2]`` px.
    """

    def __init__(
        self,
        generator: Generator,
        w: Tensor,
        handle_points: ArrayLike,
        target_points: ArrayLike,
        *,
        mask: ArrayLike | None = None,
        config: DragConfig = PLAIN_CONFIG,
    ) -> None:
        """Synthesise the first picture and read the references of the points.

        Args:
            generator: A :func:`trainable` or :func:`untrained` one.
            w: Latent of the first picture, ``[1, num_ws, w_dim]``.
            handle_points: ``[N, 2]`` px, rounded to whole ones.
            target_points: ``[N, 2]`` px.
            mask: Boolean ``[H, W]``, True where the picture may move, or None.
            config: Radii, weights and learning rate; the solver must be ``official``.

        Raises:
            InputError: Points or mask cannot be used, or the solver is another.
        """
        if config.solver != "official":
            raise InputError(
                f'the plain loop is that of the solver "official", got {config.solver!r}'
            )
        self._generator, self._config = generator, config
        self._size = size = generator.width, generator.height
        handles, self.targets = check_pairs(handle_points, target_points, *size)
        self.handles: Points = handles.round()
        checked = check_mask(mask, *size)
        self._held = None if checked is None else torch.from_numpy(~checked).to(w)
        self._block = config.block_of(generator.height, generator.feature_blocks)
        rows = min(config.trainable_rows, generator.num_ws)
        self._rows = w[:, :rows].detach().clone().requires_grad_()
        self._fixed = w[:, rows:].detach().clone()
        deviation = float(generator.w_std[:rows].square().mean().sqrt())
        self._adam = torch.optim.Adam([self._rows], lr=config.step_size(deviation))
        self._ys, self._xs = torch.meshgrid(
            torch.arange(size[1]).to(w), torch.arange(size[0]).to(w), indexing="ij"
        )
        self._start_features = self._features(self._rows, self._fixed).detach()
        self._references = [
            self._start_features[0, :, int(y), int(x)].clone() for x, y in self.handles
        ]

    @property
    def w(self) -> Tensor:
        """The latent after the last move, ``[1, num_ws, w_dim]``."""
        return torch.cat([self._rows.detach(), self._fixed], dim=1)

    def step(self) -> PlainStep:
        """Synthesise, track and decide; then move the latent once, unless every point has arrived."""
        features = self._features(self._rows, self._fixed)
        self.handles = self._tracked(features)
        distances = np.hypot(*(self.targets - self.handles).T)
        radius = self._config.stop_radius_px(*self._size, len(distances))
        if (distances <= radius).all():
            return PlainStep(self.handles, distances, 0.0, "arrived")
        loss = self._loss(features, self.handles)
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        return PlainStep(self.handles, distances, float(loss.detach()), "running")

    def loss_and_gradient(self, w: Tensor, handle_points: Points) -> tuple[float, Tensor]:
        """Return the loss and its gradient with respect to the moving rows; nothing is moved.

        Args:
            w: Latent, ``[1, num_ws, w_dim]``.
            handle_points: Where the handles are taken to be in its picture, whole pixels, ``[N, 2]``.

        Returns:
            The loss, and ``[1, rows, w_dim]``.
        """
        count = self._rows.shape[1]
        rows = w[:, :count].detach().clone().requires_grad_()
        loss = self._loss(self._features(rows, w[:, count:]), handle_points)
        (gradient,) = torch.autograd.grad(loss, rows)
        return float(loss.detach()), gradient

    @torch.enable_grad()
    def _features(self, rows: Tensor, fixed: Tensor) -> Tensor:
        """Return the features enlarged to the picture, ``[1, C, H, W]``; the picture is made and left unused."""
        trace = self._generator.trace(torch.cat([rows, fixed], dim=1), self._block)
        self._generator.image_from_trace(trace)
        return F.interpolate(trace.features, (self._size[1], self._size[0]), mode="bilinear")

    @torch.no_grad()
    def _tracked(self, features: Tensor) -> Points:
        """Return where the references are nearest, ``[N, 2]`` whole px, point by point."""
        radius = self._config.tracking_radius_px(*self._size)
        found = []
        for (x, y), reference in zip(self.handles.astype(int), self._references, strict=True):
            left, top = max(x - radius, 0), max(y - radius, 0)
            window = features[0, :, top : y + radius + 1, left : x + radius + 1]
            distances = torch.linalg.vector_norm(window - reference[:, None, None], dim=0)
            row, column = divmod(int(distances.argmin().item()), distances.shape[1])
            found.append((left + column, top + row))
        return np.array(found, dtype=np.float64)

    def _loss(self, features: Tensor, handles: Points) -> Tensor:
        """Return the motion loss (eq. 1), point by point, and the mask term."""
        radius = self._config.supervision_radius_px(*self._size)
        loss = features.new_zeros(())
        for (x, y), target in zip(handles, self.targets, strict=True):
            distance = float(np.hypot(*(target - (x, y))))
            if distance <= self._config.rules.idle_px:
                continue
            rows, columns = torch.where(torch.hypot(self._xs - x, self._ys - y) < radius)
            step_x, step_y = ((target - (x, y)) / distance).tolist()
            still = features[:, :, rows, columns].detach()
            xs, ys = columns.to(features) + step_x, rows.to(features) + step_y
            moved = _between_pixels(features, xs, ys)
            loss = loss + F.l1_loss(moved, still)
        if self._held is not None:
            held = F.l1_loss(features * self._held, self._start_features * self._held)
            loss = loss + self._config.mask_weight * held
        return loss


def _between_pixels(features: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """Return features ``[1, C, P]`` at positions between pixels ``[P]``, zero outside the picture."""
    height, width = features.shape[-2:]
    places = torch.stack([2 * xs / (width - 1) - 1, 2 * ys / (height - 1) - 1], dim=-1)
    read = F.grid_sample(features, places[None, None], padding_mode="zeros", align_corners=True)
    return read[:, :, 0]
