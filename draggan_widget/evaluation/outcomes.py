"""What came out of one case under one setting, and the folder that keeps outcomes so that a study can go on.

A folder belongs to one fingerprint: everything that an outcome depends on besides its setting and its number.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from draggan_widget.errors import InputError

FINGERPRINT_FILE = "study.json"
OUTCOMES_FILE = "outcomes.jsonl"


@dataclass(frozen=True)
class Setting:
    """What is compared.

    Attributes:
        solver: Name of a solver.
        space: Latent space.
        points: How many points are dragged at most, or None where the protocol says it.
    """

    solver: str
    space: str
    points: int | None

    @property
    def label(self) -> str:
        """Words for a figure."""
        points = "" if self.points is None else f", {self.points} point{'s' * (self.points > 1)}"
        return f"{self.solver}, {self.space}{points}"

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return asdict(self)


@dataclass(frozen=True)
class Job:
    """One case under one setting."""

    setting: Setting
    case: int


@dataclass(frozen=True)
class Outcome:
    """What came out of a job.

    Attributes:
        job: Which case, under which setting.
        group: Of the case.
        handles: How many points were dragged.
        status: How the drag ended; of a drag and a drag back, both, with a comma.
        measures: Values by name of the measure, see `measures`; None where one could not be taken.
        seconds: Duration of the drags alone.
    """

    job: Job
    group: str
    handles: int
    status: str
    measures: Mapping[str, float | None]
    seconds: float

    def to_json(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the outcome as JSON types with the measures of these names, and without its duration."""
        return {
            **self.job.setting.to_json(),
            "case": self.job.case,
            "group": self.group,
            "handles": self.handles,
            "status": self.status,
            **{name: self.measures.get(name) for name in names},
        }


class OutcomeFolder:
    """A folder that keeps each outcome as soon as it is there.

    Attributes:
        path: Where it is.
        outcomes: What it holds, by job.
    """

    def __init__(self, folder: Path, fingerprint: Mapping[str, Any]) -> None:
        """Make the folder, or take up the outcomes that it holds.

        Args:
            folder: New, empty, or of an earlier run.
            fingerprint: JSON types; everything that outcomes depend on besides their job.

        Raises:
            InputError: The folder is a file, is damaged, or holds outcomes of another fingerprint.
        """
        if folder.exists() and not folder.is_dir():
            raise InputError(f"out must be a folder, and {folder} is a file; choose another name")
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder
        self._file = folder / OUTCOMES_FILE
        self.outcomes: dict[Job, Outcome] = {}
        known = folder / FINGERPRINT_FILE
        if known.is_file():
            _check_same(folder, _read_json(known), json.loads(json.dumps(fingerprint)))
            self._take_up()
        else:
            known.write_text(json.dumps(fingerprint, indent=1) + "\n", encoding="utf-8")

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")
        self.outcomes[outcome.job] = outcome

    def _take_up(self) -> None:
        """Read the outcomes; a last line that was never finished is removed."""
        if not self._file.is_file():
            return
        text = self._file.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            self._file.write_text(whole, encoding="utf-8")
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                outcome = _from_json(json.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                raise InputError(
                    f"line {number} of {self._file} is no outcome ({error!r}); remove it, and its case is run again"
                ) from error
            self.outcomes[outcome.job] = outcome


def _from_json(values: Mapping[str, Any]) -> Outcome:
    """Return the outcome of a line."""
    job = Job(Setting(**values["job"]["setting"]), values["job"]["case"])
    return replace(Outcome(**values), job=job)


def _read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is damaged: {error}; choose another folder") from error
    if not isinstance(values, dict):
        raise InputError(f"{path} is damaged: it holds no object; choose another folder")
    return values


def _check_same(folder: Path, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse a folder of another fingerprint, and tell in what it differs."""
    missing = object()
    names = {n for n in (*held, *wanted) if held.get(n, missing) != wanted.get(n, missing)}
    if names:
        differences = ", ".join(
            f"{name} {held.get(name)!r} there, {wanted.get(name)!r} here" for name in sorted(names)
        )
        raise InputError(
            f"{folder} holds results of other settings: {differences}; choose another folder"
        )
