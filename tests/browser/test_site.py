"""The documentation site in a browser, as files without a server: nothing is asked of another host, and one can search."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.view import SCREENSHOTS

pytestmark = pytest.mark.browser

NARROW_PX = 360
LOOKED_AT = ("README", "docs/guide", "docs/api", "docs/evaluation", "examples/evaluate")


def test_the_first_page_leads_to_the_guide_and_the_search_finds_it(page: Page, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    expect(page.locator("h1")).to_contain_text("draggan_widget")
    page.get_by_role("link", name="Guide: by hand").first.click()
    expect(page.locator("h1")).to_contain_text("Guide")
    page.get_by_placeholder("Search").first.fill("lasso")
    page.keyboard.press("Enter")
    found = page.locator("#search-results ul.search a")
    expect(found.filter(has_text="Guide").first).to_be_visible()


@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_shows_all_its_pictures_and_fits_a_phone(page: Page, site: Path, name: str) -> None:
    page.goto((site / f"{name}.html").as_uri())
    page.screenshot(path=SCREENSHOTS / f"site-{Path(name).name}.png")
    page.wait_for_function(
        "() => [...document.images].every((each) => !each.checkVisibility() || each.complete)"
    )
    broken = page.evaluate(
        "() => [...document.images].filter((each) => each.checkVisibility() && !each.naturalWidth)"
        ".map((each) => each.src)"
    )
    assert broken == []
    page.set_viewport_size({"width": NARROW_PX, "height": 800})
    page.wait_for_function(
        "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_of_two_pictures_the_theme_of_the_page_shows_one(page: Page, site: Path) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto((site / "docs" / "guide.html").as_uri())
    expect(page.locator("img.only-dark").first).to_be_visible()
    expect(page.locator("img.only-light").first).to_be_hidden()
    page.emulate_media(color_scheme="light")
    expect(page.locator("img.only-light").first).to_be_visible()
    expect(page.locator("img.only-dark").first).to_be_hidden()
