"""Too little memory, on a simulated GPU and beside it: what was done stays, and the cure is named."""

import pytest
import torch

from draggan_widget.errors import NoMemoryError
from draggan_widget.failures import in_words, is_of_memory
from tests.faults.conftest import Make
from tests.faults.faulty import (
    WORKSPACES_BYTES,
    FaultyBlobs,
    MeteredBlobs,
    SmallGpu,
    at_call,
    fail_once,
)
from tests.faults.survival import FAR, HANDLE, assert_survives, until_moving, work_of
from tests.patience import until
from tests.picture_blobs import blob_session
from tests.slow_drags import SLOW

CURE = "too little memory on the GPU for this; nothing that was done is lost. Use fewer points or a smaller generator, or close"
ROOM = 1 << 30


def full() -> torch.cuda.OutOfMemoryError:
    return torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def test_a_drag_on_a_gpu_that_fills_up_keeps_its_picture_and_names_the_cure(make: Make) -> None:
    gpu = SmallGpu(ROOM)
    widget, browser = make(MeteredBlobs(gpu), SLOW)
    work = work_of(widget)
    widget.target_points = [FAR]
    assert browser.command("run")["ok"]
    until_moving(widget, work)
    frames = len(browser.frames)
    gpu.capacity = 0
    browser.until(lambda state: state["status"] == "failed")
    gpu.capacity = ROOM
    assert len(browser.frames) >= frames
    assert_survives(widget, work, CURE)


def test_what_a_failed_step_held_is_given_back_before_the_picture_at_rest_is_drawn(
    make: Make,
) -> None:
    gpu = SmallGpu(ROOM)
    widget, browser = make(MeteredBlobs(gpu), SLOW)
    work = work_of(widget)
    widget.target_points = [FAR]
    assert browser.command("run")["ok"]
    until_moving(widget, work)
    gpu.capacity = sum(WORKSPACES_BYTES) - 30_000  # room for a picture, but not beside the first
    browser.until(lambda state: state["status"] == "failed")
    until(lambda: browser.frames[-1]["final"])
    assert browser.frames[-1]["handles"] == widget.handle_points.tolist()
    gpu.capacity = ROOM
    assert_survives(widget, work, CURE)


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_a_pull_that_finds_the_gpu_full_ends_with_what_was_done(make: Make, number: int) -> None:
    blobs = FaultyBlobs()
    widget, browser = make(blobs, SLOW)
    work = work_of(widget)
    blobs.fault = at_call(number, full())
    (key,) = widget.point_ids
    browser.say(k="pull", id=key, x=FAR[0], y=FAR[1], seq=1)
    browser.until(lambda state: state["status"] == "failed")
    assert_survives(widget, work, CURE)


def test_a_script_is_told_too_and_by_an_error_of_our_own(make: Make) -> None:
    blobs = FaultyBlobs()
    widget, _ = make(blobs)
    work = work_of(widget)
    widget.target_points = [FAR]
    blobs.fault = at_call(3, full())
    with pytest.raises(NoMemoryError, match=CURE) as caught:
        widget.drag()
    assert isinstance(caught.value.__cause__, torch.cuda.OutOfMemoryError)
    assert_survives(widget, work, CURE, str(caught.value))


def test_a_session_without_a_widget_says_it_as_well() -> None:
    session = blob_session()
    session.set_points([HANDLE], [FAR])

    def fail(*_: object) -> object:
        raise full()

    trace = session.generator.trace
    session.generator.trace = fail  # type: ignore[assignment,method-assign]
    with pytest.raises(NoMemoryError, match=CURE):
        session.drag()
    with pytest.raises(NoMemoryError, match=CURE):
        session.follow(0, FAR)
    assert session.status == "failed"
    session.generator.trace = trace  # type: ignore[method-assign]
    assert session.drag().status == "arrived"


def test_a_picture_that_finds_no_room_is_told_and_the_drag_goes_on(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget, browser = make(None, SLOW)
    work = work_of(widget)
    browser.say(k="hello", v=1, dpr=1, loopback=False, visible=True)
    fail_once(monkeypatch, widget.session, "image_of", full())
    widget.target_points = [FAR]
    assert browser.command("run")["ok"]
    until(lambda: widget.error)
    steps = widget.session.steps
    until(lambda: widget.session.steps > steps + 2)
    assert browser.command("stop")["ok"]
    assert_survives(widget, work, CURE)


def test_a_question_that_finds_no_room_is_answered_with_the_cure(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget, browser = make()
    work = work_of(widget)
    fail_once(monkeypatch, widget.session, "to_png", MemoryError())
    answer, _ = browser.ask("file", format="png", points=False)
    assert not answer["ok"]
    assert_survives(widget, work, "too little memory on the computer", answer["error"])


@pytest.mark.parametrize(
    ("error", "place"),
    [
        (full(), "the GPU"),
        (MemoryError(), "the computer"),
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:75] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
            ),
            "the computer",
        ),
        (
            RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
            "the GPU",
        ),
        (RuntimeError("CUDA error: out of memory"), "the GPU"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_every_way_of_saying_it_is_known(error: Exception, place: str) -> None:
    told = in_words(error)
    assert isinstance(told, NoMemoryError)
    assert place in str(told)


def test_other_failures_are_left_as_they_are() -> None:
    error = RuntimeError("the sizes of tensors must match")
    assert not is_of_memory(error)
    assert in_words(error) is error
