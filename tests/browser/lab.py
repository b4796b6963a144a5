"""A real JupyterLab or Notebook server for tests, and a driver for one notebook in a page of a real browser.

The server keeps to itself: its own folders, a free port of the loopback interface, no news, no updates.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import nbformat
from playwright.sync_api import Locator, Page

START_TIMEOUT_S = 120
OPEN_TIMEOUT_MS = 120_000

SETTINGS: dict[str, dict[str, Any]] = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    # A test saves when it wants to.
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
"""JupyterLab's settings, by plugin."""

PAGE_CONFIG = {
    # It reports an error when a kernel ends while it asks for its state.
    "disabledExtensions": {"@jupyterlab/debugger-extension": True},
}
"""What JupyterLab tells its pages."""

STOP_SIGNALS = ((signal.SIGINT, 3.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
"""How the server is ended, each with the time in seconds that it gets."""

IS_READY = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  const kernel = panel?.sessionContext?.session?.kernel;
  return document.querySelector(".jp-Notebook .jp-Cell") !== null
    && kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""

RUN_CELL = """async ([index, wait]) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  const done = window.jupyterapp.commands.execute("notebook:run-cell");
  if (wait) await done;
}"""


THEME_TRIES = 5
THEME_STAYS_MS = 300
"""A theme that is there for so long is the one."""

SET_THEME = """(theme) =>
  window.jupyterapp.commands.execute("apputils:change-theme", {theme})"""

THEME_IS_SET = """(theme) => document.body.dataset.jpThemeName === theme
  && document.getElementById("jupyterlab-splash") === null"""


@dataclass(frozen=True)
class Application:
    """What shows notebooks.

    Attributes:
        module: Is run as ``python -m``.
        class_name: By which its options are set.
        place: Address of a notebook below the server's, with name and token to be filled in.
    """

    module: str
    class_name: str
    place: str


LAB = Application("jupyterlab", "LabApp", "lab/tree/{name}?token={token}&reset")
NOTEBOOK = Application("notebook", "JupyterNotebookApp", "notebooks/{name}?token={token}")


class LabServer:
    """A JupyterLab server, or one of Notebook, over a folder of its own; use it in a ``with`` statement."""

    def __init__(self, folder: Path, application: Application = LAB) -> None:
        self._application = application
        self.root = folder / "root"
        self.root.mkdir(parents=True)
        self._folder = folder
        self._log = folder / "server.log"
        self._token = secrets.token_hex(16)
        self.port = free_port()
        self._base = f"http://127.0.0.1:{self.port}"
        for plugin, values in SETTINGS.items():
            _write_json(folder / "settings" / f"{plugin}.jupyterlab-settings", values)
        _write_json(folder / "config" / "labconfig" / "page_config.json", PAGE_CONFIG)

    def __enter__(self) -> "LabServer":
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._application.module, *self._options()],
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, patience_s in STOP_SIGNALS:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience_s)
                return

    def url(self, notebook: str, *, port: int | None = None) -> str:
        """Return the address of a notebook, in JupyterLab in a fresh workspace; at another port where something lies between."""
        base = self._base if port is None else f"http://127.0.0.1:{port}"
        place = self._application.place.format(name=notebook, token=self._token)
        return f"{base}/{place}"

    def write_notebook(self, name: str, cells: Sequence[str]) -> None:
        """Write a notebook of code cells."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, self.root / name)

    @property
    def process_id(self) -> int:
        """The server's process."""
        return self._process.pid

    def _options(self) -> list[str]:
        """Return the options of the server."""
        return [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}",
            f"--IdentityProvider.token={self._token}",
            f"--{self._application.class_name}.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
            "--LabApp.news_url=None",
        ]

    def _environment(self) -> dict[str, str]:
        """Return the environment: every folder of Jupyter's is the server's own."""
        own = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        return os.environ | {name: str(self._folder / path) for name, path in own.items()}

    def _wait_until_up(self) -> None:
        """Return when the server answers."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                urllib.request.urlopen(f"{self._base}/api?token={self._token}", timeout=5).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(self._log.read_text(encoding="utf-8")) from None
                time.sleep(0.1)


class Notebook:
    """A notebook that is open in a page: runs cells and reads what they leave."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def open(self, url: str) -> "Notebook":
        """Open a notebook and wait for its kernel."""
        self._page.goto(url)
        self.wait_until_ready()
        return self

    def reload(self) -> None:
        """Reload the page; the kernel lives on."""
        self._page.reload()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait for the cells and for an idle kernel."""
        self._page.wait_for_function(IS_READY, timeout=OPEN_TIMEOUT_MS)

    def run(self, index: int, *, wait: bool = True) -> None:
        """Run a cell; with ``wait``, until its reply has come."""
        self._page.evaluate(RUN_CELL, [index, wait])

    def output(self, index: int) -> Locator:
        """Return the output area of a cell."""
        return self._page.locator(".jp-Cell").nth(index).locator(".jp-OutputArea")

    def execute(self, index: int) -> str:
        """Run a cell and return the text that it leaves."""
        self.run(index)
        return self.output(index).inner_text().strip()

    def save(self) -> None:
        """Save the notebook with its outputs."""
        self._page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def set_theme(self, name: str) -> None:
        """Switch JupyterLab to a theme, and wait until it can be touched again.

        While a theme loads, a splash screen lies over the whole page, also for a moment after the new theme shows: what
        is pressed then never reaches the notebook. A page that is still busy with its first theme puts that one back;
        it is then told again.
        """
        for _ in range(THEME_TRIES):
            self._page.evaluate(SET_THEME, name)
            self._page.wait_for_function(THEME_IS_SET, arg=name, timeout=OPEN_TIMEOUT_MS)
            self._page.wait_for_timeout(THEME_STAYS_MS)
            if self._page.evaluate(THEME_IS_SET, name):
                return
        raise AssertionError(f"JupyterLab does not keep the theme {name}")

    def restart(self) -> None:
        """Restart the kernel, and wait for the new one."""
        self._page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
        )
        self.wait_until_ready()

    def send_comms_to_the_main_shell(self) -> None:
        """Have messages of widgets wait for the cell that runs, as in front ends without subshells."""
        self._page.evaluate(
            """() => {
              const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
              kernel.commsOverSubshells = "disabled";
            }"""
        )

    def shut_down(self) -> None:
        """End the kernel."""
        self._page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def _write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a file of settings."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values), encoding="utf-8")


def free_port() -> int:
    """Return a free TCP port of the loopback interface."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
