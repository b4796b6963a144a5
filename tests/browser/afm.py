"""The built front end in a blank page, with the test in the place of the notebook and the kernel."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "draggan_widget" / "static"
FIXTURES = ROOT / "tests" / "fixtures" / "protocol"
HOST = Path(__file__).with_name("afm_host.js")

WIDTH, HEIGHT = 128, 96
"""The size of the images in these tests; not square, so that no axis is taken for the other."""

Point = tuple[float, float]
Colour = tuple[int, int, int]

ONE_PAIR: dict[str, Any] = {
    "handle_points": [[40, 40]],
    "target_points": [[80, 40]],
    "point_ids": [1],
    "point_edit": {"rev": 1, "ids": [1], "placed": []},
    "points_rev": 1,
}
"""The traits of a widget with one pair of points."""

BASE64_TO_BYTES = "Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))"
BUFFERS = {
    "DataView": "new DataView(bytes.buffer)",
    "Uint8Array": "bytes",
    "ArrayBuffer": "bytes.buffer",
}
"""What hosts hand over as a buffer, as JavaScript: Jupyter, Colab and others."""


def read_static(name: str) -> str:
    """Return a built file of the front end."""
    path = STATIC / name
    assert path.is_file(), f"{path} is missing; run npm run build"
    return path.read_text(encoding="utf-8")


def idle_traits() -> dict[str, Any]:
    """Return the traits of a fresh widget, from the protocol's fixtures."""
    fixture = json.loads((FIXTURES / "traits.json").read_text(encoding="utf-8"))
    traits: dict[str, Any] = fixture["valid"][0]["traits"]
    return traits | {"image_size": [WIDTH, HEIGHT], "auto_run": False}


def picture(colour: Colour = (200, 30, 40), kind: str = "webp") -> bytes:
    """Return the bytes of a picture in one colour with a white mark in its top left corner."""
    image = Image.new("RGB", (WIDTH, HEIGHT), colour)
    ImageDraw.Draw(image).rectangle((0, 0, 7, 7), fill=(255, 255, 255))
    encoded = io.BytesIO()
    image.save(encoded, kind, quality=95, lossless=True)
    return encoded.getvalue()


class AfmHost:
    """A page with the front end in it; the test sends what the kernel would and reads what it would get.

    Attributes:
        page: What a person sees and touches.
        width: Of the image, px.
    """

    def __init__(
        self,
        page: Page,
        traits: Mapping[str, Any] | None = None,
        *,
        address: str = "about:blank",
    ) -> None:
        self.page, self.width = page, WIDTH
        page.goto(address)
        self._load(idle_traits() | dict(traits or {}))
        self._seq = 0

    def _load(self, traits: Mapping[str, Any]) -> None:
        """Load the front end into the page, as hosts do: styles as text, the module from a blob."""
        self.page.add_style_tag(content=read_static("widget.css"))
        self.page.add_script_tag(content=HOST.read_text(encoding="utf-8"))
        self.page.evaluate(
            "([source, traits]) => makeHost(addressOf(source), traits)",
            [read_static("widget.js"), traits],
        )

    def render(self, style: str = "", *, detached: bool = False) -> None:
        """Show one more view, drawn on the page or before it is put there."""
        self.page.evaluate(
            "async (view) => { (window.views ??= []).push(await host.view(...view)); }",
            [style, detached],
        )

    def view(self, index: int = 0) -> Locator:
        """Return a view."""
        return self.page.locator(".dgw").nth(index)

    def canvas(self, index: int = 0) -> Locator:
        """Return the canvas that takes pointers and keys."""
        return self.view(index).locator(".dgw-canvas")

    def button(self, name: str) -> Locator:
        """Return a button of the first view by its accessible name."""
        return self.view().get_by_role("button", name=name, exact=True)

    def hook(self, name: str, index: int = 0) -> str | None:
        """Return a ``data-`` attribute of a view."""
        return self.view(index).get_attribute(f"data-{name}")

    def status(self) -> str:
        """Return the words of the status line."""
        return self.view().locator(".dgw-status-text").inner_text()

    def send_frame(
        self,
        image: bytes | None = None,
        *,
        buffer: str = "Uint8Array",
        pairs: Mapping[int, tuple[Point, Point]] | None = None,
        wait: bool = True,
        **fields: Any,
    ) -> int:
        """Send a frame, wait until it is drawn, and return its number."""
        self._seq = fields.pop("seq", self._seq + 1)
        placed = pairs or {}
        message = {
            "k": "frame",
            "seq": self._seq,
            "step": 0,
            "w": WIDTH,
            "h": HEIGHT,
            "mime": "image/webp",
            "final": False,
            "point_ids": list(placed),
            "handles": [handle for handle, _ in placed.values()],
            "targets": [target for _, target in placed.values()],
            "distances": [0.5 for _ in placed],
            "loss": None,
            "pull": 0,
        } | fields
        self.page.evaluate(
            f"""([message, text]) => {{
              const bytes = {BASE64_TO_BYTES};
              host.emit(message, [{BUFFERS[buffer]}]);
            }}""",
            [message, base64.b64encode(image or picture()).decode()],
        )
        if wait:
            self.wait_for("seq", self._seq)
        return self._seq

    def update(self, **traits: Any) -> None:
        """Set traits as the kernel does."""
        self.page.evaluate("(traits) => host.update(traits)", traits)

    def update_mask(self, png: bytes) -> None:
        """Set the mask as the kernel does."""
        self.page.evaluate(
            f"(text) => {{ const bytes = {BASE64_TO_BYTES};"
            " host.update({mask: new DataView(bytes.buffer)}); }",
            base64.b64encode(png).decode(),
        )

    def confirm(self) -> None:
        """Take in the newest edit of the points, as the kernel does."""
        self.page.evaluate("() => host.update({points_rev: host.get('point_edit').rev})")

    def reply(self, command: Mapping[str, Any], error: str = "") -> None:
        """Answer a command."""
        message = {"k": "reply", "rid": command["rid"], "ok": error == "", "error": error}
        self.page.evaluate("(message) => host.emit(message)", message)

    def asked(self, name: str) -> dict[str, Any]:
        """Wait for a question and return the newest of its name."""
        self.page.wait_for_function(
            "(name) => host.sent.some((each) => each.k === 'ask' && each.name === name)", arg=name
        )
        return [each for each in self.sent("ask") if each["name"] == name][-1]

    def answer(
        self, question: Mapping[str, Any], *files: bytes, error: str = "", **result: Any
    ) -> None:
        """Answer a question."""
        said = {"k": "answer", "rid": question["rid"], "ok": not error, "error": error}
        self.page.evaluate(
            f"""([message, texts]) => host.emit(message, texts.map((text) => {BASE64_TO_BYTES}))""",
            [said | {"result": result}, [base64.b64encode(each).decode() for each in files]],
        )

    def tell_progress(
        self,
        question: Mapping[str, Any],
        part: float,
        words: str = "",
        shows: str = "",
        file: bytes = b"",
    ) -> None:
        """Say how much of a long question is answered, and show a picture of what ``shows`` names."""
        said = {"k": "progress", "rid": question["rid"], "part": part}
        self.page.evaluate(
            f"""([message, texts]) => host.emit(message, texts.map((text) => {BASE64_TO_BYTES}))""",
            [
                said | {"words": words, "shows": shows},
                [base64.b64encode(file).decode()][: bool(shows)],
            ],
        )

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """Return the custom messages of one kind, oldest first."""
        messages: list[dict[str, Any]] = self.page.evaluate("() => host.sent")
        return [message for message in messages if message["k"] == kind]

    def commands(self) -> list[str]:
        """Return the names of the commands that were sent."""
        return [message["name"] for message in self.sent("cmd")]

    def saved(self) -> list[dict[str, Any]]:
        """Return what each save of the model wrote, oldest first."""
        writes: list[dict[str, Any]] = self.page.evaluate("() => host.saved")
        return writes

    def last_saved(self, trait: str) -> Any:
        """Wait for a trait to be written and return its newest value."""
        self.page.wait_for_function("(name) => host.saved.some((each) => name in each)", arg=trait)
        return next(each[trait] for each in reversed(self.saved()) if trait in each)

    def wait_for(self, hook: str, value: object, index: int = 0) -> None:
        """Wait until a ``data-`` attribute of a view has a value."""
        self.page.wait_for_function(
            "([index, name, value]) =>"
            " document.querySelectorAll('.dgw')[index].getAttribute(name) === value",
            arg=[index, f"data-{hook}", str(value)],
        )

    def wait_until(self, expression: str) -> None:
        """Wait until an expression of the page is true."""
        self.page.wait_for_function(f"() => {expression}")

    def place(self, point: Point, index: int = 0) -> Point:
        """Return where a pixel of the image is on the page."""
        box = self.canvas(index).bounding_box()
        assert box is not None
        scale = box["width"] / self.width
        return (box["x"] + (point[0] + 0.5) * scale, box["y"] + (point[1] + 0.5) * scale)

    def click(self, point: Point, index: int = 0, **options: Any) -> None:
        """Click a pixel of the image."""
        self.page.mouse.click(*self.place(point, index), **options)

    def drag(self, *points: Point) -> None:
        """Press at the first pixel, move through the others and let go."""
        self.page.mouse.move(*self.place(points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.place(point), steps=4)
        self.page.mouse.up()

    def press(self, *keys: str) -> None:
        """Press keys on the picture."""
        for key in keys:
            self.canvas().press(key)

    def pixel(self, point: Point, layer: str = "picture", index: int = 0) -> list[int]:
        """Return red, green, blue and alpha of a canvas at a pixel of the image."""
        rgba: list[int] = self.page.evaluate(
            """([layer, index, x, y]) => {
              const canvas = document.querySelectorAll(`.dgw-${layer}`)[index];
              const at = [x * canvas.width, y * canvas.height].map(Math.floor);
              return [...canvas.getContext("2d").getImageData(...at, 1, 1).data];
            }""",
            [layer, index, (point[0] + 0.5) / WIDTH, (point[1] + 0.5) / HEIGHT],
        )
        return rgba


def mask_of(png: Sequence[int]) -> Image.Image:
    """Return the mask that the front end wrote."""
    return Image.open(io.BytesIO(bytes(png)))


def shown(page: Page, **traits: Any) -> AfmHost:
    """Return a widget with its first picture and some traits."""
    host = AfmHost(page, traits)
    host.render()
    host.send_frame()
    return host
