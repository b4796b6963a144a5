"""The inspector against real drags, with a front end in Python that keeps what is drawn."""

import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipycanvas
import numpy as np
import pytest
from ipycanvas.canvas import COMMANDS
from PIL import Image

import draggan_widget as dg
from draggan_widget.drag.config import SOLVERS
from draggan_widget.inspector import Inspector
from draggan_widget.inspector.look import DISTANCES, FEATURES, PICTURE
from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, connect
from tests.patience import until
from tests.picture_blobs import MANY_STEPS, PictureBlobs, blob_session
from tests.session.sessions import HANDLE, TARGET, pair_session
from tests.slow_drags import SLOW, far_session

NAMES = {number: name for name, number in COMMANDS.items()}

Make = Callable[..., Inspector]


class Drawn:
    """What came from an inspector's own canvases."""

    def __init__(self, inspector: Inspector) -> None:
        self._comm = inspector._canvases._manager.comm
        canvases = inspector._canvases
        self._names = {
            f"IPY_MODEL_{getattr(canvases, name).model_id}": name
            for name in ("ground", "marks", "overlay", "zoom", "curves")
        }

    @property
    def times(self) -> int:
        """How often it was drawn."""
        return len(self._comm.custom)

    @property
    def commands(self) -> list[tuple[str, str, list[Any], list[bytes]]]:
        """Canvas, name, arguments and buffers of each command of the last time."""
        _, (commands, *buffers) = self._comm.custom[-1]
        found, canvas = [], ""
        for number, *rest in json.loads(bytes(commands)):
            count = rest[1] if len(rest) > 1 else 0
            own, buffers = buffers[:count], buffers[count:]
            if NAMES[number] == "switchCanvas":
                canvas = self._names[rest[0][0]]
            else:
                found.append((canvas, NAMES[number], rest[0] if rest else [], own))
        return found

    @property
    def pictures(self) -> list[np.ndarray]:
        """The pictures of the last time, in their order."""
        return [
            np.asarray(Image.open(io.BytesIO(bytes(picture))))
            for _, name, _, buffers in self.commands
            if name == "putImageData"
            for picture in buffers
        ]

    def texts(self, canvas: str) -> list[str]:
        """Return what was written on a canvas the last time."""
        return [
            a[0] for where, name, a, _ in self.commands if (where, name) == (canvas, "fillText")
        ]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Return what makes inspectors that a page shows; they are closed at the end."""
    connect(monkeypatch)
    made: list[Inspector] = []

    def make(subject: Any, *, shown: bool = True, rate: float = 5) -> Inspector:
        inspector = dg.inspect(subject)
        made.append(inspector)
        inspector.controls.rate.value = rate
        if shown:
            inspector.comm.set(_view_count=1)
            until(lambda: inspector.look is not None)
        return inspector

    yield make
    for inspector in made:
        inspector.close()


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    """A widget with a front end, closed at the end."""
    connect(monkeypatch)
    made = DragWidget(blob_session(config=MANY_STEPS))
    yield made
    made.close()


def last_step(inspector: Inspector) -> int:
    """Return the last step that is shown."""
    rows = inspector.look.moment.rows if inspector.look else ()
    return rows[-1].step if rows else -1


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_drag_of_a_session_is_shown_up_to_its_end(make: Make, solver: str) -> None:
    session = pair_session(config=dg.DragConfig(solver=solver))
    inspector = make(session)
    drawn = Drawn(inspector)
    result = session.drag()
    until(lambda: last_step(inspector) == result.steps)
    until(lambda: any("distance to the target" in text for text in drawn.texts("curves")))
    assert ("loss, px²" in drawn.texts("curves")) == (solver == "kinematic")
    assert "px of the picture" in drawn.texts("zoom")


def test_the_canvas_is_given_the_very_pictures_that_were_computed(make: Make) -> None:
    session = pair_session()
    inspector = make(session)
    drawn, look = Drawn(inspector), inspector.look
    assert look is not None
    until(lambda: drawn.times > 0)
    ground, zoom, bar = drawn.pictures
    np.testing.assert_array_equal(ground[..., :3], np.asarray(session.image))
    assert (ground[..., 3] == 255).all()
    assert look.zoom is not None
    assert zoom.shape[:2] == look.zoom.distances.shape
    row, column = np.unravel_index(look.zoom.distances.argmin(), look.zoom.distances.shape)
    assert zoom[row, column].sum() == zoom.sum(2).max()  # what is most alike is lightest
    assert bar.shape[1] == 1


@pytest.mark.parametrize("ground", [PICTURE, FEATURES, DISTANCES])
def test_what_is_chosen_is_drawn(make: Make, ground: str) -> None:
    session = pair_session()
    inspector = make(session)
    drawn = Drawn(inspector)
    if ground == PICTURE:
        inspector.controls.ground.value = FEATURES
        until(lambda: drawn.pictures[0].shape != (64, 64, 4))
    inspector.controls.ground.value = ground
    size = 64 if ground == PICTURE else session.config.block_of(64, (16, 32))
    until(lambda: drawn.pictures[0].shape == (size, size, 4))


def test_the_handles_of_the_session_can_be_chosen(make: Make) -> None:
    session = pair_session()
    inspector = make(session)
    session.set_points([HANDLE, (20, 40)], [TARGET, (20, 40)])
    until(lambda: len(inspector.controls.handle.options) == 2)
    names, ids = zip(*inspector.controls.handle.options, strict=True)
    assert names == ("1", "2")
    assert ids == session.point_ids
    inspector.controls.handle.value = ids[1]
    until(lambda: inspector.look is not None and inspector.look.index == 1)
    session.set_points([HANDLE, (20, 40), (50, 50)], [TARGET, (20, 40), (50, 50)])
    until(lambda: len(inspector.controls.handle.options) == 3)
    assert inspector.controls.handle.value == ids[1]


def test_a_widget_that_drags_in_its_own_thread_is_shown_meanwhile(
    make: Make, widget: DragWidget
) -> None:
    inspector = make(widget)
    widget.handle_points, widget.target_points, widget.config = [HANDLE], [(60, 60)], SLOW
    widget.run()
    until(lambda: last_step(inspector) > 1)
    first = last_step(inspector)
    until(lambda: last_step(inspector) > first)
    widget.stop()


def test_live_pulls_are_shown(make: Make, widget: DragWidget) -> None:
    inspector = make(widget)
    browser = widget.comm
    assert isinstance(browser, BrowserEnd)
    widget.config = dg.DragConfig(feature_block=32)
    browser.edit(1, (1, HANDLE, HANDLE))
    for seq in range(1, 5):
        browser.say(k="pull", id=1, x=HANDLE[0] + seq, y=HANDLE[1], seq=seq)
        time.sleep(0.05)
    until(lambda: last_step(inspector) >= 1)
    browser.say(k="release", id=1, end="stay")
    until(lambda: not widget.running)


def test_nothing_is_computed_while_no_page_shows_it(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = pair_session()
    inspector = make(session, shown=False)
    threads: set[int] = set()
    trace = PictureBlobs.trace

    def noted(*given: Any) -> Any:
        threads.add(threading.get_ident())
        return trace(*given)

    monkeypatch.setattr(PictureBlobs, "trace", noted)
    session.drag()
    assert threads == {threading.get_ident()}
    assert inspector.look is None
    inspector.comm.set(_view_count=1)
    until(lambda: inspector.look is not None)


def test_nothing_is_drawn_while_it_is_paused_and_the_newest_when_it_goes_on(make: Make) -> None:
    session = pair_session()
    inspector = make(session)
    inspector.controls.paused.value = True
    time.sleep(0.3)
    times = Drawn(inspector).times
    result = session.drag()
    time.sleep(0.3)
    assert Drawn(inspector).times == times
    inspector.controls.paused.value = False
    until(lambda: last_step(inspector) == result.steps)


def test_a_fast_drag_is_drawn_no_more_often_than_the_rate_allows(make: Make) -> None:
    session = far_session()
    inspector = make(session, rate=2)
    drawn = Drawn(inspector)
    times, started, steps = drawn.times, time.monotonic(), 0

    def count(_: Any) -> None:
        nonlocal steps
        steps += 1
        if time.monotonic() - started > 2:
            session.stop()

    session.drag(on_step=count)
    assert steps > 20
    assert drawn.times - times <= 2 * (time.monotonic() - started) + 1


def test_what_the_drag_waits_for_is_next_to_nothing(
    make: Make, record_property: Callable[[str, object], None]
) -> None:
    session = far_session()
    inspector = make(session)
    spent: list[float] = []
    changed = inspector._watch._changed

    def timed(step: Any) -> None:
        before = time.thread_time()
        changed(step)
        spent.append(time.thread_time() - before)

    inspector._watch.end()
    end = session.listen(timed, lambda: False)
    session.drag(200)
    end()
    mean_ms = 1e3 * sum(spent) / len(spent)
    record_property("inspector_in_the_drags_thread_ms_a_step", round(mean_ms, 4))
    assert mean_ms < 1


def test_the_overlay_is_in_pixels_of_the_picture_and_never_drawn_on(make: Make) -> None:
    session = pair_session()
    inspector = make(session)
    assert isinstance(inspector.overlay, ipycanvas.Canvas)
    session.drag()
    until(lambda: last_step(inspector) > 0)
    canvases = inspector._canvases
    assert inspector.overlay.width == 64 * canvases.scale
    assert canvases.scale == 12
    for _, buffers in canvases._manager.comm.custom:
        assert f"IPY_MODEL_{inspector.overlay.model_id}" not in bytes(buffers[0]).decode()
    # The overlay stays with the commands of the notebook's thread.
    assert inspector.overlay._canvas_manager is ipycanvas.Canvas()._canvas_manager
    assert canvases.marks._canvas_manager is not inspector.overlay._canvas_manager


def test_a_page_that_was_reloaded_is_drawn_anew(make: Make) -> None:
    inspector = make(pair_session())
    time.sleep(0.3)
    times = Drawn(inspector).times
    inspector._canvases.curves.comm.say(event="client_ready")
    until(lambda: Drawn(inspector).times > times)


def test_closing_ends_thread_listening_and_widgets(make: Make) -> None:
    session = pair_session()
    inspector = make(session)
    thread = inspector._beat
    inspector.close()
    inspector.close()
    assert not thread.is_alive
    session.drag()
    assert session._listeners._all == ()
    assert inspector.comm is None
    assert inspector.controls.ground.comm is None


def test_it_goes_over_to_another_session_with_its_widget(make: Make, widget: DragWidget) -> None:
    inspector = make(widget)
    old, other = widget.session, blob_session(seed=5)
    widget._worker._session = other
    widget._worker.refresh()
    until(lambda: inspector._watch.session is other)
    until(lambda: inspector.look is not None and inspector.look.moment.state is other.state)
    assert len(old._listeners._all) == 1  # the widget's own


def test_it_ends_with_its_widget(make: Make, widget: DragWidget) -> None:
    inspector = make(widget)
    widget.close()
    assert not inspector._beat.is_alive
    assert "closed" in inspector._figures[0].children[2].value


def test_a_script_may_look_without_a_page(make: Make) -> None:
    session = pair_session(config=dg.DragConfig(feature_block=32))
    inspector = make(session, shown=False)
    assert inspector.look_now("features").ground.shape == (32, 32, 3)
    np.testing.assert_array_equal(inspector.look_now().ground, np.asarray(session.image))
    with pytest.raises(dg.InputError, match="ground must be one of"):
        inspector.look_now("heat")


@pytest.mark.slow
def test_a_process_ends_cleanly_while_an_inspector_draws() -> None:
    source = """
import draggan_widget as dg
from tests.slow_drags import far_session
session = far_session()
inspector = dg.inspect(session)
inspector._view_count = 1
session.drag(300)
assert inspector.look is not None
inspector.controls.ground.value = "features"
"""
    ended = subprocess.run(
        [sys.executable, "-c", source],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_only_widgets_and_sessions_can_be_inspected() -> None:
    with pytest.raises(
        dg.InputError, match="DragWidget or a DragSession can be inspected, got int"
    ):
        dg.inspect(3)  # type: ignore[arg-type]  # that is the test
