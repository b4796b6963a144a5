"""Scripts beside a person: cells that edit, drag, observe and replay while the widget is used."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from draggan_widget.drag import DragConfig
from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, connect
from tests.patience import until
from tests.picture_blobs import MANY_STEPS, PictureBlobs, blob_session
from tests.session.sessions import same
from tests.slow_drags import SLOW

HANDLE, TARGET, FAR = [30.0, 32.0], [33.0, 31.0], [60.0, 60.0]
HALF = np.tri(64, dtype=bool)

Make = Callable[..., tuple[DragWidget, BrowserEnd]]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Return what makes widgets with a front end; they are closed at the end."""
    connect(monkeypatch)
    made: list[DragWidget] = []

    def make(session: DragSession | None = None, **arguments: Any) -> Any:
        if session is None and not arguments:
            session = blob_session(config=MANY_STEPS)
        widget = DragWidget(session, **arguments)
        made.append(widget)
        until(lambda: widget.status == "idle")
        return widget, widget.comm

    yield make
    for widget in made:
        widget.close()


def hold(browser: BrowserEnd, place: list[float]) -> None:
    """Put down a pair and pull at it, as a person does who does not let go."""
    browser.say(k="pull", id=1, x=place[0], y=place[1], seq=1)
    browser.edit(1, (1, HANDLE, place), placed=[1])
    browser.until(lambda state: state["status"] == "running" and state["step"] > 0)


def let_go(browser: BrowserEnd, end: str = "stay") -> None:
    browser.say(k="release", id=1, end=end)


def check_replay(widget: DragWidget, generator: Any) -> None:
    """Do what was done in a widget again, and find the same picture bit for bit."""
    recipe = widget.recipe
    assert recipe is not None
    again = DragSession.replay(recipe, generator=generator)
    assert torch.equal(again.w, widget.w)
    assert same(again.state, widget.session.state)


# Edits while a person pulls


def test_a_mask_that_a_script_sets_during_a_pull_holds_while_the_pull_goes_on(make: Make) -> None:
    widget, browser = make()
    hold(browser, TARGET)
    widget.mask = HALF
    browser.until(lambda state: state["mask"] is not None)
    assert widget.status == "running"
    browser.say(k="pull", id=1, x=34.0, y=33.0, seq=2)
    until(lambda: widget.session.target_points.tolist() == [[34.0, 33.0]])
    let_go(browser, "settle")
    until(lambda: widget.status != "running")
    assert [entry.label for entry in widget.session.history.entries] == ["sample", "drag"]
    assert np.array_equal(widget.mask, HALF)


def test_a_pair_that_a_script_adds_during_a_pull_moves_with_it(make: Make) -> None:
    widget, browser = make()
    hold(browser, TARGET)
    widget.handle_points = [*widget.handle_points, [20, 20]]
    widget.target_points = [*widget.target_points, [20, 20]]
    browser.until(lambda state: len(state["target_points"]) == 2)
    let_go(browser)
    until(lambda: widget.status != "running")
    assert len(widget.session.point_ids) == 2


@pytest.mark.parametrize(
    "edit",
    [
        lambda widget: setattr(widget, "seed", 5),
        lambda widget: setattr(widget, "config", {"solver": "paper", "max_steps": 7}),
        lambda widget: setattr(widget, "w", widget.w + 0.1),
        lambda widget: widget.undo(),
    ],
)
def test_what_needs_rest_ends_a_pull_and_is_done(
    make: Make, edit: Callable[[DragWidget], object]
) -> None:
    widget, browser = make()
    hold(browser, FAR)
    edit(widget)
    until(lambda: widget.status != "running")
    assert not widget.session.is_following
    browser.say(k="pull", id=1, x=34.0, y=33.0, seq=2)
    let_go(browser)
    assert widget.image.size == (64, 64)


def test_a_pull_and_a_script_can_be_done_again_bit_for_bit(make: Make) -> None:
    widget, browser = make()
    hold(browser, TARGET)
    for seq, x in enumerate((34.0, 35.5, 36.0), start=2):
        browser.say(k="pull", id=1, x=x, y=32.0, seq=seq)
        time.sleep(0.03)
        frame = browser.frames[-1]["seq"]
        browser.say(k="ack", seq=frame, shown=True, visible=True)
    widget.mask = HALF
    let_go(browser, "settle")
    until(lambda: widget.status != "running")
    widget.target_points = [[31, 30]]
    widget.drag(3)
    check_replay(widget, PictureBlobs())


def test_pulls_at_the_embedded_generator_can_be_done_again_bit_for_bit(make: Make) -> None:
    widget, browser = make(seed=3)
    nose = [62.0, 74.0]
    browser.say(k="hello", v=1, dpr=1, loopback=False, visible=True)
    browser.say(k="pull", id=1, x=64.0, y=74.0, seq=1)
    browser.edit(1, (1, nose, [64.0, 74.0]), placed=[1])
    for seq, x in enumerate((66.0, 68.0, 70.0, 72.0), start=2):
        shown = len(browser.frames)
        browser.say(k="pull", id=1, x=x, y=74.0, seq=seq)
        until(lambda shown=shown: len(browser.frames) > shown or widget.step > 12)  # type: ignore[misc]
        if seq % 2:  # so that some pictures are drawn and others are not
            browser.say(k="ack", seq=browser.frames[-1]["seq"], shown=True, visible=True)
    let_go(browser, "settle")
    until(lambda: widget.status != "running")
    check_replay(widget, widget.session.generator)


# Drags of cells


def test_a_bar_in_a_terminal_ends_with_what_came_of_the_drag(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    widget, _ = make()
    widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    assert widget.drag(progress=True).status == "arrived"
    assert re.search(r"100%.*arrived after \d+ steps", capsys.readouterr().err)
    widget.undo()
    widget.drag()
    assert capsys.readouterr().err == ""


def test_a_bar_tells_steps_and_distance_and_that_a_drag_was_called_off(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    widget, _ = make()
    widget.handle_points, widget.target_points = [HANDLE], [FAR]
    widget.config = SLOW

    async def cell() -> None:
        drag = asyncio.ensure_future(widget.drag_async(progress=True))
        while widget.step < 30:
            await asyncio.sleep(0.05)
        drag.cancel()
        with pytest.raises(asyncio.CancelledError):
            await drag

    asyncio.run(cell())
    until(lambda: widget.status == "stopped")
    told = capsys.readouterr().err
    assert re.search(r"step \d+, [\d.]+ px to go", told)
    assert "called off" in told


def test_a_script_observes_how_a_drag_goes(make: Make) -> None:
    widget, _ = make()
    seen: dict[str, list[Any]] = {"status": [], "handle_points": [], "step": []}
    widget.observe(lambda change: seen[change.name].append(change.new), list(seen))
    widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    assert widget.drag().status == "arrived"
    assert seen["status"][-2:] == ["running", "arrived"]
    assert np.array_equal(seen["handle_points"][0], [HANDLE])
    assert np.array_equal(seen["handle_points"][-1], widget.handle_points)
    assert seen["step"][-1] == widget.step


# Several widgets, several views


def test_two_widgets_drag_at_the_same_time_and_both_answer(make: Make) -> None:
    (one, first), (other, second) = make(), make()
    for widget in (one, other):
        widget.handle_points, widget.target_points = [HANDLE], [FAR]
        widget.config = SLOW
        widget.run()
    until(lambda: one.step > 2 and other.step > 2)
    one.target_points = [[59, 59]]
    assert first.command("stop")["ok"]
    until(lambda: one.status == "stopped")
    steps = other.step
    until(lambda: other.step > steps)
    assert other.status == "running"
    assert second.state["target_points"] == [FAR]
    other.stop()
    names = [each.name for each in threading.enumerate()]
    assert names.count("draggan-widget") >= 2


def test_two_widgets_over_one_session_do_not_exist(make: Make) -> None:
    widget, _ = make()
    other, _ = make(generator=widget.session.generator, seed=4)
    widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    assert widget.drag().status == "arrived"
    assert (other.seed, len(other.handle_points)) == (4, 0)


def test_two_views_of_a_widget_follow_each_other(make: Make) -> None:
    _, browser = make()
    for _ in range(2):
        browser.say(k="hello", v=1, dpr=1, loopback=False, visible=True)
    frames = len(browser.frames)
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    assert browser.command("step")["ok"]
    until(lambda: len(browser.frames) > frames)
    assert browser.state["points_rev"] == 1


# What can be read


def test_pictures_latents_and_masks_are_copies_for_every_library(make: Make) -> None:
    widget, _ = make()
    widget.mask = torch.from_numpy(HALF.copy())
    picture, w = np.array(widget.image), widget.w
    assert torch.from_numpy(picture).shape == (64, 64, 3)
    picture[:] = 0
    w[:] = 5
    assert np.asarray(widget.image).any()
    assert not bool((widget.w == 5).any())
    assert torch.from_numpy(widget.mask.copy()).dtype == torch.bool
    with pytest.raises(ValueError, match="read-only"):
        widget.mask[0, 0] = False
    assert widget.config == DragConfig(solver="paper")


def test_without_a_notebook_outputs_are_silent(make: Make, capsys: Any) -> None:
    widget, _ = make()
    with pytest.raises(NotImplementedError):
        widget._ipython_display_()
    widget.show_snapshot()
    assert capsys.readouterr().out == ""
    widget.freeze()
    assert widget.comm is None
