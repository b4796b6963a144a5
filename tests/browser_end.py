"""A front end in Python: it opens the comm of a widget, keeps the model's state, and sends what a browser sends."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import comm
from comm.base_comm import BaseComm

from draggan_widget.widget import DragWidget
from tests.patience import until
from tests.picture_blobs import blob_session


class BrowserEnd(BaseComm):
    """The far end of a widget's comm.

    Attributes:
        state: The traits as the browser has them.
        custom: Custom messages with their buffers, in the order in which they came.
        updates: The traits in each message that changed some.
        echoes: The traits in each message that tells all pages what one has set.
    """

    def __init__(self, **arguments: Any) -> None:
        self.state: dict[str, Any] = {}
        self.custom: list[tuple[dict[str, Any], list[bytes]]] = []
        self.updates: list[dict[str, Any]] = []
        self.echoes: list[dict[str, Any]] = []
        super().__init__(**arguments)

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        """Take a message of the kernel."""
        if msg_type == "comm_msg" and data["method"] == "custom":
            self.custom.append((data["content"], list(buffers or [])))
        elif data is not None and data.get("method") == "echo_update":
            self.echoes.append(data["state"])
        elif msg_type == "comm_open" or data.get("method") == "update":
            state = deepcopy(data["state"])
            for path, buffer in zip(data["buffer_paths"], buffers or [], strict=True):
                state[path[0]] = bytes(buffer)
            self.state.update(state)
            self.updates.append(state)

    def set(self, **state: Any) -> None:
        """Set traits, as one message."""
        self.state.update(state)
        self._deliver({"method": "update", "state": state})

    def say(self, **content: Any) -> None:
        """Send a custom message."""
        self._deliver({"method": "custom", "content": content})

    def say_with(self, *buffers: bytes, **content: Any) -> None:
        """Send a custom message with buffers."""
        self._deliver({"method": "custom", "content": content}, buffers)

    def command(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """Send a command and return its reply."""
        rid = 1 + len([1 for message, _ in self.custom if message["k"] == "reply"])
        self.say(k="cmd", rid=rid, name=name, args=arguments)
        until(lambda: any(m["k"] == "reply" and m["rid"] == rid for m, _ in self.custom))
        return next(m for m, _ in self.custom if m["k"] == "reply" and m["rid"] == rid)

    def ask(
        self, name: str, /, *files: bytes, **arguments: Any
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Ask something and return the answer with its files."""
        rid = 1 + len([1 for message, _ in self.custom if message["k"] == "answer"])
        content = {"k": "ask", "rid": rid, "name": name, "args": arguments}
        self._deliver({"method": "custom", "content": content}, files)
        until(lambda: any(m["k"] == "answer" and m["rid"] == rid for m, _ in self.custom))
        return answer_of(self.custom, rid)

    def edit(self, rev: int, *pairs: tuple[int, Any, Any], placed: Any = ()) -> None:
        """Send an edit of the points: id, handle and target of each pair."""
        ids = [key for key, _, _ in pairs]
        self.set(
            handle_points=[handle for _, handle, _ in pairs],
            target_points=[target for _, _, target in pairs],
            point_ids=ids,
            point_edit={"rev": rev, "ids": ids, "placed": list(placed)},
        )

    def until(self, condition: Callable[[dict[str, Any]], object]) -> None:
        """Wait until something holds of the traits in the browser."""
        until(lambda: condition(self.state))

    @property
    def frames(self) -> list[dict[str, Any]]:
        """The frames that came."""
        return [message for message, _ in self.custom if message["k"] == "frame"]

    def _deliver(self, data: dict[str, Any], files: Sequence[bytes] = ()) -> None:
        """Hand a message to the widget."""
        self.handle_msg(
            {
                "content": {"comm_id": self.comm_id, "data": data},
                "buffers": [memoryview(each) for each in files],
            }
        )


def answer_of(
    said: Sequence[tuple[dict[str, Any], list[bytes]]], rid: int
) -> tuple[dict[str, Any], list[bytes]]:
    """Return the answer to a question among what the kernel has said, with its files; pieces of them are put together."""
    mine = [(message, files) for message, files in said if message.get("rid") == rid]
    message, files = next(each for each in mine if each[0]["k"] == "answer")
    if "sizes" not in message:
        return message, files
    pieces = {each["index"]: files[0] for each, files in mine if each["k"] == "piece"}
    whole = b"".join(bytes(pieces[index]) for index in range(len(pieces)))
    ends = list(itertools.accumulate(message["sizes"]))
    assert len(whole) == ends[-1]
    return message, [
        whole[end - size : end] for size, end in zip(message["sizes"], ends, strict=True)
    ]


def connect(patch: Any) -> None:
    """Let every widget that is made from now on open its comm to a :class:`BrowserEnd`."""
    patch.setattr(comm, "create_comm", BrowserEnd)


@contextmanager
def open_widget(patch: Any, **arguments: Any) -> Iterator[DragWidget]:
    """Lend a widget over a :func:`blob_session` that has come to rest, its comm open to a :class:`BrowserEnd`."""
    connect(patch)
    widget = DragWidget(blob_session(**arguments))
    until(lambda: widget.status == "idle")
    yield widget
    widget.close()


def front_end_of(widget: DragWidget) -> BrowserEnd:
    """Return the far end of a widget's comm, once a picture has come there."""
    end = widget.comm
    assert isinstance(end, BrowserEnd)
    until(lambda: end.frames)
    return end
