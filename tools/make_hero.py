"""Makes the animation at the top of the README with the product itself: one live drag that turns, pulls and opens."""

from __future__ import annotations

import math
import sys
from pathlib import Path

from draggan_widget import DragSession

SEED = 3
SCALE = 3
FPS = 15
FRAMES_A_PULL = 14

PULLS = (
    ((62.0, 74.0), (77.0, 70.0)),
    ((42.0, 26.0), (33.0, 20.0)),
    ((66.0, 110.0), (66.0, 118.0)),
)
"""Where each pull begins and ends, px of the picture: nose, ear, chin."""


def main(path: Path) -> None:
    """Write the animation."""
    session = DragSession(seed=SEED)
    session.begin_following()
    for number, (start, _) in enumerate(PULLS):
        handles = [each for each, _ in PULLS[: number + 1]]
        handles[:number] = session.handle_points.tolist()
        targets = [*session.target_points.tolist(), list(start)]
        session.set_points(handles, targets)
        end = PULLS[number][1]
        for frame in range(1, FRAMES_A_PULL + 1):
            share = 0.5 - 0.5 * math.cos(math.pi * frame / FRAMES_A_PULL)
            at = [a + share * (b - a) for a, b in zip(start, end, strict=True)]
            session.follow(number, at)
    session.settle()
    session.save_animation(path, fps=FPS, points=True, scale=SCALE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
