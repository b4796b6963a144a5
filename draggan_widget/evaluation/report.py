"""What a study tells: one object of JSON types, and the same as Markdown tables.

Everything but durations (the entry ``timing`` and ``seconds`` in ``rows``) is the same in every run with the same
arguments.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from draggan_widget.drag.config import REFERENCE_SIZE_PX
from draggan_widget.evaluation.cases import ALL_POINTS, has_scene
from draggan_widget.evaluation.measures import MEASURES
from draggan_widget.evaluation.outcomes import Outcome, Setting
from draggan_widget.evaluation.perceptual import why_not_measured
from draggan_widget.evaluation.protocols import PROTOCOLS, Protocol
from draggan_widget.evaluation.study import Plan, fingerprint
from draggan_widget.evaluation.summary import (
    NEAR_SHARE,
    headline,
    setting_summary,
    statistics,
)
from draggan_widget.evaluation.trial import Bench

NOTHING = "-"
"""In a table, what was not measured."""

LENGTHS_OF_ROWS = {
    "before": "before_px",
    "true_error": "true_px",
    "tracked_error": "tracked_px",
    "floor": "floor_px",
}
"""Lengths that every row tells, and the measures behind them."""

LENGTHS_OF_SOME_ROWS = {"away": "away_px", "all_before": "all_before_px", "all_true": "all_true_px"}
"""Lengths that a row tells where the protocol has them."""

MORE_OF_ROWS = (
    "mse_x100",
    "psnr_db",
    "gradient_psnr_db",
    "lpips_x10",
    "change",
    "w_distance",
    "inverted_db",
    "disturbed_db",
)
"""Measures that a row tells where the protocol has them."""

DECIMALS = {"px": 2, "of 255": 2, "dB": 2, "x100": 3, "x10": 3, "sd": 2, "s": 1, "count": 0}
"""Decimals of a value in a table, by unit."""


def report_of(
    plan: Plan, bench: Bench, outcomes: Iterable[Outcome], *, processes: int, seconds: float
) -> dict[str, Any]:
    """Return the report of a study as JSON types.

    Args:
        plan: What was run.
        bench: What it was run with.
        outcomes: In any order, of the plan's jobs.
        processes: How many worked.
        seconds: Duration of this run.
    """
    protocol, generator = PROTOCOLS[plan.protocol], bench.generator
    place = {job: index for index, job in enumerate(_jobs_by_setting(plan))}
    ordered = sorted(outcomes, key=lambda outcome: place[outcome.job])
    parts = [[o for o in ordered if o.job.setting == setting] for setting in plan.settings]
    return {
        "protocol": plan.protocol,
        "summary": protocol.summary,
        "generator": generator.name,
        "solver": ", ".join(dict.fromkeys(setting.solver for setting in plan.settings)),
        "width": generator.width,
        "height": generator.height,
        "cases": plan.cases,
        "first_case": plan.first,
        "max_steps": plan.max_steps,
        "fingerprint": fingerprint(plan, bench),
        "measures": {name: _described(name) for name in protocol.measures},
        "measure_own_error_px512": _own_error_px512(bench),
        "notes": _notes(plan, bench, ordered),
        "rows": [
            row
            for setting, part in zip(plan.settings, parts, strict=True)
            for row in _rows(setting, part, protocol, generator.width)
        ],
        "results": [
            setting_summary(setting, part, protocol, generator.width)
            for setting, part in zip(plan.settings, parts, strict=True)
            if part
        ],
        "outcomes": [outcome.to_json(protocol.measures) for outcome in ordered],
        "timing": {
            "seconds": seconds,
            "processes": processes,
            "drag_seconds": [statistics(o.seconds for o in part) for part in parts if part],
            "outcome_seconds": [outcome.seconds for outcome in ordered],
        },
    }


def markdown(report: Mapping[str, Any]) -> str:
    """Return a report as Markdown: a table of the settings, one by group, and what the columns mean."""
    width = report["width"]
    last = report["first_case"] + report["cases"] - 1
    lines = [
        f"## {report['protocol']} on {report['generator']}",
        "",
        f"{report['summary'][0].upper()}{report['summary'][1:]}. Cases {report['first_case']} to {last} "
        f"under each setting, {width}x{report['height']} px, at most {report['max_steps']} steps a drag.",
        "",
        *_settings_table(report),
        "",
        *_groups_table(report),
        f"Means over the cases, ± standard error. px are pixels of the picture; in brackets, % of its width of {width} px.",
        "",
        *(f"- {title}: {meaning}." for title, meaning in _legend(report)),
        *(f"- {note}" for note in report["notes"]),
    ]
    return "\n".join(lines) + "\n"


def ranked(outcomes: Iterable[Outcome], protocol: Protocol) -> list[Outcome]:
    """Return outcomes from the best to the worst, by the headline of the protocol."""
    return sorted(outcomes, key=lambda outcome: (headline(outcome, protocol)[1], outcome.job.case))


def _own_error_px512(bench: Bench) -> float | None:
    """Return the own error of the measure of true places, in pixels of a picture of 512 px, or None where it is not known."""
    share = None if bench.network is None else bench.network.own_error_share
    return None if share is None else share * REFERENCE_SIZE_PX


def _rows(
    setting: Setting, outcomes: Sequence[Outcome], protocol: Protocol, width: int
) -> list[dict[str, Any]]:
    """Return means of a setting, a row for each kind of edit, with lengths in pixels of a picture of 512 px."""
    groups = dict.fromkeys(outcome.group for outcome in outcomes)
    return [
        _row(setting, group, [o for o in outcomes if o.group == group], protocol, width)
        for group in groups
    ]


def _row(
    setting: Setting, group: str, part: Sequence[Outcome], protocol: Protocol, width: int
) -> dict[str, Any]:
    """Return the means of the cases of a kind of edit."""

    def mean(name: str) -> float | None:
        figures = statistics(outcome.measures.get(name) for outcome in part)
        return None if figures is None else float(figures["mean"])

    asked = {k: n for k, n in LENGTHS_OF_SOME_ROWS.items() if n in protocol.measures}
    lengths = {f"{k}_px512": mean(n) for k, n in (LENGTHS_OF_ROWS | asked).items()}
    more = {name: mean(name) for name in MORE_OF_ROWS if name in protocol.measures}
    return {
        **setting.to_json(),
        "edit": group,
        "cases": len(part),
        "mean_handles": float(np.mean([outcome.handles for outcome in part])),
        **{k: v if v is None else v * REFERENCE_SIZE_PX / width for k, v in lengths.items()},
        "off_manifold": mean("residual"),
        "mask_change": mean("outside"),
        **more,
        "generator_evaluations": mean("evaluations"),
        "seconds": float(np.mean([outcome.seconds for outcome in part])),
        "status": dict(sorted(Counter(s for o in part for s in o.status.split(", ")).items())),
    }


def _jobs_by_setting(plan: Plan) -> list[Any]:
    """Return the plan's jobs, setting by setting, as they are reported."""
    order = {setting: index for index, setting in enumerate(plan.settings)}
    return sorted(plan.jobs, key=lambda job: (order[job.setting], job.case))


def _described(name: str) -> dict[str, str]:
    """Return unit and meaning of a measure."""
    return {"unit": MEASURES[name].unit, "meaning": MEASURES[name].meaning}


def _notes(plan: Plan, bench: Bench, outcomes: Iterable[Outcome]) -> list[str]:
    """Return what a reader of the figures must know besides."""
    generator = bench.generator
    known, notes = has_scene(generator), []
    reason = why_not_measured(generator.width, generator.height)
    if reason and "lpips_x10" in PROTOCOLS[plan.protocol].measures:
        notes.append(f"LPIPS was not measured: {reason}.")
    if not known:
        notes.append(
            "The scenes of this generator are not known: there is no true distance and no residual, and points are "
            + (
                "edges with random targets."
                if PROTOCOLS[plan.protocol].points
                else "matched features."
            )
        )
    elif plan.protocol == "pairs":
        notes.append("The correspondences are exact: the same places of a rigid head.")
    if known and not plan.residual:
        notes.append("The residual was left out.")
    failures = dict.fromkeys(outcome.error for outcome in outcomes if outcome.error)
    notes.extend(f"A drag failed: {reason}" for reason in failures)
    if plan.mask:
        notes.append("Each drag was told where the true edit changes the picture (mask).")
    return notes


def _columns(report: Mapping[str, Any]) -> list[str]:
    """Return the measures that some setting has a value of."""
    names = report["measures"]
    return [n for n in names if any(result["measures"][n] for result in report["results"])]


def _legend(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return title and meaning of the columns."""
    return [(MEASURES[name].title, MEASURES[name].meaning) for name in _columns(report)]


def _settings_table(report: Mapping[str, Any]) -> list[str]:
    """Return the table with a row for each setting."""
    names, success = _columns(report), "true_px" in _columns(report)
    statuses = sorted({status for result in report["results"] for status in result["statuses"]})
    titles = ["solver", "space", "points", *(_title(name) for name in names)]
    titles += [f"before < {NEAR_SHARE:.0%}", f"true < {NEAR_SHARE:.0%}"] * success
    titles += [*statuses, "s a drag"]
    rows = []
    for result, seconds in zip(report["results"], report["timing"]["drag_seconds"], strict=True):
        row = [result["solver"], result["space"], _points(result)]
        row += [_cell(name, result["measures"][name], report["width"]) for name in names]
        if success:
            row += [f"{result[f'share_{when}_near']:.0%}" for when in ("before", "true")]
        row += [str(result["statuses"].get(status, 0)) for status in statuses]
        rows.append([*row, f"{seconds['mean']:.1f}"])
    return _table(titles, rows)


def _groups_table(report: Mapping[str, Any]) -> list[str]:
    """Return the table of the headline by group of cases, where there are groups."""
    headlines = PROTOCOLS[report["protocol"]].headlines
    name = next(each for each in headlines if each in _columns(report))
    before = "before_px" if MEASURES[name].unit == "px" else None
    groups = list(dict.fromkeys(g for result in report["results"] for g in result["groups"]))
    if len(groups) == 1:
        return []
    rows = []
    for result in report["results"]:
        figures = [result["groups"].get(group) for group in groups]
        cells = [_cell(name, each and each["measures"][name], report["width"]) for each in figures]
        if before:
            starts = [_cell(before, f and f["measures"][before], report["width"]) for f in figures]
            cells = [f"{start} → {end}" for start, end in zip(starts, cells, strict=True)]
        rows.append([result["solver"], result["space"], _points(result), *cells])
    what = f"before → {_title(name)}" if before else _title(name)
    titles = ["solver", "space", "points", *(f"{what}: {group}" for group in groups)]
    return [*_table(titles, rows), ""]


def _title(name: str) -> str:
    """Return the title of a column with its unit."""
    measure = MEASURES[name]
    unit = "px (%)" if measure.unit == "px" else measure.unit
    return measure.title if unit == "count" else f"{measure.title}, {unit}"


def _points(result: Mapping[str, Any]) -> str:
    """Return how many points a setting drags, with the mean where it is less than asked for."""
    asked, mean = result["points"], result["mean_handles"]
    if asked in (None, mean):
        return f"{mean:g}"
    return f"{'all' if asked == ALL_POINTS else asked} ({mean:.1f})"


def _cell(name: str, figures: Mapping[str, Any] | None, width: int) -> str:
    """Return a mean as it stands in a table."""
    if figures is None:
        return NOTHING
    unit, mean, error = MEASURES[name].unit, figures["mean"], figures["standard_error"]
    text = f"{mean:.{DECIMALS[unit]}f}"
    if error is not None and unit != "count":
        text += f" ± {error:.{DECIMALS[unit]}f}"
    return f"{text} ({100 * mean / width:.1f})" if unit == "px" else text


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    return [
        "| " + " | ".join(titles) + " |",
        "|" + "---|" * len(titles),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
