"""Exceptions in the worker, wherever they come from: it goes on with the next command."""

import logging
import sys
from collections.abc import Callable

import pytest

from draggan_widget.commands import When
from draggan_widget.session import DragSession
from tests.faults.conftest import Make
from tests.faults.faulty import FaultyBlobs, at_call, fail_once
from tests.faults.survival import FAR, assert_survives, until_moving, work_of
from tests.patience import until
from tests.picture_blobs import MANY_STEPS
from tests.slow_drags import SLOW

FAILURES = [RuntimeError("the sizes of tensors must match"), KeyError(3), SystemExit("enough")]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("number", [1, 2, 4])
def test_an_exception_in_a_step_ends_the_drag_and_nothing_else(
    make: Make, error: BaseException, number: int
) -> None:
    blobs = FaultyBlobs()
    widget, browser = make(blobs, MANY_STEPS)
    work = work_of(widget)
    widget.target_points = [FAR]
    blobs.fault = at_call(number, error)
    assert browser.command("run")["ok"]
    until(lambda: widget.error)
    assert "Traceback" in widget.error["details"]
    assert_survives(widget, work, f"^{type(error).__name__}: ")


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_an_exception_in_a_command_ends_that_command_alone(
    make: Make, error: BaseException
) -> None:
    widget, _ = make()
    work = work_of(widget)

    def fail(session: DragSession) -> None:
        raise error

    raised = widget._worker.submit(fail, told=True).exception(30)
    assert raised is error
    assert_survives(widget, work, f"^{type(error).__name__}: ")


@pytest.mark.parametrize(
    "leave", [lambda _: sys.exit(3), lambda _: [].pop()], ids=["SystemExit", "IndexError"]
)
def test_an_observer_that_fails_is_logged_and_stops_nothing(
    make: Make, leave: Callable[[object], object], caplog: pytest.LogCaptureFixture
) -> None:
    widget, _ = make()
    work = work_of(widget)
    widget.observe(leave, ["step", "status", "history_position"])
    widget.target_points = [FAR]
    with caplog.at_level(logging.ERROR, "draggan_widget"):
        assert widget.drag(3).status == "max_steps"
    assert "An observer of status has failed" in caplog.text
    widget.unobserve(leave, ["step", "status", "history_position"])
    assert_survives(widget, work, "An observer of status", caplog.text)


def test_a_comm_that_breaks_in_a_drag_is_logged_and_the_drag_arrives(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    widget, browser = make(None, SLOW)
    work = work_of(widget)
    widget.target_points = [FAR]
    assert browser.command("run")["ok"]
    until_moving(widget, work)
    session, publish = widget.session, browser.publish_msg

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the socket was closed")

    with caplog.at_level(logging.WARNING, "draggan_widget"):
        monkeypatch.setattr(browser, "publish_msg", fail)
        steps = session.steps
        until(lambda: session.steps > steps + 20)
        until(lambda: "the socket was closed" in caplog.text)
        monkeypatch.setattr(browser, "publish_msg", publish)
    widget.target_points = [session.handle_points[0] + (1, 0)]
    browser.say(k="hello", v=1, dpr=1, loopback=False, visible=True)
    widget.stop()
    assert_survives(widget, work, "the socket was closed", caplog.text)


def test_a_picture_at_rest_that_cannot_be_drawn_is_told_and_the_next_one_is_shown(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget, browser = make()
    work = work_of(widget)
    until(lambda: browser.frames)
    fail_once(monkeypatch, widget.session.generator, "image", ValueError("a broken layer"))
    widget.target_points = [FAR]
    widget.drag(2)
    until(lambda: widget.error)
    assert_survives(widget, work, "ValueError: a broken layer")


def test_a_failure_between_the_steps_of_a_drag_leaves_the_drag_alone(make: Make) -> None:
    widget, browser = make(None, SLOW)
    work = work_of(widget)
    widget.target_points = [FAR]
    assert browser.command("run")["ok"]
    until_moving(widget, work)
    session = widget.session
    widget._worker.submit(lambda _: 1 / 0, When.BETWEEN_STEPS, told=True).exception(30)
    steps = session.steps
    until(lambda: session.steps > steps + 2)
    assert widget.running
    widget.stop()
    assert_survives(widget, work, "ZeroDivisionError: division by zero")
