"""The front end in a page whose policy allows next to nothing; SECURITY.md tells the policy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.afm import HOST, ONE_PAIR, ROOT, AfmHost, picture, read_static
from tests.browser.view import drop

pytestmark = pytest.mark.browser

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:"
"""The page's own files, and pictures that are part of an address: those of the gallery, and a pointer."""

ADDRESS = "http://127.0.0.1:9/"
"""Nothing listens there; the test answers."""

BLANK = (
    '<!doctype html><title>afm</title><link rel="icon" href="data:,">'
    '<link rel="stylesheet" href="/widget.css"><script src="/afm_host.js"></script>'
    "<script src='/watch.js'></script><body></body>"
)
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""


def serve(page: Page, policy: str) -> None:
    """Answer for a server that has the front end as files, and a policy for its page."""
    files = {
        "/": ("text/html", BLANK),
        "/watch.js": ("text/javascript", WATCH),
        "/afm_host.js": ("text/javascript", HOST.read_text(encoding="utf-8")),
        "/widget.js": ("text/javascript", read_static("widget.js")),
        "/widget.css": ("text/css", read_static("widget.css")),
    }

    def answer(route: Route) -> None:
        kind, body = files[route.request.url.removeprefix(ADDRESS[:-1])]
        headers = {"Content-Security-Policy": policy}
        route.fulfill(body=body, content_type=f"{kind}; charset=utf-8", headers=headers)

    page.route(f"{ADDRESS}**", answer)


class GuardedHost(AfmHost):
    """A page that loads the front end as files, under a policy."""

    def __init__(self, page: Page, policy: str = POLICY) -> None:
        serve(page, policy)
        super().__init__(page, ONE_PAIR | {"auto_run": True}, address=ADDRESS)

    def _load(self, traits: Mapping[str, Any]) -> None:
        self.page.evaluate("(traits) => makeHost('/widget.js', traits)", dict(traits))

    def violations(self) -> list[str]:
        """Return what the policy has refused."""
        refused: list[str] = self.page.evaluate("() => violations")
        return refused


@pytest.fixture
def bare_page(browser: Browser) -> Iterator[Page]:
    """A page that may report errors."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_the_widget_does_all_it_can_under_the_strictest_policy(page: Page, tmp_path: Path) -> None:
    host = GuardedHost(page)
    host.render("width: 640px")
    host.send_frame(pairs={1: ((40, 40), (80, 40))})

    # By pointer: pull, pin, look closer, paint.
    host.drag((40, 40), (50, 44), (60, 48))
    host.wait_until("host.sent.some((each) => each.k === 'release')")
    host.confirm()
    host.page.mouse.move(*host.place((90, 60)))
    host.page.keyboard.down("Control")
    host.page.mouse.wheel(0, -300)
    host.page.keyboard.up("Control")
    host.press("0", "m")
    host.drag((36, 24), (44, 34), (60, 44))
    assert host.last_saved("mask")

    # The drawers, with pictures in them.
    host.press("g")
    host.answer(host.asked("seed"), picture(), mime="image/webp")
    expect(host.view().locator(".dgw-cell[data-drawn]")).not_to_have_count(0)
    host.press("g", ",")
    expect(host.view().locator("[data-drawer=settings]")).to_be_visible()
    host.press(",")
    host.update(history=[[1, 0, "Start"], [2, 1, "Drag of 1 point"]], history_position=2)
    host.press("h")
    host.answer(host.asked("thumbnail"), picture(), mime="image/webp")
    host.press("h", "Shift+C")
    host.answer(host.asked("picture"), picture((10, 60, 200)), mime="image/webp")
    host.press("Shift+C", "?", "Escape", "i")

    # Files.
    host.button("Save, copy or open").click()
    host.answer(host.asked("file_formats"), pictures=4, mp4=True)
    host.view().get_by_role("menuitem", name=re.compile("^Picture")).click()
    with page.expect_download():
        host.answer(host.asked("file"), picture(kind="png"), mime="image/png", ending=".png")
    photo = tmp_path / "cat.png"
    Image.new("RGB", (1600, 1200), (90, 80, 70)).save(photo)
    drop(page, host.place((60, 50)), photo)
    host.wait_until("host.sent.some((each) => each.name === 'open')")
    host.tell_progress(host.asked("open"), 0.5, "Looking", "photo", picture((90, 80, 70)))
    host.answer(host.asked("open"))

    host.send_frame(picture((10, 200, 10)), final=True)
    assert host.pixel((60, 50)) == pytest.approx([10, 200, 10, 255], abs=4)
    assert host.violations() == []


def test_the_policy_is_in_force(bare_page: Page) -> None:
    host = GuardedHost(bare_page)
    host.render()
    bare_page.evaluate("""() => {
      document.body.append(Object.assign(document.createElement("script"), {text: "1"}));
      document.body.append(Object.assign(document.createElement("style"), {textContent: "p {}"}));
      document.body.append(Object.assign(new Image(), {src: "http://127.0.0.1:9/picture.png"}));
    }""")
    host.wait_until("violations.length >= 3")
    assert {each.split(":")[0] for each in host.violations()} == {
        "script-src-elem",
        "style-src-elem",
        "img-src",
    }


def test_pictures_in_addresses_are_all_that_it_asks_beyond_its_files(bare_page: Page) -> None:
    host = GuardedHost(bare_page, POLICY.replace(" img-src data:", ""))
    host.render()
    host.send_frame()
    host.press("g")
    host.answer(host.asked("seed"), picture(), mime="image/webp")
    host.wait_until("violations.length >= 1")
    assert {each.split(":")[0] for each in host.violations()} == {"img-src"}


def test_the_policy_is_told_to_those_who_need_it() -> None:
    assert POLICY in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
