"""One JupyterLab and one Chromium for all browser tests, and a page that must not fail or leave the machine."""

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Route,
    ViewportSize,
    WebSocket,
    sync_playwright,
)

from tests.browser.lab import LabServer, Notebook
from tests.browser.view import SCREENSHOTS, WidgetView

BROWSERS = ("chromium", "google-chrome")
"""Programs that are looked for, in this order; the environment variable CHROMIUM goes before them."""

CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WINDOW: ViewportSize = {"width": 1280, "height": 1000}


RERUNS = 3
"""How often a test in the browser is run again that fails: pages, servers and kernels share a busy machine."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run tests of this folder again that fail; the summary tells which those were (``-p no:rerunfailures``: none)."""
    for item in items:
        if item.get_closest_marker("browser") and config.pluginmanager.has_plugin("rerunfailures"):
            item.add_marker(pytest.mark.flaky(reruns=RERUNS))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A running JupyterLab."""
    with LabServer(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium: the one of the system, or else the one that Playwright downloaded."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium(), args=list(CHROMIUM_OPTIONS)
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page; a request that leaves the machine, an exception or an error on the console fails the test.

    What the host itself reports with any notebook stands in the module's ``HOST_ERRORS``.
    """
    context = browser.new_context(viewport=WINDOW)
    outside: list[str] = []
    errors: list[str] = []

    def keep_inside(route: Route) -> None:
        """Let only requests to this machine through."""
        if is_inside(route.request.url):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    def watch(socket: WebSocket) -> None:
        """Note a socket to another machine."""
        if not is_inside(socket.url):
            outside.append(socket.url)

    def note(message: ConsoleMessage) -> None:
        """Keep an error of the console."""
        if message.type == "error":
            errors.append(f"{message.text} ({message.location.get('url')})")

    context.route("**/*", keep_inside)
    opened = context.new_page()
    opened.on("websocket", watch)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", note)
    yield opened
    context.close()
    assert outside == [], "the page asked for something outside this machine"
    known = getattr(request.module, "HOST_ERRORS", ())
    assert [error for error in errors if error not in known] == [], "the page reported errors"


@pytest.fixture
def notebook(lab: LabServer, page: Page, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """An open notebook of the module's ``CELLS``, whose first one has made a widget; its kernel ends with the test."""
    name = f"{request.node.name}.ipynb"
    lab.write_notebook(name, request.module.CELLS)
    opened = Notebook(page).open(lab.url(name))
    opened.run(0)
    yield opened
    page.screenshot(path=SCREENSHOTS / f"{request.node.name}.png")
    opened.shut_down()


@pytest.fixture
def widget(notebook: Notebook, page: Page) -> WidgetView:
    """The widget of the notebook, with its first picture."""
    view = WidgetView(page)
    view.wait_for_picture()
    return view


def chromium() -> str | None:
    """Return the program that is run; None for the one that Playwright downloaded."""
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, BROWSERS)]
    return next((each for each in found if each), None)


def is_inside(url: str) -> bool:
    """Whether a request stays on this machine; data and blob addresses have no host."""
    return urlsplit(url).hostname in (None, "127.0.0.1")
