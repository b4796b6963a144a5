"""A photo's latent: :func:`invert`."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from PIL import Image
from torch import Tensor

from draggan_widget.drag import DragConfig
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.frames import to_rgb
from draggan_widget.generator import AnyGenerator, Generator, StyleGAN3Generator
from draggan_widget.inversion.crops import crop_preview, found_crop
from draggan_widget.inversion.likeness import Likeness, Perceptual, psnr_db
from draggan_widget.inversion.photo import (
    Crop,
    Photo,
    Upright,
    as_tensor,
    checked_crop,
    cropped,
    read_photo,
)
from draggan_widget.inversion.samples import Samples, samples
from draggan_widget.inversion.score import Score, score_of
from draggan_widget.inversion.search import Look, searched
from draggan_widget.inversion.tuning import tuned
from draggan_widget.progress import progress_bar
from draggan_widget.session.sources import checked_latent, differentiable, found_generator

if TYPE_CHECKING:
    from draggan_widget.session import DragSession
    from draggan_widget.session.state import PictureGenerator

STEPS = 200
"""Steps of the search; some 28 s of one core at 128 px."""

MOST_STEPS = 100_000

CropSource = Crop | tuple[float, float, float, float] | Literal["auto"] | None
"""``(left, top, width, height)`` px; ``"auto"`` looks for a part; None is the largest one in the middle."""

GeneratorSource = AnyGenerator | str | os.PathLike[str] | None
"""A generator, or its name or file; None is the embedded one."""


@dataclass(frozen=True, eq=False)
class Inversion:
    """What was found for a photo.

    Attributes:
        generator: Draws the reconstruction; tuned to the photo if that was asked for.
        w: Its latent, ``[1, num_ws, w_dim]``.
        target: The part of the photo that was looked for, at the generator's size.
        image: The reconstruction.
        crop: Where the part lies in the upright photo.
        score: How like it the reconstruction is.
    """

    generator: AnyGenerator
    w: Tensor
    target: Image.Image
    image: Image.Image
    crop: Crop
    score: Score

    def session(self, config: DragConfig | None = None) -> DragSession:
        """Return a session that begins with the reconstruction.

        Args:
            config: Settings of the drag; None takes the default ones.
        """
        from draggan_widget.session import DragSession

        if config is None:
            return DragSession(self.generator, w=self.w)
        return DragSession(self.generator, w=self.w, config=config)

    def open_in(self, session: DragSession, name: str = "") -> None:
        """Go to the reconstruction in a session, as one change that undo takes back; it has no points and no mask yet.

        Args:
            session: Of the same generator.
            name: What the history calls the photo.

        Raises:
            InputError: The session has another generator.
        """
        if session.generator is not self.generator:
            raise InputError(
                f"the photo was looked for with another generator than the session's, {session.generator.name}; "
                "give that one as generator=, or begin a session with what was found: session()"
            )
        from draggan_widget.session import SessionState

        w, psi = self.w.clone(), session.truncation_psi
        state = SessionState.first(session.seed, w, truncation_psi=psi)
        session.go_to(state, f"Photo {name}".strip())

    def __repr__(self) -> str:
        """Return the inversion in a line."""
        return (
            f"<Inversion by {self.generator.name}: {self.score.psnr_db:.1f} dB, {self.score.words}>"
        )


@dataclass(frozen=True, eq=False)
class Sought:
    """A photo that is to be looked for.

    Attributes:
        generator: Whose pictures it is looked for among.
        likeness: Distance to the part of it that is looked for.
        target: That part, at the generator's size.
        crop: Where it lies in the upright photo.
        known: Random pictures, where they were drawn to find it.
    """

    generator: AnyGenerator
    likeness: Likeness
    target: Image.Image
    crop: Crop
    known: Samples | None

    @torch.no_grad()
    def inversion(self, generator: AnyGenerator, w: Tensor) -> Inversion:
        """Return what was found.

        Args:
            generator: Draws it; the same one, or one that was tuned.
            w: Its latent, ``[1, num_ws, w_dim]``.

        Raises:
            GeneratorError: Its picture is not finite.
        """
        image, target = generator.image(w), self.likeness.target
        if not image.isfinite().all():
            raise GeneratorError(
                f"the search in {generator.name} has left all numbers (NaN or infinity): its weights are damaged, start "
                "lies far from every latent, or perceptual returned no finite number"
            )
        score = score_of(psnr_db(image, target), target, generator.name)
        found = Image.fromarray(to_rgb(image))
        return Inversion(generator, w, self.target, found, self.crop, score)


def invert(
    photo: Photo,
    generator: GeneratorSource = None,
    *,
    crop: CropSource = None,
    steps: int = STEPS,
    start: Tensor | ArrayLike | None = None,
    tune: int = 0,
    perceptual: Perceptual | None = None,
    device: torch.device | str | None = None,
    on_look: Callable[[Look], object] | None = None,
    progress: bool | None = None,
) -> Inversion:
    """Return the latent whose picture is most like a photo.

    The generator's constant noise stays as it is, in the search as in every later picture, so that nothing of what was
    found is lost. The same photo gives the same result on the same machine. Nothing that is given is changed, however
    the search ends.

    Args:
        photo: A path, the bytes of a file, a picture, or an array or tensor of 8 bits.
        generator: A generator, or its name or file; None is the embedded one.
        crop: ``(left, top, width, height)`` px of the upright photo; None is the largest part in the middle. ``"auto"``
            looks for the part that the generator can draw best: around what stands out of a plain ground, else
            anywhere, where it may be wrong; :func:`preview_crop` shows it.
        steps: Most steps of the search, 1 to 100,000.
        start: Latent to begin from, ``[1, num_ws, w_dim]``; None compares random pictures with the photo first.
        tune: Steps of pivotal tuning (Roich et al. 2021): a copy of the generator is changed, around the latent that
            was found, until it draws what the latent cannot say. 0 leaves it.
        perceptual: A further distance of pictures, such as LPIPS.
        device: Where to load a generator that is given by name.
        on_look: Is called after each step; an exception of it ends the search, as an interrupt does.
        progress: Whether to show a bar; None shows it in a terminal and in a notebook.

    Raises:
        InputError: The photo cannot be read, or an argument cannot be used; the message names the cure.
        GeneratorError: The generator cannot be found or read, or its pictures are not finite.
    """
    checked_steps = _whole("steps", steps, 1)
    tuning_steps = _whole("tune", tune, 0)
    for name, called in (("perceptual", perceptual), ("on_look", on_look)):
        if called is not None and not callable(called):
            raise InputError(f"{name} must be a function or None, got {type(called).__name__}")
    with differentiable(), torch.no_grad():
        sought = prepared(photo, generator, crop, perceptual=perceptual, device=device)
        drawing, likeness = sought.generator, sought.likeness
        begun = None if start is None else checked_latent(drawing, start)
        found: Look | None = None
        with progress_bar(checked_steps + tuning_steps, "invert", shown=progress) as bar:

            def tell(look: Look) -> None:
                done = look.done + (checked_steps if look.stage == "tuning" else 0)
                bar.update(done - bar.n)
                if on_look is not None:
                    on_look(look)

            for found in searched(drawing, likeness, checked_steps, begun, sought.known):
                tell(found)
            assert found is not None
            assert found.w is not None
            if tuning_steps:
                drawing = tuned(drawing, found.w, likeness, tuning_steps, tell)
        return sought.inversion(drawing, found.w)


@torch.no_grad()
def prepared(
    photo: Photo,
    generator: GeneratorSource | PictureGenerator,
    crop: CropSource = None,
    *,
    perceptual: Perceptual | None = None,
    device: torch.device | str | None = None,
) -> Sought:
    """Return what :func:`searched` needs to look for a photo; arguments as for :func:`invert`.

    Raises:
        InputError, GeneratorError: As for :func:`invert`.
    """
    drawing = _inverting(generator, device)
    upright = read_photo(photo)
    part, known = _part(upright, crop, drawing)
    shown = cropped(upright.picture, part.scaled(upright.scale), (drawing.width, drawing.height))
    likeness = Likeness(as_tensor(shown).to(drawing.w_mean), perceptual)
    return Sought(drawing, likeness, shown, part, known)


def preview_crop(
    photo: Photo,
    generator: GeneratorSource = None,
    crop: CropSource = None,
    *,
    device: torch.device | str | None = None,
) -> Image.Image:
    """Return a photo, at most 512 px long, dark outside the part that :func:`invert` would look at.

    Args:
        photo: As for :func:`invert`.
        generator: Likewise.
        crop: Likewise; ``"auto"`` takes some seconds, with a large StyleGAN3 minutes.
        device: Where to load a generator that is given by name.

    Raises:
        InputError: The photo cannot be read, or the crop cannot be used.
        GeneratorError: The generator cannot be found or read.
    """
    with differentiable(), torch.no_grad():
        upright = read_photo(photo)
        part, _ = _part(upright, crop, _inverting(generator, device))
    return crop_preview(upright.picture, part.scaled(upright.scale))


def _part(
    upright: Upright, crop: CropSource, generator: AnyGenerator
) -> tuple[Crop, Samples | None]:
    """Return the part of a photo to look at, and the random pictures that were drawn to find it."""
    if isinstance(crop, str) and crop == "auto":
        known = samples(generator)
        return found_crop(upright.picture, known).scaled(1 / upright.scale), known
    return checked_crop(crop, upright.size, generator.width / generator.height), None


def _inverting(
    source: GeneratorSource | PictureGenerator, device: torch.device | str | None
) -> AnyGenerator:
    """Return a generator that photos can be looked for in."""
    generator = found_generator(source, device)
    if not isinstance(generator, Generator | StyleGAN3Generator):
        raise InputError(
            f"generator must be a StyleGAN2 or StyleGAN3 to look for a photo in, got {type(generator).__name__}"
        )
    if not generator.image(generator.sample_w(0)).isfinite().all():
        raise GeneratorError(
            f"{generator.name} makes pictures with NaN or infinity; its weights are damaged, or too large for float32"
        )
    return generator


def _whole(name: str, value: int, least: int) -> int:
    """Return a number of steps."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not least <= value <= MOST_STEPS:
        raise InputError(
            f"{name} must be a whole number from {least} to {MOST_STEPS}, got {value!r}"
        )
    return int(value)
