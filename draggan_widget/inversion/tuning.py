"""Pivotal tuning (Roich et al. 2021): a copy of a generator that draws one photo, and its other pictures as before."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from draggan_widget.generator import AnyGenerator
from draggan_widget.inversion.likeness import Likeness
from draggan_widget.inversion.search import Look
from draggan_widget.session.tuned_weights import changes, with_changes

RATE = 1e-3
"""Adam's step, as a part of each tensor's root mean square."""

KEPT_WEIGHT = 1.0
"""Weight of what other pictures change by, against the likeness to the photo."""

KEPT_SEED = 1
KEPT_SHARE = 0.3
"""Other pictures lie so far from the photo's latent, on the way to a random one."""


def tuned(
    generator: AnyGenerator,
    w: Tensor,
    likeness: Likeness,
    steps: int,
    tell: Callable[[Look], object],
) -> AnyGenerator:
    """Return a frozen copy of a generator whose picture of ``w`` is like the photo.

    Only the weights of the synthesis change. A random latent near ``w`` is to look as before at every step, so that a
    drag from ``w`` stays among the generator's pictures.

    Args:
        generator: Frozen; stays as it is.
        w: Latent of the photo, ``[1, num_ws, w_dim]``.
        likeness: Distance to the photo.
        steps: Of Adam.
        tell: Is told of each step.
    """
    own = copy.deepcopy(generator)
    weights = [
        each
        for name, each in own.synthesis.named_parameters()
        if name.endswith(("weight", "const"))
    ]
    for weight in weights:
        weight.requires_grad_()
    groups = [{"params": [each], "lr": RATE * _scale(each)} for each in weights]
    adam = torch.optim.Adam(groups)
    chance = torch.Generator().manual_seed(KEPT_SEED)
    for step in range(steps):
        z = torch.randn(1, generator.z_dim, generator=chance).to(w)
        with torch.no_grad():
            near = torch.lerp(w, generator.w_of_z(z), KEPT_SHARE)
            before = generator.image(near)
        with torch.enable_grad():
            picture = own.image(w)
            loss = likeness(picture).sum()
            loss = loss + KEPT_WEIGHT * (own.image(near) - before).square().mean()
            gradients = torch.autograd.grad(loss, weights)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient
        adam.step()
        adam.zero_grad()
        tell(Look("tuning", step + 1, steps, w, picture.detach()))
    # What a session file keeps is what is used from now on, so that it brings back the same picture.
    return with_changes(generator, changes(generator, own)).frozen()


def _scale(weight: nn.Parameter) -> float:
    """Return the root mean square of a tensor."""
    return float(weight.detach().square().mean().sqrt().clamp(min=1e-8))
