"""The whole product on a CUDA device, beside itself on the CPU."""

import copy
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import torch

import draggan_widget as dg
from draggan_widget.drag.config import SOLVERS
from draggan_widget.errors import NoMemoryError
from draggan_widget.frames import to_rgb
from draggan_widget.generator import Generator
from draggan_widget.ops import extension
from draggan_widget.pretrained import load_stylegan2
from draggan_widget.session import DragSession
from tests.browser_end import connect, front_end_of
from tests.drag.device_drags import random_network
from tests.patience import until

pytestmark = pytest.mark.cuda

DEVICE = "cuda"
GRADIENT_SOLVERS = [name for name in SOLVERS if name != "kinematic"]
HANDLE, TARGET = (62.0, 74.0), (68.0, 74.0)
"""A nose of the embedded generator's, and a place beside it."""


@pytest.fixture(scope="module", autouse=True)
def kernels() -> None:
    """Wait for the compiled kernels, so that all tests run on them."""
    extension._CUDA.wait()


@pytest.fixture(scope="module")
def animals() -> Generator:
    return load_stylegan2("animals", device=DEVICE)


@pytest.fixture(scope="module")
def network() -> Generator:
    """A random network on the CPU."""
    return random_network()


def pulled_aside(animals: Generator, solver: str, points: int) -> DragSession:
    """Return a session after a drag of so many points of a head."""
    handles = np.array([HANDLE, (40.0, 50.0), (86.0, 50.0)])[:points]
    session = DragSession(animals, seed=3, config=dg.DragConfig(solver=solver))
    session.set_points(handles, handles + np.subtract(TARGET, HANDLE))
    session.drag()
    return session


def dragged(generator: Generator, solver: str, *, masked: bool = True) -> DragSession:
    """Return a session after six steps of a drag of two points."""
    w = generator.w_of_z(generator.sample_z(1).double().to(generator.device))
    config = dg.DragConfig(solver=solver, max_steps=6)
    session = DragSession(generator, w=w, config=config)
    if masked:
        session.mask = np.arange(64)[:, None].repeat(64, 1) >= 20
    session.set_points([[30.0, 40.0], [50.0, 45.5]], [[36.0, 44.0], [45.0, 50.0]])
    session.drag()
    return session


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_drag_in_double_precision_goes_where_it_goes_on_the_cpu(
    solver: str, masked: bool, network: Generator
) -> None:
    there = copy.deepcopy(network).double()
    expected = dragged(there, solver, masked=masked)
    found = dragged(copy.deepcopy(there).to(DEVICE), solver, masked=masked)
    assert (found.status, found.steps) == (expected.status, expected.steps)
    torch.testing.assert_close(found.w.cpu(), expected.w, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.handle_points, expected.handle_points, rtol=0, atol=1e-5)


def test_pictures_are_those_of_the_cpu(animals: Generator) -> None:
    here = load_stylegan2("animals", device="cpu")
    with torch.inference_mode():
        for seed in range(8):
            w = here.sample_w(seed)
            expected = to_rgb(here.image(w)).astype(int)
            found = to_rgb(animals.image(w.to(DEVICE)))
            assert np.abs(found - expected).max() <= 2, seed


@pytest.mark.parametrize("points", [1, 3])
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_drag_of_an_animal_arrives(solver: str, points: int, animals: Generator) -> None:
    session = pulled_aside(animals, solver, points)
    assert session.status == "arrived"
    assert np.abs(session.handle_points - session.target_points).max() <= 2


def test_a_drag_is_repeated_bit_for_bit_where_cudnn_is_asked_to_be_deterministic(
    animals: Generator,
) -> None:
    with torch.backends.cudnn.flags(enabled=True, deterministic=True):
        one, other = (pulled_aside(animals, "kinematic", 3) for _ in range(2))
    assert torch.equal(one.w, other.w)


def test_a_script_saves_what_it_did_and_goes_on_on_the_cpu(
    animals: Generator, tmp_path: Path
) -> None:
    session = DragSession(animals, seed=3)
    session.set_points([HANDLE], [TARGET])
    session.drag()
    path = session.save(tmp_path / "drag.dgs")
    again = DragSession.load(path, generator=load_stylegan2("animals", device="cpu"))
    torch.testing.assert_close(again.w, session.w.cpu(), rtol=0, atol=0)
    again.set_points(session.handle_points, [(58.0, 74.0)])
    assert again.drag().status == "arrived"


def test_a_person_drags_pulls_and_takes_back(
    animals: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch)
    widget = dg.DragWidget(animals, seed=3)
    browser = front_end_of(widget)
    try:
        first = widget.w
        browser.say(k="hello", v=1, dpr=1, loopback=False, visible=True)
        widget.handle_points, widget.target_points = [HANDLE], [TARGET]
        assert browser.command("run")["ok"]
        browser.until(lambda state: state["status"] == "arrived")
        until(lambda: browser.frames and browser.frames[-1]["final"])
        (key,) = widget.point_ids
        shown = len(browser.frames)
        for number in range(12):
            browser.say(k="pull", id=key, x=68.0 - number, y=74.0, seq=number + 1)
        until(lambda: len(browser.frames) > shown)
        browser.say(k="release", id=key, end="stay")
        until(lambda: not widget.running)
        while widget.undo():
            pass
        assert torch.equal(widget.w, first)
        assert widget.error == {}
    finally:
        widget.close()


def test_a_photo_is_found(animals: Generator) -> None:
    with torch.inference_mode():
        photo = to_rgb(animals.image(animals.sample_w(5)))
    found = dg.invert(photo, animals, steps=60, progress=False)
    assert found.score.psnr_db > 24
    assert found.w.device.type == DEVICE


@contextmanager
def no_room() -> Iterator[None]:
    """Leave the process no more of the device than it has, and take all of that."""
    gc.collect()
    torch.cuda.empty_cache()
    whole = torch.cuda.get_device_properties(DEVICE).total_memory
    torch.cuda.set_per_process_memory_fraction(torch.cuda.memory_reserved() / whole)
    taken = []
    for size in (2**24, 2**20, 2**16, 2**12, 512):
        with suppress(torch.cuda.OutOfMemoryError):
            while True:
                taken.append(torch.empty(size, dtype=torch.uint8, device=DEVICE))
    try:
        yield
    finally:
        taken.clear()
        torch.cuda.set_per_process_memory_fraction(1.0)


@pytest.mark.filterwarnings("ignore:steps run without a CUDA graph:UserWarning")
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_device_that_fills_up_costs_nothing_that_was_done(
    solver: str, animals: Generator
) -> None:
    session = DragSession(animals, seed=3, config=dg.DragConfig(solver=solver))
    session.set_points([HANDLE], [TARGET])
    before = session.state
    with no_room(), pytest.raises(NoMemoryError, match="nothing that was done is lost"):
        session.drag()
    assert session.status == "failed"
    assert torch.equal(session.w, before.w)
    assert np.array_equal(session.target_points, before.target_points)
    assert session.drag().status == "arrived"


@pytest.mark.parametrize("solver", GRADIENT_SOLVERS)
def test_steps_are_captured_without_a_warning(solver: str, animals: Generator) -> None:
    """Warnings are errors here: a step that falls back would tell so."""
    session = DragSession(animals, seed=4, config=dg.DragConfig(solver=solver, max_steps=5))
    session.set_points([HANDLE], [(90.0, 74.0)])
    assert session.drag().steps == 5
