"""A bar that tells how far a drag is: in a notebook an output of its own, in a terminal a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tqdm.std import tqdm

from draggan_widget.notebook import Output, kernel_shell

if TYPE_CHECKING:
    from draggan_widget.session import DragResult

CELLS = 24
"""Letters of a bar."""

FORMAT = "{l_bar}{bar}| {postfix}"
"""A bar in a terminal tells steps and distance instead of a rate."""


TOLD_BY = ["status", "step", "distance_px"]
"""Traits whose changes are looked at; the status too, as the first steps of a fast drag come before it."""

End = Callable[["DragResult"], None]
"""Is told how the drag ended."""


@contextmanager
def drag_bar(widget: Any, shown: bool | None) -> Iterator[End]:
    """Show how far a drag of a widget is, as long as the context lasts; tell the end to what it gives.

    Args:
        widget: Has the traits ``status``, ``step`` and ``distance_px``.
        shown: Whether; None shows it in the kernel of a notebook only.
    """
    in_notebook = kernel_shell() is not None
    if not (in_notebook if shown is None else shown):
        yield lambda _: None
        return
    tell, end = _in_notebook() if in_notebook else _in_terminal()
    farthest, part = 0.0, 0.0

    def changed(_: object) -> None:
        nonlocal farthest, part
        steps, distance = int(widget.step), float(widget.distance_px)
        if widget.status == "running" and steps > 0:
            farthest = max(farthest, distance)
            part = max(part, 1 - distance / farthest if farthest else 0.0)
            tell(part, steps, distance)

    widget.observe(changed, names=TOLD_BY)
    ended: list[DragResult] = []
    try:
        yield ended.append
    finally:
        widget.unobserve(changed, names=TOLD_BY)
        end(ended[0] if ended else None, part)


def bar_text(part: float, words: str) -> str:
    """Return a bar as a line of text.

    Args:
        part: How much is done, 0..1.
        words: What stands beside it.
    """
    full = round(CELLS * min(1.0, max(0.0, part)))
    return f"{'█' * full}{'░' * (CELLS - full)}  {words}"


def numbers_text(steps: int, distance_px: float) -> str:
    """Return the numbers beside a bar."""
    return f"step {steps}, {distance_px:.1f} px to go"


def end_text(result: DragResult | None) -> str:
    """Return how a drag ended, as it stands beside a bar; None is one that was called off."""
    if result is None:
        return "called off"
    return f"{result.status} after {result.steps} steps in {result.seconds:.1f} s"


_Told = tuple[Callable[[float, int, float], None], Callable[["DragResult | None", float], None]]


def _in_notebook() -> _Told:
    """Return what shows a bar in the cell that runs."""
    output = Output()
    output.show({"text/plain": bar_text(0, "dragging ...")})

    def tell(part: float, steps: int, distance_px: float) -> None:
        output.update({"text/plain": bar_text(part, numbers_text(steps, distance_px))})

    def end(result: DragResult | None, part: float) -> None:
        done = 1.0 if result is not None and result.status == "arrived" else part
        output.update({"text/plain": bar_text(done, end_text(result))})

    return tell, end


def _in_terminal() -> _Told:
    """Return what shows a bar in a terminal."""
    line: tqdm[Any] = tqdm(total=1.0, desc="Dragging", bar_format=FORMAT)

    def tell(part: float, steps: int, distance_px: float) -> None:
        line.n = part
        line.set_postfix_str(numbers_text(steps, distance_px))

    def end(result: DragResult | None, part: float) -> None:
        line.n = 1.0 if result is not None and result.status == "arrived" else part
        line.set_postfix_str(end_text(result))
        line.close()

    return tell, end
