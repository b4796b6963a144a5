"""The widget in a real marimo: in an app for visitors, beside an author, and in an export without a server."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import marimo
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route

from draggan_widget.session import DragSession
from tests.browser.animal import NOSE, NOSE_TURNED, SAME, TURNED, difference
from tests.browser.conftest import WINDOW, is_inside
from tests.browser.marimo_server import MarimoServer, own_environment
from tests.browser.test_files_lab import save
from tests.browser.view import SCREENSHOTS, TIMEOUT_MS, WidgetView, drop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ARRIVED_PX = 1.0
"""Stop radius of the solver for a picture of this size."""

STROKE = ((34.0, 20.0), (50.0, 44.0))
"""Of the brush, over an ear."""

EXAMPLE = Path(__file__).parents[2] / "examples" / "marimo_app.py"
ASSETS = Path(marimo.__file__).parent / "_static"
CDN = f"https://cdn.jsdelivr.net/npm/@marimo-team/frontend@{metadata.version('marimo')}/dist/"
"""From where an exported page takes marimo's own front end; the tests take it from the installed package."""

AGAIN = """
import marimo

app = marimo.App()

@app.cell
def _():
    import threading
    import marimo as mo
    import draggan_widget as dg
    again = mo.ui.button(label="Again", value=0, on_click=lambda count: count + 1)
    again
    return again, dg, mo, threading

@app.cell
def _(again, dg, mo):
    drag = mo.ui.anywidget(dg.DragWidget(seed=3 + again.value))
    drag
    return (drag,)

@app.cell
def _(again, drag, mo, threading):
    drag.session
    workers = [each for each in threading.enumerate() if each.name == "draggan-widget"]
    labels = ", ".join(entry.label for entry in drag.session.history.entries)
    masked = drag.mask is not None
    mo.md(f"time {again.value}: {len(workers)} worker(s); {labels}; masked: {masked}")
    return
"""
"""Makes the widget anew with each click, and tells how many are alive, and of its history and mask."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example: marimo writes beside it."""
    return Path(shutil.copy(EXAMPLE, tmp_path_factory.mktemp("app")))


@pytest.fixture(scope="module")
def visited(app: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarimoServer]:
    """The example for visitors."""
    with MarimoServer(tmp_path_factory.mktemp("run"), app, "run") as server:
        yield server


def shown(page: Page, server: MarimoServer) -> WidgetView:
    """Open the app and return its widget, with its first picture."""
    page.goto(server.url)
    view = WidgetView(page)
    view.wait_for_picture()
    return view


def wait_for_text(page: Page, text: str) -> None:
    """Wait until the page says something."""
    page.get_by_text(re.compile(text)).first.wait_for(timeout=TIMEOUT_MS)


def test_a_visitor_drags_and_the_cells_below_follow(page: Page, visited: MarimoServer) -> None:
    view = shown(page, visited)
    wait_for_text(page, r"idle, 0 point")
    before = view.picture()
    view.grab(NOSE)
    view.lead(NOSE, NOSE_TURNED, moves=10, seconds=1.0)
    view.wait_for("pull", "Number(value) >= 1")
    view.let_go()
    assert view.wait_for_status("arrived", "stalled", "max_steps", "failed") == "arrived"
    (handle,) = view.points("handles")
    assert np.hypot(*np.subtract(handle, NOSE_TURNED)) <= ARRIVED_PX
    wait_for_text(page, r"arrived, 1 point")
    assert difference(view.picture(), before) > TURNED
    page.screenshot(path=SCREENSHOTS / "marimo.png", full_page=True)

    view.press("Undo")
    view.wait_for("handles", 'value === "[]"')
    wait_for_text(page, r", 0 point")
    view.wait_until(lambda: difference(view.picture(), before) < SAME)


def test_an_author_sees_it_again_after_a_reload(page: Page, app: Path, tmp_path: Path) -> None:
    with MarimoServer(tmp_path, app, "edit") as server:
        view = shown(page, server)
        view.pull(NOSE, NOSE_TURNED)
        view.wait_for_status("arrived", "stalled", "max_steps")
        wait_for_text(page, r"arrived, 1 point")
        view.wait_for_answers()
        picture, handles = view.picture(), view.points("handles")
        page.reload()
        view.wait_for_picture()
        view.wait_for("handles", 'value !== "[]"')
        assert view.points("handles") == [pytest.approx(handles[0])]
        view.wait_until(lambda: difference(view.picture(), picture) < SAME)
        page.screenshot(path=SCREENSHOTS / "marimo-edit.png")


def test_masks_and_files_travel_and_a_cell_that_runs_anew_ends_the_widget_before(
    page: Page, tmp_path: Path
) -> None:
    (tmp_path / "again.py").write_text(AGAIN, encoding="utf-8")
    with MarimoServer(tmp_path, tmp_path / "again.py", "run") as server:
        view = shown(page, server)
        wait_for_text(page, "1 worker.*; sample; masked: False")
        view.press("Mask: where the picture may move")
        view.pull(*STROKE)
        wait_for_text(page, "; sample, mask; masked: True")
        png = save(page, "Picture", tmp_path)
        assert DragSession.load(png).mask is not None
        view.press("Undo")
        wait_for_text(page, "masked: False")
        drop(page, view.place((64, 64)), png)
        wait_for_text(page, "masked: True")
        for time in (1, 2, 3):
            page.get_by_role("button", name="Again").click()
            wait_for_text(page, rf"time {time}: 1 worker")
        view.wait_for_picture()


def test_an_export_shows_the_picture_without_a_server(
    browser: Browser, app: Path, tmp_path: Path
) -> None:
    html = tmp_path / "app.html"
    subprocess.run(
        [sys.executable, "-m", "marimo", "-y", "export", "html", str(app), "-o", str(html)],
        env=own_environment(tmp_path),
        stdin=subprocess.DEVNULL,
        check=True,
        capture_output=True,
    )
    outside: list[str] = []
    errors: list[str] = []

    def serve(route: Route) -> None:
        url = route.request.url
        if url.startswith(CDN):
            path = ASSETS / urlsplit(url.removeprefix(CDN)).path
            route.fulfill(path=path, headers={"Access-Control-Allow-Origin": "*"})
        elif is_inside(url):
            route.continue_()
        else:
            outside.append(url)
            route.abort()

    context = browser.new_context(viewport=WINDOW)
    context.route("**/*", serve)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(html.as_uri())
    view = WidgetView(page)
    view.wait_for_picture()
    assert "no kernel" in view.status()
    assert view.picture().std() > 20
    page.screenshot(path=SCREENSHOTS / "marimo-export.png", full_page=True)
    context.close()
    assert outside == []
    assert errors == []
