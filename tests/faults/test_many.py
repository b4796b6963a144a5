"""Two views that edit at once, and ten widgets in one kernel."""

import threading
from collections.abc import Callable
from functools import partial

import numpy as np

from draggan_widget.protocol import encode_mask
from tests.browser_end import BrowserEnd
from tests.faults.conftest import Make
from tests.faults.survival import FAR, HANDLE, MASK, TARGET, assert_survives, until_moving, work_of
from tests.patience import PATIENCE_S, until
from tests.slow_drags import SLOW

EDITS = 60
WIDGETS = 10


def at_once(*calls: Callable[[], object]) -> None:
    """Make calls in threads of their own, as messages of several views come, and wait for all."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_two_views_that_edit_at_once_end_with_one_and_the_same(make: Make) -> None:
    widget, browser = make()
    work = work_of(widget)
    (key,) = widget.point_ids

    def edits(first: int, x: float) -> Callable[[], None]:
        def edit() -> None:
            for number in range(EDITS):
                target = (x + number / 4, 20.0)
                browser.edit(first + 2 * number, (key, HANDLE, target), (key + first, FAR, FAR))

        return edit

    at_once(edits(1, 10.0), edits(2, 40.0))
    browser.until(lambda state: state["points_rev"] == 2 * EDITS)
    session = widget.session
    assert len(session.point_ids) == 2
    assert session.target_points[0].tolist() in [[10 + 59 / 4, 20.0], [40 + 59 / 4, 20.0]]
    until(lambda: np.array_equal(widget.target_points, session.target_points))
    browser.until(lambda state: state["target_points"] == widget.target_points.tolist())
    assert browser.state["point_ids"] == list(session.point_ids)
    while widget.history_position != work.history.current.id:
        assert widget.undo()
    assert_survives(widget, work, None)


def test_a_view_that_edits_while_another_pulls_joins_the_pull(make: Make) -> None:
    widget, browser = make(None, SLOW)
    work = work_of(widget)
    (key,) = widget.point_ids
    browser.say(k="pull", id=key, x=FAR[0], y=FAR[1], seq=1)
    until_moving(widget, work)

    def pull() -> None:
        for seq in range(2, EDITS):
            browser.say(k="pull", id=key, x=FAR[0] - seq / 10, y=FAR[1], seq=seq)

    def paint() -> None:
        for number in range(EDITS):
            mask = MASK.copy()
            mask[:, : 5 + number % 2] = False
            browser.say_with(encode_mask(mask), k="set", state={}, mask=True)
        browser.say_with(encode_mask(MASK), k="set", state={}, mask=True)

    at_once(pull, paint)
    assert widget.running
    browser.say(k="release", id=key, end="stay")
    assert_survives(widget, work, None)


def test_two_views_of_which_one_stops_and_one_undoes_leave_the_work(make: Make) -> None:
    widget, browser = make(None, SLOW)
    work = work_of(widget)
    for number in range(8):
        widget.target_points = [FAR]
        browser.say(k="cmd", rid=1000 + number, name="run", args={})
        at_once(
            partial(browser.say, k="cmd", rid=2000 + number, name="stop", args={}),
            partial(browser.say, k="cmd", rid=3000 + number, name="undo", args={}),
            lambda: browser.say(k="poll", have=0),
        )
        until(lambda: not widget.running)
        widget.jump(work.history.current.id)
    assert_survives(widget, work, None)


def test_ten_widgets_in_one_kernel_drag_at_once_and_each_has_its_own(make: Make) -> None:
    before = threading.active_count()
    made = [make(keep_result=False) for _ in range(WIDGETS)]
    works = [work_of(widget) for widget, _ in made]
    for number, (widget, browser) in enumerate(made):
        widget.target_points = [[TARGET[0] + 2, TARGET[1] + number / 2]]
        browser.say(k="cmd", rid=7, name="run", args={})
    for number, (_, browser) in enumerate(made):
        last = works[number].history.current.id + 2  # the new target, and the drag
        browser.until(lambda state, last=last: state["history_position"] == last)  # type: ignore[misc]
        browser.until(lambda state: state["status"] == "arrived")
        assert browser.state["target_points"] == [[TARGET[0] + 2, TARGET[1] + number / 2]]
    for (widget, _), work in zip(made, works, strict=True):
        assert_survives(widget, work, None)
    for widget, _ in made:
        widget.close()
    until(lambda: threading.active_count() <= before)
    assert all(isinstance(end, BrowserEnd) for _, end in made)
