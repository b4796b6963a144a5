"""Cases on known scenes: what differs, what is dragged where, and that a case is always the same."""

import numpy as np
import pytest
import torch

from draggan_widget.animals import GEOMETRY_DIM, landmarks_px
from draggan_widget.animals.parameters import PARAMETER_INDEX
from draggan_widget.evaluation import cases
from draggan_widget.evaluation.cases import (
    ALL_POINTS,
    GROUPS,
    LEAST_MOVE,
    LEAST_VISIBLE,
    PAIR_POINTS,
    Case,
    Truth,
    changed_region,
    has_scene,
    landmark_case,
    pair_case,
)
from draggan_widget.generator import Generator

SEED = 7


def truth_of(case: Case) -> Truth:
    """Return what is known about the scenes of a case."""
    assert case.truth is not None
    return case.truth


def same(first: Case, second: Case) -> bool:
    """Whether two cases are equal in every number."""
    assert first.goal_w is not None
    assert second.goal_w is not None
    return (
        torch.equal(first.start_w, second.start_w)
        and torch.equal(first.goal_w, second.goal_w)
        and np.array_equal(first.handle_points, second.handle_points)
        and np.array_equal(first.target_points, second.target_points)
        and np.array_equal(np.asarray(first.region), np.asarray(second.region))
    )


def test_a_case_is_the_same_whenever_it_is_made(scene_generator: Generator) -> None:
    later = landmark_case(scene_generator, SEED, 6, 3)
    cases._landmark_scenes.cache_clear()
    for number in (2, 6):
        alone = landmark_case(scene_generator, SEED, number, 3)
    assert same(later, alone)
    assert not same(alone, landmark_case(scene_generator, SEED + 1, 6, 3))


@pytest.mark.parametrize("number", range(5))
def test_only_the_entries_of_the_group_differ(number: int, scene_generator: Generator) -> None:
    case = landmark_case(scene_generator, SEED, number, 1)
    z = truth_of(case).z
    differing = (z[0] != z[1]).nonzero()[:, 0].tolist()
    assert case.group == list(GROUPS)[number]
    assert differing == sorted(PARAMETER_INDEX[name] for name in GROUPS[case.group])
    assert max(differing) < GEOMETRY_DIM


def test_the_latents_are_the_mapped_scenes(scene_generator: Generator) -> None:
    case = landmark_case(scene_generator, SEED, 0, 1)
    w = scene_generator.mapping(truth_of(case).z)
    assert case.goal_w is not None
    assert torch.equal(torch.cat([case.start_w, case.goal_w]), w)


@pytest.mark.parametrize("number", range(5))
def test_the_handles_are_the_visible_landmarks_that_move_most(
    number: int, scene_generator: Generator
) -> None:
    case = landmark_case(scene_generator, SEED, number, 4)
    truth = truth_of(case)
    points, seen = landmarks_px(truth.z, scene_generator.width)
    both = seen.all(0).numpy()
    moves = np.linalg.norm(case.target_points - case.handle_points, axis=1)
    others = [i for i in range(ALL_POINTS) if truth.visible[i] and i not in truth.handles]
    rest = torch.linalg.vector_norm(points[1] - points[0], dim=-1)[others]
    assert both[list(truth.handles)].all()
    np.testing.assert_array_equal(case.handle_points, points[0, list(truth.handles)].double())
    np.testing.assert_array_equal(case.target_points, points[1, list(truth.handles)].double())
    assert (np.diff(moves) <= 0).all()
    assert moves.min() >= rest.max().item() - 1e-4
    assert moves[0] >= LEAST_MOVE * scene_generator.width
    for ends in (case.handle_points, case.target_points):
        assert ((ends >= 0) & (ends <= scene_generator.width - 1)).all()


def test_fewer_points_are_the_first_of_more_and_24_are_all_that_are_seen(
    scene_generator: Generator,
) -> None:
    few, many = (landmark_case(scene_generator, SEED, 4, k) for k in (3, ALL_POINTS))
    assert truth_of(few).handles == truth_of(many).handles[:3]
    assert len(many.handle_points) == truth_of(many).visible.sum() >= LEAST_VISIBLE


def test_a_pair_differs_in_pose_and_has_exact_correspondences(scene_generator: Generator) -> None:
    case = pair_case(scene_generator, SEED, 0)
    z = truth_of(case).z
    differing = (z[0] != z[1]).nonzero()[:, 0].tolist()
    assert differing == sorted(PARAMETER_INDEX[name] for name in GROUPS["pose"])
    assert LEAST_VISIBLE <= len(case.handle_points) == len(case.target_points) <= PAIR_POINTS
    cases._pair_scenes.cache_clear()
    assert same(case, pair_case(scene_generator, SEED, 0))


def test_the_region_is_where_the_pictures_differ_and_a_little_more() -> None:
    first = torch.zeros(1, 3, 100, 100)
    second = first.clone()
    second[0, 1, 40:50, 60:70] = 0.1
    second[0, 0, 5, 5] = 0.01  # too little to see
    second[0, 2, 90, 90] = -0.2
    expected = np.zeros((100, 100), dtype=bool)
    expected[38:52, 58:72] = True
    expected[88:93, 88:93] = True
    np.testing.assert_array_equal(changed_region(first, second), expected)


def test_what_screens_cannot_show_changes_nothing() -> None:
    first = torch.ones(1, 3, 16, 16)
    assert not changed_region(first, first + 0.5).any()


def test_a_scene_is_known_by_what_the_generator_says(
    scene_generator: Generator, strange_generator: Generator
) -> None:
    assert has_scene(scene_generator)
    assert not has_scene(strange_generator)
