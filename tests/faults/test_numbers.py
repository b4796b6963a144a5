"""Numbers that become non-finite in the middle of a drag: the last good picture stays."""

import math
from dataclasses import replace

import pytest
import torch

from draggan_widget.drag import DragConfig
from tests.faults.conftest import Make
from tests.faults.faulty import FaultyBlobs, beyond
from tests.faults.survival import FAR, HANDLE, assert_survives, work_of
from tests.patience import until
from tests.picture_blobs import MANY_STEPS

BORDER_PX = 40.0
"""Right of here the features of the blob are no numbers."""

SETTINGS = {
    "paper": MANY_STEPS,
    "whitened": DragConfig(solver="whitened"),
    "official": DragConfig(solver="official"),
    "kinematic": DragConfig(),
}


@pytest.mark.parametrize("factor", [math.nan, math.inf])
@pytest.mark.parametrize("solver", SETTINGS)
def test_a_drag_into_numbers_that_are_not_finite_keeps_the_last_good_picture(
    make: Make, solver: str, factor: float
) -> None:
    blobs = FaultyBlobs()
    widget, browser = make(blobs, SETTINGS[solver])
    work = work_of(widget)
    blobs.fault = beyond(BORDER_PX, blobs, factor)
    widget.target_points = [FAR]
    assert browser.command("run")["ok"]
    browser.until(lambda state: state["status"] == "failed")
    assert float(blobs.centres(widget.w)[0, 0]) <= BORDER_PX
    assert_survives(widget, work, "not finite")


def test_a_pull_into_numbers_that_are_not_finite_ends_with_the_last_good_picture(
    make: Make,
) -> None:
    blobs = FaultyBlobs()
    widget, browser = make(blobs, replace(MANY_STEPS, learning_rate=0.02))
    work = work_of(widget)
    blobs.fault = beyond(BORDER_PX, blobs, math.nan)
    (key,) = widget.point_ids
    browser.say(k="pull", id=key, x=FAR[0], y=FAR[1], seq=1)
    browser.until(lambda state: state["status"] == "failed")
    assert widget.session.steps > 1
    assert_survives(widget, work, "not finite")


def test_a_latent_of_numbers_that_are_not_finite_is_refused(make: Make) -> None:
    widget, _ = make()
    work = work_of(widget)
    bad = widget.w
    bad[0, 2, 1] = math.nan
    with pytest.raises(ValueError, match="finite") as caught:
        widget.w = bad
    assert torch.equal(widget.w, work.state.w)
    assert_survives(widget, work, "finite", str(caught.value))


def test_a_picture_whose_colours_are_not_finite_is_shown_and_stops_nothing(make: Make) -> None:
    blobs = FaultyBlobs()
    image = blobs.image
    blobs.image = lambda w: image(w) * math.nan  # type: ignore[method-assign]
    widget, browser = make(blobs)
    work = work_of(widget)
    until(lambda: browser.frames)
    widget.target_points = [[HANDLE[0] + 6, HANDLE[1]]]
    assert widget.drag().status == "arrived"
    assert_survives(widget, work, None)
