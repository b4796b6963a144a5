import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from draggan_widget.flow import (
    LARGEST_WINDOW,
    NEAR_S,
    PADDED_BYTES,
    SILENCE_S,
    SMALL_BYTES,
    FrameFlow,
)
from draggan_widget.renditions import Rendition
from tests.clocks import Clock

LARGE = SMALL_BYTES


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def flow(clock: Clock) -> FrameFlow:
    return FrameFlow(clock)


def send_all(flow: FrameFlow, first: int, size: int = LARGE) -> int:
    """Send what may be sent without time going by; return how many that were."""
    count = 0
    while flow.may_send:
        flow.sent(first + count, size)
        count += 1
    return count


def test_two_pictures_may_be_on_their_way(flow: FrameFlow) -> None:
    assert send_all(flow, 1) == 2


def test_three_small_ones_may_be_on_their_way_on_the_same_machine(flow: FrameFlow) -> None:
    flow.greeted(loopback=True, visible=True)
    assert send_all(flow, 1, size=1000) == 3
    flow.acknowledged(3, visible=True)
    assert send_all(flow, 4, size=LARGE) == 2


def test_an_acknowledgement_covers_every_picture_before_it(flow: FrameFlow) -> None:
    send_all(flow, 1)
    flow.acknowledged(2, visible=True)
    assert send_all(flow, 3) == 2
    flow.acknowledged(3, visible=True)
    assert send_all(flow, 5) == 1


def test_without_acknowledgements_two_pictures_a_second_go_on(
    flow: FrameFlow, clock: Clock
) -> None:
    sent = send_all(flow, 1)
    for _ in range(80):
        clock.now += 0.125
        sent += send_all(flow, 1 + sent)
    assert sent == 2 + 10 / SILENCE_S


def test_after_a_silence_an_acknowledgement_brings_back_the_full_speed(
    flow: FrameFlow, clock: Clock
) -> None:
    sent = send_all(flow, 1)
    for _ in range(4):
        clock.now += SILENCE_S
        sent += send_all(flow, 1 + sent)
    flow.acknowledged(sent, visible=True)
    assert send_all(flow, 1 + sent) == 2


def test_nothing_is_sent_to_what_nobody_sees(flow: FrameFlow, clock: Clock) -> None:
    flow.acknowledged(0, visible=False)
    clock.now += 60
    assert send_all(flow, 1) == 0
    flow.acknowledged(0, visible=True)
    assert send_all(flow, 1) == 2


def test_a_new_view_has_no_pictures_on_their_way(flow: FrameFlow) -> None:
    send_all(flow, 1)
    flow.greeted(loopback=False, visible=True)
    assert send_all(flow, 3) == 2


def test_who_asks_is_seen_and_gets_the_next_picture_at_once(flow: FrameFlow) -> None:
    send_all(flow, 1)
    flow.acknowledged(0, visible=False)
    flow.asked()
    assert send_all(flow, 3) == 2


def test_small_messages_are_filled_up_on_the_same_machine_only(flow: FrameFlow) -> None:
    assert flow.padding(1000) == 0
    flow.greeted(loopback=True, visible=True)
    assert flow.padding(1000) == PADDED_BYTES - 1000
    assert flow.padding(PADDED_BYTES + 5) == 0


def test_a_near_front_end_far_away_at_the_end_of_a_tunnel_gets_no_padding(
    flow: FrameFlow, clock: Clock
) -> None:
    flow.greeted(loopback=True, visible=True)
    flow.sent(1, 16_000)
    clock.now += 0.9
    flow.acknowledged(1, visible=True)
    assert flow.padding(1000) == 0


def test_more_pictures_are_on_a_longer_way(flow: FrameFlow, clock: Clock) -> None:
    flow.sent(1, 1000)
    clock.now += 0.35
    flow.acknowledged(1, visible=True)
    assert send_all(flow, 2) == 3
    clock.now += 0.6
    assert not flow.may_send, "an answer takes its time on a long way, and that is no silence yet"
    clock.now += 0.2
    assert flow.may_send


def test_who_asks_does_not_undo_what_is_still_on_a_long_way(flow: FrameFlow, clock: Clock) -> None:
    flow.sent(1, 1000)
    clock.now += 0.35
    flow.acknowledged(1, visible=True)
    sent = send_all(flow, 2)
    clock.now += 0.4
    flow.asked()
    assert not flow.may_send
    clock.now += 0.4
    flow.asked()
    assert send_all(flow, 2 + sent) == sent


def test_moving_pictures_are_as_good_as_the_way_allows(flow: FrameFlow, clock: Clock) -> None:
    flow.greeted(loopback=True, visible=True)
    assert flow.rendition(512, 512) == Rendition(1, None, 1.0)
    assert flow.rendition(1024, 512).divisor == 2
    for seq in range(1, 10):
        flow.sent(seq, 80_000)
        clock.now += 0.8
        flow.acknowledged(seq, visible=True)
    assert flow.rendition(512, 512).quality is not None
    assert flow.is_lean
    for seq in range(10, 40):
        flow.rendition(512, 512)
        flow.sent(seq, 20_000)
        clock.now += 0.02 if seq % 2 else 0.4
        flow.acknowledged(seq, visible=True)
    assert flow.rendition(512, 512) == Rendition(1, None, 1.0)
    assert not flow.is_lean


def test_late_answers_tell_the_way_though_a_front_end_has_asked_meanwhile(
    flow: FrameFlow, clock: Clock
) -> None:
    flow.greeted(loopback=True, visible=True)
    for seq in range(1, 5):
        flow.sent(seq, 80_000)
        clock.now += 0.03
        flow.acknowledged(seq, visible=True)
    assert flow.rendition(512, 512) == Rendition(1, None, 1.0)
    for seq in range(5, 9):
        flow.sent(seq, 80_000)
        clock.now += 0.4
        flow.asked()
        clock.now += 0.6
        flow.acknowledged(seq, visible=True)
    assert flow.rendition(512, 512).quality is not None


def test_a_picture_to_another_machine_that_does_not_answer_is_made_small(
    flow: FrameFlow, clock: Clock
) -> None:
    flow.greeted(loopback=False, visible=True)
    flow.rendition(512, 512)
    flow.sent(1, 20_000)
    clock.now += 0.05
    flow.acknowledged(1, visible=True)
    send_all(flow, 2)
    clock.now += 1
    assert flow.rendition(512, 512).share < 0.2


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["draw", "ack", "wait"]), st.integers(0, 60))))
def test_no_order_of_events_sends_more_than_the_window_without_a_silence(
    events: list[tuple[str, int]],
) -> None:
    clock = Clock()
    flow = FrameFlow(clock)
    sent: list[float] = []
    acknowledged = 0
    for event, number in events:
        if event == "draw" and flow.may_send:
            sent.append(clock.now)
            flow.sent(len(sent), LARGE)
            waiting = len(sent) - acknowledged
            window = 2 if flow.delay_s < NEAR_S else LARGEST_WINDOW
            assert waiting <= window or sent[-1] - sent[-2] >= SILENCE_S
        elif event == "ack":
            flow.acknowledged(min(number, len(sent)), visible=True)
            acknowledged = max(acknowledged, min(number, len(sent)))
        elif event == "wait":
            clock.now += number / 100


def test_a_front_end_on_the_same_machine_is_near_though_it_came_late(
    flow: FrameFlow, clock: Clock
) -> None:
    flow.sent(1, 1000)
    clock.now += 5
    flow.greeted(loopback=True, visible=True)
    assert flow.padding(1000) == PADDED_BYTES - 1000
    flow.sent(1, 1000)
    clock.now += 0.3
    assert flow.padding(1000) == 0, "it owes an answer"
    flow.acknowledged(1, visible=True)
    for seq in (2, 3):
        flow.sent(seq, 1000)
        clock.now += 0.02
        flow.acknowledged(seq, visible=True)
    assert flow.padding(1000) == PADDED_BYTES - 1000


def test_an_answer_that_a_busy_kernel_took_late_does_not_make_the_way_long(
    flow: FrameFlow, clock: Clock
) -> None:
    flow.greeted(loopback=True, visible=True)
    flow.sent(1, 1000)
    clock.now += 60
    flow.acknowledged(1, visible=True)
    assert flow.delay_s <= 1
    seq = 1
    for _ in range(600):  # of a drag in a cell, in which no answer is heard
        clock.now += 0.1
        if flow.may_send:
            seq += 1
            flow.sent(seq, 1000)
    assert seq > 30
