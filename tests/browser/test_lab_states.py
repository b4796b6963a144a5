"""What a widget says of its kernel in a real JupyterLab: busy with a cell, silent, restarted; and its themes."""

import re

import pytest
from playwright.sync_api import Page, WebSocketRoute

from tests.browser.animal import EAR, EAR_PULLED
from tests.browser.lab import LabServer, Notebook
from tests.browser.view import SCREENSHOTS, WidgetView
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OUTAGE_MS = 3000
SLEEP, REPORT = range(1, 3)
CELLS = (
    "import draggan_widget as dg\nwidget = dg.DragWidget(seed=3, auto_run=False)\nwidget",
    "import time\ntime.sleep(12)",
    "print(widget.target_points.tolist(), widget.status, widget.mask is not None)",
)


def aim(widget: WidgetView, page: Page) -> None:
    """Set a pair by two clicks."""
    for point in (EAR, EAR_PULLED):
        widget.grab(point)
        widget.let_go()


def edit_and_paint(widget: WidgetView, page: Page) -> None:
    """Set a pair, and paint a mask."""
    aim(widget, page)
    page.keyboard.press("m")
    widget.pull((40.0, 30.0), (60.0, 30.0))


def test_a_pull_works_right_after_a_switch_of_the_theme(
    notebook: Notebook, widget: WidgetView, page: Page
) -> None:
    widget.press("Live: the picture follows a pull, and a pair starts at once")
    for theme, shown in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        notebook.set_theme(theme)
        widget.wait_for("theme", f'value === "{shown}"')
        pull = int(widget.hook("pull"))
        widget.grab(EAR)
        widget.lead(EAR, EAR_PULLED, moves=5, seconds=0.5)
        widget.wait_for("pull", f"Number(value) > {pull}")
        widget.let_go()
        assert widget.wait_for_status("arrived", "stalled", "max_steps") == "arrived"
        bar = page.locator(".dgw-progress")
        assert bar.get_attribute("aria-valuenow") == "100"
        page.screenshot(path=SCREENSHOTS / f"lab-{shown}.png")
        widget.press("Undo")
        widget.wait_for("handles", 'value === "[]"')


def test_a_pull_goes_on_through_a_switch_of_the_theme(
    notebook: Notebook, widget: WidgetView
) -> None:
    widget.press("Live: the picture follows a pull, and a pair starts at once")
    widget.grab(EAR)
    widget.lead(EAR, EAR_PULLED, moves=3, seconds=0.3)
    notebook.set_theme("JupyterLab Dark")
    widget.lead(EAR_PULLED, EAR, moves=3, seconds=0.3)
    widget.lead(EAR, EAR_PULLED, moves=3, seconds=0.3)
    widget.let_go()
    assert widget.wait_for_status("arrived", "stalled", "max_steps") == "arrived"
    assert widget.points("targets") == [pytest.approx(EAR_PULLED, abs=0.2)]


def test_a_cell_that_keeps_the_kernel_busy_is_named_and_nothing_is_lost(
    lab: LabServer, page: Page
) -> None:
    lab.write_notebook("busy.ipynb", CELLS)
    notebook = Notebook(page).open(lab.url("busy.ipynb"))
    notebook.send_comms_to_the_main_shell()
    notebook.run(0)
    widget = WidgetView(page)
    widget.wait_for_picture()
    notebook.run(SLEEP, wait=False)
    page.wait_for_timeout(500)
    aim(widget, page)
    widget.wait_for("link", 'value === "busy"')
    assert widget.status() == "The kernel is busy with a cell; your edit waits"
    widget.photograph("lab-busy")
    widget.wait_for("link", '["alive", "back"].includes(value)')
    until(lambda: f"[[{EAR_PULLED[0]}" in notebook.execute(REPORT))
    notebook.shut_down()


def test_a_restart_is_named_and_the_cell_brings_a_new_widget(
    notebook: Notebook, widget: WidgetView, page: Page
) -> None:
    first = widget.picture()
    notebook.restart()
    widget.wait_for("link", 'value === "gone"')
    assert widget.status().startswith("Disconnected: the kernel was restarted or has ended.")
    assert (widget.picture() == first).all()
    aim(widget, page)
    assert len(widget.points("handles")) == 1
    widget.photograph("lab-restarted")
    notebook.run(0)
    widget.wait_for("link", 'value === "alive"')
    widget.wait_for_picture()
    assert widget.points("handles") == []
    aim(widget, page)
    widget.press("Run")
    assert widget.wait_for_status("arrived", "stalled", "max_steps") == "arrived"


class Network:
    """The sockets between a page and the server.

    Attributes:
        is_up: Whether what is sent to the page comes there.
        hears: Whether what the page sends comes to the server.
    """

    def __init__(self, page: Page) -> None:
        """Be between a page and the server from now on, and lose nothing."""
        self.is_up = self.hears = True
        page.route_web_socket(re.compile(r"/api/kernels/.*/channels"), self._relay)

    def _relay(self, socket: WebSocketRoute) -> None:
        """Pass messages on in both directions, unless they are lost."""
        server = socket.connect_to_server()
        to_server, to_page = server.send, socket.send
        socket.on_message(lambda message: to_server(message) if self.hears else None)
        server.on_message(lambda message: to_page(message) if self.is_up else None)


def test_what_the_network_has_lost_is_sent_again(lab: LabServer, page: Page) -> None:
    network = Network(page)
    lab.write_notebook("lost.ipynb", CELLS)
    notebook = Notebook(page).open(lab.url("lost.ipynb"))
    notebook.run(0)
    widget = WidgetView(page)
    widget.wait_for_picture()
    network.is_up = network.hears = False
    edit_and_paint(widget, page)
    widget.wait_for("link", 'value === "silent"')
    assert widget.status().startswith("No answer from the kernel")
    network.is_up = network.hears = True
    widget.wait_for("link", 'value === "back"')
    words = widget.status()
    assert words == "Connected again; what was changed meanwhile was sent"
    widget.wait_for("link", 'value === "alive"')
    report = notebook.execute(REPORT)
    assert f"[[{EAR_PULLED[0]}" in report
    assert report.endswith("True")
    notebook.shut_down()


@pytest.mark.parametrize("is_up", [True, False], ids=["to the kernel", "both ways"])
def test_what_the_network_has_lost_in_a_few_seconds_is_sent_again(
    lab: LabServer, page: Page, is_up: bool
) -> None:
    network = Network(page)
    lab.write_notebook("lost-shortly.ipynb", CELLS)
    notebook = Notebook(page).open(lab.url("lost-shortly.ipynb"))
    notebook.run(0)
    widget = WidgetView(page)
    widget.wait_for_picture()
    network.is_up, network.hears = is_up, False
    edit_and_paint(widget, page)
    page.wait_for_timeout(OUTAGE_MS)
    network.is_up = network.hears = True
    widget.wait_for("link", 'value === "alive"')

    def has_come() -> bool:
        report = notebook.execute(REPORT)
        return f"[[{EAR_PULLED[0]}" in report and report.endswith("True")

    until(has_come)
    assert widget.hook("link") == "alive"
    notebook.shut_down()
