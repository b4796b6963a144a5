"""Contact sheets, pixel by pixel."""

import numpy as np
import pytest
import torch

from draggan_widget.batch import BatchResult, drag_batch
from draggan_widget.batch.contact_sheet import CAPTION_PX, GAP_PX, GROUND, NOTHING, layout_of
from draggan_widget.errors import InputError
from draggan_widget.export import HANDLE_COLOUR, TARGET_COLOUR
from draggan_widget.session.pictures import picture_of
from tests.batch.items import HANDLE, TARGET, job
from tests.picture_blobs import PictureBlobs

SIDE = 64
"""Of the analytic generator's pictures."""


@pytest.fixture(scope="module")
def done() -> BatchResult:
    """Three items, of which the second has failed."""
    return drag_batch([job(1), job(-2), job(3)], generator=PictureBlobs())


def test_each_item_has_its_picture_before_and_now(done: BatchResult) -> None:
    sheet = np.asarray(done.contact_sheet(width=SIDE, columns=2, points=False))
    down = SIDE + CAPTION_PX + GAP_PX
    assert sheet.shape == (GAP_PX + 2 * down, GAP_PX + 2 * (2 * SIDE + GAP_PX), 3)
    across = 2 * SIDE + GAP_PX
    for index, (x, y) in ((0, (GAP_PX, GAP_PX)), (2, (GAP_PX, GAP_PX + down))):
        for side, w in enumerate((done.start_w(index), done.w(index))):
            picture = np.asarray(picture_of(PictureBlobs(), torch.from_numpy(w)))
            left = x + side * SIDE
            assert np.array_equal(sheet[y : y + SIDE, left : left + SIDE], picture)
    x = GAP_PX + across
    failed = sheet[GAP_PX : GAP_PX + SIDE, x : x + 2 * SIDE]
    assert (failed == NOTHING).all()
    assert (sheet[:GAP_PX] == GROUND).all()
    assert (sheet[:, :GAP_PX] == GROUND).all()
    caption = sheet[GAP_PX + SIDE : GAP_PX + SIDE + CAPTION_PX, GAP_PX:]
    assert (caption != GROUND).any()


def test_points_are_drawn_where_they_belong(done: BatchResult) -> None:
    sheet = done.contact_sheet(1, width=SIDE)
    before = (GAP_PX + int(HANDLE[0]), GAP_PX + int(HANDLE[1]))
    assert sheet.getpixel(before) == HANDLE_COLOUR
    twice = done.contact_sheet(1, width=2 * SIDE)
    for side, (x, y) in enumerate((HANDLE, done[0].handle_points[0])):
        at = GAP_PX + side * 2 * SIDE + round(2 * x + 0.5), GAP_PX + round(2 * y + 0.5)
        assert twice.getpixel(at) == HANDLE_COLOUR
    target = GAP_PX + round(2 * TARGET[0] + 0.5), GAP_PX + round(2 * TARGET[1] + 0.5)
    colours = [twice.getpixel((target[0] + dx, target[1])) for dx in range(3)]
    assert TARGET_COLOUR in colours


def test_the_first_items_are_enough_and_sheets_are_about_square(done: BatchResult) -> None:
    assert done.contact_sheet(1).size == (2 * GAP_PX + 2 * 96, 2 * GAP_PX + CAPTION_PX + 96)
    assert done.contact_sheet(99).size == done.contact_sheet().size
    width, height = layout_of(200, None, 96, (128, 128)).size
    assert 0.7 < width / height < 1.4
    tall = layout_of(1, None, 96, (256, 512))
    assert tall.height == 192


def test_what_cannot_be_shown_is_refused(done: BatchResult) -> None:
    for name in ("first", "width", "columns"):
        for value in (0, 1.5, True):
            with pytest.raises(InputError, match=f"{name} must be a whole number from 1"):
                done.contact_sheet(**{name: value})  # type: ignore[arg-type]
    with pytest.raises(
        InputError, match=r"the sheet would have .* give first=, or a smaller width"
    ):
        done.contact_sheet(width=9000)
