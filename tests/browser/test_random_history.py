"""Gestures by chance, jumps and scrubs among them, after which every entry can be gone back to bit for bit."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable

import pytest
import torch
from playwright.sync_api import Page

from draggan_widget.session import SessionState
from tests.browser.kernel import KernelHost
from tests.picture_blobs import blob_session
from tests.session.sessions import same

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ACTIONS = 300
SEEDS = (20,)
"""Of the gestures; a failure names its own."""

Act = Callable[[KernelHost, random.Random], object]


def spot(host: KernelHost, chance: random.Random) -> tuple[float, float]:
    """Return a place in the picture; often that of a mark."""
    marks = [*host.widget.handle_points.tolist(), *host.widget.target_points.tolist()]
    if marks and chance.random() < 0.4:
        x, y = chance.choice(marks)
        return x, y
    return chance.uniform(1, 62), chance.uniform(1, 62)


def drag(host: KernelHost, chance: random.Random) -> None:
    """Press, move, and let go; now and then with the second button, or taken back by Escape."""
    button = "right" if chance.random() < 0.1 else "left"
    host.page.mouse.move(*host.place(spot(host, chance)))
    host.page.mouse.down(button=button)  # type: ignore[arg-type]  # one of two
    for _ in range(chance.randrange(1, 4)):
        host.page.mouse.move(*host.place((chance.uniform(-4, 68), chance.uniform(-4, 68))), steps=2)
        host.exchange()
    if chance.random() < 0.15:
        host.page.keyboard.press("Escape")
    host.page.mouse.up(button=button)  # type: ignore[arg-type]  # one of two


def click(host: KernelHost, chance: random.Random) -> None:
    """Click, perhaps with a modifier or the second button."""
    modifier = chance.choice([None, None, "Shift", "Control"])
    if modifier:
        host.page.keyboard.down(modifier)
    button = chance.choice(["left", "left", "right"])
    host.page.mouse.click(*host.place(spot(host, chance)), button=button)  # type: ignore[arg-type]
    if modifier:
        host.page.keyboard.up(modifier)


KEYS = (
    *("z", "z", "z", "Shift+z", "Shift+z", "Control+z", "r", "s", "n", "m", "m", "e", "[", "]"),
    *("Enter", "Enter", "Escape", "Delete", "Tab", "Shift+Tab", "?", "Escape", "a"),
    *("ArrowLeft", "ArrowRight", "Shift+ArrowUp", "ArrowDown"),
)
"""Keys that are pressed on the picture."""


def press(host: KernelHost, chance: random.Random) -> None:
    """Press some keys on the picture."""
    host.canvas().focus()
    for _ in range(chance.randrange(1, 4)):
        host.page.keyboard.press(chance.choice(KEYS))


def open_past(host: KernelHost) -> None:
    """Open the panel of the past where it is folded away."""
    if not host.view().locator(".dgw-past").is_visible():
        host.canvas().focus()
        host.page.keyboard.press("h")


def jump(host: KernelHost, chance: random.Random) -> None:
    """Go to an entry of the history by keys."""
    open_past(host)
    host.view().locator(".dgw-strip").focus()
    for _ in range(chance.randrange(1, 6)):
        host.page.keyboard.press(chance.choice(["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"]))
    host.page.keyboard.press("Enter")


def scrub(host: KernelHost, chance: random.Random) -> None:
    """Look through the last drag, and now and then keep one of its pictures."""
    open_past(host)
    if not host.view().locator(".dgw-film").is_visible():
        return
    host.view().locator(".dgw-film-slider").focus()
    for _ in range(chance.randrange(1, 5)):
        host.page.keyboard.press(chance.choice(["Home", "ArrowLeft", "ArrowRight", " "]))
    host.page.keyboard.press(chance.choice(["Enter", "Escape"]))


def script(host: KernelHost, chance: random.Random) -> None:
    """Set points by a script."""
    host.widget.target_points = [
        (chance.uniform(1, 62), chance.uniform(1, 62)) for _ in host.widget.handle_points
    ]


GESTURES: tuple[tuple[Act, int], ...] = (
    *((drag, 8), (click, 4), (press, 8), (jump, 2), (scrub, 2), (script, 1)),
)
"""What may be done, and how often."""


@pytest.mark.parametrize("seed", SEEDS, ids="seed_{}".format)
def test_after_gestures_by_chance_every_entry_is_restored_and_undo_leads_to_the_first(
    page: Page, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # no secret
    acts, weights = zip(*GESTURES, strict=True)
    host = KernelHost(page, monkeypatch, blob_session())
    first = host.widget.session.state
    seen: dict[int, SessionState] = {}
    with caplog.at_level(logging.WARNING):
        for number in range(ACTIONS):
            (act,) = chance.choices(acts, weights)
            act(host, chance)
            host.exchange()
            if number % 20 == 0:
                host.page.keyboard.press("Escape")
                host.rest()
                here = host.widget.session.history.current
                seen[here.id] = here.state
        host.page.keyboard.press("Escape")
        host.page.keyboard.press("Escape")
        host.rest()
        history = host.widget.session.history
        ids = {entry.id for entry in history.entries}
        for key, state in seen.items():
            if key in ids and history.entry(key).subject is None:
                host.widget.jump(key)
                assert same(host.widget.session.state, state)
        host.rest()
        while host.widget.session.history.can_undo:
            host.press(*"zzzzzzzzzz")
            host.rest()
    assert host.widget.session.state is first
    assert torch.equal(host.widget.w, first.w)
    alerts = host.view().get_by_role("alert").all_inner_texts()
    assert alerts == [], f"seed {seed}: the page still says this; the kernel {host.widget.error}"
    # What cannot be done any more once it arrives is told to the person, and is no error.
    errors = [
        record for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info
    ]
    assert errors == []
    host.close()
