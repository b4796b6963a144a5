"""Steps of Adam on latents, in coordinates in which random ones are standard normal."""

from __future__ import annotations

import torch
from torch import Tensor

from draggan_widget.generator import AnyGenerator
from draggan_widget.inversion.coordinates import Coordinates
from draggan_widget.inversion.likeness import Likeness
from draggan_widget.inversion.samples import at_once

W_RATE, ROWS_RATE = 0.1, 0.05
"""Adam's steps in standard deviations of w, for one w and for rows of their own."""

BETAS = (0.9, 0.95)

PRIOR = 1e-3
"""Weight of the mean squared coordinate, which is 1 for random pictures."""

TIE = 4e-3
"""Weight of the mean squared distance of a row from the w that they all began with."""


class Climb:
    """Several latents on their way to the same photo, each for itself.

    Attributes:
        values: Their coordinates, ``[B, blocks or num_ws, w_dim]``.
        losses: Of the last step, ``[B]``.
        w: Latents of the last step, ``[B, num_ws, w_dim]``.
        pictures: Their pictures, ``[B, 3, H, W]``.
    """

    def __init__(
        self,
        generator: AnyGenerator,
        likeness: Likeness,
        coordinates: Coordinates,
        start: Tensor,
        rate: float,
    ) -> None:
        """Begin at coordinates.

        Args:
            generator: Draws.
            likeness: Distance to the photo.
            coordinates: Of this generator.
            start: One set of coordinates a latent block, ``[B, blocks, w_dim]``, or one a row, which are then held near
                to it: ``[B, num_ws, w_dim]``.
            rate: Adam's step in standard deviations of w.
        """
        self._generator, self._likeness, self._coordinates = generator, likeness, coordinates
        self._start, self._rate = start.detach(), rate
        self._by_row = start.shape[1] == generator.num_ws
        self.values = start.detach().clone()
        self._adam = torch.optim.Adam([self.values], lr=rate, betas=BETAS)
        self._at_once = at_once(generator.width, generator.height)
        self.losses = torch.full([len(start)], float("inf"))
        self.w = self._w(self.values)
        self.pictures: Tensor | None = None

    def step(self, share: float) -> None:
        """Take one step, of so large a share of the rate."""
        parts = [
            self._evaluated(each, begun)
            for each, begun in zip(
                torch.split(self.values, self._at_once),
                torch.split(self._start, self._at_once),
                strict=True,
            )
        ]
        gradients, losses, latents, pictures = (
            torch.cat(each) for each in zip(*parts, strict=True)
        )
        self.losses, self.w, self.pictures = losses, latents, pictures
        self.values.grad = gradients
        for group in self._adam.param_groups:
            group["lr"] = self._rate * share
        self._adam.step()

    @torch.no_grad()
    def ended(self) -> tuple[Tensor, Tensor]:
        """Return latent and picture of where the last step has led."""
        w = self._w(self.values)
        return w, self._generator.image(w)

    @torch.enable_grad()
    def _evaluated(self, values: Tensor, start: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return gradients, losses, latents and pictures of coordinates."""
        own = values.detach().requires_grad_()
        w = self._w(own)
        pictures = self._generator.image(w)
        losses = self._likeness(pictures) + PRIOR * own.square().mean((1, 2))
        if self._by_row:
            losses = losses + TIE * (own - start).square().mean((1, 2))
        (gradients,) = torch.autograd.grad(losses.sum(), [own])
        return gradients, losses.detach(), w.detach(), pictures.detach()

    def _w(self, values: Tensor) -> Tensor:
        """Return the latents of coordinates."""
        rows = values if self._by_row else self._coordinates.untied(values)
        return self._coordinates.w(rows)
