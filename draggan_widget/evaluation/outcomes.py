"""What came out of one case under one setting, and the folder that keeps outcomes so that a study can go on.

A folder belongs to one fingerprint: everything that an outcome depends on besides its setting and its number.
"""

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from draggan_widget.errors import InputError
from draggan_widget.fingerprint import check_fingerprint
from draggan_widget.whole_files import write_whole

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
        error: Why a drag failed, or None.
    """

    job: Job
    group: str
    handles: int
    status: str
    measures: Mapping[str, float | None]
    seconds: float
    error: str | None = None

    def to_json(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the outcome as JSON types with the measures of these names, and without its duration."""
        return {
            **self.job.setting.to_json(),
            "case": self.job.case,
            "group": self.group,
            "handles": self.handles,
            "status": self.status,
            **({} if self.error is None else {"error": self.error}),
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
            InputError: The folder cannot be written to, is damaged, or holds outcomes of another fingerprint.
        """
        self.path = folder
        self._file = folder / OUTCOMES_FILE
        self.outcomes: dict[Job, Outcome] = {}
        known = folder / FINGERPRINT_FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if known.exists():
                check_fingerprint(known, fingerprint, "results of other settings")
                self._take_up()
            elif self._file.exists():
                raise InputError(
                    f"{self._file} holds outcomes, but {FINGERPRINT_FILE}, which tells of what, is missing; "
                    "choose another folder"
                )
            else:
                self.write(FINGERPRINT_FILE, json.dumps(fingerprint, indent=1) + "\n")
            self._file.open("ab").close()  # what cannot be written to is found before the work
        except OSError as error:
            raise InputError(
                f"{str(folder)!r} cannot be used as the folder of an evaluation: {error}; choose another one"
            ) from error

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome."""
        line = json.dumps(asdict(outcome), allow_nan=False) + "\n"
        with self._file.open("a", encoding="utf-8") as file:
            file.write(line)
        self.outcomes[outcome.job] = outcome

    def write(self, name: str, text: str) -> None:
        """Write a file of the folder; it appears whole or not at all."""
        write_whole(self.path / name, text)

    def _take_up(self) -> None:
        """Read the outcomes; a last line that was never finished is removed."""
        if not self._file.exists():
            return
        content = self._file.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            os.truncate(self._file, len(whole))
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                outcome = _from_json(json.loads(line))
                self.outcomes[outcome.job] = outcome
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise InputError(
                    f"line {number} of {self._file} is no outcome ({error!r}); remove it, and its case is run again"
                ) from error


def _from_json(values: Mapping[str, Any]) -> Outcome:
    """Return the outcome of a line."""
    job = Job(Setting(**values["job"]["setting"]), values["job"]["case"])
    for name, value in values["measures"].items():
        if value is not None and not (isinstance(value, int | float) and math.isfinite(value)):
            raise ValueError(f"{name} is {value!r}")
    return replace(Outcome(**values), job=job)
