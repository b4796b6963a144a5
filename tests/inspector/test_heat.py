import numpy as np
import pytest
from numpy.typing import NDArray

from draggan_widget.inspector.heat import ANCHORS, heat, scale_bar

# Colours in linear light as people without one kind of cone see them (Viénot, Brettel and Mollon 1999).
SEEN_BY = {
    "everybody": np.eye(3),
    "protanopes": np.array([[0.1124, 0.8876, 0.0], [0.1124, 0.8876, 0.0], [0.004, -0.004, 1.0]]),
    "deuteranopes": np.array([[0.2928, 0.7072, 0.0], [0.2928, 0.7072, 0.0], [-0.0223, 0.0223, 1]]),
}


def luminances(colours: NDArray[np.uint8], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how light colours ``[N, 3]`` are, 0..1."""
    linear = (colours / 255) ** 2.2 @ seen.T
    light: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return light


def test_the_anchors_have_their_own_colours() -> None:
    for value, colour in ANCHORS:
        assert heat(np.float32(value)[None]).tolist() == [list(colour)]


@pytest.mark.parametrize("seen", SEEN_BY.values(), ids=SEEN_BY.keys())
def test_what_is_farther_is_darker_for_every_kind_of_colour_vision(
    seen: NDArray[np.float64],
) -> None:
    light = luminances(scale_bar(33)[::-1, 0], seen)
    assert (np.diff(light) < 0).all()
    assert light[0] > 0.7
    assert light[-1] < 0.05


def test_beyond_the_end_of_the_scale_the_colour_stays() -> None:
    last = ANCHORS[-1][0]
    near, far = heat(np.array([last, 100 * last], np.float32))
    assert near.tolist() == far.tolist()


def test_the_bar_has_an_anchor_at_every_equal_part() -> None:
    bar = scale_bar(5)
    assert bar.shape == (5, 1, 3)
    assert bar[::-1, 0].tolist() == [list(colour) for _, colour in ANCHORS]
