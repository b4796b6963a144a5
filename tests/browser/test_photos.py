"""Photos in the built front end: sent, looked for, shown, given up, and dragged in the end."""

import io
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from playwright.sync_api import Locator, Page

from draggan_widget.animals import render
from draggan_widget.session import DragSession
from tests.browser.afm import ONE_PAIR, AfmHost, Colour, picture, shown
from tests.browser.kernel import KernelHost
from tests.browser.view import SCREENSHOTS, drop

pytestmark = pytest.mark.browser

ORIENTATION = 0x0112
RED, GREEN, BLUE = (200, 40, 40), (40, 160, 60), (40, 60, 200)

STEPS = 20
"""Steps of a search that has found the animal, roughly; some five seconds of two cores."""

LONG_S = 300.0
"""A busy machine has searched so long in this time."""

NOSE = (64.0, 71.0)
NOSE_TURNED = (76.0, 71.0)


@pytest.fixture
def host(page: Page) -> AfmHost:
    """A widget with its first picture and one pair."""
    return shown(page, **ONE_PAIR, can_undo=True)


def photo(path: Path, size: tuple[int, int], colour: Colour = RED, **options: Any) -> Path:
    """Write a photo, the left half of which is blue."""
    image = Image.new("RGB", size, colour)
    image.paste(BLUE, (0, 0, size[0] // 2, size[1]))
    image.save(path, quality=95, **options)
    return path


def opened(host: AfmHost, path: Path) -> dict[str, Any]:
    """Drop a file and return the question that comes of it."""
    count = len([each for each in host.sent("ask") if each["name"] == "open"])
    drop(host.page, host.place((60, 50)), path)
    host.wait_until(f"host.sent.filter((each) => each.name === 'open').length > {count}")
    return host.asked("open")


def tell(host: AfmHost, ask: dict[str, Any], part: float, words: str, shows: str) -> None:
    """Say how far a search is, with a picture beside it."""
    colours = {"photo": GREEN, "picture": BLUE}
    host.tell_progress(ask, part, words, shows, picture(colours[shows]))


def seeking(host: AfmHost) -> Locator:
    return host.view().locator(".dgw-seeking")


def note(host: AfmHost) -> Locator:
    return host.view().locator(".dgw-job")


def sent_picture(ask: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(bytes(ask["files"][0])))


def colour_of(host: AfmHost, canvas: str) -> Colour:
    """Return the colour in the middle of a canvas."""
    rgba: list[int] = host.page.evaluate(
        """(name) => {
          const canvas = document.querySelector(name);
          const at = [canvas.width >> 1, canvas.height >> 1];
          return [...canvas.getContext("2d").getImageData(...at, 1, 1).data];
        }""",
        canvas,
    )
    return rgba[0], rgba[1], rgba[2]


def focused(host: AfmHost) -> str | None:
    """Return the accessible name of what has the keyboard."""
    name: str | None = host.page.evaluate("() => document.activeElement.ariaLabel")
    return name


def test_a_small_photo_is_sent_as_it_is(host: AfmHost, tmp_path: Path) -> None:
    path = photo(tmp_path / "cat.jpg", (400, 300))
    ask = opened(host, path)
    assert ask["args"] == {"name": "cat.jpg"}
    assert bytes(ask["files"][0]) == path.read_bytes()


@pytest.mark.parametrize("name", ["cat.jpg", "cat.png"])
def test_a_large_photo_is_made_smaller_and_upright(
    host: AfmHost, tmp_path: Path, name: str
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # what is above was to the right
    path = photo(tmp_path / name, (1600, 1200), exif=exif)
    with Image.open(path) as image:
        wanted = ImageOps.exif_transpose(image).convert("RGB").resize((384, 512))
    small = sent_picture(opened(host, path))
    assert (small.format, small.size) == ("JPEG", (384, 512))
    assert np.abs(np.asarray(small).astype(int) - np.asarray(wanted)).mean() < 4


def test_what_is_transparent_in_a_large_photo_is_white(host: AfmHost, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    Image.new("RGBA", (900, 900), (200, 0, 0, 0)).save(path)
    assert sent_picture(opened(host, path)).getpixel((9, 9)) == (255, 255, 255)


def test_what_the_browser_cannot_read_goes_to_the_kernel_which_says_why(
    host: AfmHost, tmp_path: Path
) -> None:
    path = photo(tmp_path / "cat.jpg", (1600, 1200))
    path.write_bytes(path.read_bytes()[:900])
    ask = opened(host, path)
    assert bytes(ask["files"][0]) == path.read_bytes()
    host.answer(ask, error="the photo is damaged; save it anew with another program")
    banner = host.view().get_by_role("alert")
    banner.wait_for(state="visible")
    assert banner.locator("p").inner_text().startswith("The file was not opened: the photo is dam")
    assert not seeking(host).is_visible()
    huge = tmp_path / "huge.tif"
    huge.write_bytes(b"II*\0" + bytes(10 * 2**20))
    drop(host.page, host.place((60, 50)), huge)
    host.wait_until("document.querySelector('.dgw-banner p').textContent.includes('huge.tif')")
    assert 'in a cell: widget.invert("huge.tif")' in banner.locator("p").inner_text()


def test_a_search_is_seen_and_nothing_else_can_be_done_meanwhile(
    host: AfmHost, page: Page, tmp_path: Path
) -> None:
    ask = opened(host, photo(tmp_path / "cat.jpg", (400, 300)))
    seeking(host).wait_for(state="visible")
    tell(host, ask, 0, "Comparing pictures", "photo")
    host.wait_until("document.querySelector('.dgw-seeking').dataset.shows === 'photo'")
    assert not seeking(host).locator("figure").is_visible()
    tell(host, ask, 0.4, "Fitting details", "picture")
    seeking(host).locator("figure").wait_for(state="visible")
    assert np.abs(np.subtract(colour_of(host, ".dgw-seeking-found"), BLUE)).max() < 8
    assert np.abs(np.subtract(colour_of(host, ".dgw-seeking-photo"), GREEN)).max() < 8
    bar = seeking(host).get_by_role("progressbar", name="Looking for the photo")
    assert bar.get_attribute("aria-valuenow") == "40"
    assert seeking(host).get_by_role("status").inner_text() == "Fitting details"
    assert host.status() == "Looking for the photo; no edits until then, Esc cancels"
    assert focused(host) == "Cancel"
    for key in ("z", "a", "s", "Delete", "ArrowLeft", "m"):
        page.keyboard.press(key)
    host.drag((20, 20), (60, 60))
    page.mouse.click(*host.place((64, 50)))
    for name in ("Undo", "Run", "New animal by chance"):
        host.button(name).click(force=True)
    assert host.commands() == []
    assert host.saved() == []
    drop(page, host.place((60, 50)), photo(tmp_path / "dog.jpg", (400, 300)))
    banner = host.view().get_by_role("alert")
    banner.wait_for(state="visible")
    assert "wait for it or cancel it" in banner.locator("p").inner_text()
    host.answer(ask, photo={"words": "very close: fine details are there", "warning": ""})
    host.wait_until("document.querySelector('.dgw-job').dataset.state === 'found'")
    assert note(host).inner_text().split("\n")[0] == (
        "Found a picture that is very close: fine details are there."
    )
    assert not seeking(host).is_visible()
    assert focused(host) == "Picture to drag"
    page.keyboard.press("z")
    assert host.commands() == ["undo"]


@pytest.mark.parametrize("way", ["button", "Escape"])
def test_a_search_is_given_up_without_a_word(host: AfmHost, tmp_path: Path, way: str) -> None:
    host.page.keyboard.press("Tab")
    ask = opened(host, photo(tmp_path / "cat.jpg", (400, 300)))
    tell(host, ask, 0.4, "Fitting details", "picture")
    host.wait_until("document.querySelector('.dgw-seeking').dataset.shows === 'picture'")
    if way == "button":
        seeking(host).get_by_role("button", name="Cancel").click()
    else:
        host.page.keyboard.press("Escape")
    assert host.asked("cancel")["args"] == {"rid": ask["rid"]}
    assert not seeking(host).is_visible()
    assert not note(host).is_visible()
    assert not host.view().get_by_role("alert").is_visible()
    tell(host, ask, 0.5, "Fitting details", "picture")
    host.answer(ask, photo={"words": "close", "warning": ""})
    assert not seeking(host).is_visible()
    assert host.commands() == []
    assert opened(host, photo(tmp_path / "dog.jpg", (400, 300)))["args"] == {"name": "dog.jpg"}


def test_a_search_ends_with_the_view_in_which_it_is_seen(host: AfmHost, tmp_path: Path) -> None:
    ask = opened(host, photo(tmp_path / "cat.jpg", (400, 300)))
    seeking(host).wait_for(state="visible")
    host.page.evaluate("() => window.views[0].cleanup()")
    assert host.asked("cancel")["args"] == {"rid": ask["rid"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 900])
def test_a_warning_stays_until_it_is_dismissed(
    page: Page, tmp_path: Path, width: int, scheme: Any
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    host = shown(page, **ONE_PAIR)
    ask = opened(host, photo(tmp_path / f"{'a' * 80}.jpg", (400, 300)))
    tell(host, ask, 0.4, "Fitting the whole", "photo")
    host.wait_until("document.querySelector('.dgw-seeking').dataset.shows === 'photo'")
    tell(host, ask, 0.4, "Fitting the whole", "picture")
    host.wait_until("document.querySelector('.dgw-seeking').dataset.shows === 'picture'")
    assert lies_inside(host, ".dgw-seeking-panel")
    page.screenshot(path=SCREENSHOTS / f"afm_photo_{scheme}_{width}.png", animations="disabled")
    warning = "The photo does not look like anything that animals draws: choose another generator."
    host.answer(ask, photo={"words": "hardly alike", "warning": warning})
    host.wait_until("document.querySelector('.dgw-job').dataset.state === 'warns'")
    assert warning in note(host).inner_text()
    assert lies_inside(host, ".dgw-job")
    page.screenshot(path=SCREENSHOTS / f"afm_photo_warning_{scheme}_{width}.png")
    note(host).get_by_role("button", name="Dismiss").click()
    assert not note(host).is_visible()


def lies_inside(host: AfmHost, name: str) -> bool:
    """Whether an element lies within the picture."""
    inside: bool = host.page.evaluate(
        """(name) => {
          const stage = document.querySelector(".dgw-stage").getBoundingClientRect();
          const box = document.querySelector(name).getBoundingClientRect();
          return box.left >= stage.left && box.right <= stage.right
            && box.top >= stage.top && box.bottom <= stage.bottom;
        }""",
        name,
    )
    return inside


def animal(path: Path) -> Path:
    """Write a photo of an animal that nothing was trained on, larger than the generator's pictures."""
    z = torch.randn(1, 30, generator=torch.Generator().manual_seed(2026))
    (pixels,) = render(z, 160, compiled=False).numpy()
    Image.fromarray(pixels).resize((960, 960), Image.Resampling.BICUBIC).save(path, quality=95)
    return path


def test_an_animal_is_given_up_then_found_and_dragged(
    page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = animal(tmp_path / "cat.jpg")
    search = import_module("draggan_widget.inversion.invert")
    monkeypatch.setattr(search, "STEPS", 100_000)
    host = KernelHost(page, monkeypatch, DragSession("animals", seed=3))
    widget = host.widget
    try:
        before, row = widget.session.state, host.pixel_row()
        drop(page, host.place((60, 50)), path)
        host.until(lambda: seeking(host).get_attribute("data-shows"), LONG_S)
        page.keyboard.press("Escape")
        host.rest()
        assert widget.session.state is before
        assert host.pixel_row() == row
        assert len(widget.history) == 1

        monkeypatch.setattr(search, "STEPS", STEPS)
        host.button("Save, copy or open").click()
        with page.expect_file_chooser() as chooser:
            host.view().get_by_role("menuitem", name="Open a file").click()
        chooser.value.set_files(path)
        host.until(lambda: seeking(host).get_attribute("data-shows") == "picture", LONG_S)
        page.screenshot(path=SCREENSHOTS / "afm_photo_animal.png", animations="disabled")
        host.until(lambda: note(host).get_attribute("data-state") in ("found", "warns"), LONG_S)
        host.rest()
        page.screenshot(path=SCREENSHOTS / "afm_photo_animal_found.png")
        assert [entry.words for entry in widget.history] == ["Seed 3", "Photo cat.jpg"]
        with Image.open(path) as image:
            wanted = np.asarray(image.resize((128, 128))).astype(int)
        found = np.asarray(widget.image)
        assert np.abs(found - wanted).mean() < 15

        host.pull(NOSE, NOSE_TURNED)
        host.until(lambda: widget.status == "arrived", LONG_S)
        assert np.abs(np.asarray(widget.image).astype(int) - found).mean() > 2
        for _ in range(2):
            host.button("Undo").click()
            host.rest()
        host.until(lambda: widget.session.state is before)
        host.until(lambda: host.pixel_row() == row)
    finally:
        host.close()
