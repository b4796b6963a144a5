"""Steps as CUDA graphs: their hundreds of small kernels are launched as one. Without CUDA they run as they are written.

A graph has fixed shapes, so there is a pair for each number of points, rounded up to a power of two, with and without
a mask.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from draggan_widget.drag.descent import Recipe
from draggan_widget.drag.device_step import Descent, DeviceStep, DragTask, Move, Sight
from draggan_widget.drag.views import Viewer
from draggan_widget.ops import extension

WARM_UPS = 3
"""Calls before the capture, in which libraries choose algorithms and take workspaces (PyTorch's "CUDA graphs")."""

TensorFunction = Callable[..., tuple[Tensor, ...]]
"""From tensors to tensors."""

_TOLD: set[str] = set()
"""Reasons for running without a graph that this process has been warned of."""


def captures(device: torch.device) -> bool:
    """Return whether drags on a device take the step that can be captured."""
    return device.type == "cuda"


class GraphedSequence:
    """Functions of tensors of fixed shapes that are called in turn, each captured as a CUDA graph where possible.

    A function may use what an earlier one keeps on its object, such as a picture with its gradient: a replay finds it
    in the same memory. So each is called only after the one before it, but the sequence may begin anew at any time.

    Attributes:
        captured: Whether calls replay graphs; otherwise they call the functions.
    """

    def __init__(
        self, functions: Sequence[TensorFunction], example_inputs: Sequence[Sequence[Tensor]]
    ) -> None:
        """Capture the functions, or warn once why they run without graphs.

        Args:
            functions: Must neither wait for the device nor draw random numbers, and change no tensor that they are
                given.
            example_inputs: For each, tensors of the shapes, types and device of all later calls.
        """
        self.captured = False
        self._functions = functions
        if not all(tensor.is_cuda for inputs in example_inputs for tensor in inputs):
            _warn_once("its tensors are not on a CUDA device")
            return
        try:
            with torch.cuda.device(example_inputs[0][0].device):
                self._capture(example_inputs)
            self.captured = True
        except RuntimeError as error:
            _warn_once(str(error).strip().partition("\n")[0])

    def __call__(self, index: int, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Return what the function of that index returns, in tensors of the caller's own."""
        if not self.captured:
            return self._functions[index](*inputs)
        for static, given in zip(self._inputs[index], inputs, strict=True):
            static.copy_(given)
        self._graphs[index].replay()
        return tuple(each.clone() for each in self._outputs[index])

    def _capture(self, example_inputs: Sequence[Sequence[Tensor]]) -> None:
        """Warm up on a stream of its own, then record one call of each."""
        statics = [[each.detach().clone() for each in inputs] for inputs in example_inputs]
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # has no types
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                for function, inputs in zip(self._functions, statics, strict=True):
                    function(*inputs)
        torch.cuda.current_stream().wait_stream(stream)
        graphs: list[torch.cuda.CUDAGraph] = []
        results: list[tuple[Tensor, ...]] = []
        for function, inputs in zip(self._functions, statics, strict=True):
            graph = torch.cuda.CUDAGraph()
            # One pool: a later graph may reuse what an earlier one has let go, as they are replayed in turn.
            pool = graphs[0].pool() if graphs else None
            # Other threads go on using the device meanwhile, to draw frames or to load the compiled kernels.
            with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
                results.append(function(*inputs))
            graphs.append(graph)
        self._graphs, self._inputs, self._outputs = graphs, statics, results


class GraphedDrag:
    """The steps of a drag, each replayed from the graphs of its number of points."""

    def __init__(self, viewer: Viewer[Any], recipe: Recipe) -> None:
        """Capture nothing yet; arguments as for :class:`DeviceStep`."""
        self._viewer, self._recipe = viewer, recipe
        self._steps: dict[tuple[int, bool], GraphedSequence] = {}
        self._current: GraphedSequence | None = None
        self._on_kernels = False

    def look(self, descent: Descent, handles: Tensor, task: DragTask) -> Sight:
        """Return what :meth:`DeviceStep.look` returns, for a :func:`padded_count` of points."""
        tensors = _row(descent, handles, task)
        if not self._on_kernels and extension.status() == "ready":
            self._on_kernels = True
            self._steps.clear()  # they were captured before the kernels were compiled
        key = len(task.present), task.held is not None
        if key not in self._steps:
            step = DeviceStep(self._viewer, self._recipe)
            functions = _looks(step), _moves(step)
            self._steps[key] = GraphedSequence(functions, [tensors, tensors])
        self._current = self._steps[key]
        return Sight(*self._current(0, *tensors))

    def move(self, descent: Descent, handles: Tensor, task: DragTask) -> Move:
        """Return what :meth:`DeviceStep.move` returns after the last look."""
        assert self._current is not None
        *after, loss, finite = self._current(1, *_row(descent, handles, task))
        return Move(Descent(*after), loss, finite)


def padded_count(points: int) -> int:
    """Return the next power of two, so that few graphs serve every number of points."""
    return 1 << (points - 1).bit_length()


def _row(descent: Descent, handles: Tensor, task: DragTask) -> tuple[Tensor, ...]:
    """Return the arguments of a look or a move as a row of tensors."""
    return *descent, handles, *(each for each in task if each is not None)


def _arguments(row: tuple[Tensor, ...]) -> tuple[Descent, Tensor, DragTask]:
    """Return what :func:`_row` was given."""
    parts = len(Descent._fields)
    handles, targets, references, present, *held = row[parts:]
    task = DragTask(targets, references, present, held[0] if held else None)
    return Descent(*row[:parts]), handles, task


def _looks(step: DeviceStep) -> TensorFunction:
    """Return the look of a step as a function of a row of tensors."""
    return lambda *row: step.look(*_arguments(row))


def _moves(step: DeviceStep) -> TensorFunction:
    """Return the move of a step as a function of a row of tensors."""

    def function(*row: Tensor) -> tuple[Tensor, ...]:
        descent, loss, finite = step.move(*_arguments(row))
        return *descent, loss, finite

    return function


def _warn_once(reason: str) -> None:
    """Tell why steps run without a graph, once in a process for each reason."""
    if reason not in _TOLD:
        _TOLD.add(reason)
        warnings.warn(f"steps run without a CUDA graph: {reason}", stacklevel=3)
