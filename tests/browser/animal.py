"""The animal of seed 3: the cell that shows it, places in its picture, and how far two pictures of it are apart."""

import numpy as np

from tests.browser.view import Picture, Point

SHOW_ANIMAL = "import draggan_widget as dg\nwidget = dg.DragWidget(seed=3)\nwidget"

NOSE: Point = (62.0, 74.0)
NOSE_TURNED: Point = (75.0, 74.0)
"""The tip of the nose, and the same moved by a tenth of the picture's width."""

EAR: Point = (42.0, 26.0)
EAR_PULLED: Point = (35.0, 23.0)
"""The tip of an ear, and a place that it reaches, 30 px of the screen away."""

TURNED = 2.0
SAME = 1.0
"""Mean differences of two pictures in grey levels of 255: of a turned head at least, and of a picture that is the same
but for its compression at most."""


def difference(one: Picture, other: Picture) -> float:
    """Return the mean difference of two pictures in grey levels."""
    return float(np.abs(np.subtract(one, other, dtype=np.float64)).mean())
