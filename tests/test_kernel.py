"""A real kernel: this test is the front end, over the same sockets as a browser's."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ipykernel._version import version_info
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

ROOT = Path(__file__).parent.parent
PATIENCE_S = 60.0
RESPONSIVE_S = 0.5
"""A cell that is run while the picture moves returns within this time."""

BLOBS = """
from tests.picture_blobs import PictureBlobs
import draggan_widget as dg
slow = {"solver": "paper", "max_steps": 1_000_000, "learning_rate": 0.002}
w = dg.DragWidget(generator=PictureBlobs(), config=slow)
"""
ANIMALS = """
import draggan_widget as dg
slow = {"solver": "paper", "max_steps": 1_000_000, "learning_rate": 0.005}
w = dg.DragWidget(seed=3, config=slow)
"""
WITH_SUBSHELLS = (7, 0)
"""The first ipykernel that has shells beside the main one."""
HEARS_AWAITING = (7, 4)
"""The first ipykernel whose main shell takes messages of widgets while a cell awaits something."""

CROWD = 30
"""So often a page says twenty things at once, and waits for the kernel to have heard them."""

FAR = "w.handle_points = [[30, 32]]; w.target_points = [[60, 60]]; "
NEAR = "w.handle_points = [[30, 32]]; w.target_points = [[33, 31]]; "


class Page:
    """A notebook page: runs cells, and is the front end of the one widget in them.

    Attributes:
        state: The traits as a browser has them.
        frames: The frames that came, with the lengths of their buffers.
        replies: Answers to commands by their number.
        files: Those in answers to questions, by their number.
    """

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client
        self._comm = ""
        self._subshell: str | None = None
        self._version: tuple[int, ...] | None = None
        self._idle: set[str] = set()
        self.state: dict[str, Any] = {}
        self.frames: list[tuple[dict[str, Any], list[int]]] = []
        self.replies: dict[int, dict[str, Any]] = {}
        self.files: dict[int, list[bytes]] = {}
        self._pieces: dict[int, list[bytes]] = {}
        self.texts: dict[str, str] = {}
        self.acknowledges = True
        self._is_drawn = False

    def run(self, code: str, *, wait: bool = True) -> str:
        """Run a cell; return its number, or what it has shown."""
        cell: str = self._client.execute(code)
        if not wait:
            return cell
        self.until(lambda: cell in self._idle)
        return self.texts.get(cell, "")

    def until(self, condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Take messages until something holds."""
        deadline = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < deadline, f"it took too long; {self._known()}"
            self.take(0.05)

    def until_done(self, numbers: set[str]) -> None:
        """Take messages until the kernel is done with some of those that were sent."""
        self.until(lambda: numbers <= self._idle)

    def _known(self) -> str:
        """Return what has been heard, without the module of the front end."""
        traits = {name: value for name, value in self.state.items() if name[0] != "_"}
        return f"the traits are {traits}, the frames {self.frames[-3:]}"

    def take(self, patience_s: float) -> None:
        """Take one message, if one comes in time."""
        try:
            message = self._client.get_iopub_msg(timeout=patience_s)
        except queue.Empty:
            return
        content, cell = message["content"], message["parent_header"].get("msg_id", "")
        if message["msg_type"] == "error":
            raise AssertionError("\n".join(content["traceback"]))
        if message["msg_type"] == "status" and content["execution_state"] == "idle":
            self._idle.add(cell)
        elif message["msg_type"] == "stream":
            self.texts[cell] = self.texts.get(cell, "") + content["text"]
        elif message["msg_type"] == "comm_open" and "_esm" in content["data"]["state"]:
            self._comm = content["comm_id"]
            self.state.update(content["data"]["state"])
        elif message["msg_type"] == "comm_msg" and content["comm_id"] == self._comm:
            self._heard(content["data"], message["buffers"])

    def _heard(self, data: dict[str, Any], buffers: list[Any]) -> None:
        """Take what the widget says."""
        if data["method"] == "update":
            self.state.update(data["state"])
        elif data["content"]["k"] == "frame":
            self.frames.append((data["content"], [len(buffer) for buffer in buffers]))
            if self.acknowledges and self._is_drawn:
                self.say(k="ack", seq=data["content"]["seq"], shown=True, visible=True)
        elif data["content"]["k"] == "reply":
            self.replies[data["content"]["rid"]] = data["content"]
        elif data["content"]["k"] == "piece":
            self._pieces.setdefault(data["content"]["rid"], []).append(bytes(buffers[0]))
        elif data["content"]["k"] == "answer":
            rid = data["content"]["rid"]
            pieces = self._pieces.pop(rid, None)
            self.files[rid] = [b"".join(pieces)] if pieces else [bytes(each) for each in buffers]

    @property
    def version(self) -> tuple[int, ...]:
        """The version of the kernel's ipykernel."""
        if self._version is None:
            text = self.run("import ipykernel; print(*ipykernel.version_info[:2])")
            self._version = tuple(map(int, text.split()))
        return self._version

    @property
    def has_subshells(self) -> bool:
        """Whether messages of widgets can have a shell of their own, beside that of the cells."""
        return self.version >= WITH_SUBSHELLS

    @property
    def hears_while_a_cell_awaits(self) -> bool:
        """Whether what is said now is heard before a cell ends that awaits something."""
        return self._subshell is not None or self.version >= HEARS_AWAITING

    @property
    def hears_while_a_cell_computes(self) -> bool:
        """Whether what is said now is heard before a cell ends that holds the main thread."""
        return self._subshell is not None

    def use_subshell(self) -> None:
        """Send what follows to a shell of its own, as JupyterLab does, where the kernel has any."""
        if not self.has_subshells:
            return
        client = self._client
        client.control_channel.send(client.session.msg("create_subshell_request"))
        reply = client.get_control_msg(timeout=PATIENCE_S)
        self._subshell = reply["content"]["subshell_id"]

    def say(self, **content: Any) -> str:
        """Send a custom message; return its number. With a greeting begins a view, which acknowledges pictures."""
        self._is_drawn = self._is_drawn or content["k"] == "hello"
        return self._send({"method": "custom", "content": content})

    def set(self, **state: Any) -> None:
        """Set traits."""
        self._send({"method": "update", "state": state})

    def _send(self, data: dict[str, Any]) -> str:
        """Send a message to the widget; return its number."""
        session = self._client.session
        message = session.msg("comm_msg", {"comm_id": self._comm, "data": data})
        if self._subshell is not None:
            message["header"]["subshell_id"] = self._subshell
        self._client.shell_channel.send(message)
        number: str = message["header"]["msg_id"]
        return number


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    folder = tmp_path_factory.mktemp("jupyter")
    names = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    environment = {
        **os.environ,
        **{f"JUPYTER_{name}": str(folder / name.lower()) for name in names},
        "IPYTHONDIR": str(folder / "ipython"),
        # An ipykernel of another version is put before the installed one by this path.
        "PYTHONPATH": os.pathsep.join([str(ROOT), *os.environ.get("PYTHONPATH", "").split(":")]),
    }
    manager, client = start_new_kernel(kernel_name="python3", env=environment)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def client(kernel: tuple[KernelManager, BlockingKernelClient]) -> BlockingKernelClient:
    return kernel[1]


@pytest.fixture
def page(client: BlockingKernelClient) -> Iterator[Page]:
    page = Page(client)
    yield page
    page.acknowledges = False
    page.run("w.close(); del w")


def shown(page: Page) -> None:
    """Wait until the picture is there, and greet."""
    page.until(lambda: page.state.get("status") == "idle")
    page.say(k="hello", v=1, dpr=1, loopback=True, visible=True)
    page.until(lambda: page.frames and len(page.frames[-1][1]) == 2)


def test_the_kernel_has_the_ipykernel_of_the_tests(page: Page) -> None:
    page.run(BLOBS)
    version = ".".join(map(str, version_info[:3]))
    assert page.run("print(__import__('ipykernel').__version__)") == f"{version}\n"


def test_of_many_messages_at_once_none_is_missed(page: Page) -> None:
    page.run(BLOBS)
    shown(page)
    for _ in range(CROWD):
        said = {page.say(k="poll", have=0) for _ in range(20)}
        page.until_done(said)


def test_a_drag_in_a_cell_needs_no_front_end(page: Page) -> None:
    page.acknowledges = False
    page.run(BLOBS)
    text = page.run(
        "w.handle_points = [[30, 32]]; w.target_points = [[33, 31]]; print(w.drag().status)"
    )
    assert text == "arrived\n"


def test_an_edit_and_a_run_from_the_page_move_the_picture(page: Page) -> None:
    page.run(BLOBS)
    shown(page)
    assert sum(page.frames[-1][1]) == 66_000
    page.set(
        handle_points=[[30, 32]],
        target_points=[[33, 31]],
        point_ids=[1],
        point_edit={"rev": 1, "ids": [1], "placed": [1]},
    )
    page.say(k="cmd", rid=1, name="run", args={})
    page.until(lambda: page.state["status"] == "arrived")
    page.until(lambda: page.frames[-1][0]["final"])
    assert page.replies[1]["ok"]
    assert page.state["points_rev"] == 1
    numbers = [frame["seq"] for frame, _ in page.frames]
    assert len(set(numbers)) > 2
    assert page.run("print(w.handle_points.tolist())").strip() == str(page.state["handle_points"])


def test_a_page_that_never_answers_slows_the_pictures_but_hangs_nothing(page: Page) -> None:
    page.acknowledges = False
    page.run(BLOBS)
    page.until(lambda: page.state.get("status") == "idle")
    page.run(FAR + "w.run()")
    page.until(lambda: page.state["step"] > 1)
    count, begin = len(page.frames), time.monotonic()
    while time.monotonic() - begin < 2:
        page.take(0.05)
    assert 2 <= len(page.frames) - count <= 6
    page.run("w.stop()")
    page.until(lambda: page.state["status"] == "stopped")


def test_an_edit_by_a_script_during_a_run_is_followed(page: Page) -> None:
    page.run(BLOBS)
    shown(page)
    page.run(FAR + "w.run()")
    page.until(lambda: page.state["step"] > 1)
    page.run("w.target_points = [[32, 32]]")
    page.until(lambda: page.state["status"] == "arrived")


def stopped_from_the_page(page: Page, drag: str, *, hears: bool) -> None:
    """Stop the drag of a cell from the page; where the page is not heard, nothing that it says may be lost."""
    cell = page.run(f"{FAR if hears else NEAR}r = {drag}; print(r.status)", wait=False)
    page.until(lambda: page.state["status"] == "running")
    page.say(k="cmd", rid=5, name="stop", args={})
    page.until(lambda: cell in page.texts)
    assert page.texts[cell] == ("stopped\n" if hears else "arrived\n")
    page.until(lambda: 5 in page.replies)
    assert page.replies[5]["ok"]


def test_an_animation_that_is_made_beside_the_cells_reaches_the_page(page: Page) -> None:
    page.run(BLOBS)
    shown(page)
    page.run(NEAR + "result = w.drag()")
    page.say(k="ask", rid=7, name="file", args={"format": "gif", "points": False})
    page.until(lambda: 7 in page.files)
    assert page.files[7][0].startswith(b"GIF8")


@pytest.mark.parametrize("on_subshell", [True, False], ids=["subshell", "main shell"])
def test_a_drag_can_be_awaited_while_the_page_talks(page: Page, on_subshell: bool) -> None:
    if on_subshell:
        page.use_subshell()
    page.run(BLOBS)
    shown(page)
    stopped_from_the_page(page, "await w.drag_async()", hears=page.hears_while_a_cell_awaits)


def test_the_page_stops_a_drag_that_a_cell_waits_for(page: Page) -> None:
    page.use_subshell()
    page.run(BLOBS)
    shown(page)
    stopped_from_the_page(page, "w.drag()", hears=page.hears_while_a_cell_computes)


@pytest.mark.parametrize("drag", ["await w.drag_async()", "w.drag()"])
def test_interrupting_the_cell_stops_its_drag(
    page: Page, kernel: tuple[KernelManager, BlockingKernelClient], drag: str
) -> None:
    page.run(BLOBS)
    shown(page)
    caught = "KeyboardInterrupt, __import__('asyncio').CancelledError"
    cell = page.run(
        FAR + f"\ntry:\n    {drag}\nexcept ({caught}):\n    print('interrupted')", wait=False
    )
    page.until(lambda: page.state["status"] == "running" and page.state["step"] > 1)
    kernel[0].interrupt_kernel()
    page.until(lambda: cell in page.texts)
    assert page.texts[cell] == "interrupted\n"
    page.until(lambda: page.state["status"] == "stopped")


def test_a_failure_from_the_page_is_shown_on_the_page_and_not_in_a_cell(page: Page) -> None:
    page.run(BLOBS)
    shown(page)
    page.say(k="cmd", rid=9, name="run", args={})
    page.until(lambda: page.state["error"])
    page.until(lambda: 9 in page.replies)
    assert page.replies[9]["error"] == page.state["error"]["message"]


def test_another_cell_returns_at_once_while_the_embedded_generator_is_dragged(
    page: Page, record_property: Callable[[str, object], None]
) -> None:
    begin = time.monotonic()
    page.run(ANIMALS)
    record_property("kernel_cell_of_the_widget_s", round(time.monotonic() - begin, 2))
    page.until(lambda: page.frames)
    record_property("kernel_first_picture_s", round(time.monotonic() - begin, 2))
    shown(page)
    page.run("w.handle_points = [[64, 64]]; w.target_points = [[90, 64]]; w.run()")
    page.until(lambda: page.state["step"] > 2)
    times = []
    for _ in range(5):
        begin = time.monotonic()
        assert page.run("print(6 * 7)") == "42\n"
        times.append(time.monotonic() - begin)
    assert page.state["status"] == "running"
    record_property("kernel_cell_during_a_drag_s", round(sorted(times)[2], 3))
    assert sorted(times)[2] < RESPONSIVE_S
