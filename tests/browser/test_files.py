"""Saving, copying and opening files with the built front end in a blank page."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route

from draggan_widget.session.embedding import CHUNK, chunk
from tests.browser.afm import ONE_PAIR, AfmHost, picture, shown
from tests.browser.view import SCREENSHOTS, drop

pytestmark = pytest.mark.browser

SECURE = "http://127.0.0.1:9/afm"
"""A page that may use the clipboard; nothing listens there, the test answers."""

MOVIES = {"pictures": 4, "mp4": True}


@pytest.fixture
def host(page: Page) -> AfmHost:
    """A widget with its first picture and one pair."""
    return shown(page, **ONE_PAIR)


@pytest.fixture
def secure(page: Page) -> AfmHost:
    """Likewise, in a page that may use the clipboard."""

    def answer(route: Route) -> None:
        route.fulfill(body="<!doctype html><title>afm</title>", content_type="text/html")

    page.route(SECURE, answer)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    host = AfmHost(page, ONE_PAIR, address=SECURE)
    host.render()
    host.send_frame()
    return host


def menu(host: AfmHost) -> Locator:
    return host.view().get_by_role("menu", name="Save, copy or open")


def item(host: AfmHost, name: str) -> Locator:
    return menu(host).get_by_role("menuitem", name=re.compile(f"^{name}"))


def open_menu(host: AfmHost, **movies: Any) -> None:
    host.button("Save, copy or open").click()
    host.answer(host.asked("file_formats"), **(MOVIES | movies))
    assert menu(host).is_visible()


def job(host: AfmHost) -> Locator:
    return host.view().locator(".dgw-job")


def test_the_picture_is_saved_under_the_name_of_its_seed(host: AfmHost, page: Page) -> None:
    open_menu(host)
    item(host, "Picture").click()
    assert not menu(host).is_visible()
    ask = host.asked("file")
    assert ask["args"] == {"format": "png", "points": False}
    with page.expect_download() as download:
        host.answer(ask, picture(kind="png"), mime="image/png", ending=".png")
    assert download.value.suggested_filename.endswith("-0.png")
    with Image.open(download.value.path()) as image:
        assert image.size == (128, 96)
    host.wait_until("document.querySelector('.dgw-job').textContent.includes('Saved ')")


def test_a_video_tells_how_far_it_is_and_comes_with_points(host: AfmHost, page: Page) -> None:
    open_menu(host)
    marks = menu(host).get_by_role("menuitemcheckbox", name="With points")
    marks.click()
    assert marks.get_attribute("aria-checked") == "true"
    item(host, "Video").click()
    ask = host.asked("file")
    assert ask["args"] == {"format": "mp4", "points": True}
    host.tell_progress(ask, 0.5)
    job(host).wait_for(state="visible")
    assert job(host).locator(".dgw-job-words").inner_text() == "Making the video"
    assert "0.5" in (job(host).locator(".dgw-job-fill").get_attribute("style") or "")
    page.screenshot(path=SCREENSHOTS / "afm_files_job.png")
    with page.expect_download() as download:
        host.answer(ask, b"video", mime="video/mp4", ending=".mp4")
    assert download.value.suggested_filename.endswith(".mp4")


def test_an_animation_can_be_cancelled_without_a_word(host: AfmHost) -> None:
    open_menu(host)
    item(host, "Animation").click()
    ask = host.asked("file")
    job(host).get_by_role("button", name="Cancel").click()
    assert host.asked("cancel")["args"] == {"rid": ask["rid"]}
    assert not job(host).is_visible()
    assert not host.view().get_by_role("alert").is_visible()
    host.answer(ask, b"late", mime="image/gif", ending=".gif")


def test_what_cannot_be_had_says_why(host: AfmHost, page: Page) -> None:
    open_menu(host, pictures=0, mp4=False)
    assert "pull at the picture first" in item(host, "Animation").inner_text()
    assert "draggan-widget[video]" in item(host, "Video").inner_text()
    assert item(host, "Video").get_attribute("aria-disabled") == "true"
    item(host, "Video").click(force=True)
    assert menu(host).is_visible()
    assert not [each for each in host.sent("ask") if each["name"] == "file"]
    item(host, "Session").click()
    host.answer(host.asked("file"), error="the disk is full")
    banner = host.view().get_by_role("alert")
    assert banner.locator("p").inner_text() == "The session was not saved: the disk is full"


def test_the_menu_works_by_keyboard_and_gives_the_focus_back(host: AfmHost, page: Page) -> None:
    host.canvas().focus()
    host.press("d")
    assert item(host, "Picture").evaluate("(node) => node.matches(':focus')")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert item(host, "Session").evaluate("(node) => node.matches(':focus')")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    assert item(host, "Open a file").evaluate("(node) => node.matches(':focus')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert host.asked("file")["args"]["format"] == "png"
    host.press("d")
    page.keyboard.press("Escape")
    assert not menu(host).is_visible()
    assert host.button("Save, copy or open").evaluate("(node) => node.matches(':focus')")
    host.press("d")
    page.mouse.click(2, 2)
    assert not menu(host).is_visible()


def test_the_picture_is_copied_by_menu_and_key(secure: AfmHost, page: Page) -> None:
    open_menu(secure)
    item(secure, "Copy picture").click()
    secure.answer(secure.asked("file"), picture((10, 200, 30), "png"), mime="image/png")
    secure.wait_until("document.querySelector('.dgw-job').textContent.includes('copied')")
    copied: list[int] = page.evaluate(
        """async () => {
          const [found] = await navigator.clipboard.read();
          return [...new Uint8Array(await (await found.getType("image/png")).arrayBuffer())];
        }"""
    )
    with Image.open(io.BytesIO(bytes(copied))) as image:
        assert image.convert("RGB").getpixel((60, 50)) == (10, 200, 30)
    secure.press("Control+c")
    asks = [each for each in secure.sent("ask") if each["name"] == "file"]
    assert len(asks) == 2
    secure.answer(asks[-1], error="the kernel is busy")
    banner = secure.view().get_by_role("alert")
    banner.wait_for(state="visible")
    assert "The picture was not copied" in banner.locator("p").inner_text()


def test_without_a_clipboard_the_way_that_works_is_named(host: AfmHost) -> None:
    host.press("Control+c")
    banner = host.view().get_by_role("alert")
    assert banner.locator("p").inner_text() == (
        "The picture was not copied: this page may not use the clipboard; save it instead."
    )


def test_a_dropped_file_is_opened(host: AfmHost, page: Page, tmp_path: Path) -> None:
    path = tmp_path / "fox.png"
    signature, session = picture(kind="png")[:8], chunk(CHUNK, b"session")
    path.write_bytes(picture(kind="png") + session)
    at = host.place((60, 50))
    drop(page, at, path, leave=True)
    note = host.view().locator(".dgw-drop")
    note.wait_for(state="visible")
    page.screenshot(path=SCREENSHOTS / "afm_files_drop.png")
    note.wait_for(state="hidden")
    drop(page, at, path)
    ask = host.asked("open")
    assert ask["args"] == {"name": "fox.png"}
    assert bytes(ask["files"][0]) == signature + session, "the picture itself stays here"
    host.answer(ask, points=1)
    host.wait_until("document.querySelector('.dgw-job').textContent.startsWith('Opened fox.png')")
    assert not note.is_visible()


def test_a_file_that_is_chosen_is_opened_and_what_is_wrong_with_it_is_said(
    host: AfmHost, page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "a.dgs"
    path.write_bytes(b"session")
    for count, error in ((1, "a.dgs was made with another generator"), (2, "")):
        open_menu(host)
        with page.expect_file_chooser() as chooser:
            item(host, "Open a file").click()
        chooser.value.set_files(path)
        opened = "host.sent.filter((each) => each.name === 'open').length"
        host.wait_until(f"{opened} === {count}")
        ask = host.asked("open")
        assert bytes(ask["files"][0]) == b"session"
        host.answer(ask, error=error)
        if error:
            banner = host.view().get_by_role("alert")
            banner.wait_for(state="visible")
            assert banner.locator("p").inner_text() == f"The file was not opened: {error}"
    empty = tmp_path / "empty.png"
    empty.touch()
    drop(page, host.place((60, 50)), empty)
    banner.wait_for(state="visible")
    assert banner.locator("p").inner_text() == "The file was not opened: empty.png is empty."


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 900])
def test_the_menu_lies_within_the_card(page: Page, width: int, scheme: Any) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    host = shown(page, **ONE_PAIR)
    open_menu(host)
    inside = page.evaluate(
        """() => {
          const card = document.querySelector(".dgw-card").getBoundingClientRect();
          const menu = document.querySelector(".dgw-menu").getBoundingClientRect();
          return menu.left >= card.left && menu.right <= card.right && menu.top >= card.top;
        }"""
    )
    assert inside
    page.screenshot(path=SCREENSHOTS / f"afm_files_{scheme}_{width}.png")
