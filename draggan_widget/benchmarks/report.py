"""What a benchmark tells people: aligned tables with the machine above them."""

from collections.abc import Mapping, Sequence
from typing import Any

NOTHING = "-"
"""In a table, what was not measured."""

AT_LEAST = "≥ "
"""Stands before a lower bound."""


def as_text(report: Mapping[str, Any]) -> str:
    """Return a report for people: what was measured where, a table of each kind of row, and what to know besides."""
    machine = report["machine"]
    lines = [
        f"{report['benchmark']}: {report['summary']}",
        f"{machine['processor']} ({machine['vector_instructions']}), {machine['threads']} of {machine['cores']} threads, "
        f"device {machine['device']}, torch {machine['torch']}",
    ]
    for rows in report["tables"].values():
        lines += ["", *aligned(rows)]
    lines += ["", *(f"{note}." for note in report["notes"])]
    return "\n".join(lines) + "\n"


def aligned(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return rows as lines with a title above each column; figures stand to the right."""
    bounds = {"is_lower_bound": "seconds", "speedup_is_lower_bound": "speedup"}
    titles = [
        title for title in dict.fromkeys(t for row in rows for t in row) if title not in bounds
    ]
    table = [[title.replace("_", " ") for title in titles]]
    for row in rows:
        bounded = {bounds[name] for name in bounds if row.get(name)}
        table.append([_cell(row.get(title), bounded=title in bounded) for title in titles])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    left = [isinstance(rows[0].get(title), str) for title in titles]
    return [
        "  ".join(
            cell.ljust(width) if to_left else cell.rjust(width)
            for cell, width, to_left in zip(line, widths, left, strict=True)
        ).rstrip()
        for line in table
    ]


def _cell(value: object, *, bounded: bool) -> str:
    """Return a value as it stands in a table; of a spread the median, with its range in brackets."""
    if isinstance(value, Mapping):
        text = _number(value["median"])
        if value["count"] > 1:
            text += f" ({_number(value['low'])} to {_number(value['high'])})"
    elif isinstance(value, float):
        text = _number(value)
    else:
        text = NOTHING if value is None else str(value)
    return AT_LEAST + text if bounded else text


def _number(value: float) -> str:
    """Return a figure with three digits that count."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
