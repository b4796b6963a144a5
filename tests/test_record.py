"""The history of a widget: as scripts read it, as it travels, and as the front end asks for its pictures."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image

from draggan_widget.errors import InputError
from draggan_widget.session.history import HISTORY_LIMIT
from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, front_end_of, open_widget
from tests.patience import until
from tests.picture_blobs import MANY_STEPS
from tests.slow_drags import SLOW

HANDLE, TARGET, FAR = [30.0, 32.0], [36.0, 31.0], [60.0, 60.0]

MOST_STATE = 8000
"""Bytes that the longest history adds to a saved notebook, at most."""


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    with open_widget(monkeypatch, config=MANY_STEPS) as widget:
        yield widget


@pytest.fixture
def browser(widget: DragWidget) -> BrowserEnd:
    return front_end_of(widget)


def drag(widget: DragWidget) -> None:
    """Set a pair and drag it."""
    widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    widget.drag(max_steps=4)


def decoded(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


# For scripts


def test_a_script_reads_the_history_and_goes_about_in_it(widget: DragWidget) -> None:
    before = np.asarray(widget.image)
    drag(widget)
    after = widget.w
    assert [(e.id, e.parent, e.label, e.words) for e in widget.history] == [
        (1, None, "sample", "Given latent"),
        (2, 1, "points", "Point 1 added"),
        (3, 2, "drag", "Drag of 1 point"),
    ]
    assert widget.history_position == 3
    assert abs(widget.history[-1].time_s - time.time()) < 60
    assert np.array_equal(np.asarray(widget.history[0].picture), before)
    assert np.array_equal(np.asarray(widget.history[2].picture), np.asarray(widget.image))
    assert widget.jump(1)
    assert not widget.jump(1)
    assert widget.history_position == 1
    widget.mask = np.tri(64, dtype=bool)
    assert widget.session.history.entries[-1].parent == 1
    until(lambda: len(widget.history) == 4)
    assert widget.jump(3)
    assert torch.equal(widget.w, after)
    with pytest.raises(InputError, match="no entry 8"):
        widget.jump(8)
    with pytest.raises(InputError, match="no entry 8"):
        widget.image_at(8)


def test_a_script_takes_a_picture_of_the_last_drag(widget: DragWidget) -> None:
    with pytest.raises(InputError, match="there are 0 pictures of a drag"):
        widget.take(0)
    drag(widget)
    assert widget.film[1] == 5
    moment = widget.session.trajectory[2]
    widget.take(2)
    assert torch.equal(widget.w, moment.w)
    assert np.array_equal(widget.handle_points, moment.handle_points)
    assert widget.history[-1].words == "Picture 3 of the drag"


# As it travels


def test_the_history_is_sent_when_it_changes_and_not_otherwise(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    assert browser.state["history"] == [[1, 0, "Given latent"]]
    assert browser.state["history_position"] == 1
    drag(widget)
    until(lambda: len(browser.state["history"]) == 3)
    assert browser.state["history"][1:] == [[2, 1, "Point 1 added"], [3, 2, "Drag of 1 point"]]
    until(lambda: browser.state["film"][1] == 5)
    sent = len(browser.updates)
    widget.undo()
    widget.redo()
    widget.jump(1)
    until(lambda: browser.state["history_position"] == 1)
    assert not any("history" in update for update in browser.updates[sent:])
    browser.edit(1, (4, HANDLE, TARGET), placed=[4])
    until(lambda: browser.state["points_rev"] == 1)
    assert [u["history"][-1] for u in browser.updates[sent:] if "history" in u] == [
        [4, 1, "Point 1 added"]
    ]


def test_who_is_new_is_told_the_history(widget: DragWidget, browser: BrowserEnd) -> None:
    sent = len(browser.updates)
    browser.say(k="hello", v=1, dpr=1, loopback=True, visible=True)
    until(lambda: any("history" in update for update in browser.updates[sent:]))


def test_there_is_no_film_while_a_drag_runs(widget: DragWidget, browser: BrowserEnd) -> None:
    drag(widget)
    until(lambda: browser.state["film"][1] == 5)
    number = browser.state["film"][0]
    widget.config = SLOW
    widget.target_points = [FAR]
    widget.run()
    until(lambda: browser.state["running"] and browser.state["film"][1] == 0)
    until(lambda: widget.session.steps > 1)
    widget.stop()
    until(lambda: browser.state["film"][1] > 1)
    assert browser.state["film"][0] != number


def test_the_longest_history_keeps_a_saved_notebook_small(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    for k in range(HISTORY_LIMIT + 10):
        widget.target_points = widget.handle_points = [[k % 60, 30]]
        widget.seed = k
    until(lambda: len(widget.history) == HISTORY_LIMIT)
    until(lambda: browser.state["history"][-1][2] == f"Seed {HISTORY_LIMIT + 9}")
    saved = widget.get_state()
    names = ("history", "history_position", "film")
    assert len(json.dumps({name: saved[name] for name in names})) < MOST_STATE


# What the front end asks and does


def test_the_front_end_jumps_and_takes(widget: DragWidget, browser: BrowserEnd) -> None:
    drag(widget)
    assert browser.command("jump", entry=1)["ok"]
    assert widget.history_position == 1
    assert browser.command("take", index=-1)["ok"]
    assert widget.history[-1].words == "Picture 5 of the drag"
    reply = browser.command("jump", entry=77)
    assert "no entry 77" in reply["error"]


def test_the_front_end_asks_for_thumbnails(widget: DragWidget, browser: BrowserEnd) -> None:
    drag(widget)
    answer, (picture,) = browser.ask("thumbnail", entry=3)
    assert answer["result"] == {"mime": "image/webp", "w": 64, "h": 64, "entry": 3}
    difference = decoded(picture).astype(int) - np.asarray(widget.image)
    assert abs(difference).mean() < 4
    answer, files = browser.ask("thumbnail", entry=12)
    assert not files
    assert "no entry 12" in answer["error"]


def test_a_thumbnail_waits_for_the_end_of_a_drag(widget: DragWidget, browser: BrowserEnd) -> None:
    drag(widget)
    widget.config = SLOW
    widget.target_points = [FAR]
    widget.run()
    until(lambda: widget.session.steps > 1)
    browser.say(k="ask", rid=50, name="thumbnail", args={"entry": 1})
    browser.ask("film", index=0)
    answered = [m["rid"] for m, _ in browser.custom if m["k"] == "answer"]
    assert 50 not in answered
    widget.stop()
    until(lambda: any(m.get("rid") == 50 for m, _ in browser.custom if m["k"] == "answer"))


def test_the_front_end_asks_for_the_pictures_of_the_last_drag(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    answer, _ = browser.ask("film", index=-1)
    assert "there are 0 pictures of a drag" in answer["error"]
    drag(widget)
    moments = widget.session.trajectory
    for index, place in ((0, 0), (2, 2), (-1, 4)):
        answer, (picture,) = browser.ask("film", index=index)
        moment = moments[place]
        assert answer["result"] == {
            "mime": "image/jpeg",
            "w": 64,
            "h": 64,
            "film": widget.film[0],
            "index": place,
            "count": 5,
            "point_ids": [1],
            "handles": moment.handle_points.tolist(),
            "targets": [TARGET],
        }
        shown = np.asarray(widget.image if place == 4 else widget.history[0].picture)
        if place in (0, 4):
            assert abs(decoded(picture).astype(int) - shown).mean() < 3
    answer, _ = browser.ask("film", index=5)
    assert "from -5 to 4, got 5" in answer["error"]
