"""One case of ``inversion``: a render given as a photo, and the same drag of its nose from every latent."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter
from torch import Tensor

from draggan_widget.animals import render
from draggan_widget.evaluation.cases import Case, case_rng
from draggan_widget.evaluation.outcomes import Job, Outcome
from draggan_widget.evaluation.trial import (
    Bench,
    Dragged,
    against_truth,
    config_of,
    drag,
    of_drags,
    outcome_of,
)
from draggan_widget.inversion import invert

NOISE_LEVELS = 8.0
BRIGHTER = 1.15
BLUR_PX = 1.0
JPEG_QUALITY = 40
"""How photos differ from renders: noise, light, focus, and how they were kept."""

NOISE_SEED = 5


def drag_inverted(bench: Bench, case: Case, job: Job) -> Outcome:
    """Return how far a drag ends from the truth on a reconstruction, and from the latent of the scene itself.

    Both drags are the same: from where the nose is in the scene to where it is in another pose.
    """
    assert case.truth is not None
    (rendered,) = render(case.truth.z[:1].cpu(), bench.generator.width).numpy()
    photo = Image.fromarray(rendered)
    wall, processor = time.perf_counter(), time.process_time()
    found = invert(photo, bench.generator, progress=False)
    seconds = {
        "inverted_s": time.perf_counter() - wall,
        "inverted_cpu_s": time.process_time() - processor,
    }
    other = invert(disturbed(photo, case.number), bench.generator, progress=False)
    own, end, rough = (_dragged(bench, case, job, w) for w in (case.start_w, found.w, other.w))
    values = of_drags(case, end) | against_truth(bench, case, end.w, goal=1) | seconds
    values |= {
        "inverted_db": found.score.psnr_db,
        "disturbed_db": other.score.psnr_db,
        "own_px": against_truth(bench, case, own.w, goal=1).get("true_px"),
        "disturbed_px": against_truth(bench, case, rough.w, goal=1).get("true_px"),
    }
    return outcome_of(job, case, values, end)


def disturbed(photo: Image.Image, number: int) -> Image.Image:
    """Return a picture disturbed in one of four ways, by turns."""
    ways = tuple(DISTURBANCES.values())
    return ways[number % len(ways)](photo, number)


def _with_noise(photo: Image.Image, number: int) -> Image.Image:
    """Return a picture with normal noise on each colour."""
    noise = case_rng(NOISE_SEED, number).normal(0, NOISE_LEVELS, (photo.height, photo.width, 3))
    return Image.fromarray((np.asarray(photo) + noise).round().clip(0, 255).astype(np.uint8))


def _brighter(photo: Image.Image, _: int) -> Image.Image:
    """Return a picture in more light."""
    return ImageEnhance.Brightness(photo).enhance(BRIGHTER)


def _blurred(photo: Image.Image, _: int) -> Image.Image:
    """Return a picture out of focus."""
    return photo.filter(ImageFilter.GaussianBlur(BLUR_PX))


def _kept_poorly(photo: Image.Image, _: int) -> Image.Image:
    """Return a picture after a JPEG of low quality."""
    kept = io.BytesIO()
    photo.save(kept, "JPEG", quality=JPEG_QUALITY)
    with Image.open(kept) as picture:
        rgb: Image.Image = picture.convert("RGB")
        return rgb


DISTURBANCES: Mapping[str, Callable[[Image.Image, int], Image.Image]] = {
    "noise": _with_noise,
    "light": _brighter,
    "blur": _blurred,
    "jpeg": _kept_poorly,
}
"""The ways by name, in the order in which cases take them."""


def _dragged(bench: Bench, case: Case, job: Job, w: Tensor) -> Dragged:
    """Return the drag of a case from a latent."""
    points = case.handle_points, case.target_points
    return drag(bench.generator, w, None, *points, config_of(bench, job), None)
