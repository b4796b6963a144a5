"""Seeds, truncation, generators and settings, chosen by the front end and by scripts."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from PIL import Image

from draggan_widget.drag import DragConfig
from draggan_widget.errors import GeneratorError, InputError, SessionBusyError
from draggan_widget.runner import Runner
from draggan_widget.session import DragSession
from draggan_widget.shelf import Shelf
from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, connect, front_end_of, open_widget
from tests.patience import PATIENCE_S, until
from tests.picture_blobs import PictureBlobs
from tests.slow_drags import SLOW

HANDLE, TARGET, FAR = [30.0, 32.0], [33.0, 31.0], [60.0, 60.0]


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> Iterator[DragWidget]:
    with open_widget(monkeypatch, config=SLOW) as widget:
        yield widget


@pytest.fixture
def browser(widget: DragWidget) -> BrowserEnd:
    return front_end_of(widget)


def sampled(seed: int, psi: float) -> torch.Tensor:
    return PictureBlobs().sample_w(seed, psi)


# Truncation


def test_a_script_sets_the_truncation_like_the_seed(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    assert widget.truncation_psi == browser.state["truncation_psi"] == 0.7
    widget.seed = 5
    widget.handle_points = [HANDLE]
    widget.truncation_psi = 1
    assert torch.equal(widget.w, sampled(5, 1.0))
    assert len(widget.handle_points) == 0
    widget.seed = 6
    assert torch.equal(widget.w, sampled(6, 1.0))
    browser.until(lambda state: (state["seed"], state["truncation_psi"]) == (6, 1.0))
    widget.undo()
    assert (widget.seed, widget.truncation_psi) == (5, 1.0)


@pytest.mark.parametrize("psi", [2, "1", None, float("nan")])
def test_an_unusable_truncation_is_refused_by_its_trait(widget: DragWidget, psi: Any) -> None:
    with pytest.raises(InputError, match="truncation_psi must be a number from -1 to"):
        widget.truncation_psi = psi
    assert widget.truncation_psi == 0.7


def test_a_widget_is_made_with_a_truncation(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch)
    widget = DragWidget(generator=PictureBlobs(), seed=5, truncation_psi=0.25)
    assert widget.truncation_psi == 0.25
    assert torch.equal(widget.w, sampled(5, 0.25))
    widget.close()
    with pytest.raises(InputError, match="truncation_psi"):
        DragWidget(truncation_psi=7)


def test_the_front_end_samples_with_a_truncation_and_without(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    assert browser.command("sample", seed=5, truncation_psi=-0.5)["ok"]
    browser.until(lambda state: state["truncation_psi"] == -0.5)
    assert torch.equal(widget.w, sampled(5, -0.5))
    assert browser.command("sample", seed=6)["ok"]
    assert torch.equal(widget.w, sampled(6, -0.5))


def test_the_front_end_does_not_set_the_trait(widget: DragWidget, browser: BrowserEnd) -> None:
    browser.set(truncation_psi=1.0)
    assert "may not set truncation_psi" in browser.state["error"]["message"]
    assert widget.truncation_psi == 0.7


# Small pictures of seeds


def test_a_seed_is_answered_with_its_small_picture_and_nothing_changes(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    before = widget.session.state
    answer, (picture,) = browser.ask("seed", seed=5, truncation_psi=1.0)
    assert answer["ok"]
    assert answer["result"] == {"mime": "image/webp", "w": 64, "h": 64}
    assert Image.open(io.BytesIO(picture)).size == (64, 64)
    assert widget.session.state is before


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"seed": 5}, "seed takes args {seed, truncation_psi}"),
        ({"seed": -1, "truncation_psi": 0.7}, "seed must be an integer from 0"),
        ({"seed": 5, "truncation_psi": "1"}, "truncation_psi must be a finite number"),
        ({"seed": 5, "truncation_psi": 99}, "truncation_psi must be a number from -1 to 1.5"),
        ({"seed": 5, "truncation_psi": 0.7, "generator": "x"}, "seed takes args"),
    ],
)
def test_what_is_no_seed_is_not_drawn(
    browser: BrowserEnd, arguments: dict[str, object], error: str
) -> None:
    answer, files = browser.ask("seed", **arguments)
    assert not answer["ok"]
    assert error in answer["error"]
    assert not files


def test_no_small_picture_is_drawn_while_a_drag_runs(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    browser.edit(1, (1, HANDLE, FAR), placed=[1])
    assert browser.command("run")["ok"]
    browser.until(lambda state: state["step"] > 1)
    browser.say(k="ask", rid=99, name="seed", args={"seed": 5, "truncation_psi": 0.7})
    before = widget.session.steps
    until(lambda: widget.session.steps > before + 2)
    assert not [m for m, _ in browser.custom if m["k"] == "answer"]
    assert browser.command("stop")["ok"]
    until(lambda: [m for m, _ in browser.custom if m["k"] == "answer" and m["rid"] == 99])


# Generators


def test_the_front_end_goes_to_another_generator_and_back_with_nothing_lost(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    assert browser.state["generators"] == ["animals", "blobs"]
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    assert browser.command("step")["ok"]
    before, history = widget.session.state, widget.session.history
    assert browser.command("generator", name="animals")["ok"]
    browser.until(lambda state: state["generator_name"] == "animals")
    assert browser.state["image_size"] == [128, 128]
    assert browser.state["point_ids"] == []
    assert browser.state["busy_text"] == ""
    assert not browser.state["can_undo"]
    until(lambda: browser.frames[-1]["w"] == 128)
    browser.edit(2, (2, [100, 90], [90, 100]), placed=[2])
    assert browser.command("step")["ok"]
    assert browser.command("generator", name="blobs")["ok"]
    browser.until(lambda state: state["generator_name"] == "blobs" and state["can_undo"])
    assert widget.session.state is before
    assert widget.session.history is history
    assert browser.state["point_ids"] == [1]
    until(lambda: browser.frames[-1]["w"] == 64)
    widget.undo()
    assert widget.handle_points.tolist() == [HANDLE]


@pytest.mark.parametrize("name", ["gone", "/etc/passwd", "../pretrained/animals", "__init__"])
def test_the_front_end_opens_no_files(widget: DragWidget, browser: BrowserEnd, name: str) -> None:
    reply = browser.command("generator", name=name)
    assert not reply["ok"]
    assert "generator must be one of animals, blobs" in reply["error"]
    assert widget.generator_name == "blobs"


def test_a_script_sets_the_generator(widget: DragWidget, browser: BrowserEnd) -> None:
    first, other = widget.generator, PictureBlobs(32, 32)
    widget.generator = other
    assert widget.generator is other
    assert widget.image.size == (32, 32)
    assert widget.generator_name == "blobs (2)"
    assert widget.image_size == [32, 32]
    widget.handle_points = [[31, 31]]
    with pytest.raises(InputError, match="point 0 is"):
        widget.handle_points = [[40, 31]]
    widget.generator = "blobs"
    assert widget.generator is first
    browser.until(lambda state: state["generators"] == ["animals", "blobs", "blobs (2)"])


def test_a_generator_that_cannot_be_loaded_leaves_everything(
    widget: DragWidget, browser: BrowserEnd
) -> None:
    session = widget.session
    with pytest.raises(GeneratorError, match=r"no generator 'gone'.*'blobs' is still there"):
        widget.generator = "gone"
    assert widget.session is session
    assert browser.state["busy_text"] == ""
    assert browser.state["error"] == {}


def test_a_failure_is_shown_to_who_has_chosen(
    widget: DragWidget, browser: BrowserEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> DragSession:
        raise GeneratorError("the file is cut short; install the package again")

    monkeypatch.setattr(Shelf, "find", fail)
    reply = browser.command("generator", name="animals")
    assert reply["error"] == "the file is cut short; install the package again"
    browser.until(lambda state: "cut short" in state["error"].get("message", ""))
    assert (widget.generator_name, browser.state["busy_text"]) == ("blobs", "")


def test_while_a_generator_loads_it_is_told_and_no_point_is_taken(
    widget: DragWidget, browser: BrowserEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold, find = threading.Event(), Shelf.find

    def slow(*arguments: Any) -> DragSession:
        hold.wait(PATIENCE_S)
        return find(*arguments)

    monkeypatch.setattr(Shelf, "find", slow)
    browser.say(k="cmd", rid=50, name="generator", args={"name": "animals"})
    browser.until(lambda state: state["busy_text"] == "Loading the generator animals ...")
    browser.edit(1, (1, HANDLE, TARGET), placed=[1])
    assert "still loading" in browser.state["error"]["message"]
    assert not browser.command("generator", name="blobs")["ok"]
    hold.set()
    browser.until(lambda state: state["busy_text"] == "" and state["image_size"] == [128, 128])
    assert widget.session.point_ids == ()


def test_another_generator_stops_a_drag_that_runs(widget: DragWidget, browser: BrowserEnd) -> None:
    browser.edit(1, (1, HANDLE, FAR), placed=[1])
    assert browser.command("run")["ok"]
    browser.until(lambda state: state["step"] > 1)
    widget.generator = "animals"
    assert not widget.running
    assert widget.status == "idle"
    widget.generator = "blobs"
    assert widget.status == "stopped"
    assert widget.session.steps > 1


def test_who_watches_a_drag_cannot_take_its_generator_away(widget: DragWidget) -> None:
    failures: list[BaseException] = []

    def change_it(_: object) -> None:
        widget.unobserve(change_it, "step")
        try:
            widget.generator = "animals"
        except SessionBusyError as error:
            failures.append(error)
        widget.stop()

    widget.handle_points, widget.target_points = [HANDLE], [FAR]
    widget.observe(change_it, "step")
    widget.drag()
    assert failures
    assert widget.generator_name == "blobs"


def test_a_closed_widget_goes_to_no_other_generator(widget: DragWidget) -> None:
    runner = widget._worker
    assert isinstance(runner, Runner)
    widget.close()
    with pytest.raises(Exception, match="the widget was closed"):
        runner.switch(lambda session: session, "Loading", told=False)
    assert runner.busy_text == ""


def test_a_widget_that_could_not_load_says_so_and_nothing_of_loading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect(monkeypatch)
    widget = DragWidget(generator="gone")
    with pytest.raises(GeneratorError, match="no generator 'gone'"):
        widget.generator = "animals"
    assert widget._worker.busy_text == ""
    widget.close()


# Settings


def test_the_front_end_sets_some_settings(widget: DragWidget, browser: BrowserEnd) -> None:
    settings = {"solver": "paper", "mask_weight": 3, "arrival_px": None}
    assert browser.command("configure", settings=settings)["ok"]
    browser.until(lambda state: state["config"]["solver"] == "paper")
    assert widget.config == DragConfig.from_json({**SLOW.to_json(), **settings})


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"solver": "magic"}, "solver must be one of"),
        ({"max_steps": 5, "mask_weight": -1}, "mask_weight must be a number from 0"),
        ({"max_steps": 2.5}, "max_steps must be a whole number"),
        ({"speed": 1}, "unknown config fields ['speed']"),
        ({"feature_block": 33}, "feature_block must be one of the generator's blocks"),
        ({"space": "z"}, "needs a generator with a mapping"),
    ],
)
def test_settings_that_cannot_be_used_are_told_beside_them_and_change_nothing(
    widget: DragWidget, browser: BrowserEnd, settings: dict[str, object], error: str
) -> None:
    reply = browser.command("configure", settings=settings)
    assert not reply["ok"]
    assert error in reply["error"]
    assert widget.config == SLOW
    assert browser.state["error"] == {}
