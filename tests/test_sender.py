from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from draggan_widget.frames import EncodedPicture
from draggan_widget.protocol import Ack, FrameInfo, Hello
from draggan_widget.sender import FrameSender
from tests.clocks import Clock

INFO = FrameInfo(
    step=3,
    final=True,
    point_ids=(1,),
    handles=np.array([[1.0, 2.0]]),
    targets=np.array([[3.0, 4.0]]),
    distances=np.array([2.5]),
    loss=None,
)


PICTURE = EncodedPicture(b"picture", "image/webp", 64, 48)
LARGE = EncodedPicture(bytes(range(250)) * 1000, "image/webp", 512, 512)


class Front:
    """Takes messages, and can put pictures."""

    def __init__(self) -> None:
        self.messages: list[tuple[dict[str, Any], list[bytes]]] = []
        self.clock = Clock()
        self.sender = FrameSender(lambda *message: self.messages.append(message), self.clock)

    def put(self, count: int = 1, *, final: bool = True) -> None:
        for _ in range(count):
            self.sender.put(PICTURE, replace(INFO, final=final))

    def be_slow(self) -> None:
        """Answer one picture late, so that the way is known to be slow."""
        self.put()
        self.clock.now += 0.5
        self.acknowledge()

    def acknowledge(self) -> None:
        """Take everything that was sent."""
        self.sender.acknowledge(Ack(self.numbers[-1], shown=True, visible=True))

    @property
    def numbers(self) -> list[int]:
        return [message["seq"] for message, _ in self.messages]


@pytest.fixture
def front() -> Front:
    return Front()


def test_a_picture_is_sent_with_what_is_known_about_it(front: Front) -> None:
    front.put()
    assert front.messages == [
        (
            {
                "k": "frame",
                "seq": 1,
                "step": 3,
                "w": 64,
                "h": 48,
                "mime": "image/webp",
                "final": True,
                "point_ids": [1],
                "handles": [[1.0, 2.0]],
                "targets": [[3.0, 4.0]],
                "distances": [2.5],
                "loss": None,
                "pull": 0,
                "delay_ms": 0,
                "lean": False,
                "parts": 0,
            },
            [b"picture"],
        )
    ]


def test_a_new_view_gets_the_newest_picture_again(front: Front) -> None:
    front.sender.greet(Hello(1, loopback=False, visible=True))
    assert front.numbers == []
    front.put(2)
    front.sender.greet(Hello(1, loopback=False, visible=True))
    front.sender.greet(Hello(1, loopback=True, visible=False))
    assert front.numbers == [1, 2, 2, 2]


def test_a_poll_is_answered_at_once_with_a_newer_picture_or_not_at_all(front: Front) -> None:
    front.sender.answer_poll(0)
    front.put(3)
    front.sender.answer_poll(3)
    front.sender.answer_poll(2)
    assert front.numbers == [1, 2, 3, 3]


def test_what_was_missed_out_of_sight_is_sent_when_seen_again(front: Front) -> None:
    front.put()
    front.sender.acknowledge(Ack(1, shown=True, visible=False))
    front.put(2)
    assert not front.sender.is_ready
    assert front.numbers == [1]
    front.sender.acknowledge(Ack(1, shown=False, visible=True))
    assert front.numbers == [1, 3]
    front.sender.acknowledge(Ack(3, shown=True, visible=False))
    front.sender.acknowledge(Ack(3, shown=False, visible=True))
    assert front.numbers == [1, 3]


def test_on_the_same_machine_a_second_buffer_fills_the_message_up(front: Front) -> None:
    front.sender.greet(Hello(1, loopback=True, visible=True))
    front.put()
    assert [len(buffer) for buffer in front.messages[0][1]] == [7, 66_000 - 7]


def test_moving_pictures_wait_for_room_and_only_the_newest_is_sent_then(front: Front) -> None:
    front.put(6, final=False)
    assert front.numbers == [1, 2]
    front.sender.acknowledge(Ack(seq=1, shown=True, visible=True))
    assert front.numbers == [1, 2, 6]
    front.sender.acknowledge(Ack(seq=6, shown=True, visible=True))
    assert front.numbers == [1, 2, 6]


def test_a_picture_at_rest_does_not_wait_for_room(front: Front) -> None:
    front.put(6, final=False)
    front.put()
    assert front.numbers == [1, 2, 7]


def test_a_large_picture_at_rest_goes_in_parts_as_there_is_room(front: Front) -> None:
    front.be_slow()
    assert front.sender.is_long(len(LARGE.data))
    last = front.sender.put(LARGE, INFO, draft=PICTURE)
    first = front.messages[1][0]
    assert (first["k"], first["final"], first["parts"]) == ("frame", False, 0)
    while front.numbers[-1] < last:
        sent = len(front.messages)
        front.acknowledge()
        assert 0 < len(front.messages) - sent < 8
    parts = front.messages[2:]
    assert front.numbers == list(range(1, last + 1))
    assert [message["index"] for message, _ in parts[:-1]] == list(range(len(parts) - 1))
    end = parts[-1][0]
    assert (end["k"], end["final"], end["parts"]) == ("frame", True, len(parts) - 1)
    assert b"".join(buffers[0] for _, buffers in parts) == LARGE.data


def test_parts_are_given_up_when_something_newer_comes(front: Front) -> None:
    front.be_slow()
    front.sender.put(LARGE, INFO, draft=PICTURE)
    front.acknowledge()
    front.put(final=False)
    front.acknowledge()
    front.acknowledge()
    assert front.messages[-1][0]["final"] is False
    assert front.messages[-1][1] == [PICTURE.data]


def test_who_misses_parts_gets_them_from_there_on_and_a_new_view_all(front: Front) -> None:
    front.be_slow()
    front.sender.put(LARGE, INFO, draft=PICTURE)
    sent = len(front.messages)
    front.clock.now += 5
    front.sender.answer_poll(3)
    assert front.numbers[sent] == 4
    sent = len(front.messages)
    front.sender.greet(Hello(1, loopback=False, visible=True))
    assert front.numbers[sent] == 2
    assert front.messages[sent][1] == [PICTURE.data]


def test_who_asks_for_what_is_on_its_way_is_not_sent_it_again(front: Front) -> None:
    front.be_slow()
    front.put()
    front.clock.now += 0.6
    front.sender.answer_poll(1)
    assert front.numbers == [1, 2]
    front.clock.now += 0.6
    front.sender.answer_poll(1)
    assert front.numbers == [1, 2, 2]


def test_what_a_front_end_goes_on_to_miss_is_sent_ever_less_often(front: Front) -> None:
    front.be_slow()
    front.put()
    for _ in range(60):
        front.clock.now += 0.5
        front.sender.answer_poll(1)
    assert 3 <= len(front.numbers) - 2 <= 5


def test_a_front_end_that_gets_only_what_answers_it_gets_every_picture(front: Front) -> None:
    for number in range(1, 20):
        front.clock.now += 0.1
        front.put(final=False)
        front.clock.now += 0.3
        sent = len(front.messages)
        front.sender.answer_poll(number - 1)
        assert front.numbers[sent:] == [number]
        front.acknowledge()


def test_a_page_that_has_seen_another_kernel_gets_the_pictures_of_this_one(front: Front) -> None:
    front.sender.answer_poll(500)
    front.put()
    assert front.numbers == [1]
