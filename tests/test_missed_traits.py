"""What a page is told that has missed something: traits have numbers, replies and answers are kept."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from draggan_widget.model import KERNEL_TRAITS
from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, front_end_of, open_widget
from tests.patience import PATIENCE_S, until
from tests.slow_drags import SLOW

HANDLE, TARGET, FAR = [30.0, 32.0], [33.0, 31.0], [60.0, 60.0]
TRAITS = Path(__file__).parent / "fixtures" / "protocol" / "traits.json"


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    with open_widget(monkeypatch, config=replace(SLOW, learning_rate=0.004)) as widget:
        yield widget


@pytest.fixture
def browser(widget: DragWidget) -> BrowserEnd:
    return front_end_of(widget)


def poll(browser: BrowserEnd, **fields: Any) -> dict[str, Any]:
    """Ask what was missed, and return the last word of the answer."""
    seq = browser.frames[-1]["seq"]
    browser.say(k="poll", have=seq, n=1, **fields)
    message, _ = browser.custom[-1]
    assert message["k"] == "here"
    assert message["n"] == 1
    return message


def test_messages_of_traits_are_numbered_without_a_gap(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    first = browser.state["_state_rev"]
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    widget.target_points = [FAR]
    browser.until(lambda state: state["target_points"] == [FAR])
    numbers = [each["_state_rev"] for each in browser.updates if "_state_rev" in each]
    assert numbers[-1] > first
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert all("_state_rev" in each for each in browser.updates if each.keys() & set(KERNEL_TRAITS))


def test_who_has_the_newest_traits_is_told_none(browser: BrowserEnd) -> None:
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    browser.until(lambda state: state["points_rev"] == 1)
    until(lambda: not poll(browser, state_rev=browser.state["_state_rev"])["more"])
    before = len(browser.updates)
    here = poll(browser, state_rev=browser.state["_state_rev"])
    assert browser.updates[before:] == []
    assert here["state_rev"] == browser.state["_state_rev"]


def test_who_has_missed_some_is_told_those_alone(widget: DragWidget, browser: BrowserEnd) -> None:
    rev = browser.state["_state_rev"]
    widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    browser.until(lambda state: state["target_points"] == [TARGET])
    here = poll(browser, state_rev=rev)
    told = browser.updates[-1]
    assert {"handle_points", "target_points"} <= told.keys()
    assert not {"mask", "config", "generators", "image_size", "seed"} & told.keys()
    assert told["_state_rev"] == here["state_rev"]


def test_who_has_none_is_told_all(browser: BrowserEnd) -> None:
    here = poll(browser)
    assert browser.updates[-1].keys() == {*KERNEL_TRAITS, "_state_rev"}
    assert browser.updates[-1]["_state_rev"] == here["state_rev"]


def test_all_that_a_page_shows_can_be_told_again() -> None:
    known = json.loads(TRAITS.read_text(encoding="utf-8"))["valid"][0]["traits"]
    assert known.keys() - {"point_edit", "page_write", "_state_rev"} <= set(KERNEL_TRAITS)


def test_what_one_page_sets_is_news_to_another(widget: DragWidget, browser: BrowserEnd) -> None:
    rev = browser.state["_state_rev"]
    browser.set(auto_run=False)
    poll(browser, state_rev=rev - 1)
    assert browser.updates[-1]["auto_run"] is False
    assert not widget.auto_run


def test_a_number_that_a_host_sends_back_changes_nothing(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    rev = browser.state["_state_rev"]
    browser.set(_state_rev=0, auto_run=False)
    assert widget.error == {}
    assert not widget.auto_run
    assert poll(browser)["state_rev"] >= rev


def test_a_reply_that_was_lost_comes_again(browser: BrowserEnd) -> None:
    reply = browser.command("sample", seed=5)
    _, files = browser.ask("picture", of="start")
    before = len(browser.custom)
    poll(browser, replies=[reply["rid"], 99], answers=[1])
    again = {message["k"]: (message, buffers) for message, buffers in browser.custom[before:]}
    assert again["reply"][0] == reply
    assert again["answer"][1] == files


def test_that_something_goes_on_is_said_until_it_is_over(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.edit(1, (1, HANDLE, FAR), placed=[1])
    assert browser.command("run")["ok"]
    browser.until(lambda state: state["running"] and state["step"] > 1)
    assert poll(browser)["more"]
    browser.command("stop")
    until(lambda: not poll(browser)["more"])
    assert not widget.running


def test_what_cannot_be_told_while_a_script_holds_the_traits_is_still_missed(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    rev = browser.state["_state_rev"]
    widget.handle_points = [HANDLE]
    browser.until(lambda state: state["handle_points"] == [HANDLE])
    held, done = Event(), Event()

    def hold() -> None:
        with widget.hold_sync():
            held.set()
            done.wait(PATIENCE_S)

    holder = Thread(target=hold)
    holder.start()
    assert held.wait(PATIENCE_S)
    here = poll(browser, state_rev=rev)
    done.set()
    holder.join()
    assert here["state_rev"] is None
    assert here["more"]
    here = poll(browser, state_rev=rev)
    assert here["state_rev"] == widget._states_told
    assert browser.updates[-1]["handle_points"] == [HANDLE]


def test_a_run_that_is_refused_waits_for_no_script_that_holds_the_traits(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    go = Event()
    widget._worker.submit(lambda _: go.wait(PATIENCE_S))
    browser.set(running=True)
    with widget.hold_sync():
        go.set()
        widget._worker.submit(lambda _: None).result(PATIENCE_S)
    browser.until(lambda state: not state["running"])


def test_a_command_that_comes_twice_is_done_once_and_its_reply_is_kept(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    for x in (33.0, 34.0):
        browser.edit(round(x), (1, HANDLE, [x, 31.0]), placed=[1])
        browser.until(lambda state, x=x: state["points_rev"] == x)  # type: ignore[misc]
    for _ in range(2):
        browser.say(k="cmd", rid=12, name="undo", args={})
    until(lambda: any(message["k"] == "reply" for message, _ in browser.custom))
    browser.until(lambda state: state["target_points"] == [[33.0, 31.0]])
    assert widget.undo(), "the first edit is still there to be undone"
    before = len(browser.custom)
    here = poll(browser, replies=[12, 13])
    assert [message["rid"] for message, _ in browser.custom[before:-1]] == [12]
    assert here["lost_commands"] == [13]


@pytest.mark.parametrize(("kind", "answer"), [("cmd", "reply"), ("ask", "answer")])
def test_a_command_or_question_that_cannot_be_read_has_an_answer(
    browser: BrowserEnd, kind: str, answer: str
) -> None:
    browser.say(k=kind, rid=12, name=["undo"], args={})
    (found,) = [message for message, _ in browser.custom if message["k"] == answer]
    assert (found["rid"], found["ok"]) == (12, False)
    assert "name must be" in found["error"]


def test_an_edit_that_comes_late_changes_nothing_and_counts_as_heard(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    def edit(rev: int, n: int, target: list[float]) -> dict[str, Any]:
        ids = {"rev": rev, "ids": [1], "placed": [1]}
        points = {"handle_points": [HANDLE], "target_points": [target], "point_ids": [1]}
        return {**points, "point_edit": ids, "page_write": {"page": 5, "n": n}}

    assert poll(browser, page=5)["writes"] == {}
    browser.set(**edit(2, 8, TARGET))
    browser.say(k="set", state=edit(1, 7, FAR), mask=False)
    browser.until(lambda state: state["points_rev"] == 2)
    assert poll(browser, page=5)["writes"]["point_edit"] == 8
    until(lambda: not poll(browser, state_rev=browser.state["_state_rev"])["more"])
    assert widget.target_points.tolist() == [TARGET]
