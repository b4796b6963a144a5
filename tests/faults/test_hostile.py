"""Garbage and hostile messages of the front end: no path is opened, no code is run, nothing huge is made, and all goes on."""

import json
import logging
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd
from tests.faults.audit import MARKER, nothing_forbidden
from tests.faults.conftest import Make
from tests.faults.hostile import BUFFERS, ENVELOPES, TEXTS, VALUES, mutated, nested
from tests.faults.survival import Work, assert_survives, work_of
from tests.patience import until

MOST_BYTES = 40 * 2**20
"""What a message may make the kernel take beside itself: a few pictures' worth."""

GIVEN = {
    "deadline": None,
    # The widget goes from message to message, as a real one does.
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@contextmanager
def nothing_unforeseen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Assert that no exception gets as far as the host, which would show it in some cell."""
    caplog.clear()
    with caplog.at_level(logging.WARNING), nothing_forbidden():
        yield
    unforeseen = [each.getMessage() for each in caplog.records if each.exc_info]
    assert unforeseen == []


def deliver(browser: BrowserEnd, data: Any, buffers: Any = ()) -> None:
    """Hand data to the widget as the kernel does."""
    browser.handle_msg(
        {
            "content": {"comm_id": browser.comm_id, "data": data},
            "buffers": [memoryview(each) for each in buffers],
        }
    )


def go_back(widget: DragWidget, work: Work) -> None:
    """Go back to the work, after whatever a message that was understood has done."""
    until(lambda: not widget._worker.busy_text)
    widget.stop()
    if widget.session.generator is not work_generator(work, widget):
        widget.generator = work_generator(work, widget)
    widget.jump(work.history.current.id)
    widget.auto_run, widget.blend_outside = True, False


def work_generator(work: Work, widget: DragWidget) -> Any:
    """Return the generator of the work, which the first session of the widget holds."""
    return next(iter(widget._shelf._sessions.values())).generator


def test_garbage_is_refused_and_changes_nothing(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    widget, browser = make()
    work = work_of(widget)

    @settings(max_examples=150, **GIVEN)  # type: ignore[arg-type]
    @given(VALUES, BUFFERS)
    def send(content: Any, buffers: list[bytes]) -> None:
        with nothing_unforeseen(caplog):
            deliver(browser, {"method": "custom", "content": content}, buffers)
        assert widget.session.state is work.state
        assert widget.error["message"]

    send()
    assert_survives(widget, work, "must be")


def test_envelopes_that_the_host_could_not_unpack_are_refused(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    widget, browser = make()
    work = work_of(widget)

    @settings(max_examples=200, **GIVEN)  # type: ignore[arg-type]
    @given(ENVELOPES, BUFFERS)
    def send(data: Any, buffers: list[bytes]) -> None:
        with nothing_unforeseen(caplog):
            deliver(browser, data, buffers)
        assert widget.session.state is work.state

    send()
    deliver(browser, "the end")
    assert_survives(widget, work, "a message must be an object")


def test_good_messages_with_something_bad_in_them_break_nothing(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    widget, browser = make()
    work = work_of(widget)

    @settings(max_examples=200, **GIVEN)  # type: ignore[arg-type]
    @given(mutated(), BUFFERS)
    def send(content: Any, buffers: list[bytes]) -> None:
        with nothing_unforeseen(caplog):
            deliver(browser, {"method": "custom", "content": content}, buffers)
            go_back(widget, work)

    send()
    deliver(browser, "the end")
    assert_survives(widget, work, "a message must be an object")


@pytest.mark.parametrize("depth", [100, 900, 5000])
def test_what_is_nested_too_deeply_is_refused(
    make: Make, caplog: pytest.LogCaptureFixture, depth: int
) -> None:
    widget, browser = make()
    work = work_of(widget)
    deep = nested(depth)
    for data in (
        {"method": "custom", "content": {"k": deep}},
        {"method": "custom", "content": deep},
        {
            "method": "custom",
            "content": {"k": "ask", "rid": 1, "name": "seed", "args": {"seed": deep}},
        },
        {"method": "update", "state": {"handle_points": deep}},
        {"method": "update", "state": {"mask": deep}},
        {"method": "update", "state": {"status": deep}},
        {"method": "update", "state": deep},
        {"method": deep},
    ):
        with nothing_unforeseen(caplog):
            deliver(browser, data)
        assert widget.session.state is work.state
    assert_survives(widget, work, "method must be one of")


def bomb(width: int, height: int) -> bytes:
    """Return a grey PNG of this size whose pixels are all zero, as small as that can be."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(min(width * height, 2**24)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def huge_tensors() -> bytes:
    """Return a session file whose header promises a petabyte."""
    header = json.dumps(
        {"latents": {"dtype": "F32", "shape": [2**48, 8], "data_offsets": [0, 2**53]}}
    )
    return struct.pack("<Q", len(header)) + header.encode() + bytes(64)


Send = Callable[[BrowserEnd], object]
HUGE: dict[str, Send] = {
    "a mask that says it is huge": lambda b: deliver(
        b,
        {"method": "update", "state": {}, "buffer_paths": [["mask"]]},
        [bomb(100_000, 100_000)],
    ),
    "a mask of the right size with too much in it": lambda b: deliver(
        b, {"method": "update", "state": {}, "buffer_paths": [["mask"]]}, [bomb(64, 64)]
    ),
    "a session file of a petabyte": lambda b: b.ask("open", huge_tensors(), name="a.dgs"),
    "a picture as a session file": lambda b: b.ask("open", bomb(100_000, 100_000), name="a.png"),
    "settings beyond all measure": lambda b: b.command(
        "configure", settings={"tracking_radius": 1e9, "max_steps": 10**9}
    ),
    "a radius as large as the picture": lambda b: b.command(
        "configure", settings={"solver": "paper", "supervision_radius": 1e12}
    ),
    "a million points": lambda b: b.edit(5, *((k, (1, 1), (2, 2)) for k in range(1, 100_001))),
    "texts of a megabyte": lambda b: deliver(
        b, {"method": "custom", "content": {"k": "x" * 2**20, "y": ["x" * 2**20] * 3}}
    ),
}


@pytest.mark.parametrize("name", HUGE)
def test_what_asks_for_too_much_gets_nothing(make: Make, name: str) -> None:
    widget, browser = make()
    work = work_of(widget)
    widget.config = widget.config.to_json()
    tracemalloc.start()
    try:
        with nothing_forbidden():
            HUGE[name](browser)
            until(lambda: not widget.running)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES
    assert widget.session.state is work.state
    deliver(browser, "the end")
    assert_survives(widget, work, "a message must be an object")


@pytest.mark.parametrize("text", [text for text in TEXTS if MARKER in text])
def test_no_name_of_a_generator_opens_a_file_or_fetches_one(make: Make, text: str) -> None:
    widget, browser = make()
    work = work_of(widget)
    with nothing_forbidden():
        reply = browser.command("generator", name=text)
        answer, _ = browser.ask("open", b"nothing", name=text)
    assert not reply["ok"]
    assert not answer["ok"]
    assert_survives(widget, work, "generator must be one of", reply["error"])
