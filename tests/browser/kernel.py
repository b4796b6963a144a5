"""The built front end in a blank page with a whole kernel behind it: the widget itself, in the test's own process."""

from __future__ import annotations

import base64
import copy
import queue
import time
from collections.abc import Callable
from typing import Any

import comm
import pytest
from playwright.sync_api import Page

from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget
from tests.browser.afm import BASE64_TO_BYTES, AfmHost, idle_traits
from tests.browser_end import BrowserEnd
from tests.patience import PATIENCE_S

TELL = f"""([told, heard]) => {{
  const read = (text) => {{ const bytes = {BASE64_TO_BYTES}; return new DataView(bytes.buffer); }};
  for (const {{ message, state, files }} of told) {{
    if (message) host.emit(message, files.map(read));
    else host.update({{ ...state, ...(files.length ? {{ mask: read(files[0]) }} : {{}}) }});
  }}
  return host.told.slice(heard);
}}"""
"""Tells the page what the kernel says, and gives what the page has said since."""


Due = queue.SimpleQueue[dict[str, Any]]
"""What a page is still to be told."""


class PageEnd(BrowserEnd):
    """The far end of a widget's comm, from which pages are told what the kernel says.

    Attributes:
        due: What each page is still to be told.
        speaker: The page whose words the widget hears, which needs no echo of them.
        echoing: Whether pages get echoes of what others have set.
    """

    def __init__(self, **arguments: Any) -> None:
        self.due: list[Due] = []
        self.speaker: Due | None = None
        self.echoing = True
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
        super().publish_msg(msg_type, data, metadata, buffers, **keys)
        if msg_type != "comm_msg":
            return
        files = [base64.b64encode(each).decode() for each in buffers or []]
        if data["method"] == "custom":
            word = {"message": data["content"], "files": files}
        else:
            known = {name: v for name, v in data["state"].items() if name in idle_traits()}
            word = {"state": known, "files": files}
        is_echo = data["method"] == "echo_update"
        for due in self.due:
            if not is_echo or (self.echoing and due is not self.speaker):
                due.put(word)


class KernelHost(AfmHost):
    """A page whose every word goes to a widget, and back; messages move while the test waits.

    Attributes:
        widget: The kernel's end.
        end: The far end of its comm.
    """

    def __init__(self, page: Page, patch: pytest.MonkeyPatch, session: DragSession) -> None:
        patch.setattr(comm, "create_comm", PageEnd)
        self.widget = DragWidget(session)
        end = self.widget.comm
        assert isinstance(end, PageEnd)
        self.end = end
        self._others: list[KernelHost] = []
        self._due: Due = queue.SimpleQueue()
        self._open(page)

    def beside(self, page: Page) -> KernelHost:
        """Show the widget in one more page, which talks whenever this one does."""
        other = copy.copy(self)
        other._others, other._due = [], queue.SimpleQueue()
        other._open(page)
        self._others.append(other)
        return other

    def reload(self) -> None:
        """Load the page anew, as a person does; the kernel knows nothing of it."""
        self._open(self.page)

    def _open(self, page: Page) -> None:
        """Show the widget in a page that has heard nothing yet, and wait for a picture."""
        self._heard = 0
        while not self._due.empty():
            self._due.get()
        if self._due not in self.end.due:
            self.end.due.append(self._due)
        state = {name: value for name, value in self.end.state.items() if name in idle_traits()}
        mask = state.pop("mask", None)
        super().__init__(page, state)
        if mask is not None:
            self._due.put({"state": {}, "files": [base64.b64encode(mask).decode()]})
        self.width = self.widget.session.generator.width
        self.render()
        self.until(lambda: self.hook("frames") != "0")

    def exchange(self) -> None:
        """Hand over everything that page and widget have said since."""
        due = []
        while not self._due.empty():
            due.append(self._due.get())
        said = self.page.evaluate(TELL, [due, self._heard])
        self._heard += len(said)
        self.end.speaker = self._due
        for each in said:
            if "message" in each:
                self.end.say_with(*map(bytes, each["files"]), **each["message"])
            else:
                state = {
                    name: bytes(value) if name == "mask" and value is not None else value
                    for name, value in each["state"].items()
                }
                self.end.set(**state)
        for other in self._others:
            other.exchange()

    def until(self, condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Let both talk until something holds."""
        end = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < end, "it did not happen in time"
            self.exchange()
            self.page.wait_for_timeout(5)

    def talk(self, seconds: float) -> None:
        """Let both talk for so long."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end)

    def rest(self) -> None:
        """Let both talk until neither has anything to say, and nothing runs."""
        quiet = 0
        end = time.monotonic() + PATIENCE_S
        while quiet < 5:
            assert time.monotonic() < end, "they did not come to rest"
            heard = self._heard
            self.exchange()
            quiet = 0 if self._heard != heard or self.widget.running else quiet + 1
            self.page.wait_for_timeout(20)

    def pull(self, *points: tuple[float, float]) -> None:
        """Press at the first pixel, move through the others while both talk, and let go."""
        self.page.mouse.move(*self.place(points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.place(point), steps=3)
            self.exchange()
        self.page.mouse.up()
        self.rest()

    def shown_index(self) -> int | None:
        """Return which picture of the last drag is drawn, None for the present one."""
        index = self.view().locator(".dgw-film").get_attribute("data-shown")
        return None if index is None else int(index)

    def pixel_row(self) -> list[int]:
        """Return a row of the drawn picture, through its middle."""
        row: list[int] = self.page.evaluate(
            """() => {
              const canvas = document.querySelector(".dgw-picture");
              const [width, y] = [canvas.width, canvas.height >> 1];
              return [...canvas.getContext("2d").getImageData(0, y, width, 1).data];
            }"""
        )
        return row

    def close(self) -> None:
        """End the kernel."""
        self.widget.close()
