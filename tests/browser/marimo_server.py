"""A real marimo server for tests, over an app that it shows or edits.

It keeps to itself: its own folders, a free port of the loopback interface. What of it wants another machine (marimo asks
for its newest version) is sent to a port where nobody listens.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Literal

from tests.browser.lab import STOP_SIGNALS, free_port

START_TIMEOUT_S = 120

NOWHERE = "http://127.0.0.1:9"
"""Port 9 discards what it is sent, where there is such a service at all."""


CONFIG = """[runtime]
auto_instantiate = true

[display]
theme = "light"
"""
"""An author's app runs when it is opened."""


def own_environment(folder: Path) -> dict[str, str]:
    """Return an environment in which marimo has its folders and settings below one, and no other machine."""
    config = folder / "XDG_CONFIG_HOME" / "marimo" / "marimo.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(CONFIG, encoding="utf-8")
    places = {name: str(folder / name) for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME")}
    proxies = {"HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1"}
    small = {name.lower(): value for name, value in proxies.items()}
    return os.environ | places | proxies | small | {"MARIMO_SKIP_UPDATE_CHECK": "1"}


class MarimoServer:
    """marimo with one app; use it in a ``with`` statement.

    Attributes:
        url: Address of the app.
    """

    def __init__(self, folder: Path, app: Path, command: Literal["run", "edit"]) -> None:
        """Start nothing yet.

        Args:
            folder: For what the server writes.
            app: The file of the app.
            command: ``"run"`` shows it to visitors, ``"edit"`` to its author.
        """
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._folder, self._log = folder, folder / "server.log"
        options = ["--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port)]
        if command == "run":
            options += ["--session-ttl", "1"]
        self._command = [sys.executable, "-m", "marimo", "-y", command, str(app), *options]

    def __enter__(self) -> "MarimoServer":
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=own_environment(self._folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=5).close()
                return self
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(self.log()) from None
                time.sleep(0.1)

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
                break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # the kernels of an edited app

    def log(self) -> str:
        """Return what the server has written."""
        return self._log.read_text(encoding="utf-8")
