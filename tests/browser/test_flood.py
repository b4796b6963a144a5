"""A kernel that makes a hundred pictures a second: the page stays up to date, and nothing piles up on the way."""

import json
import statistics
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.animal import SHOW_ANIMAL
from tests.browser.lab import LabServer, Notebook
from tests.browser.soak import memory_mb
from tests.browser.view import WidgetView

Record = Callable[[str, object], None]

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SLOWEST_MS = 300
MOST_MB = 50
FEWEST_SHOWN = 20
YEAR_MS = 3e10
"""A picture that is older does not tell its time: it is the one at rest."""

FLOOD = 1
CELLS = (
    SHOW_ANIMAL,
    """import json, time
import numpy as np
from draggan_widget.frames import encode_live
from draggan_widget.protocol import FrameInfo

picture = encode_live(widget.image.resize((512, 512)))
none = np.empty((0, 2))

def put():
    # The number of the pull is the time, so that the page can tell how old the picture is.
    info = FrameInfo(0, False, (), none, none, none[:, 0], None, pull=int(1000 * time.time()))
    frames.put(picture, info)

frames, made, start = widget._worker.frames, 0, time.monotonic()
while (now := time.monotonic() - start) < 10:
    while made < 100 * now:
        put()
        made += 1
    time.sleep(0.002)
print(json.dumps({"made": made, "kb": len(picture.data) / 1024}))""",
)

NOTE_AGES = """() => {
  window.ages = [];
  const root = document.querySelector(".dgw");
  new MutationObserver(() => window.ages.push(Date.now() - Number(root.getAttribute("data-pull"))))
    .observe(root, {attributeFilter: ["data-seq"]});
}"""


def test_pictures_stay_young_and_the_server_small(
    lab: LabServer,
    notebook: Notebook,
    widget: WidgetView,
    page: Page,
    record_property: Record,
) -> None:
    before_mb = memory_mb(lab.process_id)
    page.evaluate(NOTE_AGES)
    flood = json.loads(notebook.execute(FLOOD))
    ages_ms = [age for age in page.evaluate("() => window.ages") if age < YEAR_MS]
    grown_mb = memory_mb(lab.process_id) - before_mb
    record_property("flood_made", flood["made"])
    record_property("flood_picture_kb", round(flood["kb"]))
    record_property("flood_shown", len(ages_ms))
    record_property("flood_age_ms_p50", round(statistics.median(ages_ms)))
    record_property("flood_age_ms_max", round(max(ages_ms)))
    record_property("flood_server_grown_mb", round(grown_mb, 1))
    assert flood["made"] >= 1000
    assert len(ages_ms) >= FEWEST_SHOWN
    assert statistics.quantiles(ages_ms, n=20)[-1] < SLOWEST_MS
    assert grown_mb < MOST_MB
