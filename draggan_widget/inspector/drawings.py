"""The three drawings of the inspector, as commands to canvases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ipycanvas import Canvas

from draggan_widget.inspector import record
from draggan_widget.inspector.axes import Scale, from_zero, label, lines, over_decades
from draggan_widget.inspector.heat import ANCHORS, heat, scale_bar
from draggan_widget.inspector.look import Look, Zoom
from draggan_widget.inspector.pens import (
    DARK,
    FAINT,
    LIGHT,
    NEUTRAL,
    TARGET_COLOUR,
    begin,
    box_mark,
    cross_mark,
    handle_mark,
    put,
    ring_mark,
    series_colour,
    stroke_line,
    write,
)

CHART_PX = 720
"""Side of the drawings that have axes; they are shown at about half of it, so that they are sharp."""

BAR_CELLS = 64
"""Steps of the scale of colours."""

MOST_CURVES = 6
"""With more points than colours only the largest and the mean distance are drawn."""

Curve = Sequence[tuple[float, float | None]]


def draw_ground(canvas: Canvas, look: Look, scale: float) -> None:
    """Draw what lies under the marks."""
    box = 0.0, 0.0, look.size[0] * scale, look.size[1] * scale
    put(canvas, look.ground, box, smooth=look.is_smooth)


def draw_marks(canvas: Canvas, look: Look, scale: float) -> None:
    """Draw trajectories, handles, targets and where the chosen handle is searched.

    Args:
        canvas: Lies over the ground.
        look: What is shown.
        scale: Canvas pixels per pixel of the picture.
    """
    state = look.moment.state

    def at(point: Sequence[float]) -> tuple[float, float]:
        return (point[0] + 0.5) * scale, (point[1] + 0.5) * scale

    begin(canvas)
    order = {key: index for index, key in enumerate(state.point_ids)}
    for key, places in record.paths(look.moment.rows).items():
        if key in order:
            line = [at(place) for place in places]
            stroke_line(canvas, line, (DARK, 8), (LIGHT, 5), (series_colour(order[key]), 3))
    if look.zoom is not None:
        half = look.zoom.search_px
        x, y = at((look.zoom.handle[0] - half, look.zoom.handle[1] - half))
        box_mark(canvas, (x, y, 2 * half * scale, 2 * half * scale))
    handles, targets = state.handle_points.tolist(), state.target_points.tolist()
    for handle, target in zip(handles, targets, strict=False):
        line = [at(handle), at(target)]
        canvas.set_line_dash([2, 9])
        stroke_line(canvas, line, (DARK, 6), (LIGHT, 3))
        canvas.set_line_dash([])
    for target in targets:
        ring_mark(canvas, at(target), 20, TARGET_COLOUR)
    for index, handle in enumerate(handles):
        handle_mark(canvas, at(handle), str(index + 1), chosen=index == look.index)


def draw_zoom(canvas: Canvas, zoom: Zoom | None, number: int) -> None:
    """Draw the distances around a handle, with axes in px and the scale of colours.

    Args:
        canvas: :data:`CHART_PX` wide and high.
        zoom: What is drawn, None to say that there is nothing.
        number: Of the handle, from 1.
    """
    begin(canvas)
    if zoom is None:
        write(canvas, "Put down a handle to see", CHART_PX / 2, CHART_PX / 2 - 18, "center")
        write(canvas, "what looks like it.", CHART_PX / 2, CHART_PX / 2 + 18, "center")
        return
    left, top, side = 62.0, 14.0, 580.0
    rows, columns = zoom.distances.shape
    half = zoom.spacing_px / 2
    x = Scale(zoom.x - half, zoom.x + columns * zoom.spacing_px - half, left, left + side)
    y = Scale(zoom.y - half, zoom.y + rows * zoom.spacing_px - half, top, top + side)
    put(canvas, heat(zoom.distances), (left, top, side, side), smooth=False)
    for value in x.ticks(5):
        stroke_line(
            canvas, [(x.at(value), top + side), (x.at(value), top + side + 8)], (NEUTRAL, 2)
        )
        write(canvas, label(value), x.at(value), top + side + 14, "center", "top")
    for value in y.ticks(5):
        stroke_line(canvas, [(left - 8, y.at(value)), (left, y.at(value))], (NEUTRAL, 2))
        write(canvas, label(value), left - 12, y.at(value), "right")
    write(canvas, "px of the picture", left + side / 2, top + side + 50, "center", "top")
    per_px = side / (columns * zoom.spacing_px)
    across, down = x.at(zoom.handle[0]), y.at(zoom.handle[1])
    length = 2 * zoom.search_px * per_px
    box_mark(canvas, (across - length / 2, down - length / 2, length, length))
    least_x, least_y, _ = zoom.least
    cross_mark(canvas, (x.at(least_x), y.at(least_y)), 13)
    # Beside its own place, so that the least distance stays to be seen.
    aside = across + (34 if least_x <= zoom.handle[0] else -34), down - 34
    stroke_line(canvas, [(across, down), aside], (LIGHT, 3))
    handle_mark(canvas, aside, str(number), chosen=False)
    _draw_bar(canvas, left + side + 14, top, side)


def _draw_bar(canvas: Canvas, left: float, top: float, height: float) -> None:
    """Draw the scale of colours with its values."""
    put(canvas, scale_bar(BAR_CELLS), (left, top, 16, height), smooth=False)
    y = Scale(0, len(ANCHORS) - 1, top + height, top)
    for number, (value, _) in enumerate(ANCHORS):
        stroke_line(canvas, [(left + 16, y.at(number)), (left + 23, y.at(number))], (NEUTRAL, 2))
        text = label(value) + ("+" if number == len(ANCHORS) - 1 else "")
        write(canvas, text, left + 27, min(max(y.at(number), top + 10), top + height - 10))


@dataclass(frozen=True)
class Panel:
    """A chart's place and axes.

    Attributes:
        top, bottom: Its edges.
        title: What its values are, with their unit.
        x, y: The axes.
    """

    top: float
    bottom: float
    title: str
    x: Scale
    y: Scale


def draw_curves(canvas: Canvas, look: Look, stop_px: float, loss_unit: str) -> None:
    """Draw distances and loss over the moves of the latent.

    Args:
        canvas: :data:`CHART_PX` wide and high.
        look: What is shown.
        stop_px: A handle nearer than this has arrived.
        loss_unit: Of the loss, empty where it has none.
    """
    begin(canvas)
    rows = look.moment.rows
    if not rows:
        write(canvas, "Curves come with the next drag.", CHART_PX / 2, CHART_PX / 2, "center")
        return
    curves = record.distances(rows)
    named = _named(curves, look.moment.state.point_ids)
    loss = record.losses(rows)
    first, last = rows[0].step, max(rows[-1].step, rows[0].step + 1)
    x = Scale(first, last, 96, CHART_PX - 18)
    values = [value for curve in curves.values() for _, value in curve if value is not None]
    below = [value for _, value in loss if value is not None]
    unit = f", {loss_unit}" if loss_unit else ""
    upper = Panel(46, 330, "distance to the target, px", x, from_zero(values, 330, 46))
    lower = Panel(404, 640, f"loss{unit}", x, over_decades(below, 640, 404))
    _draw_frame(canvas, upper, with_steps=False)
    _draw_frame(canvas, lower, with_steps=True)
    if upper.y.low <= stop_px <= upper.y.high:
        canvas.set_line_dash([10, 8])
        height = upper.y.at(stop_px)
        stroke_line(canvas, [(x.start, height), (x.end, height)], (NEUTRAL, 2))
        canvas.set_line_dash([])
        write(canvas, "arrived", x.start + 8, height - 4, "left", "bottom")
    for _, colour, curve in named:
        for line in lines(x, upper.y, curve):
            stroke_line(canvas, line, (colour, 4))
    for line in lines(x, lower.y, loss):
        stroke_line(canvas, line, (NEUTRAL, 4))
    _draw_legend(canvas, [(name, colour) for name, colour, _ in named], x.end)


def _named(
    curves: dict[int, list[tuple[float, float | None]]], point_ids: tuple[int, ...]
) -> list[tuple[str, str, Curve]]:
    """Return name, colour and values of the curves that are drawn."""
    if len(curves) <= MOST_CURVES:
        order = {key: index for index, key in enumerate(point_ids)}
        return [
            (str(order[key] + 1), series_colour(order[key]), curve)
            for key, curve in sorted(curves.items())
            if key in order
        ]
    by_step: dict[float, list[float]] = {}
    for curve in curves.values():
        for step, value in curve:
            if value is not None:
                by_step.setdefault(step, []).append(value)
    steps = sorted(by_step.items())
    return [
        ("largest", series_colour(0), [(step, max(each)) for step, each in steps]),
        ("mean", series_colour(1), [(step, math.fsum(each) / len(each)) for step, each in steps]),
    ]


def _draw_frame(canvas: Canvas, panel: Panel, *, with_steps: bool) -> None:
    """Draw axes, grid, values and title of a chart."""
    x, y = panel.x, panel.y
    write(canvas, panel.title, x.start, panel.top - 24)
    for value in y.ticks(5):
        stroke_line(canvas, [(x.start, y.at(value)), (x.end, y.at(value))], (FAINT, 2))
        write(canvas, label(value), x.start - 12, y.at(value), "right")
    for value in x.ticks(5):
        if value != round(value):
            continue
        across = x.at(value)
        stroke_line(canvas, [(across, panel.bottom), (across, panel.bottom + 8)], (NEUTRAL, 2))
        if with_steps:
            write(canvas, label(value), across, panel.bottom + 14, "center", "top")
    stroke_line(
        canvas,
        [(x.start, panel.top), (x.start, panel.bottom), (x.end, panel.bottom)],
        (NEUTRAL, 2),
    )
    if with_steps:
        write(
            canvas, "moves of the latent", (x.start + x.end) / 2, panel.bottom + 46, "center", "top"
        )


def _draw_legend(canvas: Canvas, names: Sequence[tuple[str, str]], right: float) -> None:
    """Draw names and colours in a row that ends at the right."""
    for name, colour in reversed(names):
        write(canvas, name, right, 22, "right")
        right -= 14 * len(name) + 12
        stroke_line(canvas, [(right - 30, 22), (right - 4, 22)], (colour, 5))
        right -= 48
