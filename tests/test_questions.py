"""Questions of the front end and their answers, through a widget."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, front_end_of, open_widget

HANDLE, TARGET = [30.0, 32.0], [36.0, 31.0]


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    with open_widget(monkeypatch) as widget:
        yield widget


@pytest.fixture
def browser(widget: DragWidget) -> BrowserEnd:
    return front_end_of(widget)


def test_the_picture_at_the_start_can_be_asked_for_after_a_drag(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    before = np.asarray(widget.image)
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    assert browser.command("step")["ok"]
    answer, (picture,) = browser.ask("picture", of="start")
    assert answer["ok"]
    assert (answer["result"]["w"], answer["result"]["h"]) == widget.image.size
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(picture))), before)
    assert not np.array_equal(np.asarray(widget.image), before)


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("gossip", {}, "a question must be one of file, picture"),
        ("picture", {}, "picture takes args {of}"),
        ("picture", {"of": "start", "file": "/etc/passwd"}, "picture takes args {of}"),
        ("picture", {"of": 3}, "of must be one of start"),
        ("thumbnail", {"entry": "1"}, "entry must be an integer from 0"),
        ("thumbnail", {}, "thumbnail takes args {entry}"),
        ("film", {"index": -2}, "index must be an integer from -1"),
        ("film", {"index": None}, "index must be an integer from -1"),
    ],
)
def test_what_cannot_be_answered_is_told_to_who_asks_and_shows_no_banner(
    browser: BrowserEnd, name: str, arguments: dict[str, object], error: str
) -> None:
    answer, files = browser.ask(name, **arguments)
    assert not answer["ok"]
    assert error in answer["error"]
    assert not files
    assert browser.state["error"] == {}
