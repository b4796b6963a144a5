"""The capture of a step as graphs, and how it runs without."""

import warnings

import pytest
import torch
from torch import Tensor

from draggan_widget.drag import graphs
from draggan_widget.drag.device_step import DeviceStep
from draggan_widget.drag.graphs import GraphedDrag, GraphedSequence, captures, padded_count
from tests.drag.device_drags import blobs_of, network_drag, right_half, stepped


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as a process does that was warned of nothing."""
    monkeypatch.setattr(graphs, "_TOLD", set())


def test_steps_are_captured_on_cuda_devices_alone() -> None:
    assert captures(torch.device("cuda", 1))
    assert not captures(torch.device("cpu"))


@pytest.mark.parametrize(("points", "expected"), [(1, 1), (2, 2), (3, 4), (5, 8), (17, 32)])
def test_numbers_of_points_are_rounded_up_to_a_power_of_two(points: int, expected: int) -> None:
    assert padded_count(points) == expected


def test_without_cuda_one_warning_tells_so_and_the_step_runs_as_it_is_written() -> None:
    drag = blobs_of(mask=right_half())
    expected = stepped(DeviceStep(drag.viewer, drag.recipe), drag, 3)
    graphed = GraphedDrag(drag.viewer, drag.recipe)
    with pytest.warns(UserWarning, match="not on a CUDA device") as told:
        found, _ = [stepped(graphed, each, 3) for each in (drag, blobs_of())]
    assert len(told) == 1
    torch.testing.assert_close(found, expected)


def test_a_sequence_without_graphs_calls_its_functions() -> None:
    inputs = [[torch.zeros(2)], [torch.zeros(2)]]
    functions = [lambda x: (x + 1,), lambda x: (x * 3,)]
    with pytest.warns(UserWarning, match="without a CUDA graph"):
        sequence = GraphedSequence(functions, inputs)
    assert not sequence.captured
    assert sequence(0, torch.ones(2))[0].tolist() == [2, 2]
    assert sequence(1, torch.ones(2))[0].tolist() == [3, 3]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GraphedSequence(functions, inputs)


class _Product:
    """A product whose derivative is a function of its own, as a picture's and its move's are."""

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            self.x = x.detach().requires_grad_()
            self.product = (self.x * y).exp()
        return (self.product.detach(),)

    def backward(self, weight: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad((self.product * weight).sum(), self.x)


@pytest.mark.cuda
def test_graphs_give_what_their_functions_give_in_tensors_of_the_callers_own() -> None:
    product = _Product()
    ones = torch.ones(3, device="cuda")
    sequence = GraphedSequence([product.forward, product.backward], [[ones, ones], [ones]])
    assert sequence.captured
    results = []
    for value in (0.5, 0.25):
        x = torch.full((3,), value, device="cuda")
        results += [sequence(0, x, 2 * ones), sequence(0, x, 2 * ones), sequence(1, 3 * x)]
    for k, value in enumerate((0.5, 0.25)):
        expected = torch.full((3,), 2 * value).exp()
        for (found,) in results[3 * k : 3 * k + 2]:
            torch.testing.assert_close(found.cpu(), expected)
        torch.testing.assert_close(results[3 * k + 2][0].cpu(), 2 * expected * 3 * value)


@pytest.mark.cuda
def test_what_cannot_be_captured_runs_eagerly_with_a_warning() -> None:
    def waits(x: Tensor) -> tuple[Tensor, ...]:
        return (x * float(x.sum()),)

    with pytest.warns(UserWarning, match="without a CUDA graph"):
        sequence = GraphedSequence([waits], [[torch.ones(2, device="cuda")]])
    assert not sequence.captured
    assert sequence(0, torch.ones(2, device="cuda"))[0].tolist() == [2, 2]


@pytest.mark.cuda
@pytest.mark.parametrize("solver", ["paper", "official"])
@pytest.mark.parametrize("masked", [False, True])
def test_the_graphs_of_a_network_take_the_steps_that_it_takes_eagerly(
    solver: str, masked: bool
) -> None:
    drag = network_drag(solver, right_half() if masked else None, "cuda")
    (sight, move) = stepped(GraphedDrag(drag.viewer, drag.recipe), drag, 3)
    (expected_sight, expected) = stepped(DeviceStep(drag.viewer, drag.recipe), drag, 3)
    torch.testing.assert_close(sight.handles, expected_sight.handles)
    torch.testing.assert_close(
        move.descent.coordinates, expected.descent.coordinates, rtol=0, atol=1e-4
    )
