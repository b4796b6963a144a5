"""The widget in hosts that cannot be run here: nothing that a person does is lost, whatever they do to messages."""

import json
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.host_double import HostDouble, Output
from tests.browser.host_words import COLAB, COLAB_LATE, ROUGH, ROUGH_BOTH_WAYS, VS_CODE, Habits
from tests.picture_blobs import MANY_STEPS, blob_session

pytestmark = pytest.mark.browser

HANDLE, TARGET = (30.0, 32.0), (38.0, 34.0)

WATCH_TARGETS = """() => {
  const root = document.querySelector(".dgw");
  window.shownTargets = [];
  new MutationObserver(() => window.shownTargets.push(JSON.parse(root.dataset.targets)))
    .observe(root, {attributeFilter: ["data-targets"]});
}"""
"""Notes all targets that are shown from now on."""

Open = Callable[[Habits], HostDouble]


@pytest.fixture
def open_host(page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Return what makes the double of a host with a widget over a blob."""
    made: list[HostDouble] = []

    def open_host(habits: Habits) -> HostDouble:
        made.append(HostDouble(page, monkeypatch, blob_session(config=MANY_STEPS), habits))
        return made[-1]

    yield open_host
    for each in made:
        each.close()


def targets(output: Output) -> list[list[float]]:
    """Return where the targets are shown."""
    found: list[list[float]] = json.loads(output.hook("targets") or "[]")
    return found


def words(host: HostDouble) -> list[str]:
    """Return the kinds of changes in the history."""
    return [entry.label for entry in host.widget.session.history.entries]


def in_background(call: Callable[[], object]) -> None:
    """Do something in a thread that belongs to no cell."""
    thread = Thread(target=call)
    thread.start()
    thread.join()


@pytest.mark.parametrize(
    "habits", [COLAB, COLAB_LATE, VS_CODE, ROUGH], ids=lambda habits: habits.name
)
def test_a_whole_session_of_work_arrives_in_the_kernel_and_on_the_page(
    open_host: Open, habits: Habits
) -> None:
    host = open_host(habits)
    widget, output = host.widget, host.show()
    with host.cell():
        widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    host.rest()
    assert targets(output) == [list(TARGET)]
    output.button("Run").click()
    host.until(lambda: widget.status == "arrived")
    host.rest()
    assert output.hook("status") == "arrived"
    assert widget.handle_points[0] == pytest.approx(TARGET, abs=1.5)
    place = widget.target_points[0].tolist()
    host.pull(output, (place[0], place[1]), (34, 40), (30, 42))
    host.let_go()
    host.until(lambda: words(host)[-1] == "drag" and widget.target_points[0].tolist() == [30, 42])
    host.until(lambda: widget.status == "arrived")
    host.rest()
    before = len(words(host))
    output.canvas.press("Control+z")
    host.until(lambda: widget.target_points.tolist() == [list(TARGET)])
    host.rest()
    assert targets(output) == [list(TARGET)]
    output.canvas.press("m")
    host.pull(output, (10, 10), (30, 12), (40, 30))
    host.let_go()
    host.until(lambda: widget.mask is not None)
    host.rest()
    assert widget.mask is not None
    assert widget.mask[12, 28]
    assert not widget.mask[60, 4]
    assert len(words(host)) == before + 1


def test_a_lost_word_is_made_good_by_a_poll(open_host: Open) -> None:
    host = open_host(VS_CODE)
    widget, output = host.widget, host.show()
    with host.cell():
        widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    host.rest()
    host.post.detains = lambda word: "arrived" in str(word.state.get("status"))
    output.button("Run").click()
    host.until(lambda: widget.status == "arrived")
    host.post.detains = lambda word: word.is_background
    host.until(lambda: output.hook("status") == "arrived")
    host.rest()


def test_a_late_word_never_overwrites_a_newer_one(open_host: Open) -> None:
    host = open_host(VS_CODE)
    widget, output = host.widget, host.show()
    with host.cell():
        widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    host.rest()
    output.frame.evaluate(WATCH_TARGETS)
    host.post.detains = lambda word: "target_points" in word.state

    def move(x: float, y: float) -> None:
        widget.target_points = [(x, y)]

    in_background(lambda: move(10, 10))
    host.exchange()
    host.post.detains = lambda word: False
    in_background(lambda: move(20, 20))
    host.until(lambda: targets(output) == [[20, 20]])
    host.release()
    host.rest()
    assert targets(output) == [[20, 20]]
    assert [[10, 10]] not in output.frame.evaluate("() => window.shownTargets")


def test_an_output_without_a_size_shows_the_picture_once_it_has_one(open_host: Open) -> None:
    host = open_host(VS_CODE)
    output = host.open(style="width: 0; height: 0")
    host.until(lambda: host.widget.status == "idle")
    host.until(lambda: output.hook("status") == "idle")
    host.page.evaluate(
        "() => Object.assign(document.querySelector('iframe').style,"
        " {width: '560px', height: '640px'})"
    )
    host.until(lambda: output.hook("frames") != "0")
    host.until(lambda: (output.canvas.bounding_box() or {"width": 0})["width"] > 200)
    host.rest()
    host.pull(output, HANDLE, (34, 33), TARGET)
    host.let_go()
    host.until(lambda: host.widget.status == "arrived")
    host.rest()
    assert targets(output) == [list(TARGET)]


def test_a_second_output_begins_with_what_there_is_and_follows(open_host: Open) -> None:
    host = open_host(COLAB)
    widget, first = host.widget, host.show()
    with host.cell():
        widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    host.rest()
    second = host.show()
    host.rest()
    assert targets(second) == [list(TARGET)]
    second.button("Run").click()
    host.until(lambda: widget.status == "arrived")
    host.rest()
    assert first.hook("status") == second.hook("status") == "arrived"
    second.canvas.press("m")
    host.pull(second, (10, 10), (30, 12))
    host.let_go()
    host.until(lambda: widget.mask is not None)
    host.rest()
    assert targets(first) == targets(second) == [list(TARGET)]


def test_what_is_done_while_a_cell_runs_is_done_after_it(open_host: Open) -> None:
    host = open_host(VS_CODE)
    widget, output = host.widget, host.show()
    host.rest()
    host.busy = True
    host.pull(output, HANDLE, (34, 33), TARGET)
    host.let_go()
    host.until(lambda: output.hook("link") == "busy")
    assert len(widget.target_points) == 0
    host.busy = False
    host.until(lambda: widget.target_points.tolist() == [list(TARGET)])
    host.until(lambda: widget.status == "arrived")
    host.rest()
    assert output.hook("link") in ("alive", "back")


@pytest.mark.parametrize("habits", [COLAB, VS_CODE], ids=lambda habits: habits.name)
def test_what_a_page_says_in_a_short_outage_is_said_again(open_host: Open, habits: Habits) -> None:
    host = open_host(habits)
    widget, output = host.widget, host.show()
    with host.cell():
        widget.handle_points, widget.target_points = [HANDLE], [(36.0, 33.0)]
        widget.target_points = [TARGET]
    host.rest()
    output.button("Live: the picture follows a pull, and a pair starts at once").click()
    host.until(lambda: not widget.auto_run)
    lost: list[dict[str, Any]] = []

    def lose(said: dict[str, Any]) -> bool:
        lost.append(said)
        return True

    host.loses = lose
    output.canvas.press("Control+z")
    output.click((20, 50))
    output.click((26, 52))
    output.button("Live: the picture follows a pull, and a pair starts at once").click()
    output.canvas.press("m")
    host.pull(output, (10, 10), (30, 12), (40, 30))
    host.let_go()
    host.until(lambda: any("mask" in said.get("state", {}) for said in lost))
    host.until(lambda: any(said.get("message", {}).get("k") == "cmd" for said in lost))
    host.until(lambda: output.hook("link") == "busy")
    assert widget.mask is None
    host.loses = lambda said: False
    host.until(lambda: widget.mask is not None and widget.auto_run)
    host.until(lambda: [26, 52] in widget.target_points.tolist())
    host.until(lambda: output.hook("link") == "alive")
    host.rest()
    assert words(host).count("mask") == 1


@pytest.mark.parametrize("habits", [COLAB, ROUGH_BOTH_WAYS], ids=lambda habits: habits.name)
def test_two_pages_that_edit_at_once_end_with_one_and_the_same(
    open_host: Open, habits: Habits
) -> None:
    host = open_host(habits)
    widget, first = host.widget, host.show()
    with host.cell():
        widget.auto_run = False
        widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    host.rest()
    second = host.show()
    host.rest()
    ends = [(50.0, 20.0), (14.0, 50.0)]
    for output, end in zip((first, second), ends, strict=True):
        host.drag(output, TARGET, end)
    wanted = [[list(end)] for end in ends]
    host.until(lambda: targets(first) in wanted and targets(second) in wanted)
    host.rest()
    assert targets(first) == targets(second) == widget.target_points.tolist()
    assert targets(first) in wanted
    first.canvas.press("m")
    host.drag(first, (10, 10), (40, 12))
    second.button("Remove all points").click()
    host.until(lambda: widget.mask is not None and len(widget.target_points) == 0)
    host.rest()
    assert targets(first) == targets(second) == []
