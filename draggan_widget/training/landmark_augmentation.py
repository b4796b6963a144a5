"""Renders made harder for the landmark network: warped, softened and recoloured, with their landmarks moved along.

A generator's picture is softer than a render, and a drag may bend an animal as no scene does; the network must
measure both. Every change is drawn from the given random generator, so a resumed training repeats it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

WARPED_SHARE = 0.75
"""Share of the pictures that are warped; the others stay as sharp as they were drawn."""

ROTATION = 0.2
"""Largest angle in radians."""

LOG_SCALE = 0.15
"""Largest logarithm of the scale."""

SHIFT = 0.06
"""Largest shift in each direction, as a share of the width."""

BEND = 0.015
"""Standard deviation, as a share of the width, of the displacement at each node of the bending."""

BEND_NODES = 5
"""Nodes of the bending along each side; between them it is smooth."""

INVERSION_STEPS = 6
"""Fixed-point steps that find where a landmark moved; each divides the error by about seven."""

BLUR_PX = (0.4, 1.6)
"""Range of the standard deviation of the blur, in pixels."""

SMALLER = (0.4, 0.9)
"""Range of the factor by which a picture is made smaller and then larger again."""

COLOUR = 0.1
"""Standard deviation of the entries of the colour matrix beside the identity, and of the offsets."""

NOISE = 0.03
"""Largest standard deviation of the noise of a pixel, of values in -1..1."""


def augmented(images: Tensor, landmarks: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return pictures and landmarks as another camera, another light and a soft generator might give them.

    Args:
        images: ``[B, 3, r, r]`` in -1..1.
        landmarks: ``[B, 24, 3]``: x and y as fractions of the picture, visible 0 or 1.
        rng: On the CPU; the same state gives the same result.

    Returns:
        Both, in the same shapes and ranges.
    """
    images, landmarks = warped(images, landmarks, rng)
    return recoloured(softened(images, rng), rng), landmarks


def warped(images: Tensor, landmarks: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return most pictures rotated, scaled, shifted and bent, and their landmarks where they then are.

    Args:
        images: ``[B, 3, r, r]``.
        landmarks: ``[B, 24, 3]``: x and y as fractions of the picture, visible 0 or 1.
        rng: On the CPU.

    Returns:
        Both; a landmark that left the picture is no longer visible.
    """
    count, size = len(images), images.shape[-1]
    chosen = (torch.rand(count, generator=rng) < WARPED_SHARE).float()
    draws = (2 * torch.rand(4, count, generator=rng) - 1) * chosen
    nodes = torch.randn(count, 2, BEND_NODES, BEND_NODES, generator=rng)
    nodes = BEND * nodes * chosen[:, None, None, None]
    angle, scale = ROTATION * draws[0], (LOG_SCALE * draws[1]).exp()
    cos, sin = scale * angle.cos(), scale * angle.sin()
    matrix = torch.stack((cos, -sin, sin, cos), dim=-1).view(-1, 2, 2).to(images)
    shift = (SHIFT * draws[2:]).t()[:, None].to(images)
    bend = F.interpolate(nodes.to(images), (size, size), mode="bicubic", align_corners=True)

    line = (torch.arange(size, device=images.device) + 0.5) / size
    places = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=-1).flatten(0, 1)
    sources = 0.5 + shift + (places - 0.5) @ matrix.mT + bend.flatten(2).mT
    grid = (2 * sources - 1).view(count, size, size, 2)
    pictures = F.grid_sample(images, grid, padding_mode="border", align_corners=False)

    wanted = landmarks[..., :2] - 0.5 - shift
    back = torch.linalg.inv(matrix).mT
    points = 0.5 + wanted @ back
    for _ in range(INVERSION_STEPS):
        bent = F.grid_sample(
            bend, (2 * points - 1)[:, :, None], padding_mode="border", align_corners=False
        )
        points = 0.5 + (wanted - bent[..., 0].mT) @ back
    inside = ((points >= 0) & (points <= 1)).all(-1, keepdim=True)
    return pictures, torch.cat((points, landmarks[..., 2:] * inside), dim=-1)


def softened(images: Tensor, rng: torch.Generator) -> Tensor:
    """Return pictures ``[B, 3, r, r]`` of which a third was blurred, and another third made smaller and larger again."""
    blur, smaller = torch.rand(2, generator=rng).tolist()
    sharp, soft, coarse = torch.tensor_split(images, 3)
    size = images.shape[-1]
    least, most = SMALLER
    inner = round(size * (least + smaller * (most - least)))
    shrunk = F.interpolate(coarse, (inner, inner), mode="bilinear", antialias=True)
    grown = F.interpolate(shrunk, (size, size), mode="bilinear")
    least, most = BLUR_PX
    return torch.cat((sharp, blurred(soft, least + blur * (most - least)), grown))


def blurred(images: Tensor, sigma_px: float) -> Tensor:
    """Return pictures ``[B, 3, r, r]`` after a Gaussian blur of standard deviation ``sigma_px``."""
    reach = max(1, round(3 * sigma_px))
    offsets = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
    kernel = torch.exp(-offsets.square() / (2 * sigma_px**2))
    kernel = (kernel / kernel.sum()).expand(images.shape[1], 1, 1, -1)
    padded = F.pad(images, (reach, reach, reach, reach), mode="replicate")
    across = F.conv2d(padded, kernel, groups=images.shape[1])
    return F.conv2d(across, kernel.mT, groups=images.shape[1])


def recoloured(images: Tensor, rng: torch.Generator) -> Tensor:
    """Return pictures ``[B, 3, r, r]`` with other colours, brightness and contrast and a little noise, in -1..1."""
    count = len(images)
    matrix = torch.eye(3) + COLOUR * torch.randn(count, 3, 3, generator=rng)
    offset = COLOUR * torch.randn(count, 3, 1, generator=rng)
    mixed = (matrix.to(images) @ images.flatten(2) + offset.to(images)).view_as(images)
    level = NOISE * torch.rand(count, 1, 1, 1, generator=rng)
    noise = torch.randn(images.shape, generator=rng) * level
    return (mixed + noise.to(images)).clamp(-1, 1)
