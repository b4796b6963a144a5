from typing import Any

import numpy as np
import torch

from draggan_widget.drag import DragStep
from draggan_widget.inspector.record import MOST_ROWS, Record, distances, losses, paths


def step(number: int, *points: tuple[int, float, float], loss: float = 1.0) -> DragStep[Any]:
    """Return a step with points: id and place; the targets lie at the origin."""
    handles = np.array([point[1:] for point in points], float).reshape(-1, 2)
    return DragStep(
        step=number,
        w=torch.full((1, 1, 1), float(number)),
        z=None,
        handle_points=handles,
        target_points=np.zeros_like(handles),
        point_ids=tuple(point[0] for point in points),
        distances_px=np.hypot(*handles.T),
        confidences=np.ones(len(handles)),
        origins=(),
        loss=loss,
        status="running",
        trace=None,
        generator_evaluations=number,
    )


def test_curves_and_ways_are_those_of_the_steps() -> None:
    record = Record()
    record.add(step(0, (1, 3, 4), (2, 6, 8), loss=9))
    record.add(step(1, (1, 0, 2), (2, 5, 12), loss=4))
    assert distances(record.rows) == {1: [(0, 5), (1, 2)], 2: [(0, 10), (1, 13)]}
    assert losses(record.rows) == [(0, 9), (1, 4)]
    assert paths(record.rows) == {1: [(3, 4), (0, 2)], 2: [(6, 8), (5, 12)]}
    assert float(record.w) == 1 if record.w is not None else False


def test_a_point_that_comes_later_has_a_curve_from_then_on() -> None:
    record = Record()
    record.add(step(0, (1, 3, 4)))
    record.add(step(1, (1, 3, 3), (5, 1, 0)))
    assert distances(record.rows)[5] == [(1, 1)]


def test_the_same_picture_again_is_no_row_more_and_keeps_its_loss() -> None:
    record = Record()
    record.add(step(0, (1, 3, 4), loss=9))
    record.add(step(0, (1, 3, 4), loss=0))
    assert losses(record.rows) == [(0, 9)]


def test_a_final_picture_has_no_loss() -> None:
    record = Record()
    record.add(step(0, (1, 3, 4), loss=9))
    record.add(step(1, (1, 0, 1), loss=0))
    assert losses(record.rows) == [(0, 9), (1, None)]


def test_a_new_drag_begins_anew_and_a_single_step_goes_on() -> None:
    record = Record()
    for number in (0, 1, 2):
        record.add(step(number, (1, 3, 4)))
    record.rest()
    record.add(step(3, (1, 3, 3)))
    assert [row.step for row in record.rows] == [0, 1, 2, 3]
    record.rest()
    record.add(step(0, (1, 3, 3)))
    assert [row.step for row in record.rows] == [0]


def test_a_pull_of_one_step_after_another_such_pull_begins_anew() -> None:
    record = Record()
    record.add(step(1, (1, 3, 4)))
    record.rest()
    record.add(step(1, (1, 2, 4)))
    assert paths(record.rows) == {1: [(2, 4)]}


def test_of_a_long_drag_the_older_rows_are_kept_less_densely() -> None:
    record = Record()
    for number in range(5 * MOST_ROWS):
        record.add(step(number, (1, 3, 4)))
    numbers = [row.step for row in record.rows]
    assert len(numbers) <= MOST_ROWS
    assert numbers == sorted(numbers)
    assert (numbers[0], numbers[-1]) == (0, 5 * MOST_ROWS - 1)
    assert numbers[-50:] == list(range(5 * MOST_ROWS - 50, 5 * MOST_ROWS))
