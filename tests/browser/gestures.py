"""What a person without a plan does to the widget: gestures drawn by chance from a seed, with real events."""

from __future__ import annotations

import random
from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.view import Point, WidgetView

KEYS = (
    *("n", "Tab", "Shift+Tab", "ArrowLeft", "Shift+ArrowRight", "ArrowUp", "Shift+ArrowDown"),
    *("Enter", "Enter", "Delete", "Escape", "z", "z", "Shift+Z", "r", "s", "m", "e", "[", "]", "a"),
    *("+", "-", "0", "c", "Shift+C"),
)
"""Keys that the widget knows; some are pressed more often."""

LONGEST_PULL = 0.2
"""As a part of the picture; a hand seldom pulls farther at once."""


class Hand:
    """Makes gestures on a widget by chance; equal seeds make equal gestures."""

    def __init__(self, page: Page, widget: WidgetView, seed: int) -> None:
        self._page = page
        self._widget = widget
        self._chance = random.Random(seed)  # noqa: S311  # gestures keep no secrets
        self._gestures: tuple[tuple[int, Callable[[], None]], ...] = (
            (30, self._pull),
            (8, self._pull_and_escape),
            (8, self._click),
            (6, self._pin),
            (6, self._remove),
            (22, self._press_key),
            (8, self._stroke),
            (6, self._push_button),
            (3, self._wheel),
            (3, self._carry),
            (3, self._rest),
        )

    def act(self) -> str:
        """Make one gesture and return its name."""
        weights, gestures = zip(*self._gestures, strict=True)
        (gesture,) = self._chance.choices(gestures, weights)
        self._widget.scroll_to_picture()
        gesture()
        return str(gesture.__name__)

    def _somewhere(self) -> Point:
        """Return a place in the picture."""
        width, height = map(int, self._widget.hook("image-size").split(","))
        chance = self._chance.random
        return chance() * (width - 1), chance() * (height - 1)

    def _near(self, point: Point) -> Point:
        """Return a place of the picture not far from another one."""
        width, height = map(int, self._widget.hook("image-size").split(","))
        reach = LONGEST_PULL * max(width, height)
        x, y = (each + self._chance.uniform(-reach, reach) for each in point)
        return min(max(x, 0), width - 1), min(max(y, 0), height - 1)

    def _on_mark(self) -> Point:
        """Return the place of a mark, or any place where there is none."""
        marks = self._widget.points("handles") + self._widget.points("targets")
        if not marks or self._chance.random() < 0.4:
            return self._somewhere()
        x, y = self._chance.choice(marks)
        return x, y

    def _pull(self) -> None:
        start = self._on_mark()
        self._widget.grab(start)
        for _ in range(self._chance.randint(1, 4)):
            self._widget.move(self._near(start))
        self._widget.let_go()

    def _pull_and_escape(self) -> None:
        start = self._on_mark()
        self._widget.grab(start)
        self._widget.move(self._near(start))
        self._page.keyboard.press("Escape")
        self._widget.let_go()

    def _click(self) -> None:
        self._widget.click(self._on_mark())

    def _pin(self) -> None:
        self._page.keyboard.down("Shift")
        self._widget.click(self._somewhere())
        self._page.keyboard.up("Shift")

    def _remove(self) -> None:
        self._widget.click(self._on_mark(), button="right")
        if self._page.locator(
            ".lm-Menu"
        ).count():  # the notebook's own, where there is nothing to remove
            self._page.keyboard.press("Escape")

    def _press_key(self) -> None:
        self._widget.focus()
        self._page.keyboard.press(self._chance.choice(KEYS))

    def _stroke(self) -> None:
        self._widget.press("Mask: where the picture may move")
        self._pull()
        self._widget.press("Points: what moves where")

    def _push_button(self) -> None:
        name = self._chance.choice(
            ("Undo", "Redo", "Back to the start", "One step", "Remove all points", "Shortcuts")
        )
        self._widget.press(name, patient=False)

    def _wheel(self) -> None:
        self._widget.move(self._somewhere())
        self._page.keyboard.down("Control")
        self._page.mouse.wheel(0, self._chance.choice((-240, 240)))
        self._page.keyboard.up("Control")

    def _carry(self) -> None:
        self._widget.move(self._somewhere())
        self._page.mouse.down(button="middle")
        self._widget.move(self._somewhere())
        self._page.mouse.up(button="middle")

    def _rest(self) -> None:
        self._page.wait_for_timeout(self._chance.randint(50, 400))
