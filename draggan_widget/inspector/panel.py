"""The widgets of the inspector: controls, canvases and captions; computes nothing and has no thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
from ipycanvas import Canvas, MultiCanvas

from draggan_widget.inspector.drawings import CHART_PX
from draggan_widget.inspector.look import GROUNDS, Choice
from draggan_widget.inspector.pens import own_manager

RATES = (1, 5)
"""Pictures a second, from and to."""

USUAL_RATE = 3
"""Quick enough to follow a drag, and slow enough not to hold it up."""

SMALLEST_BLOCK = 8
"""Features of smaller blocks say nothing about places."""

SHARP_PX = 768
"""The longer side of the map at least, for sharp marks; it is shown at about half of it."""

STYLE = """<style>
.dgw-inspector { max-width: 1280px; color: var(--jp-ui-font-color1, currentColor); }
.dgw-inspector canvas {
  width: 100%; height: auto; max-width: 420px; border-radius: 6px;
  pointer-events: none; /* ipycanvas would keep the page from scrolling, and tell the kernel of every move */
}
.dgw-inspector .dgw-text { height: auto; max-width: 420px; }
.dgw-inspector .dgw-text .widget-html-content { line-height: 1.4; font-size: 12px; }
.dgw-inspector .dgw-title .widget-html-content { font-size: 13px; font-weight: 600; }
</style>"""


class Controls:
    """What a person sets; scripts set the ``value`` of any of them.

    Attributes:
        ground: What lies under the marks: ``"picture"``, ``"features"`` or ``"distances"``.
        block: Resolution of the feature block, None for the solver's.
        handle: Id of the handle whose distances are shown, None for the first.
        paused: Whether nothing is computed and drawn.
        rate: Pictures a second at most.
    """

    def __init__(self) -> None:
        """Make the controls of a session without points."""
        self.ground = ipywidgets.ToggleButtons(
            options=[(name.capitalize(), name) for name in GROUNDS],
            tooltips=[
                "The picture, with the ways of the handles",
                "The features in their three principal components",
                "How unlike the handle's reference each place is",
            ],
            style={"button_width": "92px"},
        )
        short = ipywidgets.Layout(width="auto")
        self.block = ipywidgets.Dropdown(
            description="Block",
            options=[("the solver's", None)],
            tooltip="The block of the generator whose features are shown",
            layout=short,
            style={"description_width": "initial"},
        )
        self.handle = ipywidgets.Dropdown(
            description="Handle",
            options=[("–", None)],
            tooltip="The handle whose distances are shown",
            layout=short,
            style={"description_width": "initial"},
        )
        self.paused = ipywidgets.ToggleButton(
            value=False,
            description="Pause",
            icon="pause",
            tooltip="Compute and draw nothing until it is pressed again",
            layout=ipywidgets.Layout(width="96px"),
        )
        self.rate = ipywidgets.IntSlider(
            value=USUAL_RATE,
            min=RATES[0],
            max=RATES[1],
            description="Pictures/s",
            tooltip="How often it is drawn anew at most",
            layout=ipywidgets.Layout(width="240px"),
            style={"description_width": "initial"},
        )
        self._fills = False

    @property
    def all(self) -> tuple[ipywidgets.DOMWidget, ...]:
        """The controls in their order."""
        return self.ground, self.block, self.handle, self.paused, self.rate

    @property
    def choice(self) -> Choice:
        """What is to be seen."""
        return Choice(self.ground.value, self.block.value, self.handle.value)

    def observe(self, call: Callable[[], object]) -> None:
        """Call a function whenever something was chosen."""

        def changed(_: Any) -> None:
            if not self._fills:
                call()

        for control in self.all:
            control.observe(changed, names="value")

    def offer_blocks(self, blocks: Sequence[int]) -> None:
        """Offer the blocks of a generator."""
        named = [(str(block), block) for block in blocks if block >= SMALLEST_BLOCK]
        self._fill(self.block, [("the solver's", None), *named])

    def offer_handles(self, point_ids: Sequence[int]) -> None:
        """Offer the handles of a session."""
        named: list[tuple[str, int | None]] = [
            (str(number), key) for number, key in enumerate(point_ids, 1)
        ]
        self._fill(self.handle, named or [("–", None)])

    def _fill(self, control: ipywidgets.Dropdown, options: Sequence[tuple[str, Any]]) -> None:
        """Set the options of a control; what is chosen stays, if it is still there."""
        if tuple(control.options) == tuple(options):
            return
        chosen = control.value
        self._fills = True
        try:
            # A page shows no choice where the options change and the index does not.
            control.index = None
            control.options = options
            control.index = 0
            if chosen in [value for _, value in options]:
                control.value = chosen
        finally:
            self._fills = False


class Figure(ipywidgets.VBox):  # type: ignore[misc]  # the package has no types
    """A drawing with a title above and a caption below."""

    def __init__(self, canvas: ipywidgets.DOMWidget) -> None:
        """Hold a canvas."""
        self._title, self._caption = ipywidgets.HTML(), ipywidgets.HTML()
        self._title.add_class("dgw-title")
        for text in (self._title, self._caption):
            text.add_class("dgw-text")
        super().__init__([self._title, canvas, self._caption])

    def tell(self, title: str, caption: str) -> None:
        """Set the texts."""
        if self._title.value != title:
            self._title.value = title
        if self._caption.value != caption:
            self._caption.value = caption

    def say(self, caption: str) -> None:
        """Set the lower text."""
        self._caption.value = caption


class Canvases:
    """What is drawn on, and what a script may draw on.

    Attributes:
        map: The layers below as one widget.
        ground, marks: Layers of our own, in canvas pixels.
        overlay: The layer of scripts, in pixels of the picture; lies on top.
        zoom, curves: Drawings beside the map.
        scale: Canvas pixels per pixel of the picture.
    """

    def __init__(self) -> None:
        """Make them for a picture of one pixel."""
        self._manager = own_manager()
        self.map = MultiCanvas(3)
        self.ground, self.marks, self.overlay = self.map[0], self.map[1], self.map[2]
        self.zoom = Canvas(width=CHART_PX, height=CHART_PX)
        self.curves = Canvas(width=CHART_PX, height=CHART_PX)
        for canvas in (self.ground, self.marks, self.zoom, self.curves):
            canvas._canvas_manager = self._manager
        self.scale = 1.0
        self.overlay.on_client_ready(self._place_overlay)

    def fit(self, width: int, height: int) -> None:
        """Take the size of a picture, which clears the layers if it is another one."""
        self.scale = float(max(1, -(-SHARP_PX // max(width, height))))
        size = round(width * self.scale), round(height * self.scale)
        if (self.map.width, self.map.height) != size:
            self.map.width, self.map.height = size
        self._place_overlay()

    def flush(self) -> None:
        """Show what was drawn."""
        self._manager.flush()

    def close(self) -> None:
        """Close all of them."""
        for each in (self.map, self.ground, self.marks, self.overlay, self.zoom, self.curves):
            each.close()
        self._manager.close()

    def _place_overlay(self) -> None:
        """Have the overlay take places in pixels of the picture, whose centres are whole numbers."""
        k = self.scale
        self.overlay.set_transform(k, 0, 0, k, k / 2, k / 2)
