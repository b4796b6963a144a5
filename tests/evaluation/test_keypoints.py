"""Points that are read from pictures and features of generators without a known scene."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from draggan_widget.errors import GeneratorError
from draggan_widget.evaluation import keypoints
from draggan_widget.evaluation.cases import LEAST_VISIBLE, PAIR_POINTS, Case
from draggan_widget.evaluation.keypoints import (
    BORDER,
    LONGEST_DRAG,
    SHORTEST_DRAG,
    SPACING,
    edge_case,
    edge_points,
    matched_case,
    matched_points,
    random_targets,
    spread_out,
)
from draggan_widget.generator import Generator

ROWS = 6


def test_points_lie_on_the_only_edge_and_apart() -> None:
    image = torch.full((1, 3, 60, 100), -1.0)
    image[..., 50:] = 1.0
    points = edge_points(image, 24, np.random.default_rng(0))
    assert set(points[:, 0]) <= {49.0, 50.0}
    assert points[:, 1].min() >= BORDER * 60
    assert points[:, 1].max() <= 59 - BORDER * 60
    apart = np.linalg.norm(points[:, None] - points, axis=2)[~np.eye(len(points), dtype=bool)]
    assert apart.min() >= SPACING * 100
    assert 5 <= len(points) < 24  # no more fit on the edge


def test_a_flat_picture_has_no_points() -> None:
    assert edge_points(torch.zeros(1, 3, 32, 32), 3, np.random.default_rng(0)).shape == (0, 2)


def test_targets_lie_in_the_picture_at_the_distances_that_are_meant() -> None:
    handles = np.array([[4.0, 4.0], [20.0, 95.0], [39.0, 50.0]] * 20)
    targets = random_targets(handles, 40, 100, np.random.default_rng(0))
    distances = np.linalg.norm(targets - handles, axis=1)
    assert distances.min() >= SHORTEST_DRAG * 100
    assert distances.max() <= LONGEST_DRAG * 100
    assert ((targets >= 0) & (targets <= (39, 99))).all()


def test_features_that_move_are_found_where_they_went() -> None:
    rng = torch.Generator().manual_seed(0)
    first = torch.randn(8, 16, 16, generator=rng)
    second = torch.randn(8, 16, 16, generator=rng)
    second[:, 3:12, 5:14] = first[:, 2:11, 3:12]
    handles, targets = matched_points(first, second, 64, 64)
    moved = (targets - handles).tolist()
    assert moved.count([8.0, 4.0]) >= 0.9 * 81
    assert np.linalg.norm(targets - handles, axis=1).max() <= 0.25 * 64
    assert [13.5, 9.5] in handles.tolist()  # the centre of column 3, row 2


def test_chosen_points_are_far_from_each_other() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [10.0, 0.0], [5.0, 0.0]])
    assert spread_out(points, 3).tolist() == [0, 3, 4]
    assert sorted(spread_out(points, 9).tolist()) == [0, 1, 2, 3, 4]


def test_cases_are_the_same_whenever_they_are_made(strange_generator: Generator) -> None:
    makers: tuple[Callable[[int], Case], ...] = (
        lambda number: edge_case(strange_generator, 3, number, 4),
        lambda number: matched_case(strange_generator, 3, number, ROWS),
    )
    for make in makers:
        one, other, again = make(1), make(2), make(1)
        assert torch.equal(one.start_w, again.start_w)
        assert not torch.equal(one.start_w, other.start_w)
        np.testing.assert_array_equal(one.handle_points, again.handle_points)
        np.testing.assert_array_equal(one.target_points, again.target_points)


def test_the_pictures_of_a_matched_pair_differ_in_the_rows_that_may_move(
    strange_generator: Generator,
) -> None:
    case = matched_case(strange_generator, 3, 0, ROWS)
    assert case.goal_w is not None
    assert case.group == "matched"
    assert LEAST_VISIBLE <= len(case.handle_points) <= PAIR_POINTS
    assert torch.equal(case.start_w[:, ROWS:], case.goal_w[:, ROWS:])
    assert not torch.equal(case.start_w[:, :ROWS], case.goal_w[:, :ROWS])
    assert case.region is not None
    assert case.region.any()


def test_a_generator_of_flat_pictures_is_refused(
    strange_generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keypoints, "MOST_DRAWS", 3)
    flat = Generator(strange_generator.config, name="flat").frozen()
    for parameter in flat.parameters():
        parameter.zero_()
    with pytest.raises(GeneratorError, match="flat gave no usable case in 3 random pictures"):
        edge_case(flat, 3, 0, 4)
