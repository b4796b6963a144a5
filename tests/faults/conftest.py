"""Widgets with work in them, over a front end in Python."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, connect
from tests.faults.survival import worked_widget

Make = Callable[..., tuple[DragWidget, BrowserEnd]]


@pytest.fixture(autouse=True)
def one_core() -> Iterator[None]:
    """Have torch use one core, as the worker does: several take turns for pictures as small as these, and lose."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def gradients() -> Iterator[None]:
    """Turn gradients on again where an interrupt of a test's own calls has left them off."""
    yield
    torch.set_grad_enabled(True)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Return what makes widgets of :func:`worked_widget` with a front end; they are closed at the end."""
    connect(monkeypatch)
    made: list[DragWidget] = []

    def make(*arguments: Any, **named: Any) -> tuple[DragWidget, BrowserEnd]:
        widget = worked_widget(*arguments, **named)
        made.append(widget)
        end = widget.comm
        assert isinstance(end, BrowserEnd)
        return widget, end

    yield make
    for widget in made:
        widget.close()
