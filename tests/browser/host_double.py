"""Hosts that cannot be run here, played: the real page and the real widget, with messages between them treated as there.

What each host does is known from its sources and from what its users report. Each output is a frame of its own with its
own model, as in Colab; a page's messages are handled one after the other in one thread, as where there are no subshells.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import comm
import pytest
from playwright.sync_api import Frame, Locator, Page

from draggan_widget.model import KERNEL_TRAITS
from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget
from tests.browser.afm import BASE64_TO_BYTES, HOST, Point, read_static
from tests.browser.host_words import DoubleEnd, Habits, Post, Rough
from tests.patience import PATIENCE_S

BUFFERS = {
    "DataView": "new DataView(bytes.buffer)",
    "Uint8Array": "Uint8Array.from([9, 9, 9, ...bytes]).subarray(3)",
    "ArrayBuffer": "bytes.buffer",
}
"""What a page gets as a buffer, as JavaScript; a ``Uint8Array`` may begin anywhere in what it is part of."""

TELL = f"""([told, heard]) => {{
  const read = (text) => {{ const bytes = {BASE64_TO_BYTES}; return BUFFER; }};
  for (const {{ message, state, files }} of told) {{
    if (message) host.emit(message, files.map(read));
    else host.update({{ ...state, ...Object.fromEntries(files.map(([k, v]) => [k, read(v)])) }});
  }}
  return host.told.slice(heard);
}}"""
"""Tells the page what the kernel says, and gives what the page has said since."""

ADD_OUTPUT = """(style) => {
  const frame = document.createElement("iframe");
  frame.style.cssText = style;
  document.body.append(frame);
}"""
"""Adds the frame of an output to a page."""

READ_TRAITS = """(names) => Object.fromEntries(names.map((name) => {
  const value = host.get(name);
  if (value instanceof ArrayBuffer) return [name, [...new Uint8Array(value)]];
  if (!ArrayBuffer.isView(value)) return [name, value ?? null];
  return [name, [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]];
}))"""
"""Gives traits of the model of a page."""

SHAPE = "width: 560px; height: 640px; border: 0"
"""Of an output."""


def same(shown: str | None, expected: str) -> bool:
    """Return whether an attribute of a view has a value; numbers may be written in another way."""
    return shown == expected or (
        shown is not None and "[" in shown and json.loads(shown) == json.loads(expected)
    )


class Output:
    """An output with a view of the widget, in a frame of its own."""

    def __init__(self, page: Page, frame: Frame) -> None:
        self.page, self.frame = page, frame
        self.heard = 0

    def hook(self, name: str) -> str | None:
        """Return a ``data-`` attribute of the view."""
        return self.frame.locator(".dgw").get_attribute(f"data-{name}")

    def traits(self) -> dict[str, Any]:
        """Return the traits as the model of this output has them; bytes as lists of numbers."""
        found: dict[str, Any] = self.frame.evaluate(READ_TRAITS, list(KERNEL_TRAITS))
        return found

    @property
    def newest_edit(self) -> int:
        """The number of the newest edit of the points that the page has written, or has heard of."""
        return int(self.frame.evaluate("() => host.get('point_edit')?.rev ?? 0"))

    @property
    def canvas(self) -> Locator:
        """The canvas that takes pointers and keys."""
        return self.frame.locator(".dgw-canvas")

    def button(self, name: str) -> Locator:
        """Return a button by its accessible name."""
        return self.frame.get_by_role("button", name=name, exact=True)

    def place(self, point: Point) -> Point:
        """Return where a pixel of the picture is on the page."""
        box = self.canvas.bounding_box()
        assert box is not None
        width = float((self.hook("image-size") or "").split(",")[0])
        scale = box["width"] / width
        return (box["x"] + (point[0] + 0.5) * scale, box["y"] + (point[1] + 0.5) * scale)

    def click(self, point: Point) -> None:
        """Click a pixel of the picture."""
        self.page.mouse.click(*self.place(point))


class HostDouble:
    """A host with a widget in a cell; messages move while the test waits.

    Attributes:
        widget: The kernel's end.
        page: Of the notebook.
        outputs: What shows it.
        busy: While true a cell runs, and what pages say waits.
        post: What carries the words of the kernel.
        loses: Says which words of pages are lost, beside what the host does by itself.
    """

    def __init__(
        self, page: Page, patch: pytest.MonkeyPatch, session: DragSession, habits: Habits
    ) -> None:
        patch.setattr(comm, "create_comm", DoubleEnd)
        self.outputs: list[Output] = []
        self.busy = False
        self.page, self._habits = page, habits
        self.post = Post(habits)
        self.loses: Callable[[dict[str, Any]], object] = lambda said: False
        self._rough = Rough()
        self._said: deque[tuple[Output, dict[str, Any]]] = deque()
        self.widget = DragWidget(session)
        end = self.widget.comm
        assert isinstance(end, DoubleEnd)
        self._end = end
        self._opened = dict(end.updates[0])
        page.goto("about:blank")

    def open(self, *, style: str = "") -> Output:
        """Add an output whose model begins as the widget did: hosts that keep no state know nothing newer."""
        self.page.evaluate(ADD_OUTPUT, f"{SHAPE}; {style}")
        output = Output(self.page, self.page.frames[-1])
        frame = output.frame
        frame.add_style_tag(content=read_static("widget.css"))
        frame.add_script_tag(content=HOST.read_text(encoding="utf-8"))
        plain = {name: v for name, v in self._opened.items() if not isinstance(v, bytes)}
        frame.evaluate(
            "([source, traits]) => makeHost(addressOf(source), traits)",
            [read_static("widget.js"), plain],
        )
        self.outputs.append(output)
        frame.evaluate("() => host.view()")
        return output

    def show(self) -> Output:
        """Add an output and wait for its first picture."""
        output = self.open()
        self.until(lambda: output.hook("frames") != "0")
        return output

    @contextmanager
    def cell(self) -> Iterator[DragWidget]:
        """Lend the widget to a cell of the notebook, in whose time this thread sends."""
        self._end.foreground = threading.get_ident()
        try:
            yield self.widget
        finally:
            self._end.foreground = None

    def exchange(self) -> None:
        """Hand over what is due of what pages and widget have said since."""
        told = self.post.deliver([self._end.due.popleft() for _ in range(len(self._end.due))])
        spoken: list[tuple[Output, dict[str, Any]]] = []
        tell = TELL.replace("BUFFER;", f"{BUFFERS[self._habits.buffers]};")
        for output in self.outputs:
            mine = [word.message for word in told if word.but is not output]
            said = output.frame.evaluate(tell, [mine, output.heard])
            output.heard += len(said)
            spoken += [(output, each) for each in said if not self.loses(each)]
        rough = self._habits.pages == "disordered"
        self._said.extend(self._rough.carry(spoken) if rough else spoken)
        while self._said and not self.busy:
            self._handle(*self._said.popleft())

    def until(self, condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Let all talk until something holds."""
        end = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < end, f"it did not happen in time: {self.differences()}"
            self.exchange()
            self.page.wait_for_timeout(5)

    def rest(self) -> None:
        """Let all talk until the widget is at rest and every output shows all that it has."""
        self.exchange()
        self.until(lambda: not self.widget.running)
        self.until(lambda: not self.differences())

    def differences(self) -> list[str]:
        """Return in which traits and pictures outputs differ from the widget."""
        state = self.widget.get_state(set(KERNEL_TRAITS))
        expected = {k: list(v) if isinstance(v, bytes) else v for k, v in state.items()}
        expected = json.loads(json.dumps(expected))
        seq = max((frame["seq"] for frame in self._end.frames), default=0)
        found = []
        for index, output in enumerate(self.outputs):
            shown = output.traits()
            found += [f"{n} in output {index}" for n in expected if shown[n] != expected[n]]
            if output.newest_edit > shown["points_rev"]:
                found.append(f"an edit of output {index} on its way")
            said = {
                "seq": str(seq),
                "status": expected["status"],
                "targets": json.dumps(expected["target_points"]),
            }
            found += [
                f"data-{n} of output {index}" for n in said if not same(output.hook(n), said[n])
            ]
        return found

    def pull(self, output: Output, *points: Point) -> None:
        """Press at the first pixel and move through the others while all talk."""
        self.page.mouse.move(*output.place(points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*output.place(point), steps=3)
            self.exchange()

    def drag(self, output: Output, start: Point, end: Point) -> None:
        """Press at a pixel, move to another and let go, while nothing is said."""
        self.page.mouse.move(*output.place(start))
        self.page.mouse.down()
        self.page.mouse.move(*output.place(end), steps=3)
        self.page.mouse.up()

    def let_go(self) -> None:
        """Let go of what is pulled."""
        self.page.mouse.up()

    def release(self) -> None:
        """Deliver what was kept back, after all that has come since; from now on nothing more is kept back."""
        self.exchange()
        self._end.due.extend(self.post.release())
        self.exchange()

    def close(self) -> None:
        """End the kernel."""
        self.widget.close()

    def _handle(self, output: Output, said: dict[str, Any]) -> None:
        """Have the widget handle a message of a page."""
        self._end.speaker = output
        with self.cell():
            if "message" in said:
                self._end.say_with(*map(bytes, said["files"]), **said["message"])
            else:
                state = {k: bytes(v) if k == "mask" and v else v for k, v in said["state"].items()}
                self._end.set(**state)
        self._end.speaker = None
