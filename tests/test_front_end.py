"""What the front end may do to a widget, and what it may not."""

import base64
import json
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draggan_widget import protocol
from draggan_widget.errors import GeneratorError
from draggan_widget.model import ANSWER_TRAITS, POINT_TRAITS
from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, connect, front_end_of, open_widget
from tests.patience import until
from tests.picture_blobs import PictureBlobs
from tests.slow_drags import SLOW

HANDLE, TARGET, FAR = [30.0, 32.0], [33.0, 31.0], [60.0, 60.0]
FIXTURES = Path(__file__).parent / "fixtures" / "protocol"


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    with open_widget(monkeypatch, config=replace(SLOW, learning_rate=0.004)) as widget:
        yield widget


@pytest.fixture
def browser(widget: DragWidget) -> BrowserEnd:
    return front_end_of(widget)


def drag_far(browser: BrowserEnd) -> None:
    """Start a drag that lasts, and wait until it moves."""
    browser.edit(1, (1, HANDLE, FAR), placed=[1])
    assert browser.command("run")["ok"]
    browser.until(lambda state: state["running"] and state["step"] > 1)


# Edits of the points


def test_an_edit_reaches_the_session_and_is_confirmed(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.edit(7, (3, HANDLE, TARGET), (5, FAR, FAR), placed=[3, 5])
    browser.until(lambda state: state["points_rev"] == 7)
    assert widget.session.point_ids == tuple(widget.point_ids) == (3, 5)
    assert widget.target_points.tolist() == [TARGET, FAR]


def test_an_edit_may_leave_out_what_has_not_changed(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    browser.until(lambda state: state["points_rev"] == 1)
    browser.set(target_points=[FAR], point_edit={"rev": 2, "ids": [1], "placed": []})
    browser.until(lambda state: state["points_rev"] == 2)
    assert widget.handle_points.tolist() == [HANDLE]
    assert widget.target_points.tolist() == [FAR]


def test_a_late_edit_never_moves_a_tracked_handle_back(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    drag_far(browser)
    browser.edit(2, (1, HANDLE, TARGET))
    browser.until(lambda state: state["points_rev"] == 2)
    assert widget.session.handle_points.tolist() != [HANDLE]
    until(lambda: widget.status == "arrived")


def test_a_handle_that_was_put_down_is_where_it_was_put(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    browser.edit(2, (1, [10, 11], TARGET), placed=[1])
    browser.until(lambda state: state["points_rev"] == 2)
    assert widget.handle_points.tolist() == [[10, 11]]


def test_an_edit_that_comes_again_does_not_undo_what_came_after_it(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    browser.until(lambda state: state["points_rev"] == 1)
    widget.target_points = [FAR]
    answers = len(browser.updates)
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    until(lambda: any("points_rev" in update for update in browser.updates[answers:]))
    assert widget.session.target_points.tolist() == [FAR]
    assert browser.state["target_points"] == [FAR]


def test_ids_of_the_front_end_are_not_given_again(widget: DragWidget, browser: BrowserEnd) -> None:
    browser.edit(1, (41, HANDLE, TARGET), placed=[41])
    browser.until(lambda state: state["points_rev"] == 1)
    widget.handle_points = [HANDLE, FAR]
    assert widget.session.point_ids == (41, 42)


def test_a_confirmation_brings_every_trait_of_the_points(browser: BrowserEnd) -> None:
    before = len(browser.updates)
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    browser.until(lambda state: state["points_rev"] == 1)
    assert any(set(POINT_TRAITS) <= update.keys() for update in browser.updates[before:])


# What is refused


HOSTILE_TRAITS = json.loads((FIXTURES / "traits.json").read_text(encoding="utf-8"))[
    "hostile_from_browser"
]


@pytest.mark.parametrize("example", HOSTILE_TRAITS, ids=lambda example: str(example["name"]))
def test_hostile_traits_are_refused_with_a_banner_and_change_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, example: dict[str, Any]
) -> None:
    connect(monkeypatch)
    widget = DragWidget(generator=PictureBlobs(128, 128))
    browser: BrowserEnd = widget.comm
    until(lambda: widget.status == "idle")
    widget.handle_points, widget.target_points = [[50, 50]], [[60, 60]]
    state = widget.session.state
    before = {name: browser.state[name] for name in (*POINT_TRAITS, "mask")}
    traits = dict(example["traits"])
    if "mask" in traits:
        traits["mask"] = base64.b64decode(traits["mask"]["base64"])
    with caplog.at_level(logging.WARNING, "draggan_widget"):
        browser.set(**traits)
    browser.until(lambda state: state["error"])
    assert browser.state["error"]["seq"] == 1
    assert browser.state["error"]["message"] in caplog.text
    assert widget.session.state is state
    rev = traits.get("point_edit", {}).get("rev", 0)
    browser.until(lambda state: state["points_rev"] == rev)
    assert {name: browser.state[name] for name in before} == before | {"points_rev": rev}
    widget.close()


@pytest.mark.parametrize(
    "name", ["status", "step", "seed", "config", "image_size", "_esm", "points_rev"]
)
def test_what_is_not_the_front_ends_to_set_is_refused_and_sent_back(
    widget: DragWidget, browser: BrowserEnd, name: str
) -> None:
    before = widget.get_state(name)[name]
    browser.set(**{name: "mine"})
    assert "the front end may not set" in browser.state["error"]["message"]
    assert browser.state[name] == widget.get_state(name)[name] == before


def test_a_host_that_repeats_all_traits_is_understood(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    state = {name: browser.state[name] for name in ("status", "seed", "image_size", "config")}
    browser.set(**state, auto_run=False)
    assert widget.auto_run is False
    assert browser.state["error"] == {}


def test_one_bad_trait_keeps_the_others_of_its_message_from_being_set(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.set(auto_run=False, mask=b"no mask")
    assert "mask must be a PNG" in browser.state["error"]["message"]
    assert widget.auto_run is browser.state["auto_run"] is True
    assert widget.mask is None


HOSTILE_MESSAGES = [
    pytest.param(example["message"], id=f"{name}: {example['name']}")
    for name in ("hello", "ack", "poll", "cmd", "pull", "release")
    for example in json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))["hostile"]
]


def test_hostile_messages_are_refused_with_a_banner_and_change_nothing(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    state = widget.session.state
    contents = [parameter.values[0] for parameter in HOSTILE_MESSAGES]
    for content in (*contents, None, "run", [], {"k": "eval"}, {"method": "close"}):
        before = browser.state["error"]
        browser._deliver({"method": "custom", "content": content})
        assert browser.state["error"]["seq"] >= before.get("seq", 1)
        assert browser.state["error"]["message"]
    assert widget.session.state is state
    assert browser.command("stop")["ok"]


def test_the_same_error_again_is_not_a_new_one(browser: BrowserEnd) -> None:
    browser.say(k="eval")
    first = browser.state["error"]
    browser.say(k="eval")
    assert browser.state["error"] == first
    browser.say(k="exec")
    assert browser.state["error"]["seq"] > first["seq"]


def test_what_succeeds_takes_the_error_back(browser: BrowserEnd) -> None:
    browser.say(k="eval")
    assert browser.state["error"]
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    browser.until(lambda state: state["error"] == {})


def test_an_edit_that_asks_for_what_is_there_changes_nothing(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    browser.until(lambda state: state["points_rev"] == 1)
    position = widget.history_position
    browser.edit(2, (1, FAR, TARGET))
    browser.until(lambda state: state["points_rev"] == 2)
    assert widget.history_position == position
    assert widget.handle_points.tolist() == [HANDLE]
    browser.edit(3, (1, FAR, TARGET), placed=[1])
    browser.until(lambda state: state["points_rev"] == 3)
    assert widget.handle_points.tolist() == [FAR]


# Masks


def test_a_painted_mask_reaches_the_session_and_is_not_sent_back(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    mask = np.tri(64, dtype=bool)
    png = protocol.encode_mask(mask)
    before = len(browser.updates)
    browser.set(mask=memoryview(png))
    assert np.array_equal(widget.mask, mask)
    assert np.array_equal(widget.session.mask, mask)  # type: ignore[arg-type]
    browser.until(lambda state: state["can_undo"])
    assert not any("mask" in update for update in browser.updates[before:])
    browser.command("undo")
    assert widget.mask is None
    assert browser.state["mask"] is None
    browser.command("redo")
    assert protocol.decode_mask(browser.state["mask"], (64, 64)) is not None


def test_a_removed_mask_is_gone(widget: DragWidget, browser: BrowserEnd) -> None:
    widget.mask = np.tri(64, dtype=bool)
    browser.set(mask=None)
    assert widget.session.mask is None


# Commands


def test_run_answers_when_it_begins_and_stop_at_once(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    drag_far(browser)
    assert widget.status == "running"
    assert browser.command("run") == {"k": "reply", "rid": 2, "ok": True, "error": ""}
    assert browser.command("stop")["ok"]
    browser.until(lambda state: state["status"] == "stopped" and not state["running"])


def test_run_without_points_says_what_to_do_and_shows_it(browser: BrowserEnd) -> None:
    reply = browser.command("run")
    assert not reply["ok"]
    assert "at least one pair of points; click" in reply["error"]
    assert browser.state["error"]["message"] == reply["error"]
    assert browser.state["running"] is False


def test_a_run_uses_the_points_that_were_sent_before_it(browser: BrowserEnd) -> None:
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    assert browser.command("run")["ok"]
    browser.until(lambda state: state["status"] == "arrived")


def test_the_running_trait_starts_and_stops_too(browser: BrowserEnd) -> None:
    browser.edit(1, (1, HANDLE, FAR), placed=[1])
    browser.set(running=True)
    browser.until(lambda state: state["status"] == "running")
    browser.set(running=False)
    browser.until(lambda state: state["status"] == "stopped")


def test_running_without_points_is_taken_back(browser: BrowserEnd) -> None:
    browser.set(running=True)
    browser.until(lambda state: state["running"] is False)
    assert "at least one pair" in browser.state["error"]["message"]


def test_every_command_does_what_it_says(widget: DragWidget, browser: BrowserEnd) -> None:
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    assert browser.command("step")["ok"]
    assert browser.state["step"] == 1
    assert browser.command("reset")["ok"]
    assert widget.handle_points.tolist() == [HANDLE]
    assert browser.command("undo")["ok"]
    assert widget.handle_points.tolist() != [HANDLE]
    assert browser.command("redo")["ok"]
    assert browser.command("clear_points")["ok"]
    assert browser.state["point_ids"] == []
    assert browser.command("sample", seed=77)["ok"]
    assert browser.state["seed"] == widget.session.seed == 77


def test_a_failure_inside_a_drag_is_told_with_its_details(
    widget: DragWidget, browser: BrowserEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    generator = widget.session.generator

    def fail(*_: object) -> None:
        raise RuntimeError("a broken layer")

    with monkeypatch.context() as patch:
        patch.setattr(generator, "trace", fail)
        assert browser.command("run")["ok"]
        browser.until(lambda state: state["status"] == "failed")
    assert browser.state["error"]["message"] == "RuntimeError: a broken layer"
    assert "Traceback" in browser.state["error"]["details"]
    assert browser.command("run")["ok"]
    browser.until(lambda state: state["status"] == "arrived")
    assert browser.state["error"] == {}


def test_an_own_failure_has_no_details(
    widget: DragWidget, browser: BrowserEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])

    def fail(*_: object) -> None:
        raise GeneratorError("the features are not finite")

    with monkeypatch.context() as patch:
        patch.setattr(widget.session.generator, "trace", fail)
        assert not browser.command("step")["ok"]
    assert browser.state["error"]["message"] == "the features are not finite"
    assert browser.state["error"]["details"] == ""


# Pulls


def pull(browser: BrowserEnd, place: Sequence[float], seq: int = 1) -> None:
    """Pull at the first pair."""
    browser.say(k="pull", id=1, x=place[0], y=place[1], seq=seq)


def pull_new(browser: BrowserEnd) -> None:
    """Put down a pair and pull at it as a browser does, and wait until the picture moves."""
    pull(browser, FAR)
    browser.edit(1, (1, HANDLE, HANDLE), placed=[1])
    browser.until(lambda state: state["running"] and state["step"] > 1)


def test_a_new_pair_is_pulled_at_and_settles_as_one_entry(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    before = widget.session.state
    pull(browser, TARGET)
    browser.edit(1, (1, HANDLE, HANDLE), placed=[1])
    browser.until(lambda state: state["running"] and state["status"] == "running")
    browser.edit(2, (1, HANDLE, TARGET), placed=[1])
    browser.say(k="release", id=1, end="settle")
    browser.until(lambda state: state["status"] == "arrived")
    assert browser.state["running"] is False
    assert browser.state["points_rev"] == 2
    assert "Arrived" in browser.state["status_text"]
    assert browser.state["target_points"] == [TARGET]
    assert any(frame["pull"] == 1 for frame in browser.frames)
    assert [entry.label for entry in widget.session.history.entries] == ["sample", "drag"]
    assert browser.command("undo")["ok"]
    assert widget.session.state is before
    assert browser.state["point_ids"] == []


def test_a_pull_whose_messages_come_all_at_once_ends_where_the_pointer_let_go(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    hold = threading.Event()
    widget._worker.submit(lambda session: hold.wait(10))
    pull(browser, (30.5, 32))
    browser.edit(1, (1, HANDLE, (30.5, 32)), placed=[1])
    pull(browser, TARGET, seq=2)
    browser.edit(2, (1, HANDLE, TARGET), placed=[1])
    browser.say(k="release", id=1, end="settle")
    hold.set()
    browser.until(lambda state: state["status"] == "arrived")
    assert widget.target_points.tolist() == [TARGET]
    assert [entry.label for entry in widget.session.history.entries] == ["sample", "drag"]


def test_an_edit_that_repeats_where_a_handle_was_put_does_not_put_it_back(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    pull_new(browser)
    browser.edit(2, (1, HANDLE, FAR), placed=[1])
    browser.until(lambda state: state["points_rev"] == 2)
    browser.say(k="release", id=1, end="stay")
    browser.until(lambda state: not state["running"])
    assert np.hypot(*(widget.handle_points[0] - HANDLE)) > 0.1


@pytest.mark.parametrize("place", [(-1.0, 5.0), (63.01, 5.0), (5.0, 64.0)])
def test_a_pull_out_of_the_picture_is_refused_with_a_banner(
    widget: DragWidget, browser: BrowserEnd, place: tuple[float, float]
) -> None:
    state = widget.session.state
    pull(browser, place)
    browser.until(lambda state: "pull: a point must lie in" in state["error"]["message"])
    assert widget.session.state is state
    assert not widget.running


def test_a_pull_at_a_picture_that_is_still_loading_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect(monkeypatch)
    hold = threading.Event()

    class LateBlobs(PictureBlobs):
        def sample_w(self, *arguments: Any) -> Any:
            hold.wait(10)
            return super().sample_w(*arguments)

    widget = DragWidget(generator=LateBlobs())
    pull(widget.comm, TARGET)
    assert "still loading" in widget.comm.state["error"]["message"]
    hold.set()
    until(lambda: widget.status == "idle")
    assert not widget.running
    widget.close()


def test_a_pull_at_a_pair_that_is_gone_does_nothing(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    assert browser.command("clear_points")["ok"]
    pull(browser, TARGET)
    assert not widget.running
    assert browser.state["error"] == {}


def test_a_release_of_nothing_does_nothing(widget: DragWidget, browser: BrowserEnd) -> None:
    state = widget.session.state
    browser.say(k="release", id=7, end="undo")
    assert widget.session.state is state
    assert browser.state["error"] == {}


def test_escape_takes_a_pull_back(widget: DragWidget, browser: BrowserEnd) -> None:
    before = widget.session.state
    pull_new(browser)
    browser.say(k="release", id=1, end="undo")
    browser.until(lambda state: not state["running"] and state["point_ids"] == [])
    assert widget.session.state is before
    assert browser.state["can_redo"]


@pytest.mark.parametrize("name", ["stop", "undo", "reset"])
def test_commands_end_a_pull(widget: DragWidget, browser: BrowserEnd, name: str) -> None:
    pull_new(browser)
    assert browser.command(name)["ok"]
    browser.until(lambda state: not state["running"])
    pull(browser, TARGET, seq=2)
    assert not widget.running
    assert any(entry.label == "drag" for entry in widget.session.history.entries)


def test_scripts_may_do_everything_during_a_pull(widget: DragWidget, browser: BrowserEnd) -> None:
    pull_new(browser)
    widget.mask = np.tri(64, dtype=bool)
    widget.target_points = [TARGET]
    assert widget.running
    assert widget.snapshot().size == (64, 64)
    widget.running = False
    browser.until(lambda state: state["status"] == "stopped")
    assert [entry.label for entry in widget.session.history.entries] == ["sample", "drag"]
    assert widget.mask is not None
    assert widget.target_points.tolist() == [TARGET]
    assert widget.drag(2).status in ("arrived", "max_steps")


def test_a_widget_that_is_closed_during_a_pull_ends_it(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    session = widget.session
    pull_new(browser)
    widget.close()
    assert not session.is_following


def test_the_pace_of_a_pull_can_be_asked_for(widget: DragWidget, browser: BrowserEnd) -> None:
    assert set(widget.stats()) == {"pictures_per_s", "steps_per_s", "lag_ms"}
    pull_new(browser)
    until(lambda: browser.frames[-1]["pull"] == 1)
    browser.say(k="ack", seq=browser.frames[-1]["seq"], shown=True, visible=True)
    assert widget.stats()["lag_ms"] > 0
    assert widget.stats()["steps_per_s"] > 0


# Pictures


def test_every_view_gets_the_newest_picture(browser: BrowserEnd) -> None:
    first = browser.frames[-1]
    for _ in range(2):
        browser.say(k="hello", v=1, dpr=2, loopback=True, visible=True)
        (message, buffers), (answer, _) = browser.custom[-2:]
        assert message == first
        assert answer["k"] == "here"
        assert len(buffers) == 2
        assert set(ANSWER_TRAITS) <= browser.updates[-1].keys()
        assert sum(map(len, buffers)) == 66_000


def test_a_poll_is_answered_inside_its_handler(browser: BrowserEnd) -> None:
    count = len(browser.frames)
    browser.say(k="poll", have=0)
    assert len(browser.frames) == count + 1
    assert set(ANSWER_TRAITS) <= browser.updates[-1].keys()
    browser.say(k="poll", have=browser.frames[-1]["seq"])
    assert len(browser.frames) == count + 1


def test_frames_follow_acknowledgements_and_end_with_one_at_rest(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.say(k="hello", v=1, dpr=2, loopback=True, visible=True)
    drag_far(browser)
    begin, shown = time.monotonic(), len(browser.frames)
    while time.monotonic() - begin < 1.0:
        browser.say(k="ack", seq=browser.frames[-1]["seq"], shown=True, visible=True)
        time.sleep(0.01)
    assert len(browser.frames) - shown > 4
    browser.command("stop")
    browser.until(lambda state: state["status"] == "stopped")
    until(lambda: browser.frames[-1]["final"])
    assert browser.frames[-1]["handles"] == widget.handle_points.tolist()
    numbers = [frame["seq"] for frame in browser.frames]
    assert numbers == sorted(numbers)


def test_a_hidden_front_end_gets_nothing_until_it_is_seen_again(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.say(k="ack", seq=1, shown=True, visible=False)
    count = len(browser.frames)
    widget.sample(5)
    assert len(browser.frames) == count
    browser.say(k="ack", seq=1, shown=False, visible=True)
    assert len(browser.frames) == count + 1


def test_a_message_never_has_a_text_under_the_key_id(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    drag_far(browser)
    browser.command("stop")
    assert all("id" not in message for message, _ in browser.custom)


# Traits that come as messages of their own


def test_edits_and_masks_that_come_as_messages_are_taken_like_writes(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    edit = {"rev": 4, "ids": [1], "placed": [1]}
    points = {"handle_points": [HANDLE], "target_points": [TARGET], "point_ids": [1]}
    browser.say(k="set", state={**points, "point_edit": edit}, mask=False)
    browser.until(lambda state: state["points_rev"] == 4)
    assert widget.target_points.tolist() == [TARGET]
    mask = np.zeros((64, 64), dtype=bool)
    mask[:, :30] = True
    browser.say_with(protocol.encode_mask(mask), k="set", state={}, mask=True)
    taken = widget.session.mask
    assert taken is not None
    assert np.array_equal(taken, mask)
    browser.say(k="set", state={"mask": None}, mask=False)
    assert widget.session.mask is None


def test_a_message_without_its_mask_is_refused(widget: DragWidget, browser: BrowserEnd) -> None:
    browser.say(k="set", state={}, mask=True)
    browser.until(lambda state: "mask must be a PNG" in state["error"].get("message", ""))
    assert widget.session.mask is None
