from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from draggan_widget.protocol import Ack, FrameInfo, Hello
from draggan_widget.sender import FrameSender
from tests.test_flow import Clock

INFO = FrameInfo(
    step=3,
    final=True,
    point_ids=(1,),
    handles=np.array([[1.0, 2.0]]),
    targets=np.array([[3.0, 4.0]]),
    distances=np.array([2.5]),
    loss=None,
)


class Front:
    """Takes messages, and can put pictures."""

    def __init__(self) -> None:
        self.messages: list[tuple[dict[str, Any], list[bytes]]] = []
        self.sender = FrameSender(lambda *message: self.messages.append(message), Clock())

    def put(self, count: int = 1, *, final: bool = True) -> None:
        for _ in range(count):
            self.sender.put(b"picture", "image/webp", (64, 48), replace(INFO, final=final))

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
