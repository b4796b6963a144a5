"""``draggan-widget demo``: the page opens with the picture in it, ready to be dragged."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page

from tests.browser.animal import NOSE, NOSE_TURNED
from tests.browser.view import SCREENSHOTS, WidgetView

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DEMO_TIMEOUT_S = 120
COMMAND = "import sys; from draggan_widget.cli import main; sys.exit(main())"
LAB_OPTIONS = ("--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1")


def test_the_picture_can_be_dragged_as_soon_as_the_page_is_open(page: Page, tmp_path: Path) -> None:
    folder, runtime = tmp_path / "mine", tmp_path / "runtime"
    own = {
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
    }
    arguments = ["demo", "--device", "cpu", "--folder", str(folder), "--", *LAB_OPTIONS]
    arguments += ["--LabApp.news_url=None", "--LabApp.extension_manager=readonly"]
    log = tmp_path / "demo.log"
    with (
        log.open("w") as file,
        subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments],
            env=os.environ | own,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as demo,
    ):
        try:
            notebook = folder / "quickstart.ipynb"
            wait_for_first_output(notebook, demo, log)
            (info,) = runtime.glob("jpserver-*.json")
            server = json.loads(info.read_text(encoding="utf-8"))
            page.goto(f"{server['url']}lab/tree/{notebook.name}?token={server['token']}")
            widget = WidgetView(page)
            widget.wait_for_picture()
            widget.pull(NOSE, NOSE_TURNED)
            assert widget.wait_for_status("arrived", "stalled", "failed") == "arrived"
            page.screenshot(path=SCREENSHOTS / "demo.png")
            page.goto("about:blank")  # before its server goes
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(demo.pid, signal.SIGKILL)


def wait_for_first_output(notebook: Path, demo: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the notebook's first code cell has an output."""
    deadline = time.monotonic() + DEMO_TIMEOUT_S
    while time.monotonic() < deadline and demo.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            cells = nbformat.read(notebook, as_version=4).cells
            if next(cell for cell in cells if cell.cell_type == "code").outputs:
                return
        time.sleep(0.2)
    raise AssertionError(f"the first cell was not run:\n{log.read_text(encoding='utf-8')}")
