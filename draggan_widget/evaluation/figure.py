"""A figure of a study: how the cases of each setting are spread, and pictures of typical and worst ones.

The pictures are drawn anew, by running these few cases once more: outcomes keep no pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from draggan_widget.drag.validation import Points
from draggan_widget.evaluation.cases import Case
from draggan_widget.evaluation.landmark_network import measured_landmarks
from draggan_widget.evaluation.measures import MEASURES
from draggan_widget.evaluation.outcomes import Outcome
from draggan_widget.evaluation.protocols import PROTOCOLS, Protocol, case_of
from draggan_widget.evaluation.report import ranked
from draggan_widget.evaluation.study import Plan
from draggan_widget.evaluation.summary import headline
from draggan_widget.evaluation.trial import Bench, Dragged, drags_of, picture
from draggan_widget.frames import to_rgb
from draggan_widget.processes import one_thread
from draggan_widget.progress import progress_bar

DOTS_PER_INCH = 110

WIDTH_INCHES = 10.9
CURVES_INCHES = 3.0
ROW_INCHES = 2.1
"""Size of the figure: curves above, and below a row of six pictures for each setting."""

HANDLE_COLOUR, TARGET_COLOUR, FOUND_COLOUR = "#e3342f", "#1f6feb", "#ffd60a"
"""As in the widget; where the landmark network finds a landmark has a colour of its own."""

MARKS = (
    (HANDLE_COLOUR, "o", "handle, as tracked"),
    (TARGET_COLOUR, "o", "target"),
    (FOUND_COLOUR, "x", "where it truly is"),
)


@dataclass(frozen=True, eq=False)
class Panel:
    """A picture with points.

    Attributes:
        title: Above it.
        pixels: ``[H, W, 3]`` 8-bit RGB, or None for an empty place.
        handles: ``[N, 2]`` px or None.
        targets: ``[N, 2]`` px or None.
        found: Where the landmark network finds the handles, ``[N, 2]`` px or None.
    """

    title: str
    pixels: NDArray[np.uint8] | None
    handles: Points | None = None
    targets: Points | None = None
    found: Points | None = None


def drawn(
    plan: Plan, bench: Bench, outcomes: Sequence[Outcome], *, progress: bool | None = None
) -> Figure:
    """Return the figure of a study.

    Args:
        plan: What was run.
        bench: What it was run with.
        outcomes: Of the plan's jobs, at least one of each setting.
        progress: Whether to show a bar; None shows it in a terminal and in a notebook.
    """
    protocol = PROTOCOLS[plan.protocol]
    by_setting = [
        ranked([o for o in outcomes if o.job.setting == s], protocol) for s in plan.settings
    ]
    chosen = [(part[(len(part) - 1) // 2], part[-1]) for part in by_setting]
    heights = [CURVES_INCHES, len(chosen) * ROW_INCHES]
    figure = Figure((WIDTH_INCHES, sum(heights)), dpi=DOTS_PER_INCH, layout="constrained")
    (top,), (below,) = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)
    _draw_curves(top.subplots(), by_setting, protocol)
    rows = below.subplots(len(chosen), 6, squeeze=False)
    with (
        progress_bar(2 * len(chosen), "figure", shown=progress) as bar,
        one_thread(),
    ):
        for row, (typical, worst) in zip(rows, chosen, strict=True):
            for kind, outcome, places in (
                ("typical", typical, row[:3]),
                ("worst", worst, row[3:]),
            ):
                panels = _panels(plan, bench, kind, outcome)
                for place, panel in zip(places, panels, strict=True):
                    _draw_panel(place, panel)
                bar.update()
            row[0].set_ylabel(typical.job.setting.label, fontsize=8)
    below.legend(
        handles=[
            Line2D([], [], color=colour, marker=shape, linestyle="none", label=words)
            for colour, shape, words in MARKS
        ],
        loc="outside lower center",
        ncols=len(MARKS),
        fontsize=8,
    )
    return figure


def _draw_curves(axes: Axes, by_setting: Sequence[Sequence[Outcome]], protocol: Protocol) -> None:
    """Draw, for each setting, the share of cases that are as good as a value or better."""
    for part in by_setting:
        values = [headline(outcome, protocol)[1] for outcome in part]
        shares = np.arange(1, len(values) + 1) / len(values)
        axes.step([0.0, *values], [0.0, *shares], where="post", label=part[0].job.setting.label)
    name = headline(by_setting[0][0], protocol)[0]
    axes.set(
        xlabel=f"{MEASURES[name].title}, {MEASURES[name].unit}",
        ylabel="share of cases at most there",
        xlim=(0, None),
        ylim=(0, 1),
    )
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")


def _panels(plan: Plan, bench: Bench, kind: str, outcome: Outcome) -> tuple[Panel, Panel, Panel]:
    """Return start, result and goal of a case; of a drag and a drag back: start, there, and back."""
    protocol = PROTOCOLS[plan.protocol]
    case = case_of(plan.protocol, bench.generator, outcome.job.case, outcome.job.setting.points)
    drags = drags_of(bench, case, outcome.job, back=protocol.back)
    start = Panel(
        f"{kind}: case {case.number}, {case.group}",
        to_rgb(picture(bench.generator, case.start_w)),
        case.handle_points,
        case.target_points,
    )
    name, value = headline(outcome, protocol)
    words = f"{MEASURES[name].title} {value:.2f} {MEASURES[name].unit}"
    if protocol.back:
        there, home = drags
        return (
            start,
            _result(bench, case, there, case.target_points, f"there, {there.status}"),
            _result(bench, case, home, case.handle_points, f"back, {words}"),
        )
    goal = None if case.goal_w is None else to_rgb(picture(bench.generator, case.goal_w))
    return (
        start,
        _result(bench, case, drags[0], case.target_points, f"{drags[0].status}, {words}"),
        Panel("goal", goal) if goal is not None else Panel("no goal is known", None),
    )


def _result(bench: Bench, case: Case, end: Dragged, targets: Points, title: str) -> Panel:
    """Return the panel of the picture that a drag led to."""
    image = picture(bench.generator, end.w)
    found = None
    if case.truth is not None and case.truth.handles and bench.network is not None:
        everywhere = measured_landmarks(bench.network, image)[0].double().cpu().numpy()
        found = everywhere[list(case.truth.handles)]
    return Panel(title, to_rgb(image), end.handle_points, targets, found)


def _draw_panel(axes: Axes, panel: Panel) -> None:
    """Draw a picture and its points."""
    axes.set_title(panel.title, fontsize=6.5)
    axes.set_xticks([])
    axes.set_yticks([])
    if panel.pixels is None:
        return
    axes.imshow(panel.pixels)
    if panel.handles is not None and panel.targets is not None:
        for handle, target in zip(panel.handles, panel.targets, strict=True):
            axes.plot(*np.stack([handle, target], axis=1), color="white", linewidth=0.8)
    for points, mark in zip((panel.handles, panel.targets, panel.found), MARKS, strict=True):
        if points is not None:
            colour, shape, _ = mark
            axes.plot(*points.T, shape, color=colour, markersize=3.5, markeredgewidth=0.9)
    height, width = panel.pixels.shape[:2]
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
