"""What a widget shows of its picture at rest: the change outside the mask, and the rest put back."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from draggan_widget.errors import InputError
from draggan_widget.resting import COMPILING
from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, connect
from tests.patience import until
from tests.picture_blobs import MANY_STEPS, PictureBlobs, blob_session

HANDLE, TARGET = [30.0, 32.0], [33.0, 31.0]
NOSE, NOSE_TURNED = [62.0, 74.0], [70.0, 74.0]
"""The tip of the nose of seed 3 of the embedded generator, and a place beside it."""

OUTSIDE = np.s_[:, :20]
"""A part of the blob's picture that the masks of these tests hold."""


def all_but(held: tuple[slice, slice], side: int = 64) -> np.ndarray:
    """Return a mask that holds a part of a picture."""
    mask = np.ones((side, side), dtype=bool)
    mask[held] = False
    return mask


@pytest.fixture
def blobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    """A widget over a blob, with a pair of points."""
    connect(monkeypatch)
    widget = DragWidget(blob_session(config=MANY_STEPS))
    widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    yield widget
    widget.close()


@pytest.fixture
def animal(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    """A widget over the embedded generator, masked, with a drag of the nose done."""
    connect(monkeypatch)
    widget = DragWidget(seed=3)
    widget.mask = all_but(np.s_[:40, :], 128)
    widget.handle_points, widget.target_points = [NOSE], [NOSE_TURNED]
    widget.drag(3)
    yield widget
    widget.close()


def test_the_change_outside_a_mask_is_told_once_a_drag_has_come_to_rest(blobs: DragWidget) -> None:
    browser: BrowserEnd = blobs.comm
    blobs.mask = all_but(OUTSIDE)
    assert blobs.change_outside is None
    before = len(browser.updates)
    blobs.drag()
    until(lambda: blobs.change_outside is not None)
    assert blobs.change_outside == blobs.session.change_outside()
    browser.until(lambda state: state["change_outside"] == blobs.change_outside)
    moving = [update for update in browser.updates[before:] if update.get("running")]
    assert all(update.get("change_outside") is None for update in moving)


@pytest.mark.parametrize("mask", [None, np.ones((64, 64), dtype=bool)], ids=["none", "all moves"])
def test_nothing_is_told_where_no_mask_holds_anything(
    blobs: DragWidget, mask: np.ndarray | None
) -> None:
    blobs.mask = mask
    blobs.drag()
    assert blobs.session.status == "arrived"
    assert blobs.change_outside is None


def test_undo_takes_the_change_back_and_redo_brings_it_again(blobs: DragWidget) -> None:
    blobs.mask = all_but(OUTSIDE)
    blobs.drag()
    until(lambda: blobs.change_outside is not None)
    change = blobs.change_outside
    blobs.undo()
    assert blobs.change_outside is None
    blobs.redo()
    until(lambda: blobs.change_outside == change)


def test_each_stroke_of_the_mask_is_one_entry_of_the_history(blobs: DragWidget) -> None:
    blobs.target_points = []
    entries = len(blobs.session.history.entries)
    masks = [all_but(np.s_[:, :columns]) for columns in (10, 20, 30)]
    for mask in masks:
        blobs.mask = mask
    assert len(blobs.session.history.entries) == entries + 3
    blobs.undo()
    assert np.array_equal(blobs.mask, masks[1])


def test_the_rest_is_put_back_in_all_that_shows_the_picture_at_rest(
    animal: DragWidget, tmp_path: Path
) -> None:
    browser: BrowserEnd = animal.comm
    plain = animal.image
    frames = len(browser.frames)
    browser.set(blend_outside=True)
    until(lambda: len(browser.frames) > frames)
    blended = animal.session.blended_image()
    assert not np.array_equal(np.asarray(blended), np.asarray(plain))
    shown = [buffers[0] for message, buffers in browser.custom if message["k"] == "frame"][-1]
    saved = Image.open(animal.save_image(tmp_path / "picture.png"))
    _, (asked,) = browser.ask("file", format="png", points=False)
    given = Image.open(io.BytesIO(asked))
    for picture in (Image.open(io.BytesIO(shown)), saved, given, animal.image, animal.snapshot()):
        assert np.array_equal(np.asarray(picture.convert("RGB")), np.asarray(blended))
    assert np.array_equal(np.asarray(animal.session.image), np.asarray(plain))
    animal.blend_outside = False
    assert np.array_equal(np.asarray(animal.image), np.asarray(plain))


def test_pictures_that_cannot_be_blended_are_told_and_left_alone(blobs: DragWidget) -> None:
    browser: BrowserEnd = blobs.comm
    browser.set(blend_outside=True)
    browser.until(lambda state: "can be blended" in state["error"].get("message", ""))
    until(lambda: not blobs.blend_outside)
    with pytest.raises(InputError, match="can be blended"):
        blobs.session.check_blendable()


def test_a_poll_is_answered_even_without_a_newer_picture(blobs: DragWidget) -> None:
    browser: BrowserEnd = blobs.comm
    until(lambda: browser.frames)
    browser.say(k="poll", have=browser.frames[-1]["seq"])
    assert ({"k": "here"}, []) in browser.custom


def test_a_compilation_is_told_until_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch)
    over = threading.Event()

    class Compiling(DragSession):
        """A session whose kernels compile until the test says so."""

        @property
        def is_compiling(self) -> bool:
            return not over.is_set()

    widget = DragWidget(Compiling(PictureBlobs(), config=MANY_STEPS))
    browser: BrowserEnd = widget.comm
    browser.until(lambda state: state["busy_text"] == COMPILING)
    widget.handle_points, widget.target_points = [HANDLE], [TARGET]
    assert widget.drag(2).steps > 0
    assert widget.busy_text == COMPILING
    over.set()
    browser.until(lambda state: state["busy_text"] == "")
    widget.close()


def test_nothing_compiles_without_a_gpu(blobs: DragWidget) -> None:
    assert not blobs.session.is_compiling
    assert blobs.busy_text == ""
