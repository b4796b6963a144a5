"""The built front end in a blank page before a real widget; the test carries the messages between them."""

import base64
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from draggan_widget.widget import DragWidget
from tests.browser.afm import HOST, AfmHost, read_static
from tests.browser_end import BrowserEnd
from tests.test_runner import until

EMIT = """(messages) => {
  for (const [message, texts] of messages) {
    const buffers = texts.map((text) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      return new DataView(bytes.buffer);
    });
    host.emit(message, buffers);
  }
}"""

TICK_MS = 10
"""Messages are carried so often."""

PATIENCE_S = 60
"""A busy machine answers in this time."""


class LiveHost(AfmHost):
    """A page whose kernel is a widget of this process, made after :func:`tests.browser_end.connect`.

    Masks are not carried.
    """

    def __init__(self, page: Page, widget: DragWidget) -> None:
        until(lambda: widget.status != "loading")
        assert isinstance(widget.comm, BrowserEnd)
        self.page = page
        self._end = widget.comm
        self._sent = self._saved = self._custom = self._updates = 0
        page.goto("about:blank")
        page.add_style_tag(content=read_static("widget.css"))
        page.add_script_tag(content=HOST.read_text(encoding="utf-8"))
        self._updates = len(self._end.updates)
        traits = self._carried(self._end.state) | {"mask": None}
        page.evaluate(
            "([source, traits]) => makeHost(source, traits)", [read_static("widget.js"), traits]
        )
        self.render()
        self.carry_until(lambda: self.hook("seq") != "0")

    def carry(self, seconds: float = 0.0) -> None:
        """Carry messages both ways for so long, or what there is at once."""
        end_s = time.monotonic() + seconds
        while True:
            self._carry_once()
            if time.monotonic() >= end_s:
                return
            self.page.wait_for_timeout(TICK_MS)

    def carry_until(self, condition: Callable[[], object]) -> None:
        """Carry messages until something holds."""
        end_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end_s, "it never came true"
            self.carry(TICK_MS / 1000)

    def _carry_once(self) -> None:
        """Carry what there is."""
        saved = self.page.evaluate("(count) => host.saved.slice(count)", self._saved)
        sent = self.page.evaluate("(count) => host.sent.slice(count)", self._sent)
        self._saved, self._sent = self._saved + len(saved), self._sent + len(sent)
        for traits in saved:
            self._end.set(**traits)
        for message in sent:
            self._end.say(**message)
        updates = self._end.updates[self._updates :]
        custom = self._end.custom[self._custom :]
        self._updates, self._custom = self._updates + len(updates), self._custom + len(custom)
        for traits in updates:
            self.page.evaluate("(traits) => host.update(traits)", self._carried(traits))
        messages = [
            [message, [base64.b64encode(bytes(each)).decode() for each in buffers]]
            for message, buffers in custom
        ]
        self.page.evaluate(EMIT, messages)

    @staticmethod
    def _carried(traits: dict[str, Any]) -> dict[str, Any]:
        """Return the traits that a page understands as JSON."""
        return {k: v for k, v in traits.items() if not k.startswith("_") and k not in BYTES}


BYTES = frozenset({"mask", "layout"})
"""Traits that are not plain JSON."""
