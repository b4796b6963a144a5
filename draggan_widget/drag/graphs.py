"""A step as a CUDA graph: its hundreds of small kernels are launched as one. Without CUDA it runs as it is written.

A graph has fixed shapes, so there is one for each number of points, rounded up to a power of two, with and without
a mask.
"""

import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from draggan_widget.drag.device_step import (
    DragState,
    DragTask,
    StepRecipe,
    StepReport,
    drag_step,
    padded,
)
from draggan_widget.ops import extension

WARM_UPS = 3
"""Calls before the capture, in which libraries choose algorithms and take workspaces (PyTorch's "CUDA graphs")."""

TensorFunction = Callable[..., tuple[Tensor, ...]]
"""From tensors to tensors."""

_TOLD: set[str] = set()
"""Reasons for running without a graph that this process has been warned of."""


class GraphedStep:
    """A function of tensors of fixed shapes, captured as a CUDA graph where that is possible.

    Attributes:
        captured: Whether calls replay a graph; otherwise they call the function.
    """

    def __init__(self, function: TensorFunction, example_inputs: Sequence[Tensor]) -> None:
        """Capture the function, or warn once why it runs without a graph.

        Args:
            function: Must neither wait for the device nor draw random numbers, and change no tensor that it is given.
            example_inputs: Tensors of the shapes, types and device of all later calls.
        """
        self.captured = False
        self._function = function
        if not all(each.is_cuda for each in example_inputs):
            _warn_once("its tensors are not on a CUDA device")
            return
        try:
            with torch.cuda.device(example_inputs[0].device):
                self._capture(example_inputs)
            self.captured = True
        except RuntimeError as error:
            _warn_once(str(error).strip().partition("\n")[0])

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return what the function returns, in tensors of the caller's own."""
        if not self.captured:
            return self._function(*inputs)
        for static, given in zip(self._inputs, inputs, strict=True):
            static.copy_(given)
        self._graph.replay()
        return tuple(each.clone() for each in self._outputs)

    def _capture(self, example_inputs: Sequence[Tensor]) -> None:
        """Warm up on a stream of its own, then record one call."""
        self._inputs = [each.detach().clone() for each in example_inputs]
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # has no types
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                self._function(*self._inputs)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        # Other threads go on using the device meanwhile, to draw frames or to load the compiled kernels.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._outputs = self._function(*self._inputs)


class GraphedDrag:
    """The steps of a drag, each replayed from the graph of its number of points."""

    def __init__(self, recipe: StepRecipe) -> None:
        """Capture nothing yet.

        Args:
            recipe: What stays the same during the drag.
        """
        self._recipe = recipe
        self._steps: dict[tuple[int, bool], GraphedStep] = {}
        self._on_kernels = False

    def step(self, state: DragState, task: DragTask) -> tuple[DragState, StepReport]:
        """Return what :func:`drag_step` returns.

        Args:
            state: With at least one point; the state that the last step returned, or one with other points.
            task: What is wanted.
        """
        count = len(task.present)
        state, task = padded(state, task, padded_count(count))
        tensors = *state, *(each for each in task if each is not None)
        if not self._on_kernels and extension.status() == "ready":
            self._on_kernels = True
            self._steps.clear()  # they were captured before the kernels were compiled
        key = len(task.present), task.held is not None
        if key not in self._steps:
            self._steps[key] = GraphedStep(self._run, tensors)
        results = self._steps[key](*tensors)
        parts = len(DragState._fields)
        after, report = DragState(*results[:parts]), StepReport(*results[parts:])
        return (
            after._replace(handles=after.handles[:count]),
            report._replace(distances_px=report.distances_px[:count]),
        )

    def _run(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Return the step as a function of a row of tensors."""
        parts = len(DragState._fields)
        targets, references, present, stop_px, *held = tensors[parts:]
        task = DragTask(targets, references, present, stop_px, held[0] if held else None)
        state, report = drag_step(self._recipe, DragState(*tensors[:parts]), task)
        return *state, *report


def padded_count(points: int) -> int:
    """Return the next power of two, so that few graphs serve every number of points."""
    return 1 << (points - 1).bit_length()


def _warn_once(reason: str) -> None:
    """Tell why steps run without a graph, once in a process for each reason."""
    if reason not in _TOLD:
        _TOLD.add(reason)
        warnings.warn(f"steps run without a CUDA graph: {reason}", stacklevel=3)
