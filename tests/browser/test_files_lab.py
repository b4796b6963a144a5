"""Files of the widget in a real JupyterLab: saved, copied, opened."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from draggan_widget.session import DragSession
from tests.browser.animal import NOSE, NOSE_TURNED, SAME, SHOW_ANIMAL, difference
from tests.browser.lab import Notebook
from tests.browser.view import WidgetView, drop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = (SHOW_ANIMAL,)


def choose(page: Page, name: str) -> None:
    """Choose an item of the menu for files."""
    page.locator(".dgw-canvas").first.press("d")
    page.get_by_role("menu", name="Save, copy or open").get_by_text(name, exact=True).click()


def save(page: Page, name: str, folder: Path) -> Path:
    """Save a file by the menu, and return it."""
    with page.expect_download(timeout=120_000) as download:
        choose(page, name)
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_person_saves_copies_and_opens_files(
    notebook: Notebook, widget: WidgetView, page: Page, tmp_path: Path
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    widget.pull(NOSE, NOSE_TURNED)
    widget.wait_for_status("arrived", "stalled", "max_steps")
    turned, targets = widget.picture(), widget.points("targets")
    png = save(page, "Picture", tmp_path)
    assert png.name == "animals-3.png"
    session = DragSession.load(png)
    assert session.target_points.tolist() == targets
    gif, mp4 = save(page, "Animation", tmp_path), save(page, "Video", tmp_path)
    with Image.open(gif) as moving:
        assert getattr(moving, "n_frames", 1) > 1
    plays: bool = page.evaluate(
        """async (bytes) => {
          const video = document.createElement("video");
          video.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)], {type: "video/mp4"}));
          return video.canPlayType('video/mp4; codecs="avc1.42E01E"') === "" || new Promise((done) => {
            video.onloadeddata = () => done(video.videoWidth === 128);
            video.onerror = () => done(false);
          });
        }""",
        list(mp4.read_bytes()),
    )
    assert plays

    page.locator(".dgw-canvas").first.press("Control+c")
    page.get_by_text("Picture copied").wait_for()
    copied: list[int] = page.evaluate(
        """async () => {
          const [found] = await navigator.clipboard.read();
          return [...new Uint8Array(await (await found.getType("image/png")).arrayBuffer())];
        }"""
    )
    with Image.open(io.BytesIO(bytes(copied))) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), np.asarray(session.image))

    page.locator(".dgw-canvas").first.press("a")
    widget.wait_for("handles", "value === '[]'")
    box = page.locator(".dgw-canvas").first.bounding_box()
    assert box is not None
    drop(page, (box["x"] + 99, box["y"] + 99), png)
    page.get_by_text("Opened animals-3.png").wait_for()
    widget.wait_for("targets", f"value !== '[]' && JSON.parse(value)[0][0] === {targets[0][0]}")
    page.wait_for_timeout(500)
    assert difference(widget.picture(), turned) < SAME
    widget.photograph("files_lab")
    widget.press("Undo")
    widget.wait_for("handles", "value === '[]'")
