"""Faults of a real kernel: interrupted, restarted, and held up by a cell for half a minute."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.test_kernel import Page, kernel

__all__ = ["kernel"]

pytestmark = pytest.mark.slow

HELD_S = 30
"""How long a cell holds the main thread."""

WORKED = """
import time
import draggan_widget as dg
from tests.faults.survival import *
from tests.picture_blobs import PictureBlobs
from tests.slow_drags import SLOW
w = worked_widget(config=SLOW)
work = work_of(w)
(key,) = w.point_ids
print(key)
"""

ENTRIES = """
for e in w.session.history.entries:
    s = e.state
    print(e.id, e.parent, e.label, s.w.numpy().tobytes().hex()[:4000], s.handle_points.tolist(),
          s.target_points.tolist(), s.point_ids, None if s.mask is None else int(s.mask.sum()))
print(w.history_position)
"""


@pytest.fixture
def page(kernel: tuple[KernelManager, BlockingKernelClient]) -> Iterator[Page]:
    page = Page(kernel[1])
    yield page
    page.acknowledges = False
    page.run("w.close()")


def worked(page: Page) -> int:
    """Have a widget with work in it; return the id of its pair."""
    key = int(page.run(WORKED))
    page.say(k="hello", v=1, dpr=1, loopback=True, visible=True)
    page.until(lambda: page.frames)
    return key


@pytest.mark.parametrize("drag", ["w.session.drag()", "w.drag()", "await w.drag_async()"])
def test_an_interrupted_kernel_keeps_its_work_and_says_that_it_stopped(
    page: Page, kernel: tuple[KernelManager, BlockingKernelClient], drag: str
) -> None:
    worked(page)
    caught = "KeyboardInterrupt, __import__('asyncio').CancelledError"
    cell = page.run(
        f"w.target_points = [FAR]\ntry:\n    {drag}\nexcept ({caught}):\n    print('interrupted')",
        wait=False,
    )
    page.until(lambda: page.state["status"] == "running" and page.state["step"] > 1)
    kernel[0].interrupt_kernel()
    page.until(lambda: cell in page.texts)
    assert page.texts[cell] == "interrupted\n"
    page.until(lambda: page.state["status"] == "stopped")
    page.run("assert_survives(w, work, 'stopped', w.status)")


def test_a_restarted_kernel_goes_on_from_a_session_file(
    page: Page, kernel: tuple[KernelManager, BlockingKernelClient], tmp_path: Path
) -> None:
    worked(page)
    path = tmp_path / "work.dgs"
    before = page.run(ENTRIES + f"p = w.save({str(path)!r})")
    assert len(before.splitlines()) == 5
    manager, client = kernel
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=60)
    page.run(
        "import draggan_widget as dg\nfrom tests.picture_blobs import PictureBlobs\n"
        f"session = dg.DragSession.load({str(path)!r}, generator=PictureBlobs())\n"
        "w = dg.DragWidget(session)"
    )
    page.until(lambda: page.state.get("can_undo"))
    assert page.run(ENTRIES) == before
    page.run(
        "from tests.faults.survival import *\nassert_survives(w, work_of(w), None)\n"
        "while w.undo():\n    pass\nassert len(w.point_ids) == 0"
    )


def pull(page: Page, key: int, x: float) -> None:
    """Pull at a pair from where the work has left it, and let go."""
    page.say(k="pull", id=key, x=x, y=31.0, seq=1)
    page.set(target_points=[[x, 31.0]], point_edit={"rev": 1, "ids": [key], "placed": []})
    page.say(k="release", id=key, end="stay")


def test_a_cell_that_holds_the_main_thread_holds_no_pull_on_a_subshell(page: Page) -> None:
    page.use_subshell()
    key = worked(page)
    cell = page.run(f"time.sleep({HELD_S})", wait=False)
    before = page.state["history_position"]
    pull(page, key, 40.0)
    if page.hears_while_a_cell_computes:
        page.until(
            lambda: page.state["points_rev"] == 1 and page.state["history_position"] > before
        )
        page.until(lambda: not page.state["running"])
        assert cell not in page._idle
    page.until(lambda: cell in page._idle)
    assert page.state["points_rev"] == int(page.hears_while_a_cell_computes)
    page.until(lambda: page.state["points_rev"] == 1 and page.state["history_position"] > before)
    page.run("assert_survives(w, work, None)")


def test_what_is_done_while_a_cell_holds_the_only_shell_is_done_after_it(page: Page) -> None:
    key = worked(page)
    cell = page.run("time.sleep(3)", wait=False)
    before = page.state["history_position"]
    pull(page, key, 40.0)
    page.until(lambda: cell in page._idle)
    page.until(lambda: page.state["points_rev"] == 1 and page.state["history_position"] > before)
    page.run("assert_survives(w, work, None)")
