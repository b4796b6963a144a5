"""Single trials: what a drag leaves behind, and what is measured against the truth."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig
from draggan_widget.evaluation.cases import Case, landmark_case
from draggan_widget.evaluation.landmark_network import load_landmark_network, measured_landmarks
from draggan_widget.evaluation.measures import MEASURES
from draggan_widget.evaluation.outcomes import Job, Setting
from draggan_widget.evaluation.protocols import PROTOCOLS, case_of
from draggan_widget.evaluation.trial import (
    Bench,
    Dragged,
    drag,
    drag_there,
    drags_of,
    picture,
)
from draggan_widget.generator import Generator
from draggan_widget.pretrained import load_stylegan2
from draggan_widget.session import DragSession

JOB = Job(Setting("paper", "w+", 2), 1)


@pytest.fixture
def bench(scene_generator: Generator) -> Bench:
    """A bench without the distance to the manifold."""
    network = load_landmark_network()
    return Bench(scene_generator, network, None, max_steps=3, mask=False, residual=False)


def dragged(generator: Generator, case: Case, config: DragConfig) -> Dragged:
    """Return the drag of a case, without a mask."""
    return drag(
        generator,
        case.start_w,
        case.start_z,
        case.handle_points,
        case.target_points,
        config,
        None,
    )


def test_a_drag_is_that_of_a_session(scene_generator: Generator) -> None:
    case = landmark_case(scene_generator, 1, 1, 2)
    config = DragConfig(max_steps=3)
    end = dragged(scene_generator, case, config)
    session = DragSession(scene_generator, w=case.start_w, config=config)
    session.set_points(case.handle_points, case.target_points)
    result = session.drag()
    assert torch.equal(end.w, session.w)
    assert (end.status, end.steps, end.evaluations) == (
        result.status,
        result.steps,
        result.generator_evaluations,
    )
    assert end.tracked_px == result.distances_px.mean()
    np.testing.assert_array_equal(end.handle_points, result.handle_points)


def test_a_drag_that_fails_says_so_and_ends_at_its_last_picture(
    scene_generator: Generator,
) -> None:
    case = landmark_case(scene_generator, 1, 1, 2)
    config = DragConfig(solver="paper", max_steps=50, learning_rate=3e38)
    end = dragged(scene_generator, case, config)
    assert end.status == "failed"
    assert "finite" in (end.error or "")
    assert end.w.isfinite().all()


def test_the_truth_is_measured_in_the_result_and_in_the_goal(bench: Bench) -> None:
    case = landmark_case(bench.generator, 1, 1, 2)
    assert case.truth is not None
    assert case.goal_w is not None
    assert bench.network is not None
    outcome = drag_there(bench, case, JOB)
    (end,) = drags_of(bench, case, JOB)
    for name, w in (("true_px", end.w), ("floor_px", case.goal_w)):
        found = measured_landmarks(bench.network, picture(bench.generator, w))[0].double().numpy()
        held = found[list(case.truth.handles)]
        expected = np.linalg.norm(held - case.target_points, axis=1).mean()
        assert outcome.measures[name] == pytest.approx(expected, abs=1e-3)
    before = np.linalg.norm(case.handle_points - case.target_points, axis=1).mean()
    assert outcome.measures["before_px"] == pytest.approx(before)
    assert outcome.handles == 2
    assert outcome.measures["steps"] == 3


def test_a_mask_is_handed_on_unless_it_is_empty(bench: Bench) -> None:
    case = landmark_case(bench.generator, 1, 1, 2)
    masked = replace(bench, mask=True)
    # The untrained generator changes everywhere; an edit below would change a part.
    part, faint = (
        replace(case, region=np.arange(32 * 32).reshape(32, 32) < count) for count in (512, 0)
    )
    free, held, empty = (
        drags_of(*each, JOB)[0] for each in ((bench, case), (masked, part), (masked, faint))
    )
    assert not torch.equal(free.w, held.w)
    assert torch.equal(free.w, empty.w)


def test_the_way_back_begins_where_the_way_there_ended(bench: Bench) -> None:
    case = case_of("roundtrip", bench.generator, 0, 2)
    there, home = drags_of(bench, case, JOB, back=True)
    config = DragConfig(solver="paper", max_steps=3, seed=1)
    expected: Dragged = drag(
        bench.generator, there.w, there.z, there.handle_points, case.handle_points, config, None
    )
    assert torch.equal(home.w, expected.w)
    assert not torch.equal(home.w, there.w)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_tells_of_its_measures_alone(name: str, bench: Bench) -> None:
    case = case_of(name, bench.generator, 1, 2)
    outcome = PROTOCOLS[name].carry_out(bench, case, JOB)
    taken = {key for key, value in outcome.measures.items() if value is not None}
    assert set(PROTOCOLS[name].measures) - taken <= {
        "residual",
        "lpips_x10",
        "outside",
        "outside_floor",
    }
    assert taken <= set(MEASURES)


@pytest.mark.slow
def test_a_mask_keeps_the_rest_of_an_animal_as_the_true_edit_does(
    record_property: Callable[[str, object], None],
) -> None:
    generator = load_stylegan2("animals", device="cpu")
    network = load_landmark_network()
    sums = dict.fromkeys((False, True), 0.0)
    goal = true = 0.0
    for masked in sums:
        bench = Bench(generator, network, None, max_steps=30, mask=masked, residual=False)
        for number in range(10, 15):  # one of each kind of edit
            job = Job(Setting("kinematic", "w+", 5), number)
            values = drag_there(bench, landmark_case(generator, 1, number, 5), job).measures
            sums[masked] += values["outside"] or 0.0
            if masked:
                goal += values["outside_floor"] or 0.0
                true += values["true_px"] or 0.0
    record_property(
        "change outside a mask of 255, without it, in the goal",
        (sums[True] / 5, sums[False] / 5, goal / 5),
    )
    record_property("true distance with a mask, px", true / 5)
    assert sums[True] < 1.5 * goal < 0.7 * sums[False]
    assert true / 5 < 4
