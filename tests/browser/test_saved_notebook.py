"""A notebook that was saved after a drag, opened again with no kernel: the result is in it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.animal import NOSE, NOSE_TURNED
from tests.browser.conftest import WINDOW
from tests.browser.lab import LabServer, Notebook
from tests.browser.view import SCREENSHOTS, WidgetView

Record = Callable[[str, object], None]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = (
    'import draggan_widget as dg\nwidget = dg.DragWidget(seed=3, config={"solver": "paper"})\nwidget',
    "widget.freeze()",
    "print(widget.w.abs().sum().item())",
)
RESULT = 'img[src*="ZHJhZ2dhbl93aWRnZXQgcmVzdWx0"]'
"""The picture that the notebook keeps, by what its first bytes say in base 64."""

OPEN_WITHOUT_KERNEL = """async (path) => {
  await window.jupyterapp.restored;
  await window.jupyterapp.commands.execute("docmanager:open", {
    path, factory: "Notebook", kernelPreference: {shouldStart: false, canStart: false},
  });
}"""

NO_NETWORK = """
import socket, sys
from nbconvert.nbconvertapp import main
def refuse(*_):
    raise OSError("the network is off")
socket.socket.connect = refuse
sys.exit(main(sys.argv[1:]))
"""


def pull_the_nose(widget: WidgetView) -> None:
    widget.pull(NOSE, NOSE_TURNED)
    widget.wait_for_status("arrived", "stalled", "max_steps")


def results(page: Page) -> Locator:
    return page.locator(f".jp-OutputArea-output {RESULT}")


def wait_for_result(page: Page, before: str | None = None) -> str:
    """Wait until the kept result is there, another one than before, and return where it comes from."""
    page.wait_for_function(
        """([selector, before]) => {
          const image = document.querySelector(`.jp-OutputArea-output ${selector}`);
          return image !== null && image.src !== before;
        }""",
        arg=[RESULT, before],
    )
    source = results(page).first.get_attribute("src")
    assert source is not None
    return source


def outputs_of(path: Path) -> list[Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    outputs: list[Any] = content["cells"][0]["outputs"]
    return outputs


def test_the_result_is_there_without_a_kernel_and_a_drag_adds_little_to_the_file(
    lab: LabServer,
    notebook: Notebook,
    widget: WidgetView,
    page: Page,
    browser: Browser,
    record_property: Record,
    request: pytest.FixtureRequest,
) -> None:
    path = lab.root / f"{request.node.name}.ipynb"
    first = wait_for_result(page)
    assert not results(page).first.is_visible(), "it is behind the widget"
    assert not page.get_by_text("as it was saved").is_visible()
    notebook.save()
    sizes = [path.stat().st_size]
    pull_the_nose(widget)
    last = wait_for_result(page, first)
    notebook.save()
    sizes.append(path.stat().st_size)
    record_property("notebook_bytes", sizes[0])
    record_property("notebook_growth_per_drag_bytes", sizes[1] - sizes[0])
    assert abs(sizes[1] - sizes[0]) < 4000
    assert sizes[1] < 60_000

    notebook.shut_down()
    # A page of its own: the widget manager of JupyterLab reports an error where there is no kernel.
    reopened = browser.new_context(viewport=WINDOW)
    reader = reopened.new_page()
    reader.goto(lab.url("").replace("/lab/tree/", "/lab"))
    reader.wait_for_function("() => window.jupyterapp !== undefined")
    reader.evaluate(OPEN_WITHOUT_KERNEL, path.name)
    results(reader).first.wait_for(state="visible")
    assert results(reader).first.get_attribute("src") == last
    assert reader.locator(".dgw").count() == 0
    assert reader.get_by_text("as it was saved").is_visible()
    assert not reader.get_by_text("Loading widget").is_visible()
    reader.locator(".jp-NotebookPanel").screenshot(path=SCREENSHOTS / "saved_notebook.png")
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"][1]["source"] = "1 + 1"  # by somebody else: it is no longer trusted
    other = path.with_name("untrusted.ipynb")
    other.write_text(json.dumps(content), encoding="utf-8")
    reader.evaluate(OPEN_WITHOUT_KERNEL, other.name)
    shown = reader.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) {RESULT}")
    shown.wait_for(state="visible")
    assert shown.get_attribute("src") == last
    reader.screenshot(path=SCREENSHOTS / "untrusted_notebook.png")
    reopened.close()

    html = path.with_suffix(".html")
    subprocess.run(
        [sys.executable, "-c", NO_NETWORK, "--to", "html", str(path), "--output", str(html)],
        check=True,
        capture_output=True,
    )
    offline = browser.new_context(offline=True)
    reader = offline.new_page()
    reader.goto(f"file://{html}")
    shown = reader.locator(RESULT)
    assert shown.is_visible()
    assert shown.evaluate("(image) => image.naturalWidth") == 128
    reader.screenshot(path=SCREENSHOTS / "saved_notebook_html.png")
    offline.close()


def test_freezing_leaves_the_picture_in_the_place_of_the_widget(
    lab: LabServer, notebook: Notebook, widget: WidgetView, page: Page, request: Any
) -> None:
    wait_for_result(page)
    notebook.run(1)
    page.locator(".dgw").wait_for(state="detached")
    frozen = page.locator(".jp-Cell").first.locator(".jp-OutputArea-output img")
    frozen.wait_for(state="visible")
    assert frozen.count() == 1
    page.screenshot(path=SCREENSHOTS / "frozen.png")
    notebook.save()
    outputs = outputs_of(lab.root / f"{request.node.name}.ipynb")
    assert [sorted(each["data"]) for each in outputs] == [
        ["image/png", "text/plain"],
        ["text/html", "text/plain"],
        ["text/html", "text/plain"],
    ]
