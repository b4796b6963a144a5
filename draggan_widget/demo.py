"""JupyterLab on the quickstart, with the widget already there: its first cell is run before the page opens.

A page that opens a notebook takes over a session that the server already has for it, and shows the widgets that live
in the session's kernel. So the server is asked for that session first.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from draggan_widget.interrupts import on_termination

logger = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0
"""How long the server may take until it answers; after that the page opens without the widget."""

RUN_TIMEOUT_S = 60.0
"""How long the first cell may take, the import of torch included."""

POLL_S = 0.1
"""Pause between two looks for the server."""

KEEPS_CLOSED = "--no-browser"
"""JupyterLab's option that keeps the page closed."""


def serve(
    notebook: Path, shipped: Path, options: Sequence[str], environment: dict[str, str]
) -> int:
    """Run JupyterLab on a notebook until it ends.

    Args:
        notebook: What to open.
        shipped: The notebook it was copied from; its first code cell is run if it is unchanged.
        options: For JupyterLab.
        environment: Of the server and its kernels.

    Returns:
        Exit status of the server.
    """
    command = [sys.executable, "-m", "jupyterlab", notebook.name, KEEPS_CLOSED]
    command += [option for option in options if option != KEEPS_CLOSED]
    server = subprocess.Popen(  # noqa: S603  # the user's own options for the user's own server
        command, cwd=notebook.parent, env=environment, stdout=sys.stderr
    )
    # The server ends its kernels and itself then, and with it the wait for it.
    with on_termination(lambda *_: server.terminate()):
        address = None
        with contextlib.suppress(KeyboardInterrupt):
            address = _address(server)
        if address is not None:
            try:
                _run_first_cell(address, notebook, shipped)
            except Exception as error:  # the page is as useful without; people press Shift + Enter
                logger.warning("the first cell was not run in advance: %s", error)
            if KEEPS_CLOSED not in options:
                page = f"{address['url']}lab/tree/{notebook.name}?token={address['token']}"
                webbrowser.open(page)
        return _wait(server)


def _address(server: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    """Return ``url`` and ``token`` of a server once it answers; None if it ended or takes too long."""
    from jupyter_server.serverapp import list_running_servers

    deadline = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < deadline:
        for found in list_running_servers():
            if found["pid"] == server.pid:
                return dict(found)
        time.sleep(POLL_S)
    return None


def _run_first_cell(address: dict[str, Any], notebook: Path, shipped: Path) -> None:
    """Run the first code cell of a notebook in its own session, and keep its output in the file."""
    import nbformat
    from jupyter_client.blocking.client import BlockingKernelClient
    from jupyter_core.paths import jupyter_runtime_dir

    content = nbformat.read(notebook, as_version=4)
    cell = _first_code_cell(content)
    if cell.source != _first_code_cell(nbformat.read(shipped, as_version=4)).source:
        return
    kernel = _session_kernel(address, notebook.name)
    client = BlockingKernelClient(
        connection_file=os.path.join(jupyter_runtime_dir(), f"kernel-{kernel}.json")
    )
    client.load_connection_file()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=RUN_TIMEOUT_S)
        outputs: list[Any] = []

        def keep(message: dict[str, Any]) -> None:
            if message["header"]["msg_type"] in ("display_data", "execute_result", "error"):
                outputs.append(nbformat.v4.output_from_msg(message))

        reply = client.execute_interactive(
            cell.source, output_hook=keep, timeout=RUN_TIMEOUT_S, allow_stdin=False
        )
    finally:
        client.stop_channels()
    cell.outputs = outputs
    cell.execution_count = reply["content"]["execution_count"]
    nbformat.write(content, notebook)
    nbformat.sign.NotebookNotary().sign(content)  # a page runs no widget of an untrusted notebook


def _first_code_cell(notebook: Any) -> Any:
    """Return the first code cell of a notebook."""
    return next(cell for cell in notebook.cells if cell.cell_type == "code")


def _session_kernel(address: dict[str, Any], path: str) -> str:
    """Return the id of the kernel of a new session of the server for a notebook."""
    session = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
    request = urllib.request.Request(  # noqa: S310  # the address is that of our own server
        f"{address['url']}api/sessions",
        data=json.dumps(session).encode(),
        headers={"Authorization": f"token {address['token']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=RUN_TIMEOUT_S) as answer:  # noqa: S310
        kernel: str = json.load(answer)["kernel"]["id"]
    return kernel


def _wait(server: subprocess.Popen[bytes]) -> int:
    """Return a server's exit status; an interrupt is for the server, which asks whether to stop."""
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            return server.wait()
