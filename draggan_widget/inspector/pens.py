"""Canvases that a thread of our own may draw on, and how marks and texts look; knows nothing of drags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ipycanvas import Canvas
from ipycanvas.canvas import _CanvasManager
from numpy.typing import NDArray

from draggan_widget.inspector.axes import Line

NEUTRAL = "#7b7b7b"
"""Of axes and texts: readable on white and on black, as the canvas does not know the theme."""

FAINT = "rgba(123, 123, 123, 0.28)"
"""Of grid lines."""

LIGHT, DARK = "#ffffff", "rgba(10, 14, 22, 0.75)"
"""Of the two rims of a mark, one of which shows on any picture."""

HANDLE_COLOUR, TARGET_COLOUR = "#e03a12", "#2a78ff"
"""As in the widget."""

SERIES_COLOURS = ("#d55e00", "#3a95d6", "#009e73", "#b8609a", "#c98500", "#7f7f7f")
"""Of curves and trajectories: told apart by people of any colour vision (after Okabe and Ito), on white and on black."""

FONT = "24px system-ui, -apple-system, 'Segoe UI', sans-serif"
"""Canvases are shown at about half their size."""


def own_manager() -> _CanvasManager:
    """Return what sends the commands of canvases, held until they are flushed.

    The one that all canvases share belongs to the notebook's thread: it keeps in mind which canvas was drawn on last,
    and two threads would draw on each other's.
    """
    return _CanvasManager(caching=True)


def series_colour(index: int) -> str:
    """Return the colour of a point by its number, from 0."""
    return SERIES_COLOURS[index % len(SERIES_COLOURS)]


def put(
    canvas: Canvas,
    pixels: NDArray[np.uint8],
    box: tuple[float, float, float, float],
    *,
    smooth: bool,
) -> None:
    """Draw pixels ``[h, w, 3]`` into a box ``(x, y, width, height)``."""
    rows, columns = pixels.shape[:2]
    opaque = np.full((rows, columns, 1), 255, np.uint8)
    canvas.save()
    canvas.image_smoothing_enabled = smooth
    canvas.translate(box[0], box[1])
    canvas.scale(box[2] / columns, box[3] / rows)
    canvas.put_image_data(np.concatenate([pixels, opaque], axis=2))  # without loss
    canvas.restore()


def begin(canvas: Canvas) -> None:
    """Clear a canvas, and choose what all marks and texts on it share."""
    canvas.clear()
    canvas.line_join = canvas.line_cap = "round"
    canvas.font = FONT


def stroke_line(canvas: Canvas, line: Line, *strokes: tuple[str, float]) -> None:
    """Draw a line through places, with each colour and width in turn."""
    places = np.array(line)
    for colour, width in strokes:
        if len(line) == 1:  # a single place shows as a dot
            canvas.fill_style = colour
            canvas.fill_circle(*line[0], width)
        else:
            canvas.stroke_style, canvas.line_width = colour, width
            canvas.stroke_lines(places)


def write(
    canvas: Canvas, text: str, x: float, y: float, align: str = "left", baseline: str = "middle"
) -> None:
    """Write a text in the neutral colour."""
    canvas.fill_style, canvas.text_align, canvas.text_baseline = NEUTRAL, align, baseline
    canvas.fill_text(text, x, y)


def handle_mark(canvas: Canvas, place: Sequence[float], label: str, *, chosen: bool) -> None:
    """Draw a handle as a numbered disc; the chosen one is larger."""
    radius = 19 if chosen else 15
    canvas.save()
    canvas.stroke_style, canvas.line_width = DARK, 7
    canvas.stroke_circle(*place, radius)
    canvas.fill_style, canvas.stroke_style, canvas.line_width = HANDLE_COLOUR, LIGHT, 3
    canvas.fill_circle(*place, radius)
    canvas.stroke_circle(*place, radius)
    canvas.font = f"bold {radius + 3}px system-ui, sans-serif"
    canvas.fill_style, canvas.text_align, canvas.text_baseline = LIGHT, "center", "middle"
    canvas.fill_text(label, place[0], place[1] + 1)
    canvas.restore()


def ring_mark(canvas: Canvas, place: Sequence[float], radius: float, colour: str) -> None:
    """Draw a ring with a dot: a target."""
    for tone, width in ((DARK, 9), (LIGHT, 6), (colour, 3)):
        canvas.stroke_style, canvas.line_width = tone, width
        canvas.stroke_circle(*place, radius)
    canvas.fill_style = colour
    canvas.fill_circle(*place, 4)


def cross_mark(canvas: Canvas, place: Sequence[float], arm: float) -> None:
    """Draw a cross that shows on any colour: a least value."""
    x, y = place
    for stroke in ((DARK, 9.0), (LIGHT, 4.0)):
        stroke_line(canvas, [(x - arm, y - arm), (x + arm, y + arm)], stroke)
        stroke_line(canvas, [(x - arm, y + arm), (x + arm, y - arm)], stroke)


def box_mark(canvas: Canvas, box: tuple[float, float, float, float]) -> None:
    """Draw a dashed box ``(x, y, width, height)`` that shows on any colour."""
    for tone, dash in ((DARK, []), (LIGHT, [12, 10])):
        canvas.set_line_dash(dash)
        canvas.stroke_style, canvas.line_width = tone, 3
        canvas.stroke_rect(*box)
    canvas.set_line_dash([])
