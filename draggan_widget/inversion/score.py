"""How good a reconstruction is, in words that a person can use."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = (
    (30.0, "very close: fine details are there"),
    (26.0, "close: shape and colours fit, fine details are smoothed"),
    (22.0, "rough: the subject is there, details are not"),
    (0.0, "hardly alike"),
)
"""From so many dB of PSNR on, these words."""

FOREIGN_DB = 20.0
"""Below this the photo shows something that the generator has never drawn."""


@dataclass(frozen=True)
class Score:
    """How like the photo its reconstruction is.

    Attributes:
        psnr_db: Peak signal-to-noise ratio; renders of the animals generator's own kind reach 28 to 36.
        words: The same in words.
        warning: What to think of when the photo is not of the generator's kind, or empty.
    """

    psnr_db: float
    words: str
    warning: str


def score_of(psnr_db: float, generator_name: str) -> Score:
    """Return the words for a PSNR."""
    words = next((words for least, words in LEVELS if psnr_db >= least), LEVELS[-1][1])
    warning = ""
    if psnr_db < FOREIGN_DB:
        warning = (
            f"The photo does not look like anything that {generator_name} draws: choose another generator, "
            "or crop the photo so that its subject sits as in the generator's own pictures."
        )
    return Score(psnr_db, words, warning)
