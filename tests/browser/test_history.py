"""The history and the film of the last drag under a person's hands, with a whole kernel behind the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Locator, Page

from draggan_widget.session import DragSession
from tests.browser.afm import picture, shown
from tests.browser.kernel import KernelHost
from tests.browser.view import SCREENSHOTS
from tests.picture_blobs import MANY_STEPS, PictureBlobs, blob_session

pytestmark = pytest.mark.browser

BLOB = (30, 32)

BRANCHED = [
    [1, 0, "Seed 3"],
    [2, 1, "Point 1 added"],
    [3, 2, "Drag of 1 point"],
    [4, 2, "Mask set"],
    [5, 4, "Drag of 1 point"],
]
"""A history with two branches, as the kernel tells it."""


@pytest.fixture
def host(page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[KernelHost]:
    """A widget over one blob, whose drags take some steps."""
    host = KernelHost(page, monkeypatch, blob_session(config=MANY_STEPS))
    yield host
    host.close()


@pytest.fixture
def dragged(host: KernelHost) -> KernelHost:
    """A widget with a drag of a few pictures, and its history open and focused."""
    host.pull(BLOB, (34, 32), (37, 31))
    host.press("h")
    host.rest()
    return host


def words(host: KernelHost) -> list[str]:
    """Return what the entries of the kernel's history say, the first left out."""
    return [entry.words for entry in host.widget.session.history.entries[1:]]


def strip(host: KernelHost) -> Locator:
    """Return the strip of earlier pictures."""
    return host.view().get_by_role("listbox", name="Earlier pictures")


def option(host: KernelHost, name: str) -> Locator:
    """Return an entry of the strip by its accessible name."""
    return host.view().get_by_role("option", name=name, exact=True)


def slider(host: KernelHost) -> Locator:
    """Return the slider over the pictures of the last drag."""
    return host.view().get_by_role("slider", name="Pictures of the last drag")


def is_focused(node: Locator) -> bool:
    """Return whether an element has the focus."""
    return bool(node.evaluate("(node) => node === document.activeElement"))


def wait_for_thumbnails(host: KernelHost, count: int) -> None:
    """Wait until so many small pictures are there."""
    pictures = host.view().locator(".dgw-entry canvas[data-shown]")
    host.until(lambda: pictures.count() == count)


def painted(host: KernelHost) -> None:
    """Paint a stroke of the mask with the real pointer, then go back to the points."""
    host.press("m")
    host.pull((10, 10), (30, 12), (40, 30))
    host.press("m")


def clicked(host: KernelHost) -> None:
    """Place a pair by two clicks, without Live."""
    host.button("Live: the picture follows a pull, and a pair starts at once").click()
    host.rest()
    host.page.mouse.click(*host.place((20, 20)))
    host.page.mouse.click(*host.place((26, 20)))


def pinned(host: KernelHost) -> None:
    """Hold a point in its place."""
    host.page.keyboard.down("Shift")
    host.page.mouse.click(*host.place((12, 12)))
    host.page.keyboard.up("Shift")


def removed(host: KernelHost) -> None:
    """Remove the first pair by its mark."""
    x, y = host.widget.handle_points[0]
    host.page.mouse.click(*host.place((x, y)), button="right")


def nudged(host: KernelHost) -> None:
    """Move the mark that was pulled at by many presses of arrow keys."""
    host.press("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowDown")


def seeded(host: KernelHost) -> None:
    """Go to a picture by its seed."""
    host.view().get_by_role("spinbutton", name="Seed").fill("12")
    host.page.keyboard.press("Enter")


GESTURES: dict[str, tuple[Callable[[KernelHost], object], str]] = {
    "a pull": (lambda host: host.pull((33, 35), (36, 36)), "Drag of 2 points"),
    "a pull at a mark": (
        lambda host: host.pull(tuple(host.widget.target_points[0]), (34, 29)),
        "Drag of 1 point",
    ),
    "two clicks": (clicked, "Point 2 added"),
    "a pin": (pinned, "Point 2 added"),
    "a right click": (removed, "Point 1 removed"),
    "arrow keys": (nudged, "Target 1 moved"),
    "the button that removes": (
        lambda host: host.button("Remove all points").click(),
        "Point 1 removed",
    ),
    "a stroke of the brush": (painted, "Mask set"),
    "a step": (lambda host: host.press("s"), "One step"),
    "a reset": (lambda host: host.press("r"), "Back to the start"),
    "a seed": (seeded, "Seed 12"),
    "a script": (lambda host: setattr(host.widget, "mask", np.tri(64, dtype=bool)), "Mask set"),
}
"""What a person can do, by hand, and what it is called in the history."""


@pytest.mark.parametrize("gesture", GESTURES)
def test_every_gesture_is_one_entry_and_undo_takes_it_back_bit_for_bit(
    host: KernelHost, gesture: str
) -> None:
    first = host.widget.session.state
    host.pull(BLOB, (33, 32), (35, 31))
    if gesture in ("a step", "a pull at a mark"):  # something is left to do
        host.widget.target_points = np.add(host.widget.target_points, (3, -2))
        host.rest()
    before = host.widget.session
    entries, state = len(before.history.entries), before.state
    act, called = GESTURES[gesture]
    act(host)
    host.until(lambda: len(host.widget.session.history.entries) > entries)
    host.rest()
    assert words(host)[entries - 1 :] == [called]
    host.press("z")
    host.until(lambda: host.widget.session.state.equals(state))
    while host.widget.session.history.can_undo:
        host.press("z")
        host.rest()
    assert host.widget.session.state is first
    assert torch.equal(host.widget.w, first.w)


def test_the_history_opens_by_its_key_and_is_gone_about_in_with_keys(host: KernelHost) -> None:
    host.pull(BLOB, (34, 32), (37, 31))
    first = host.widget.session.history.entries[0].state
    assert not strip(host).is_visible()
    host.press("h")
    host.rest()
    assert is_focused(strip(host))
    wait_for_thumbnails(host, 2)
    caption = host.view().locator(".dgw-strip-caption")
    assert caption.inner_text() == "2 of 2: Drag of 1 point"
    host.page.keyboard.press("ArrowLeft")
    assert caption.inner_text() == "1 of 2: Given latent"
    active = strip(host).get_attribute("aria-activedescendant")
    assert host.page.locator(f"#{active}").get_attribute("aria-label") == "Given latent, 1 of 2"
    assert host.widget.history_position == 2
    host.page.keyboard.press("Enter")
    host.until(lambda: host.widget.history_position == 1)
    host.rest()
    assert host.widget.session.state is first
    assert option(host, "Given latent, 1 of 2").get_attribute("aria-selected") == "true"
    assert option(host, "Drag of 1 point, 2 of 2").get_attribute("data-undone") == ""
    host.page.keyboard.press("ArrowDown")
    host.page.keyboard.press("Enter")
    host.until(lambda: host.widget.history_position == 2)
    host.page.keyboard.press("h")
    assert not strip(host).is_visible()
    assert is_focused(host.canvas())


def test_a_branch_is_begun_after_an_undo_and_one_jumps_between_both(host: KernelHost) -> None:
    host.pull(BLOB, (33, 32), (36, 31))
    one = host.widget.session.state
    host.press("z")
    host.rest()
    host.pull(BLOB, (30, 35), (30, 38))
    other = host.widget.session.state
    host.button("Earlier pictures").click()
    host.rest()
    assert [(e.id, e.parent) for e in host.widget.history] == [(1, None), (2, 1), (3, 1)]
    wait_for_thumbnails(host, 3)
    assert host.view().locator(".dgw-rail").get_attribute("data-lanes") == "2"
    option(host, "Drag of 1 point, 2 of 3").click()
    host.until(lambda: host.widget.history_position == 2)
    host.rest()
    assert host.widget.session.state is one
    x, y = map(float, one.handle_points[0])
    assert host.hook("handles") == f"[[{x!r},{y!r}]]"
    option(host, "Drag of 1 point, 3 of 3").click()
    host.until(lambda: host.widget.history_position == 3)
    assert host.widget.session.state is other
    host.press("z", "Shift+z")
    host.rest()
    assert host.widget.history_position == 3


def test_the_pictures_of_the_last_drag_are_looked_through_and_one_is_kept(
    dragged: KernelHost,
) -> None:
    host = dragged
    moments = host.widget.session.trajectory
    last = len(moments) - 1
    assert last >= 2
    present = host.pixel_row()
    slider(host).focus()
    host.page.keyboard.press("Home")
    host.until(lambda: host.shown_index() == 0)
    chip = host.view().locator(".dgw-film-chip")
    assert chip.inner_text() == f"Last drag: 1 / {last + 1}"
    assert (
        host.status() == f"Picture 1 of {last + 1} of the last drag: keep it, or go back with Esc"
    )
    assert host.pixel_row() != present
    entries = len(host.widget.history)
    # The picture is one of the past: nothing can be pulled at.
    host.pull((20, 20), (28, 20))
    assert len(host.widget.history) == entries
    assert host.shown_index() == 0
    slider(host).focus()
    host.page.keyboard.press("Escape")
    assert host.shown_index() is None
    assert is_focused(host.canvas())
    assert host.pixel_row() == present
    slider(host).focus()
    host.page.keyboard.press("ArrowLeft")
    host.until(lambda: host.shown_index() == last - 1)
    host.button("Keep this picture: it becomes the present one").click()
    host.until(lambda: len(host.widget.history) == entries + 1)
    host.until(lambda: host.shown_index() is None)
    assert words(host)[-1] == f"Picture {last} of the drag"
    assert torch.equal(host.widget.w, moments[last - 1].w)
    assert np.array_equal(host.widget.handle_points, moments[last - 1].handle_points)
    host.rest()
    assert host.hook("handles") == str(host.widget.handle_points.tolist()).replace(" ", "")
    host.press("z")
    host.until(lambda: torch.equal(host.widget.w, moments[-1].w))


def test_the_film_plays_once_and_can_be_held(dragged: KernelHost) -> None:
    host = dragged
    count = len(host.widget.session.trajectory)
    host.page.evaluate(
        """() => {
          window.played = [];
          const film = document.querySelector(".dgw-film");
          new MutationObserver(() => window.played.push(film.dataset.shown))
            .observe(film, { attributeFilter: ["data-shown"] });
        }"""
    )
    host.button("Play the last drag").click()
    host.until(lambda: host.shown_index() == count - 1)
    host.until(lambda: host.button("Play the last drag").is_visible())
    assert host.page.evaluate("() => window.played") == [str(k) for k in range(count)]
    host.button("Play the last drag").click()
    host.until(lambda: host.shown_index() == 1)
    host.button("Pause").click()
    held = host.shown_index()
    host.page.wait_for_timeout(300)
    host.rest()
    assert host.shown_index() == held
    host.button("Back to the present picture").click()
    assert host.shown_index() is None


def test_a_scrub_asks_for_the_newest_picture_only(page: Page) -> None:
    host = shown(page, history=BRANCHED, history_position=5, film=[1, 60])
    host.button("Earlier pictures").click()
    handle = host.view().get_by_role("slider", name="Pictures of the last drag")
    box = handle.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 5, middle, steps=25)
    page.mouse.up()
    asked = [each for each in host.sent("ask") if each["name"] == "film"]
    # Nothing was answered yet: one question is on its way, and none of those between is asked any more.
    assert len(asked) == 1
    host.answer(asked[0], picture(), film=1, point_ids=[], handles=[], targets=[])
    host.wait_until("host.sent.filter((each) => each.name === 'film').length === 2")
    assert host.sent("ask")[-1]["args"] == {"index": 0}


def test_only_thumbnails_in_sight_are_asked_for_one_after_the_other(page: Page) -> None:
    entries = [[k, k - 1, f"Seed {k}"] for k in range(1, 201)]
    host = shown(page, history=entries, history_position=200)
    assert host.sent("ask") == []
    host.button("Earlier pictures").click()
    asked: list[int] = []
    for _ in range(40):
        page.wait_for_timeout(20)
        questions = host.sent("ask")[len(asked) :]
        if not questions:
            break
        assert len(questions) == 1
        host.answer(questions[0], picture())
        asked.append(questions[0]["args"]["entry"])
    assert asked == list(range(asked[0], 201))
    assert 8 <= len(asked) <= 20
    # The wheel moves the strip, and asks on.
    listbox = host.view().get_by_role("listbox", name="Earlier pictures")
    listbox.hover()
    page.mouse.wheel(0, -4000)
    host.wait_until(f"host.sent.at(-1).k === 'ask' && host.sent.at(-1).args.entry < {asked[0]}")
    assert page.evaluate("() => window.scrollY") == 0


def test_the_history_can_be_read_in_narrow_and_wide_cells_light_and_dark(page: Page) -> None:
    host = shown(page, history=BRANCHED, history_position=5, film=[1, 24], can_undo=True)
    host.button("Earlier pictures").click()
    for question in range(5):
        host.wait_until(f"host.sent.filter((each) => each.k === 'ask').length > {question}")
        host.answer(host.sent("ask")[question], picture())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        for width in (320, 900):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(250)
            beyond = page.evaluate(
                """() => {
                  const card = document.querySelector(".dgw-card").getBoundingClientRect();
                  return [...document.querySelectorAll(".dgw-past > *, .dgw-film > *, .dgw-bar button")]
                    .filter((node) => node.getClientRects().length > 0)
                    .filter((node) => node.getBoundingClientRect().right > card.right)
                    .map((node) => node.className);
                }"""
            )
            assert beyond == [], f"beyond the card at {width} px"
            page.screenshot(path=SCREENSHOTS / f"history_{scheme}_{width}.png")


def test_another_generator_shows_its_own_pictures_though_it_counts_from_one_too(
    dragged: KernelHost,
) -> None:
    host = dragged
    wait_for_thumbnails(host, 2)
    host.widget.generator = PictureBlobs(96, 64)
    host.until(lambda: host.hook("image-size") == "96,64")
    assert host.widget.history_position == 1
    first = host.view().locator(".dgw-entry canvas[data-shown][width='96']")
    host.until(lambda: first.count() == 1)
    assert host.view().locator(".dgw-entry").count() == 1


def test_a_finger_finds_large_enough_targets(browser: Browser) -> None:
    context = browser.new_context(
        has_touch=True, is_mobile=True, viewport={"width": 360, "height": 800}
    )
    host = shown(context.new_page(), history=BRANCHED, history_position=5, film=[1, 24])
    host.button("Earlier pictures").tap()
    handle = host.view().get_by_role("slider", name="Pictures of the last drag")
    handle.tap()
    for node in (
        host.button("Play the last drag"),
        host.button("Keep this picture: it becomes the present one"),
        host.button("Back to the present picture"),
        host.view().get_by_role("option").first,
        handle,
    ):
        box = node.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) > 39.9  # rounded by the layout
    host.view().get_by_role("option").first.tap()
    assert host.sent("cmd")[-1]["args"] == {"entry": 1}
    context.close()


def test_a_session_of_the_embedded_generator_is_scrubbed(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = KernelHost(page, monkeypatch, DragSession(seed=3))
    host.pull((62, 74), (66, 74), (72, 74))
    host.press("h")
    host.rest()
    wait_for_thumbnails(host, 2)
    slider(host).focus()
    page.keyboard.press("Home")
    host.until(lambda: host.shown_index() == 0)
    host.view().screenshot(path=SCREENSHOTS / "history_film.png")
    host.close()
