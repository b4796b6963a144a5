"""The step on the device: what it leaves alone, and that nothing in it waits."""

import pytest
import torch
import torch.nn.functional as F

from draggan_widget.drag.device_step import DeviceStep, DragTask, Move, Sight, start_of
from tests.drag.device_drags import Drag, blobs_of, network_drag, right_half, stepped
from tests.drag.host_reads import HostReads


def padded(drag: Drag, points: int) -> Drag:
    """Return the same with so many points; those added do not exist."""
    more = points - len(drag.handles)
    targets, references, present, held = drag.task
    rows = 0, 0, 0, more
    task = DragTask(F.pad(targets, rows), F.pad(references, rows), F.pad(present, (0, more)), held)
    return drag._replace(handles=F.pad(drag.handles, rows), task=task)


def taken(drag: Drag, steps: int) -> tuple[Sight, Move]:
    """Return what is seen of the last picture of so many steps, and the move from it."""
    return stepped(DeviceStep(drag.viewer, drag.recipe), drag, steps)


@pytest.mark.parametrize("solver", ["paper", "official", "whitened"])
def test_points_that_only_fill_up_change_nothing(solver: str) -> None:
    drag = blobs_of(solver, mask=right_half())
    alone_sight, alone = taken(drag, 4)
    sight, move = taken(padded(drag, 5), 4)
    torch.testing.assert_close(move, alone)
    torch.testing.assert_close(sight.handles[:3], alone_sight.handles)
    assert sight.confidences[3:].tolist() == [1, 1]


def test_features_that_are_no_numbers_are_told_and_leave_the_handles_where_they_were() -> None:
    drag = blobs_of()
    step, descent = DeviceStep(drag.viewer, drag.recipe), start_of(drag.recipe.chart)
    assert bool(step.look(descent, drag.handles, drag.task).found)
    assert bool(step.move(descent, drag.handles, drag.task).finite)
    drag.generator.brightness.fill_(torch.nan)
    sight = step.look(descent, drag.handles, drag.task)
    assert not bool(sight.found)
    assert torch.equal(sight.handles, drag.handles)
    assert not bool(step.move(descent, drag.handles, drag.task).finite)


def test_neither_a_look_nor_a_move_changes_what_it_is_given() -> None:
    drag = blobs_of(mask=right_half())
    _, move = taken(drag, 2)
    row = *move.descent, drag.handles, *drag.task
    given = [each for each in row if each is not None]
    copies = [each.clone() for each in given]
    step = DeviceStep(drag.viewer, drag.recipe)
    step.look(move.descent, drag.handles, drag.task)
    step.move(move.descent, drag.handles, drag.task)
    for one, other in zip(given, copies, strict=True):
        assert torch.equal(one, other)


def test_the_reads_that_a_step_must_not_make_are_found() -> None:
    with HostReads() as reads:
        float(torch.tensor([1.0]).sum())
    assert reads.found == ["lift_fresh", "_local_scalar_dense"]


@pytest.mark.parametrize("solver", ["paper", "official"])
def test_a_step_of_a_network_never_waits_for_the_device(solver: str) -> None:
    drag = network_drag(solver, right_half(), "cpu")
    taken(drag, 1)
    step, descent = DeviceStep(drag.viewer, drag.recipe), start_of(drag.recipe.chart)
    with HostReads() as reads:
        sight = step.look(descent, drag.handles, drag.task)
        step.move(descent, sight.handles, drag.task)
    assert reads.found == []
