"""How good a reconstruction is, in words that a person can use."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

LEVELS = (
    (30.0, "very close: fine details are there"),
    (26.0, "close: shape and colours fit, fine details are smoothed"),
    (22.0, "rough: the subject is there, details are not"),
    (0.0, "hardly alike"),
)
"""From so many dB of PSNR on, these words."""

FOREIGN_DB = 20.0
"""Below this the photo shows something that the generator has never drawn."""

FOREIGN_SHARE = 0.1
"""Neither does a picture explain a photo of which it leaves more than this share of the variance."""


@dataclass(frozen=True)
class Score:
    """How like the photo its reconstruction is.

    Attributes:
        psnr_db: Peak signal-to-noise ratio; renders of the scene that the embedded generator knows reach 30 to 39.
        words: The same in words.
        warning: What to think of when the photo is not of the generator's kind, or empty.
    """

    psnr_db: float
    words: str
    warning: str


def score_of(psnr_db: float, target: Tensor, generator_name: str) -> Score:
    """Return the words for a PSNR.

    Args:
        psnr_db: Of the reconstruction.
        target: The photo, ``[1, 3, H, W]`` in -1..1.
        generator_name: Whose pictures it was looked for among.
    """
    words = next((words for least, words in LEVELS if psnr_db >= least), LEVELS[-1][1])
    left = 4 / 10 ** (psnr_db / 10) / max(float(target.flatten(2).var(2).mean()), 1e-6)
    warning = ""
    if psnr_db < FOREIGN_DB or left > FOREIGN_SHARE:
        warning = (
            f"The photo does not look like anything that {generator_name} draws: choose another generator, "
            "or crop the photo so that its subject sits as in the generator's own pictures."
        )
    return Score(psnr_db, words, warning)
