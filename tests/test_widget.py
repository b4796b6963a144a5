import asyncio
import gc
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from draggan_widget.drag import DragConfig
from draggan_widget.errors import DragganError, GeneratorError, InputError
from draggan_widget.pretrained import load_generator
from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget, bundle_text
from tests.browser_end import BrowserEnd, connect
from tests.patience import PATIENCE_S, until
from tests.picture_blobs import MANY_STEPS, PictureBlobs, blob_session
from tests.slow_drags import SLOW

HANDLE, TARGET, FAR = [30.0, 32.0], [33.0, 31.0], [60.0, 60.0]

Make = Callable[..., tuple[DragWidget, BrowserEnd]]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Return what makes widgets with a front end; they are closed at the end."""
    connect(monkeypatch)
    made: list[DragWidget] = []

    def make(session: DragSession | None = None, **arguments: Any) -> Any:
        if session is None and "generator" not in arguments:
            session = blob_session(config=MANY_STEPS)
        widget = DragWidget(session, **arguments)
        made.append(widget)
        return widget, widget.comm

    yield make
    for widget in made:
        widget.close()


def set_pair(widget: DragWidget, target: list[float] = TARGET) -> None:
    widget.handle_points = [HANDLE]
    widget.target_points = [target]


def run_far(widget: DragWidget) -> None:
    """Start a drag that lasts, and wait until it moves."""
    set_pair(widget, FAR)
    widget.config = SLOW
    widget.run()
    until(lambda: widget.session.steps > 1)


# Making one


def test_a_widget_is_made_at_once_and_loads_in_its_worker(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = threading.Event()
    sample = PictureBlobs.sample_w

    def slow(*arguments: Any) -> torch.Tensor:
        hold.wait(PATIENCE_S)
        return sample(*arguments)

    monkeypatch.setattr(PictureBlobs, "sample_w", slow)
    widget, browser = make(generator=PictureBlobs(), seed=5)
    assert widget.status == "loading"
    assert (browser.state["status"], browser.state["seed"]) == ("loading", 5)
    assert browser.state["busy_text"] == "Loading the generator ..."
    assert browser.state["image_size"] == [1, 1]
    assert browser.state["config"] == {}
    browser.set(auto_run=False)
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    assert "still loading" in browser.state["error"]["message"]
    hold.set()
    assert widget.image_size == [64, 64]
    browser.until(lambda state: state["status"] == "idle")
    assert browser.state["busy_text"] == ""
    assert browser.state["generator_name"] == "blobs"
    assert browser.state["config"] == DragConfig().to_json()
    assert browser.state["auto_run"] is False


def test_reading_what_is_not_known_yet_waits_for_it(make: Make) -> None:
    widget, _ = make(generator=PictureBlobs())
    assert widget.config == DragConfig()
    assert widget.generator_name == "blobs"


def test_the_browser_starts_with_every_trait_of_the_protocol(make: Make) -> None:
    _, browser = make()
    names = "handle_points target_points point_ids point_edit points_rev mask running auto_run"
    names += " truncation_psi generators status status_text step distance_px seed config image_size generator_name"
    names += " can_undo can_redo busy_text error _esm _css"
    assert set(names.split()) <= browser.updates[0].keys()
    assert browser.state["point_edit"] == {"rev": 0, "ids": [], "placed": []}


def test_unknown_arguments_are_refused_and_the_known_ones_named() -> None:
    with pytest.raises(TypeError, match=r"\['sed'\]; valid are session, generator, seed, w, trunc"):
        DragWidget(sed=3)


def test_a_closed_widget_is_not_kept(make: Make) -> None:
    # Not by `make`, which keeps what it makes until the end.
    widget = DragWidget(blob_session())
    widget.close()
    seen = weakref.ref(widget)
    del widget
    until(lambda: gc.collect() >= 0 and seen() is None)


def test_the_first_argument_may_be_a_generator_as_that_of_a_session_may() -> None:
    generator = load_generator("animals")
    for given in ("animals", generator):
        widget = DragWidget(given, seed=4)
        assert (widget.seed, widget.generator.name) == (4, "animals")
        widget.close()


def test_a_generator_is_given_once_and_a_session_file_is_none() -> None:
    with pytest.raises(InputError, match="first argument is 'animals', and generator= another"):
        DragWidget("animals", generator="animals")
    for name in ("turned.dgs", Path("turned.PNG")):
        with pytest.raises(InputError, match=r"is no generator; DragSession\.load reads a session"):
            DragWidget(name)


def test_settings_that_the_generator_cannot_use_are_told_and_taken_back(make: Make) -> None:
    widget, browser = make()
    before = widget.config
    widget.config = {"feature_block": 33}
    browser.until(lambda state: "feature_block must be one of" in state["error"].get("message", ""))
    assert widget.config == before


def test_a_session_has_its_own_arguments() -> None:
    with pytest.raises(InputError, match="either a session or seed"):
        DragWidget(blob_session(), seed=3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -3}, "seed must be a whole number"),
        ({"config": {"solver": "magic"}}, "solver must be one of"),
        ({"config": 3}, "config must be a DragConfig or a mapping"),
    ],
)
def test_an_unusable_argument_is_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DragWidget(generator=PictureBlobs(), **arguments)


def test_a_generator_that_is_not_there_is_told_in_the_cell_and_on_the_page(make: Make) -> None:
    widget, browser = make(generator="unicorns")
    with pytest.raises(GeneratorError, match="no generator 'unicorns'"):
        _ = widget.session
    browser.until(lambda state: state["status"] == "failed")
    assert "no generator 'unicorns'" in browser.state["error"]["message"]
    assert browser.state["error"]["details"] == ""
    assert browser.state["busy_text"] == ""
    assert "unicorns" in browser.command("undo")["error"]
    answer, _ = browser.ask("file", format="gif", points=True)
    assert "unicorns" in answer["error"]
    with pytest.raises(GeneratorError):
        widget.handle_points = [[1, 1]]


def test_a_missing_bundle_is_told_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(DragganError, match=r"front end is not built.*run `make build`"):
        bundle_text("widget.js", tmp_path)


def test_the_representation_is_one_short_line(make: Make) -> None:
    widget, _ = make()
    until(lambda: widget.status == "idle")
    assert repr(widget) == "<DragWidget seed 0, 0 points, idle>"


def test_no_method_hides_one_of_the_widget_machinery() -> None:
    own = {name for base in DragWidget.__mro__[:3] for name in vars(base)}
    assert not own & {"_send", "open", "send", "keys", "comm", "layout"}


# Scripts


def test_a_script_drags_and_sees_the_result(make: Make) -> None:
    widget, browser = make()
    set_pair(widget)
    result = widget.drag()
    assert result.status == widget.status == "arrived"
    assert result.words == f"arrived after {result.steps} steps"
    assert widget.status_text == result.sentence
    assert widget.status_text.startswith(f"Arrived after {result.steps} steps")
    assert widget.step == result.steps > 0
    assert np.array_equal(widget.handle_points, result.handle_points)
    assert widget.distance_px == pytest.approx(result.distances_px.max())
    assert (widget.can_undo, widget.can_redo, widget.running) == (True, False, False)
    assert browser.state["status"] == "arrived"
    assert browser.state["handle_points"] == result.handle_points.tolist()
    assert widget.image.tobytes() == widget.session.image.tobytes()
    assert torch.equal(widget.w, widget.session.w)


def test_points_that_a_script_sets_reach_session_and_browser_with_ids(make: Make) -> None:
    widget, browser = make()
    widget.handle_points = [[1, 2], [3, 4]]
    widget.target_points = [[5, 6], [7, 8]]
    assert widget.session.point_ids == (1, 2)
    widget.handle_points = [[3, 4], [9, 9]]
    assert widget.session.handle_points.tolist() == [[3, 4], [9, 9]]
    assert widget.session.point_ids == tuple(widget.point_ids) == (2, 3)
    browser.until(lambda state: state["point_ids"] == [2, 3])
    assert browser.state["handle_points"] == [[3, 4], [9, 9]]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("handle_points", [3, 4], r"must be \[N, 2\]"),
        ("handle_points", [[64, 4]], "must lie in the picture"),
        ("target_points", [[np.inf, 4]], "must be finite"),
        ("mask", np.zeros((64, 64), bool), "True somewhere"),
        ("mask", np.ones((4, 4), bool), r"must be \[64, 64\]"),
        ("seed", 2**32, "seed must be a whole number"),
        ("config", {"solver": "magic"}, "solver must be one of"),
        ("config", None, "config must be a DragConfig"),
        ("running", 3, "running must be True or False"),
    ],
)
def test_a_bad_value_raises_in_the_cell_and_changes_nothing(
    make: Make, name: str, value: Any, message: str
) -> None:
    widget, browser = make()
    set_pair(widget)
    widget.mask = np.tri(64, dtype=bool)
    state, shown = widget.session.state, getattr(widget, name)
    with pytest.raises(InputError, match=message):
        setattr(widget, name, value)
    assert getattr(widget, name) is shown or getattr(widget, name) == shown
    assert widget.session.state is state
    assert browser.state["error"] == {}


def test_running_without_complete_points_raises_in_the_cell(make: Make) -> None:
    widget, _ = make()
    with pytest.raises(InputError, match="at least one pair of points"):
        widget.run()
    widget.handle_points = [[1, 1]]
    with pytest.raises(InputError, match="1 handle_points but 0 target_points"):
        widget.running = True
    assert not widget.running


@pytest.mark.parametrize("name", ["status", "distance_px", "point_ids", "error", "image_size"])
def test_what_only_the_session_knows_cannot_be_set(make: Make, name: str) -> None:
    widget, _ = make()
    with pytest.raises(Exception, match="read-only"):
        setattr(widget, name, getattr(widget, name))


def test_arrays_are_read_only(make: Make) -> None:
    widget, _ = make()
    set_pair(widget)
    widget.mask = np.ones((64, 64), bool)
    for array in (widget.handle_points, widget.target_points, widget.mask):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_a_mask_reaches_session_and_browser(make: Make) -> None:
    widget, browser = make()
    mask = np.tri(64, dtype=bool)
    widget.mask = mask
    assert np.array_equal(widget.session.mask, mask)  # type: ignore[arg-type]
    browser.until(lambda state: state["mask"] is not None)
    assert browser.state["mask"].startswith(b"\x89PNG")
    widget.mask = None
    assert widget.session.mask is None
    browser.until(lambda state: state["mask"] is None)


def test_undo_redo_and_reset_bring_traits_back(make: Make) -> None:
    widget, browser = make()
    set_pair(widget)
    widget.mask = np.tri(64, dtype=bool)
    widget.drag()
    arrived = widget.handle_points
    assert widget.undo()
    assert widget.handle_points.tolist() == [HANDLE]
    assert widget.undo()
    assert widget.mask is None
    assert widget.redo()
    assert widget.redo()
    assert np.array_equal(widget.handle_points, arrived)
    widget.reset()
    assert widget.handle_points.tolist() == browser.state["handle_points"] == [HANDLE]
    assert widget.status == "idle"


def test_another_seed_shows_another_picture_without_points(make: Make) -> None:
    widget, _ = make()
    set_pair(widget)
    widget.seed = 6
    assert len(widget.handle_points) == len(widget.point_ids) == 0
    assert torch.equal(widget.w, PictureBlobs().sample_w(6))
    widget.sample(7)
    assert widget.seed == 7


def test_handles_set_right_after_a_new_seed_belong_to_its_picture(make: Make) -> None:
    widget, _ = make()
    set_pair(widget)
    widget.seed = 6
    set_pair(widget)
    assert widget.session.history.entries[-1].label == "points"
    assert widget.session.seed == 6
    assert widget.session.handle_points.tolist() == [HANDLE]


def test_the_step_trait_can_be_called(make: Make) -> None:
    widget, browser = make()
    set_pair(widget)
    step = widget.step()
    assert step.step == widget.step == browser.state["step"] == 1
    assert widget.status == "stopped"


def test_settings_can_be_given_as_fields(make: Make) -> None:
    widget, browser = make(generator=PictureBlobs(), config={"max_steps": 4})
    set_pair(widget, FAR)
    assert widget.drag().steps == 4
    widget.config = {"max_steps": 2}
    assert widget.drag().steps == 2
    assert browser.state["config"]["max_steps"] == 2


def test_running_starts_and_stops_a_drag(make: Make) -> None:
    widget, browser = make()
    run_far(widget)
    browser.until(lambda state: state["running"] and state["status"] == "running")
    widget.running = False
    until(lambda: widget.status == "stopped")
    assert not browser.state["running"]


def test_a_drag_stops_when_the_waiting_cell_is_interrupted(make: Make) -> None:
    widget, _ = make(blob_session(config=SLOW))
    set_pair(widget, FAR)
    main = threading.get_ident()

    def interrupt() -> None:
        until(lambda: widget.status == "running")
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        widget.drag()
    assert widget.status == "stopped"


def test_a_drag_can_be_awaited_while_other_things_go_on(make: Make) -> None:
    widget, _ = make()
    set_pair(widget)

    async def cell() -> tuple[Any, int]:
        drag, ticks = asyncio.ensure_future(widget.drag_async()), 0
        while not drag.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return await drag, ticks

    result, ticks = asyncio.run(cell())
    assert result.status == "arrived"
    assert ticks > 1


def test_cancelling_an_awaited_drag_stops_it(make: Make) -> None:
    widget, _ = make(blob_session(config=SLOW))
    set_pair(widget, FAR)

    async def cell() -> None:
        await asyncio.wait_for(widget.drag_async(), timeout=0.3)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(cell())
    until(lambda: widget.status == "stopped")


def test_points_can_be_aimed_elsewhere_while_a_drag_runs(make: Make) -> None:
    widget, _ = make()
    run_far(widget)
    widget.target_points = [TARGET]
    until(lambda: widget.status == "arrived")
    assert widget.point_ids == [1]
    assert np.abs(widget.handle_points[0] - TARGET).max() <= 1


def test_points_can_be_added_by_their_shown_positions_while_a_drag_runs(make: Make) -> None:
    widget, _ = make()
    run_far(widget)
    handles = np.vstack([widget.handle_points, [20, 20]])
    widget.handle_points = handles
    widget.target_points = [TARGET, [20, 20]]
    assert widget.session.point_ids == (1, 2)
    assert widget.running


def test_observers_in_the_worker_may_use_the_widget(make: Make) -> None:
    widget, _ = make()
    seen: list[Any] = []

    def finished(change: Any) -> None:
        if change["new"] == "arrived":
            seen.append((widget.image.size, widget.step))
            widget.target_points = [HANDLE]

    widget.observe(finished, "status")
    set_pair(widget)
    widget.drag()
    assert seen == [((64, 64), widget.session.steps)]
    assert widget.session.target_points.tolist() == [HANDLE]


def test_an_observer_that_waits_for_the_worker_does_not_block_it(make: Make) -> None:
    widget, _ = make()
    set_pair(widget, FAR)
    results: list[str] = []
    widget.observe(lambda change: results.append(widget.drag().status), "target_points")
    widget.target_points = [TARGET]
    assert results == ["arrived"]
    until(lambda: widget.status == "arrived")


def test_an_observer_that_fails_does_not_stop_the_worker(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    widget, _ = make()
    set_pair(widget)

    def fail(change: Any) -> None:
        raise RuntimeError("mine")

    widget.observe(fail, "status")
    assert widget.drag().status == "arrived"
    assert widget.running is False
    assert "An observer of status has failed" in caplog.text


def test_a_session_that_a_script_drags_itself_is_shown(make: Make) -> None:
    session = blob_session()
    widget, browser = make(session)
    session.set_points([HANDLE], [TARGET])
    session.drag()
    browser.until(lambda state: state["status"] == "arrived")
    assert browser.frames[-1]["final"]
    assert widget.handle_points.tolist() == session.handle_points.tolist()


def test_files_are_written_through_the_widget(make: Make, tmp_path: Path) -> None:
    widget, _ = make()
    set_pair(widget)
    widget.drag()
    with Image.open(widget.save_image(tmp_path / "a.png")) as image:
        assert image.tobytes() == widget.snapshot().tobytes()
    assert widget.save_animation(tmp_path / "a.gif", fps=20).stat().st_size > 1000
    path = widget.save(tmp_path / "a.dgs")
    loaded, _ = make(DragSession.load(path, generator=PictureBlobs()))
    until(lambda: loaded.status == "idle")
    assert loaded.handle_points.tolist() == widget.handle_points.tolist()
    with pytest.raises(InputError, match="must end in"):
        widget.save_image(tmp_path / "a.txt")


def test_a_latent_can_be_set(make: Make) -> None:
    widget, _ = make()
    widget.w = torch.full((1, 8, 6), 0.5)
    assert torch.equal(widget.w, torch.full((1, 8, 6), 0.5))
    with pytest.raises(InputError, match="w must be"):
        widget.w = torch.zeros(3)


def test_a_closed_widget_says_so_and_its_thread_ends(make: Make) -> None:
    widget, _ = make()
    run_far(widget)
    widget.close()
    assert "draggan-widget" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(DragganError, match="the widget was closed"):
        widget.drag()


def test_a_closed_widget_keeps_no_generator(make: Make) -> None:
    session = blob_session()
    widget, _ = make(session)
    until(lambda: widget.status == "idle")
    widget.close()
    seen = weakref.ref(session)
    del session
    gc.collect()
    assert seen() is None


# Threads


def test_no_change_is_lost_between_worker_front_end_and_script(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget, browser = make()
    _ = widget.session
    count, ended = 200, threading.Event()
    shown: list[int] = []
    seen: list[int] = []
    show_trait = widget._show_trait

    def watched(name: str, value: object) -> None:
        if name == "seed" and value != widget.seed:
            assert isinstance(value, int)
            shown.append(value)
        show_trait(name, value)

    monkeypatch.setattr(widget, "_show_trait", watched)
    widget.observe(lambda change: seen.append(change["new"]), "seed")

    def repeat(call: Callable[[int], object], pause_s: float) -> None:
        number = 0
        while not ended.is_set():
            number += 1
            call(number)
            time.sleep(pause_s)

    def script(number: int) -> None:
        widget.mask = np.tri(64, dtype=bool) if number % 2 else None

    front_end = threading.Thread(
        target=repeat, args=(lambda number: browser.set(auto_run=number % 2 == 0), 0.0005)
    )
    scripts = threading.Thread(target=repeat, args=(script, 0.01))
    front_end.start()
    scripts.start()
    for seed in range(1, count + 1):
        widget.sample(seed)
    ended.set()
    front_end.join()
    scripts.join()
    browser.until(lambda state: state["seed"] == widget.seed == count)
    # The worker skips what somebody is about to change, but what it writes is observed and synced.
    assert seen == shown
    assert [update["seed"] for update in browser.updates[1:] if "seed" in update] == shown
    assert len(shown) > 10
    browser.until(lambda state: state["auto_run"] == widget.auto_run)
    until(lambda: np.array_equal(widget.mask, widget.session.mask))  # type: ignore[arg-type]
    browser.until(lambda state: (state["mask"] is None) == (widget.mask is None))
