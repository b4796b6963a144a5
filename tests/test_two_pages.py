"""Two pages show one widget: each learns what the other does, and only what nobody can see is not sent."""

from collections.abc import Iterator
from typing import Any

import pytest

from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, front_end_of, open_widget
from tests.patience import until

ONE, OTHER = 1000, 2000
"""The numbers of the pages, whose words come to the kernel by one comm."""


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    with open_widget(monkeypatch) as widget:
        yield widget


@pytest.fixture
def browser(widget: DragWidget) -> BrowserEnd:
    """Return the far end of the comm, where both pages have greeted the kernel."""
    browser = front_end_of(widget)
    for page in (ONE, OTHER):
        greet(browser, page)
    return browser


def greet(browser: BrowserEnd, page: int, *, visible: bool = True) -> None:
    """Open a page."""
    rev = browser.state["_state_rev"]
    words = {"dpr": 1, "loopback": False, "visible": visible, "n": page, "state_rev": rev}
    browser.say(k="hello", v=1, page=page, **words)


def show(browser: BrowserEnd, page: int, visible: bool) -> None:
    """Bring a page to the front, or take it away."""
    seq = browser.frames[-1]["seq"]
    browser.say(k="ack", seq=seq, shown=False, visible=visible, page=page)


def drawn(browser: BrowserEnd, widget: DragWidget, seed: int) -> list[dict[str, Any]]:
    """Go to another picture, and return the frames with it."""
    count = len(browser.frames)
    widget.sample(seed)
    return browser.frames[count:]


def test_a_page_out_of_sight_takes_no_pictures_from_another(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    show(browser, OTHER, False)
    for seed in range(1, 4):
        (frame,) = drawn(browser, widget, seed)
        assert frame["final"]
        # Both take it: the host hands it to every page.
        browser.say(k="ack", seq=frame["seq"], shown=True, visible=True, page=ONE)
        browser.say(k="ack", seq=frame["seq"], shown=False, visible=False, page=OTHER)


def test_a_page_that_opens_out_of_sight_takes_none_either(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    greet(browser, 3000, visible=False)
    assert len(drawn(browser, widget, 1)) == 1


def test_nothing_is_sent_while_every_page_is_out_of_sight_and_the_newest_to_who_comes_first(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    show(browser, OTHER, False)
    show(browser, ONE, False)
    assert drawn(browser, widget, 1) == []
    count = len(browser.frames)
    show(browser, OTHER, True)
    assert len(browser.frames) == count + 1
    assert len(drawn(browser, widget, 2)) == 1


def test_who_asks_for_a_picture_looks(widget: DragWidget, browser: BrowserEnd) -> None:
    show(browser, OTHER, False)
    show(browser, ONE, False)
    browser.say(k="poll", have=browser.frames[-1]["seq"], n=OTHER + 1, page=OTHER)
    assert len(drawn(browser, widget, 1)) == 1
    show(browser, OTHER, False)
    assert drawn(browser, widget, 2) == []


def test_the_echo_of_a_switch_is_numbered_as_what_is_told(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    before = browser.state["_state_rev"]
    browser.set(auto_run=False)
    assert browser.echoes == [{"auto_run": False, "_state_rev": before + 1}]
    until(lambda: browser.state["_state_rev"] == before + 2)
    assert not widget.auto_run


def test_a_page_that_an_echo_does_not_reach_learns_by_the_next_number_and_is_told(
    browser: BrowserEnd,
) -> None:
    before = browser.state["_state_rev"]
    browser.set(auto_run=False)
    until(lambda: browser.state["_state_rev"] == before + 2)
    browser.say(k="poll", have=browser.frames[-1]["seq"], n=OTHER + 1, page=OTHER, state_rev=before)
    assert browser.updates[-1]["auto_run"] is False


def test_a_switch_that_is_only_set_again_is_no_news(browser: BrowserEnd) -> None:
    before = browser.state["_state_rev"]
    browser.set(auto_run=True)
    assert browser.state["_state_rev"] == before
