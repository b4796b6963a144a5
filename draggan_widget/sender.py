"""The newest picture, on its way to the front ends: sent when it is welcome, and again to those who missed it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from draggan_widget.flow import FrameFlow
from draggan_widget.protocol import Ack, FrameInfo, Hello, Size, frame_message

Send = Callable[[dict[str, Any], list[bytes]], None]
"""Sends a message with its buffers."""


@dataclass(frozen=True, eq=False)
class _Frame:
    """A picture as it is sent."""

    seq: int
    message: dict[str, Any]
    data: bytes


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
        self._frame: _Frame | None = None
        self._sent_seq = 0

    @property
    def is_ready(self) -> bool:
        """Whether a picture that is drawn now would be welcome."""
        with self._lock:
            return self._flow.may_send

    def halves(self, width: int, height: int) -> bool:
        """Return whether a moving picture of this size should be sent at half size."""
        with self._lock:
            return self._flow.halves(width, height)

    def put(self, data: bytes, mime: str, size: Size, info: FrameInfo) -> int:
        """Make a picture the newest and return its number.

        One at rest is sent at once, one that moves when there is room for it: now, or with the next acknowledgement if
        none has come after it by then. Nothing is sent while nobody can see it.

        Args:
            data: The picture, encoded.
            mime: How.
            size: Its width and height.
            info: What is known about it.
        """
        with self._lock:
            seq = 1 if self._frame is None else self._frame.seq + 1
            self._frame = _Frame(seq, frame_message(seq, info, size, mime), data)
            if self._flow.may_send or (info.final and self._flow.visible):
                self._send_newest()
            return seq

    def greet(self, hello: Hello) -> None:
        """Show a new view the newest picture."""
        with self._lock:
            self._flow.greeted(loopback=hello.loopback, visible=hello.visible)
            self._send_newest()

    def acknowledge(self, ack: Ack) -> None:
        """Note what a front end has taken; send what it missed while it was out of sight, or there was no room."""
        with self._lock:
            was_visible = self._flow.visible
            self._flow.acknowledged(ack.seq, visible=ack.visible)
            if ack.visible and not was_visible:
                self._send_newer(ack.seq)
            elif self._flow.may_send:
                self._send_newer(self._sent_seq)

    def answer_poll(self, have: int) -> None:
        """Send a picture newer than ``have`` at once, if there is one."""
        with self._lock:
            self._flow.asked()
            self._send_newer(have)

    def _send_newer(self, seq: int) -> None:
        """Send the newest picture if it comes after a number."""
        if self._frame is not None and self._frame.seq > seq:
            self._send_newest()

    def _send_newest(self) -> None:
        """Send the newest picture, if there is one; the caller holds the lock."""
        frame = self._frame
        if frame is None:
            return
        padding = self._flow.padding(len(frame.data))
        self._sent_seq = frame.seq
        self._flow.sent(frame.seq, len(frame.data))
        self._send(frame.message, [frame.data, bytes(padding)] if padding else [frame.data])
