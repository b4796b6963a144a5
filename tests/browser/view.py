"""The widget on a page, as a person sees and touches it."""

import base64
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Error, Page
from playwright.sync_api import TimeoutError as TimedOutError

Point = tuple[float, float]
Picture = NDArray[np.uint8]
"""Red, green and blue, ``[H, W, 3]``."""

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
"""Where the tests leave their pictures; git ignores it."""

TIMEOUT_MS = 120_000
"""A busy machine with two cores loads a generator and finishes a drag in this time."""

SOON_MS = 10_000
"""A button that can be clicked when the pointer sets out is clicked by then."""

PULL_STEPS = 8
"""Moves of the pointer between pressing and letting go."""

HAS_HOOK = """([name, test]) => {
  const inside = ({ shadowRoot }) => shadowRoot && find(shadowRoot);
  const find = (root) =>
    root.querySelector(".dgw") ?? [...root.querySelectorAll("*")].map(inside).find(Boolean);
  const value = find(document)?.getAttribute(`data-${name}`);
  return value !== null && value !== undefined && new Function("value", `return ${test}`)(value);
}"""

ALL_HOOKS = """() => [document.body, document.querySelector(".dgw")]
  .map((place) => JSON.stringify({...place?.dataset}))"""

COUNT_FRAMES = """() => {
  const root = document.querySelector(".dgw");
  window.frameTimes = [];
  new MutationObserver(() => window.frameTimes.push(performance.now()))
    .observe(root, {attributeFilter: ["data-seq"]});
}"""


COUNT_PULLS = """() => {
  window.pulls = {sent: {}, shown: {}};
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  kernel.anyMessage.connect((_, { msg, direction }) => {
    const said = msg.content?.data?.content;
    if (direction === "send" && said?.k === "pull") window.pulls.sent[said.seq] = performance.now();
  });
  const root = document.querySelector(".dgw");
  new MutationObserver(() => {
    window.pulls.shown[root.getAttribute("data-pull")] ??= performance.now();
  }).observe(root, {attributeFilter: ["data-pull"]});
}"""

LAGS = """() => Object.entries(window.pulls.shown)
  .filter(([seq]) => seq in window.pulls.sent)
  .map(([seq, shownMs]) => shownMs - window.pulls.sent[seq])"""


class WidgetView:
    """A widget on a page, the first one unless told otherwise."""

    def __init__(self, page: Page, index: int = 0) -> None:
        self._page, self._index = page, index

    def hook(self, name: str) -> str:
        """Return what the widget says about itself in a ``data-`` attribute."""
        value = self._page.locator(".dgw").first.get_attribute(f"data-{name}")
        assert value is not None, f"the widget has no data-{name}"
        return value

    def points(self, name: str) -> list[list[float]]:
        """Return the ``handles`` or ``targets`` as the widget shows them, ``[N, 2]`` px."""
        points: list[list[float]] = json.loads(self.hook(name))
        return points

    def wait_for(self, name: str, test: str) -> None:
        """Wait until a ``data-`` attribute, named ``value`` in the JavaScript of the test, passes it."""
        try:
            self._page.wait_for_function(HAS_HOOK, arg=[name, test], timeout=TIMEOUT_MS)
        except Error as error:
            said = self._page.evaluate(ALL_HOOKS)
            raise AssertionError(f"data-{name} never passed {test}; now {said}") from error

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Let the page go on until something holds."""
        deadline = time.monotonic() + TIMEOUT_MS / 1000
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            self._page.wait_for_timeout(50)

    def wait_for_status(self, *names: str) -> str:
        """Wait for one of the statuses and return it."""
        self.wait_for("status", f"{json.dumps(names)}.includes(value)")
        return self.hook("status")

    def wait_for_picture(self) -> None:
        """Wait for the first picture."""
        self.wait_for("frames", "Number(value) >= 1")

    def picture(self) -> Picture:
        """Return the picture that is shown, in pixels of the screen."""
        picture = self._page.locator(".dgw-picture").nth(self._index)
        url: str = picture.evaluate("(canvas) => canvas.toDataURL('image/png')")
        return decoded(url)

    def pull(self, start: Point, end: Point) -> None:
        """Press on a pixel of the picture, move to another one and let go, with real pointer events."""
        self.grab(start)
        self._page.mouse.move(*self.place(end), steps=PULL_STEPS)
        self.let_go()

    def grab(self, start: Point) -> None:
        """Press on a pixel of the picture."""
        self._page.mouse.move(*self.place(start))
        self._page.mouse.down()

    def lead(self, start: Point, end: Point, moves: int, seconds: float) -> None:
        """Move the pressed pointer evenly from one pixel to another in so many moves and so much time."""
        ends = self.place(start), self.place(end)
        for k in range(1, moves + 1):
            x, y = (a + (b - a) * k / moves for a, b in zip(*ends, strict=True))
            self._page.mouse.move(x, y)
            self._page.wait_for_timeout(1000 * seconds / moves)

    def move(self, point: Point) -> None:
        """Move the pointer, pressed or not, to a pixel of the picture at once."""
        self._page.mouse.move(*self.place(point))

    def click(self, point: Point, *, button: Literal["left", "right"] = "left") -> None:
        """Click a pixel of the picture."""
        self._page.mouse.click(*self.place(point), button=button)

    def scroll_to_picture(self) -> None:
        """Bring the whole picture into sight, unless it is."""
        self._page.locator(".dgw-canvas").first.scroll_into_view_if_needed()

    def focus(self) -> None:
        """Give the keyboard to the picture."""
        self._page.locator(".dgw-canvas").first.focus()

    def let_go(self) -> None:
        """Release the pointer."""
        self._page.mouse.up()

    def status(self) -> str:
        """Return the words of the status line."""
        return self._page.locator(".dgw-status-text").first.inner_text()

    def press(self, name: str, *, patient: bool = True) -> bool:
        """Click a button by its accessible name; return whether it was clicked.

        Args:
            name: Of the button.
            patient: Wait until it can be clicked; otherwise one that is hidden or has nothing to do is left alone.
        """
        root = self._page.locator(".dgw").first
        button = root.get_by_role("button", name=name, exact=True)
        if patient:
            button.click()
            return True
        if not (button.is_visible() and button.is_enabled()):
            return False
        try:
            button.click(timeout=SOON_MS)
        except TimedOutError:
            if button.is_enabled():
                raise
            return False  # there was nothing to do any more when the pointer came
        return True

    def photograph(self, name: str) -> None:
        """Keep how the widget looks."""
        self._page.locator(".dgw").first.screenshot(path=SCREENSHOTS / f"{name}.png")

    def wait_for_answers(self) -> None:
        """Wait until the kernel has answered every command."""
        self.wait_for("commands", 'value === "0"')

    def count_frames(self) -> None:
        """From now on, note when each picture is drawn."""
        self._page.evaluate(COUNT_FRAMES)

    def frame_times_s(self) -> NDArray[np.float64]:
        """Return when each picture was drawn since :meth:`count_frames`, in seconds of the page's clock."""
        times: list[Any] = self._page.evaluate("() => window.frameTimes")
        return np.asarray(times, dtype=np.float64) / 1000

    def count_pulls(self) -> None:
        """From now on, note when each pull is told to the kernel, and when a picture that follows it is drawn."""
        self._page.evaluate(COUNT_PULLS)

    def lags_ms(self) -> list[float]:
        """Return how long after its pull each picture was drawn since :meth:`count_pulls`."""
        lags: list[float] = self._page.evaluate(LAGS)
        return lags

    def place(self, point: Point) -> Point:
        """Return where the centre of a pixel of the picture is on the page."""
        canvas = self._page.locator(".dgw-canvas").first
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        width, _ = map(int, self.hook("image-size").split(","))
        scale = box["width"] / width
        return box["x"] + (point[0] + 0.5) * scale, box["y"] + (point[1] + 0.5) * scale


def decoded(url: str, mode: Literal["RGB", "RGBA"] = "RGB") -> Picture:
    """Return the picture of a data address, with so many channels."""
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return np.asarray(image.convert(mode))


def drop(page: Page, at: tuple[float, float], *paths: Path, leave: bool = False) -> None:
    """Drag files over a place of the page and drop them there, as the system does."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver") if leave else ("dragEnter", "dragOver", "drop"):
        session.send(
            "Input.dispatchDragEvent", {"type": kind, "x": at[0], "y": at[1], "data": data}
        )
