"""Widgets with work in them, over a front end in Python."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, connect
from tests.faults.survival import worked_widget

Make = Callable[..., tuple[DragWidget, BrowserEnd]]


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
