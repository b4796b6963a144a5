"""Looking closer and comparing, with a real kernel behind a real JupyterLab."""

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.animal import EAR, EAR_PULLED, SHOW_ANIMAL
from tests.browser.lab import Notebook
from tests.browser.view import Picture, WidgetView
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = (
    SHOW_ANIMAL,
    "widget.w = widget.session.w",
)
NEW_START = 1


def test_the_start_is_shown_while_a_key_is_held_and_is_the_kernels_own(
    notebook: Notebook, widget: WidgetView, page: Page
) -> None:
    def shows(picture: Picture) -> None:
        until(lambda: np.array_equal(widget.picture(), picture))

    first = widget.picture()
    widget.pull(EAR, EAR_PULLED)
    assert widget.wait_for_status("arrived", "stalled", "max_steps") == "arrived"
    until(lambda: not np.array_equal(widget.picture(), first))
    canvas = page.locator(".dgw-canvas").first
    canvas.focus()
    page.mouse.move(2, 2)
    page.wait_for_timeout(300)
    dragged = widget.picture()
    page.keyboard.down("c")
    shows(first)
    widget.photograph("sight-start")
    page.keyboard.up("c")
    shows(dragged)
    canvas.press("Shift+C")
    widget.photograph("sight-split")
    page.keyboard.press("Escape")
    # A script has made what is seen now the start: only the kernel knows.
    notebook.execute(NEW_START)
    canvas.focus()
    page.keyboard.down("c")
    shows(dragged)
    page.keyboard.up("c")
    for _ in range(3):
        canvas.press("+")
    widget.wait_for("camera", "value.startsWith('2.8284')")
    widget.photograph("sight-near")
