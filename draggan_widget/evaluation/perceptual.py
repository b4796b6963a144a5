"""LPIPS, for those who have the package ``lpips`` and its weights; nothing is ever downloaded.

LPIPS (Zhang et al. 2018) compares activations of AlexNet. The package brings its own small weights; those of AlexNet it
takes from torchvision, which keeps them in the cache folder of torch.hub once they were downloaded.
"""

import importlib
import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

SMALLEST_PICTURE = 64
"""Side in pixels below which AlexNet's last layers see nothing."""

PerceptualDistance = Callable[[Tensor, Tensor], float]
"""The distance of two pictures ``[1, 3, H, W]`` in -1..1."""


def why_not_measured(width: int, height: int) -> str:
    """Return why LPIPS cannot be measured here on pictures of this size, and the cure; empty when it can."""
    if min(width, height) < SMALLEST_PICTURE:
        return f"LPIPS needs pictures of at least {SMALLEST_PICTURE} px"
    if importlib.util.find_spec("lpips") is None:
        return "the package lpips is not installed; `pip install lpips` brings it"
    try:
        weights = _alexnet_file()
        _imported("lpips")
    except (ImportError, RuntimeError, OSError) as error:  # builds that do not fit each other
        return (
            f"lpips cannot be imported ({error}); install lpips and a torchvision that fits torch"
        )
    if not weights.is_file():
        return (
            f"the weights of AlexNet are not in {weights.parent}; "
            "`python -c \"import lpips; lpips.LPIPS(net='alex')\"` downloads them"
        )
    return ""


def load_perceptual_distance(device: torch.device) -> PerceptualDistance:
    """Return LPIPS on a device; call it only where :func:`why_not_measured` has no reason against it."""
    lpips = _imported("lpips")
    with warnings.catch_warnings():
        # lpips asks torchvision for weights in a way that torchvision deprecates.
        warnings.simplefilter("ignore")
        network = lpips.LPIPS(net="alex", verbose=False)
    network = network.to(device).eval().requires_grad_(False)

    @torch.no_grad()
    def distance(first: Tensor, second: Tensor) -> float:
        """Return the distance of two pictures, clipped as they are when shown."""
        pair = (each.float().clamp(-1, 1).to(device) for each in (first, second))
        return float(network(*pair))

    return distance


def _alexnet_file() -> Path:
    """Return where torchvision keeps the weights of AlexNet."""
    url = _imported("torchvision.models").AlexNet_Weights.IMAGENET1K_V1.url
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(url).name


def _imported(name: str) -> Any:
    """Return a module of a package that this project does not depend on, without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)
