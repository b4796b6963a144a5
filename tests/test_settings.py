"""The settings as the front end explains them, against those that there are."""

import functools
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch

from draggan_widget.drag import DragConfig
from draggan_widget.drag.config import SOLVERS, SPACES
from draggan_widget.errors import InputError
from tests.picture_blobs import blob_session

FIXTURE: dict[str, Any] = json.loads(
    (Path(__file__).parent / "fixtures" / "protocol" / "settings.json").read_text(encoding="utf-8")
)
OTHER = {
    "supervision_radius": 24.0,
    "tracking_radius": 3.0,
    "learning_rate": 0.05,
    "jacobian_refresh": False,
}
"""Values other than the first ones, of the settings that a solver may not look at."""


def others(solver: str) -> dict[str, Any]:
    """Return those values, for a solver's own first ones."""
    return OTHER | {"subpixel_tracking": not SOLVERS[solver].subpixel_tracking}


def examples(kind: str) -> list[Any]:
    return [
        pytest.param(entry["field"], value, id=f"{entry['field']}={value}")
        for entry in FIXTURE[kind]
        for value in entry["values"]
    ]


def test_the_fixture_tells_the_first_values_of_all() -> None:
    assert DragConfig().to_json() == FIXTURE["standard"]
    told = {entry["field"] for entry in FIXTURE["accepted"]}
    assert told == {field.name for field in fields(DragConfig)} - {"seed"}
    assert tuple(FIXTURE["accepted"][1]["values"]) == SPACES
    assert set(FIXTURE["accepted"][0]["values"]) == set(SOLVERS) == set(FIXTURE["unused"])


@pytest.mark.parametrize(("field", "value"), examples("accepted"))
def test_what_a_person_may_enter_is_accepted(field: str, value: object) -> None:
    assert DragConfig.from_json({field: value}).to_json()[field] == value


@pytest.mark.parametrize(("field", "value"), examples("refused"))
def test_what_a_person_may_not_enter_is_refused(field: str, value: object) -> None:
    with pytest.raises(InputError, match=field):
        DragConfig.from_json({field: value})


@functools.cache
def dragged(solver: str, **settings: Any) -> torch.Tensor:
    """Return the latent and the handles after some steps of a drag."""
    session = blob_session(config=DragConfig(solver=solver, **settings))
    session.set_points([[30.0, 32.0], [25.0, 30.0]], [[42.0, 26.0], [36.0, 22.0]])
    session.drag(4)
    return torch.cat([session.w.flatten(), torch.tensor(session.handle_points.ravel())])


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_solver_does_not_look_at_what_the_front_end_greys_out(solver: str) -> None:
    first = dragged(solver)
    for name in FIXTURE["unused"][solver]:
        assert torch.equal(dragged(solver, **{name: others(solver)[name]}), first), name


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_solver_looks_at_the_others(solver: str) -> None:
    for name in others(solver).keys() - {*FIXTURE["unused"][solver]}:
        # The window that is searched matters once a step moves a point out of it.
        given = {"learning_rate": 0.4} if name == "tracking_radius" else {}
        changed = dragged(solver, **given, **{name: others(solver)[name]})
        assert not torch.equal(changed, dragged(solver, **given)), name
