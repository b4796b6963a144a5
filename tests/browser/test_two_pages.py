"""Two pages show one widget, as two tabs of a browser do, of which one may be in the background."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.kernel import KernelHost
from tests.picture_blobs import blob_session

pytestmark = pytest.mark.browser

HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""Takes the page into the background, or out of it, as far as it can tell."""

Pages = tuple[KernelHost, KernelHost]


@pytest.fixture
def pages(page: Page, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    host = KernelHost(page, monkeypatch, blob_session())
    yield host, host.beside(page.context.new_page())
    host.close()


def newest(host: KernelHost) -> str:
    """Return the number of the newest picture that was sent."""
    return str(host.end.frames[-1]["seq"])


def test_the_page_in_sight_goes_on_while_another_is_in_the_background(pages: Pages) -> None:
    front, back = pages
    back.page.evaluate(HIDE, True)
    front.rest()
    assert back.sent("ack")[-1]["visible"] is False
    for seed in (1, 2):
        before = front.hook("seq")
        front.widget.sample(seed)
        front.until(lambda: front.hook("seq") != before)  # noqa: B023  # called before it changes
        front.rest()
        assert front.hook("seq") == newest(front)
    front.page.evaluate(HIDE, True)
    front.rest()
    last = newest(front)
    front.widget.sample(3)
    front.rest()
    assert newest(front) == last, "nobody looks"
    back.page.evaluate(HIDE, False)
    front.until(lambda: back.hook("seq") == newest(front) != last)
    front.page.evaluate(HIDE, False)
    front.until(lambda: front.hook("seq") == newest(front))
    assert front.pixel_row() == back.pixel_row()


@pytest.mark.parametrize("echoing", [True, False], ids=["with echoes", "without echoes"])
def test_what_is_switched_in_one_page_is_switched_in_the_other(pages: Pages, echoing: bool) -> None:
    one, other = pages
    one.end.echoing = echoing
    lamps = [host.view().locator("[aria-pressed]", has_text="Live") for host in pages]
    for on in ("false", "true"):
        lamps[0].click()
        one.until(lambda: {lamp.get_attribute("aria-pressed") for lamp in lamps} == {on})  # noqa: B023  # as above
    one.press("m")
    one.page.mouse.move(*one.place((20, 20)))
    one.page.mouse.down()
    one.page.mouse.move(*one.place((40, 40)), steps=4)
    one.page.mouse.up()
    one.until(lambda: one.widget.mask is not None)
    one.until(lambda: other.pixel((58, 58), "canvas")[3] > other.pixel((30, 30), "canvas")[3])
