"""The newest picture, on its way to the front ends: sent when it is welcome, and again to those who missed it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from draggan_widget.flow import FrameFlow
from draggan_widget.protocol import Ack, FrameInfo, Hello, Way, frame_message, part_message

if TYPE_CHECKING:  # torch is heavy: the worker imports it, so that a cell returns at once
    from draggan_widget.frames import EncodedPicture
    from draggan_widget.renditions import Rendition

Send = Callable[[dict[str, Any], list[bytes]], None]
"""Sends a message with its buffers."""


@dataclass(frozen=True, eq=False)
class _Message:
    """A picture as it is sent, or a part of one."""

    seq: int
    content: dict[str, Any]
    data: bytes
    moving: bool


class FrameSender:
    """Keeps the newest picture and sends it; every method may be called from any thread."""

    def __init__(self, send: Send, clock: Callable[[], float]) -> None:
        """Start without a picture.

        Args:
            send: Sends a message; may be called from any thread.
            clock: Seconds from some moment on.
        """
        self._send = send
        self._lock = threading.Lock()
        self._flow = FrameFlow(clock)
        self._newest: tuple[_Message, ...] = ()
        self._newest_seq = 0
        self._sent_seq = 0

    @property
    def is_ready(self) -> bool:
        """Whether a picture that is drawn now would be welcome."""
        with self._lock:
            return self._flow.may_send

    @property
    def delay_s(self) -> float:
        """How long an answer of the front end takes where nothing waits in a queue; 0 while nothing is known."""
        with self._lock:
            return self._flow.delay_s

    def rendition(self, width: int, height: int) -> Rendition:
        """Return how to encode the next moving picture of this size."""
        with self._lock:
            return self._flow.rendition(width, height)

    def is_long(self, size_bytes: int) -> bool:
        """Return whether a picture at rest of this size comes in parts, so that something is to be shown before."""
        with self._lock:
            return self._flow.parts(size_bytes) > 1

    def put(
        self, picture: EncodedPicture, info: FrameInfo, draft: EncodedPicture | None = None
    ) -> int:
        """Make a picture the newest and return its number; nothing of an older one is sent from now on.

        One at rest is sent at once, one that moves when there is room for it: now, or with the next acknowledgement if
        none has come after it by then. One with a draft goes in parts, as there is room. Nothing is sent while nobody
        can see it.

        Args:
            picture: Encoded.
            info: What is known about it.
            draft: The same as a moving picture, shown until the parts have come.
        """
        with self._lock:
            if draft is None:
                messages = [self._message(picture, info, parts=0)]
            else:
                messages = [self._message(draft, replace(info, final=False), parts=0)]
                messages += self._in_parts(picture, info)
            self._newest = tuple(messages)
            if info.final and draft is None and self._flow.visible:
                self._send_from(self._newest_seq)
            else:
                self._send_as_there_is_room()
            return self._newest_seq

    def greet(self, hello: Hello) -> None:
        """Show a new view the newest picture."""
        with self._lock:
            self._flow.greeted(loopback=hello.loopback, visible=hello.visible, page=hello.page)
            self._send_from(1)

    def acknowledge(self, ack: Ack) -> None:
        """Note what a front end has taken; send what it missed while it was out of sight, or there was no room."""
        with self._lock:
            was_reached = self._flow.reaches(ack.page)
            self._flow.acknowledged(ack.seq, visible=ack.visible, page=ack.page)
            if ack.visible and not was_reached:
                self._send_from(ack.seq + 1)
            else:
                self._send_as_there_is_room()

    def answer_poll(self, have: int, page: int = 0) -> None:
        """Send a picture newer than ``have`` at once, if there is one, because a page asks."""
        with self._lock:
            self._flow.asked(page)
            missed = next((each.seq for each in self._newest if each.seq > have), 0)
            if missed > self._sent_seq or (missed and self._flow.may_resend(missed)):
                self._send_from(missed)
            else:  # what it waits for is on its way
                self._send_as_there_is_room()

    def _message(self, picture: EncodedPicture, info: FrameInfo, *, parts: int) -> _Message:
        """Return the next message with a picture, or with the end of one."""
        self._newest_seq += 1
        way = Way(round(1000 * self._flow.delay_s), self._flow.is_lean)
        size = picture.width, picture.height
        content = frame_message(self._newest_seq, info, size, picture.mime, way=way, parts=parts)
        return _Message(self._newest_seq, content, picture.data, moving=not info.final)

    def _in_parts(self, picture: EncodedPicture, info: FrameInfo) -> Iterator[_Message]:
        """Yield the messages with the parts of a picture."""
        count = self._flow.parts(len(picture.data))
        length = -(-len(picture.data) // count)
        for index in range(count - 1):
            self._newest_seq += 1
            data = picture.data[index * length : (index + 1) * length]
            content = part_message(self._newest_seq, index)
            yield _Message(self._newest_seq, content, data, moving=False)
        end = replace(picture, data=picture.data[(count - 1) * length :])
        yield self._message(end, info, parts=count - 1)

    def _send_from(self, seq: int) -> None:
        """Send the newest picture from a number on: its first message at once, others as there is room."""
        self._sent_seq = min(seq - 1, self._newest_seq)
        self._send_next()
        self._send_as_there_is_room()

    def _send_as_there_is_room(self) -> None:
        """Send what was not sent yet of the newest picture, as far as it is welcome."""
        while self._flow.may_send and self._send_next():
            pass

    def _send_next(self) -> bool:
        """Send the next message of the newest picture; return False where there is none."""
        message = next((each for each in self._newest if each.seq > self._sent_seq), None)
        if message is None:
            return False
        self._sent_seq = message.seq
        padding = self._flow.padding(len(message.data))
        self._flow.sent(message.seq, len(message.data), moving=message.moving)
        self._send(message.content, [message.data, bytes(padding)] if padding else [message.data])
        return True
