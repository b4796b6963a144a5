"""Photos that are opened, by the front end and by scripts, through a widget."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import draggan_widget as dg
from draggan_widget.errors import InputError
from draggan_widget.generator import Generator
from draggan_widget.inversion import Inversion, Look
from draggan_widget.session import DragSession
from draggan_widget.widget import DragWidget
from tests.browser_end import BrowserEnd, connect, front_end_of
from tests.inversion.conftest import generator, one_thread, small_generator
from tests.inversion.test_invert import photo_of
from tests.inversion.test_photo import CORNER, ORIENTATION, has_red_corner, kept, upright
from tests.patience import until
from tests.session.sessions import same

__all__ = ["generator", "one_thread"]

FEW, MANY = 12, 100_000
"""Steps of a search that is soon over, and of one that nobody waits for."""

POINT = ([8.0, 8.0], [20.0, 20.0])

Steps = Callable[[int], None]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """Return what sets the length of searches for the front end; it is short at first."""

    def take(count: int) -> None:
        monkeypatch.setattr(import_module("draggan_widget.inversion.invert"), "STEPS", count)

    take(FEW)
    return take


@pytest.fixture
def widget(
    generator: Generator, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DragWidget]:
    connect(monkeypatch)
    widget = DragWidget(DragSession(generator, seed=1))
    until(lambda: widget.status == "idle")
    yield widget
    widget.close()


@pytest.fixture
def browser(widget: DragWidget) -> BrowserEnd:
    return front_end_of(widget)


@pytest.fixture
def photo(generator: Generator) -> bytes:
    return kept(photo_of(generator), "PNG")


def told(browser: BrowserEnd) -> list[tuple[dict[str, Any], list[bytes]]]:
    """Return what was said of searches, with the pictures beside it."""
    return [each for each in browser.custom if each[0]["k"] == "progress"]


def shown(browser: BrowserEnd, what: str) -> list[Image.Image]:
    """Return the pictures that were shown meanwhile."""
    files = [files for message, files in told(browser) if message["shows"] == what]
    return [Image.open(io.BytesIO(file)) for (file,) in files]


def begin(browser: BrowserEnd, photo: bytes, *, rid: int = 900) -> None:
    """Open a photo and wait until a picture was found that is not the last one."""
    args = {"name": "cat.png"}
    browser.say_with(photo, k="ask", rid=rid, name="open", args=args)
    until(lambda: shown(browser, "picture"))


def answers(browser: BrowserEnd) -> dict[int, dict[str, Any]]:
    return {each["rid"]: each for each, _ in browser.custom if each["k"] == "answer"}


def words_of(widget: DragWidget) -> list[str]:
    return [entry.words for entry in widget.session.history.entries]


def test_a_photo_becomes_one_change_that_undo_takes_back(
    widget: DragWidget, browser: BrowserEnd, photo: bytes
) -> None:
    widget.handle_points, widget.target_points = [POINT[0]], [POINT[1]]
    before, frames = widget.session.state, len(browser.frames)
    answer, _ = browser.ask("open", photo, name="cat.png")
    assert answer["ok"], answer["error"]
    found = answer["result"]["photo"]
    assert set(found) == {"words", "warning", "psnr_db"}
    assert found["psnr_db"] > 15
    assert words_of(widget)[1:] == ["Point 1 added", "Photo cat.png"]
    assert len(widget.handle_points) == 0
    assert not torch.equal(widget.w, before.w)
    assert len(browser.frames) == frames + 1, "the session was shown once it had changed"
    assert browser.state["history"][-1][2] == "Photo cat.png"
    assert browser.command("undo")["ok"]
    assert same(widget.session.state, before)
    assert browser.command("redo")["ok"]
    widget.handle_points, widget.target_points = [POINT[0]], [POINT[1]]
    assert widget.drag(max_steps=2).steps > 0
    widget.reset()
    assert widget.session.history.entry(3).words == "Photo cat.png"
    assert torch.equal(widget.w, widget.session.history.entry(3).state.w)


def test_it_is_told_how_far_it_is_and_how_like_the_photo_the_picture_has_become(
    widget: DragWidget, browser: BrowserEnd, photo: bytes
) -> None:
    browser.ask("open", photo, name="cat.png")
    parts = [message["part"] for message, _ in told(browser)]
    assert parts == sorted(parts)
    assert parts[0] == 0
    assert told(browser)[0][0]["words"] == "Comparing pictures"
    (target,) = shown(browser, "photo")
    assert target.size == shown(browser, "picture")[0].size == widget.image.size
    wanted = np.asarray(Image.open(io.BytesIO(photo))).astype(int)
    assert np.abs(np.asarray(target) - wanted).mean() < 4


def test_a_search_that_was_given_up_has_changed_nothing(
    widget: DragWidget, browser: BrowserEnd, photo: bytes, steps: Steps
) -> None:
    steps(MANY)
    before, w, history = widget.session.state, widget.w, widget.session.history
    begin(browser, photo)
    browser.say(k="ask", rid=901, name="cancel", args={"rid": 900})
    until(lambda: 901 in answers(browser))
    assert widget.session.state is before
    assert torch.equal(widget.w, w)
    assert widget.session.history is history
    count = len(told(browser))
    assert browser.command("sample", seed=7)["ok"]
    assert len(told(browser)) == count, "it has ended"
    assert 900 not in answers(browser)


def test_whatever_is_asked_meanwhile_comes_first_and_stays(
    widget: DragWidget, browser: BrowserEnd, photo: bytes, steps: Steps
) -> None:
    steps(120)
    begin(browser, photo)
    assert browser.command("sample", seed=7)["ok"]
    assert 900 not in answers(browser), "the search goes on"
    until(lambda: 900 in answers(browser))
    assert answers(browser)[900]["ok"]
    assert words_of(widget) == ["Seed 1", "Seed 7", "Photo cat.png"]


def test_a_drag_that_runs_is_stopped_for_a_photo(
    widget: DragWidget, browser: BrowserEnd, photo: bytes
) -> None:
    widget.config = dg.DragConfig(solver="paper", max_steps=1_000_000, learning_rate=1e-6)
    widget.handle_points, widget.target_points = [POINT[0]], [POINT[1]]
    widget.run()
    until(lambda: widget.status == "running" and widget.session.steps > 0)
    answer, _ = browser.ask("open", photo, name="cat.png")
    assert answer["ok"]
    assert words_of(widget)[-2:] == ["Drag of 1 point", "Photo cat.png"]


def test_another_generator_chosen_meanwhile_ends_the_search(
    widget: DragWidget, browser: BrowserEnd, photo: bytes, steps: Steps
) -> None:
    steps(MANY)
    first = widget.session
    begin(browser, photo)
    widget.generator = small_generator("wide w")
    until(lambda: 900 in answers(browser))
    error = answers(browser)[900]["error"]
    assert error == "another generator was chosen meanwhile; open the photo again"
    for session in (first, widget.session):
        assert [entry.words for entry in session.history.entries] == ["Seed 1"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cat.png is empty; take another copy of it"),
        (b"nonsense", "give a JPEG, PNG, WebP, GIF, BMP or TIFF"),
        (kept(upright(), "PNG")[:70], "the photo is damaged"),
        (kept(upright((400, 300)), "JPEG")[:1500], "the photo is damaged"),
        (kept(upright((4, 4)), "PNG"), "8 at least on each side"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "give a JPEG, PNG, WebP, GIF, BMP or TIFF"),
    ],
)
def test_what_is_no_photo_is_told_with_the_cure_and_changes_nothing(
    widget: DragWidget, browser: BrowserEnd, data: bytes, message: str
) -> None:
    state, history = widget.session.state, widget.session.history
    answer, _ = browser.ask("open", data, name="cat.png")
    assert message in answer["error"]
    assert widget.session.state is state
    assert widget.session.history is history
    assert browser.state["error"] == {}
    assert browser.command("sample", seed=2)["ok"]


def turned() -> bytes:
    """Return a photo that the camera has noted to lie on its side."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    return kept(upright((40, 40)).transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)


def animated() -> bytes:
    """Return an animation, the first picture of which is upright."""
    others = [Image.new("RGB", (40, 40), colour) for colour in ("blue", "white")]
    return kept(upright((40, 40)), "GIF", save_all=True, append_images=others)


def transparent() -> bytes:
    """Return a photo of which a part is transparent."""
    picture = upright((40, 40)).convert("RGBA")
    picture.putpixel((39, 0), (0, 0, 0, 0))
    return kept(picture, "PNG")


def wide() -> bytes:
    """Return a photo of 20,000 px with the same in its middle."""
    picture = Image.new("RGB", (20_000, 400))
    picture.paste(upright((400, 400)), (9_800, 0))
    return kept(picture, "JPEG", quality=95)


@pytest.mark.parametrize(
    "data",
    [
        kept(upright((40, 40)).convert("CMYK"), "JPEG", quality=95),
        kept(upright((40, 40)), "TIFF"),
        *(make() for make in (turned, animated, transparent, wide)),
    ],
    ids=["CMYK", "TIFF", "EXIF", "animated", "alpha", "20,000 px"],
)
def test_photos_of_every_kind_are_looked_for_as_people_see_them(
    widget: DragWidget, browser: BrowserEnd, steps: Steps, data: bytes
) -> None:
    steps(1)
    answer, _ = browser.ask("open", data, name="cat.jpg")
    assert answer["ok"], answer["error"]
    (target,) = shown(browser, "photo")
    assert has_red_corner(target), CORNER
    assert words_of(widget) == ["Seed 1", "Photo cat.jpg"]
    # Two colours in squares are nothing that this generator has ever drawn.
    assert "choose another generator, or crop" in answer["result"]["photo"]["warning"]


def test_a_saved_png_still_opens_as_a_session(widget: DragWidget, browser: BrowserEnd) -> None:
    widget.handle_points, widget.target_points = [POINT[0]], [POINT[1]]
    _, (png,) = browser.ask("file", format="png", points=False)
    state = widget.session.state
    assert browser.command("sample", seed=5)["ok"]
    answer, _ = browser.ask("open", png, name="fox.png")
    assert answer["result"] == {"points": 1}
    assert same(widget.session.state, state)
    assert words_of(widget)[-1] == "Opened fox.png"
    assert told(browser) == []


def test_a_script_does_the_same(
    widget: DragWidget, photo: bytes, generator: Generator, tmp_path: Path
) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(photo)
    before = widget.session.state
    found = widget.invert(path, steps=FEW, progress=False)
    assert torch.equal(found.w, widget.w)
    assert torch.equal(found.w, dg.invert(path, generator, steps=FEW, progress=False).w)
    assert words_of(widget) == ["Seed 1", "Photo cat.png"]
    assert widget.image == found.image
    assert widget.undo()
    assert widget.session.state is before
    replayed = DragSession.replay(widget.recipe, generator=generator)  # type: ignore[arg-type]  # known
    assert same(replayed.history.entry(2).state, widget.session.history.entry(2).state)
    with pytest.raises(InputError, match=r"DragWidget\(invert\(photo, tune="):
        widget.invert(path, tune=10)


def test_a_script_that_waits_without_blocking_does_the_same(
    widget: DragWidget, generator: Generator
) -> None:
    looks: list[Look] = []
    picture = photo_of(generator)

    async def wait() -> Inversion:
        return await widget.invert_async(picture, steps=FEW, progress=False, on_look=looks.append)

    found = asyncio.run(wait())
    assert torch.equal(found.w, widget.w)
    assert words_of(widget) == ["Seed 1", "Photo"]
    assert looks[-1].done == FEW


def test_a_script_that_is_cancelled_changes_nothing(
    widget: DragWidget, generator: Generator
) -> None:
    looks: list[Look] = []
    before = widget.session.state

    async def give_up() -> None:
        picture = photo_of(generator)
        search = asyncio.create_task(
            widget.invert_async(picture, steps=MANY, progress=False, on_look=looks.append)
        )
        while len(looks) < 5:
            await asyncio.sleep(0.005)
        search.cancel()
        with pytest.raises(asyncio.CancelledError):
            await search

    asyncio.run(give_up())
    assert widget.session.state is before


def test_what_was_found_opens_in_sessions_of_its_generator_only(generator: Generator) -> None:
    found = dg.invert(photo_of(generator), generator, steps=1, progress=False)
    session = DragSession(generator, seed=3)
    found.open_in(session, "cat.jpg")
    assert [entry.words for entry in session.history.entries] == ["Seed 3", "Photo cat.jpg"]
    assert session.image == found.image
    with pytest.raises(InputError, match="another generator than the session's, wide w"):
        found.open_in(DragSession(small_generator("wide w")))
