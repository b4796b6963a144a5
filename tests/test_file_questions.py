"""Files that the front end asks for and opens, through a widget."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from draggan_widget.file_questions import MOST_PICTURES, evenly
from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, front_end_of, open_widget
from tests.patience import PATIENCE_S, until
from tests.picture_blobs import MANY_STEPS, PictureBlobs
from tests.slow_drags import SLOW

HANDLE, TARGET = [30.0, 32.0], [33.0, 31.0]


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    with open_widget(monkeypatch, config=MANY_STEPS) as widget:
        yield widget


@pytest.fixture
def browser(widget: DragWidget) -> BrowserEnd:
    return front_end_of(widget)


def dragged(widget: DragWidget) -> None:
    widget.handle_points = [HANDLE]
    widget.target_points = [TARGET]
    assert widget.drag().status == "arrived"


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def answers(browser: BrowserEnd) -> list[dict[str, Any]]:
    return [message for message, _ in browser.custom if message["k"] == "answer"]


def ask_for_a_held_animation(
    browser: BrowserEnd, monkeypatch: pytest.MonkeyPatch, *, rid: int
) -> threading.Event:
    """Ask for an animation, wait until its first picture is begun, and return what lets it go on."""
    begun, go_on = threading.Event(), threading.Event()
    image = PictureBlobs.image

    def slow(self: PictureBlobs, w: Any) -> Any:
        begun.set()
        go_on.wait(PATIENCE_S)
        return image(self, w)

    monkeypatch.setattr(PictureBlobs, "image", slow)
    browser.say(k="ask", rid=rid, name="file", args={"format": "gif", "points": False})
    assert begun.wait(PATIENCE_S)
    return go_on


def test_the_picture_can_be_had_with_the_session_in_it(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    dragged(widget)
    answer, (png,) = browser.ask("file", format="png", points=False)
    assert answer["result"] == {"mime": "image/png", "ending": ".png"}
    assert np.array_equal(np.asarray(opened(png)), np.asarray(widget.image))
    _, (marked,) = browser.ask("file", format="png", points=True)
    assert not np.array_equal(np.asarray(opened(marked)), np.asarray(widget.image))
    for data in (png, marked):
        other = DragSession(PictureBlobs(), seed=9)
        other.open_file(data)
        assert np.array_equal(other.handle_points, widget.handle_points)


def test_the_session_can_be_had_and_opened_again_as_one_change(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    dragged(widget)
    answer, (data,) = browser.ask("file", format="session", points=False)
    assert answer["result"]["ending"] == ".dgs"
    w, handles = widget.w, widget.handle_points
    assert browser.command("sample", seed=5)["ok"]
    answer, _ = browser.ask("open", data, name="fox.dgs")
    assert answer["ok"]
    assert answer["result"] == {"points": 1}
    assert bool((widget.w == w).all())
    assert np.array_equal(widget.handle_points, handles)
    browser.until(lambda state: state["handle_points"] == handles.tolist())
    assert browser.command("undo")["ok"]
    assert widget.seed == 5
    assert len(widget.handle_points) == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"nonsense", "fox.dgs is no complete session file"),
        (b"", "fox.dgs is empty"),
        (b"\2\0\0\0\0\0\0\0{}", "its format is None"),
    ],
)
def test_what_cannot_be_opened_is_told_to_who_asks_and_changes_nothing(
    widget: DragWidget, browser: BrowserEnd, data: bytes, message: str
) -> None:
    before = widget.session.history
    answer, _ = browser.ask("open", data, name="fox.dgs")
    assert message in answer["error"]
    assert widget.session.history is before
    assert browser.state["error"] == {}


@pytest.mark.parametrize(("name", "ending"), [("gif", ".gif"), ("mp4", ".mp4")])
def test_the_last_drag_can_be_had_as_an_animation(
    widget: DragWidget, browser: BrowserEnd, name: str, ending: str
) -> None:
    dragged(widget)
    pictures = len(widget.session.trajectory)
    answer, _ = browser.ask("file_formats")
    assert answer["result"] == {"pictures": pictures, "mp4": True}
    answer, (data,) = browser.ask("file", format=name, points=True)
    assert answer["result"]["ending"] == ending
    parts = [message["part"] for message, _ in browser.custom if message["k"] == "progress"]
    assert parts == sorted(parts)
    assert parts
    if name == "gif":
        assert getattr(opened(data), "n_frames", 1) > 2
    else:
        with av.open(io.BytesIO(data)) as container:
            assert len(list(container.decode(video=0))) == pictures + 1


def test_without_a_drag_or_its_package_there_is_no_animation(
    browser: BrowserEnd, widget: DragWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, _ = browser.ask("file", format="gif", points=False)
    assert "there is no drag yet; pull at the picture first" in answer["error"]
    monkeypatch.setattr("draggan_widget.video.find_spec", lambda _: None)
    assert browser.ask("file_formats")[0]["result"] == {"pictures": 0, "mp4": False}
    dragged(widget)
    answer, _ = browser.ask("file", format="mp4", points=False)
    assert "pip install 'draggan-widget[video]'" in answer["error"]


def test_a_person_comes_before_an_animation_and_a_drag_holds_it_up(
    widget: DragWidget, browser: BrowserEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    dragged(widget)
    image = PictureBlobs.image
    go_on = ask_for_a_held_animation(browser, monkeypatch, rid=1)
    monkeypatch.setattr(PictureBlobs, "image", image)
    widget.target_points = [[60, 60]]
    widget.config = SLOW
    widget.run()
    go_on.set()
    until(lambda: widget.status == "running" and widget.session.steps > 2)
    assert answers(browser) == []
    widget.stop()
    until(lambda: answers(browser))
    assert answers(browser)[0]["ok"]


def test_an_animation_that_was_given_up_gets_no_answer(
    widget: DragWidget, browser: BrowserEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    dragged(widget)
    go_on = ask_for_a_held_animation(browser, monkeypatch, rid=7)
    browser.say(k="ask", rid=8, name="cancel", args={"rid": 7})
    go_on.set()
    until(lambda: answers(browser))
    assert widget.image.size == (64, 64)
    assert [message["rid"] for message in answers(browser)] == [8]


def test_a_picture_that_is_asked_for_during_a_pull_leaves_the_pull_alone(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.say(k="pull", id=1, x=60.0, y=60.0, seq=1)
    browser.edit(1, (1, HANDLE, [60.0, 60.0]), placed=[1])
    browser.until(lambda state: state["status"] == "running" and state["step"] > 0)
    _, (png,) = browser.ask("file", format="png", points=False)
    assert widget.session.is_following
    other = DragSession(PictureBlobs(), seed=9)
    other.open_file(png)
    assert np.array_equal(np.asarray(other.image), np.asarray(opened(png)))
    browser.say(k="release", id=1, end="stay")
    until(lambda: not widget.session.is_following)
    assert [entry.label for entry in widget.session.history.entries] == ["sample", "drag"]


def test_a_failure_of_an_animation_is_told(
    widget: DragWidget, browser: BrowserEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    dragged(widget)

    def fail(*_: object, **__: object) -> bytes:
        raise RuntimeError("no memory")

    monkeypatch.setattr("draggan_widget.export.animation_bytes", fail)
    assert "no memory" in browser.ask("file", format="gif", points=False)[0]["error"]
    monkeypatch.setattr("draggan_widget.session.pictures.pictures_of", fail)
    assert "no memory" in browser.ask("file", format="gif", points=False)[0]["error"]
    assert widget.image.size == (64, 64)


@pytest.mark.parametrize(
    ("name", "files", "arguments", "error"),
    [
        ("file", (), {"format": "exe", "points": False}, "format must be one of png, session"),
        ("file", (), {"format": "png"}, "file takes args {format, points}"),
        ("file", (), {"format": "png", "points": 1}, "points must be true or false"),
        ("open", (), {"name": "a"}, "open takes one file, got 0"),
        ("open", (b"a", b"b"), {"name": "a"}, "open takes one file, got 2"),
        ("open", (b"a",), {"name": "a" * 300}, "name must be a text of at most 255 letters"),
        ("open", (b"a",), {"name": 3}, "name must be a text"),
        ("cancel", (), {"rid": 0}, "rid must be an integer from 1"),
        ("file_formats", (), {"x": 1}, "file_formats takes no args"),
    ],
)
def test_what_makes_no_sense_is_refused(
    browser: BrowserEnd, name: str, files: tuple[bytes, ...], arguments: Any, error: str
) -> None:
    answer, _ = browser.ask(name, *files, **arguments)
    assert error in answer["error"]


def test_of_a_long_drag_pictures_are_taken_evenly_with_both_ends() -> None:
    taken = evenly(range(1000), MOST_PICTURES)
    assert (len(taken), taken[0], taken[-1]) == (MOST_PICTURES, 0, 999)
    assert set(np.diff(taken)) <= {6, 7}
    assert evenly([1, 2], 3) == [1, 2]
