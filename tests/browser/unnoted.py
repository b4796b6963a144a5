"""A browser that is driven without its developer tools noting what the page loads: a long use does not grow by that.

Playwright has a page's network watched as long as it is there, and the page then keeps the address of every picture that
it has shown, which in a notebook is the picture itself. So the one command that begins this is left out on the way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page
from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

from tests.browser.conftest import CHROMIUM_OPTIONS, WINDOW, chromium
from tests.browser.lab import free_port

PATIENCE_S = 60.0
MOST_BYTES = 2**28
"""Of a message of the browser."""

NOTES, NOTES_NOT = '"method":"Network.enable"', '"method":"Network.disable"'
"""What is left out, and a command that gets the same answer."""

NOTHING_OUTSIDE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
"""No request leaves the machine."""


class _Way(WebSocketHandler):
    """Carries what Playwright says to the browser, but for one command, and all that the browser says."""

    _browser: WebSocketClientConnection

    def initialize(self, upstream: str, left_out: list[str]) -> None:
        """Know the browser's address, and where to note what was left out."""
        self._upstream, self._left_out = upstream, left_out

    async def open(self, *_: str, **__: str) -> None:
        """Open the way to the browser, too."""
        self._browser = await websocket_connect(
            self._upstream, on_message_callback=self._said, max_message_size=MOST_BYTES
        )

    async def on_message(self, message: str | bytes) -> None:
        """Carry a command."""
        assert isinstance(message, str)
        if NOTES in message:
            self._left_out.append(NOTES)
        await self._browser.write_message(message.replace(NOTES, NOTES_NOT))

    def _said(self, message: str | bytes | None) -> None:
        """Carry what the browser says; nothing is its end."""
        if message is None:
            self.close()
        else:
            self.write_message(message)

    def on_close(self) -> None:
        """End the other half."""
        self._browser.close()


class UnnotedBrowser:
    """A Chromium of its own that shows one page; use it in a ``with`` statement.

    Attributes:
        browser: As Playwright sees it.
        page: The page.
        errors: What the page has reported.
    """

    browser: Browser
    page: Page

    def __init__(self, launched: Browser, folder: Path) -> None:
        """Do nothing yet.

        Args:
            launched: Any other one, whose Playwright is used.
            folder: For its profile.
        """
        self._type = launched.browser_type
        self._folder = folder
        self._port, self._way_port = free_port(), free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._left_out: list[str] = []
        self.errors: list[str] = []

    def __enter__(self) -> UnnotedBrowser:
        self._process = subprocess.Popen(
            [
                chromium() or self._type.executable_path,
                "--headless=new",
                *CHROMIUM_OPTIONS,
                NOTHING_OUTSIDE,
                f"--remote-debugging-port={self._port}",
                f"--user-data-dir={self._folder}",
                f"--window-size={WINDOW['width']},{WINDOW['height']}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._thread.start()
        address = self._address()
        asyncio.run_coroutine_threadsafe(self._listen(address), self._loop).result()
        self.browser = self._type.connect_over_cdp(f"ws://127.0.0.1:{self._way_port}/")
        self.page = self.browser.contexts[0].pages[0]
        assert self._left_out, "Playwright says in other words that the network is to be watched"
        self.page.set_viewport_size(WINDOW)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):  # it may be gone already
            self.browser.close()
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _address(self) -> str:
        """Return where the browser listens, once it does."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{self._port}/json/version", timeout=5
                ) as answer:
                    return str(json.load(answer)["webSocketDebuggerUrl"])
            except OSError:
                assert time.monotonic() < deadline, "the browser does not start"
                time.sleep(0.1)

    async def _listen(self, upstream: str) -> None:
        """Lay the way."""
        application = Application(
            [("/", _Way, {"upstream": upstream, "left_out": self._left_out})],
            websocket_max_message_size=MOST_BYTES,
        )
        self._server = HTTPServer(application)
        self._server.listen(self._way_port, "127.0.0.1")

    def _note(self, message: ConsoleMessage) -> None:
        """Keep an error of the console."""
        if message.type == "error":
            self.errors.append(message.text)
