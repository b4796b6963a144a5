"""Generators of batches: equal ones are kept once, tuned ones draw their own pictures, and no file chooses what is read."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from draggan_widget.batch import drag_batch
from draggan_widget.batch.given import Given
from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.generator import Generator, StyleGAN2Config
from draggan_widget.processes import MOST_PROCESSES
from draggan_widget.session import DragSession
from draggan_widget.session.tuned_weights import with_changes
from tests.batch.items import HANDLE, TARGET, job, recipe
from tests.picture_blobs import MANY_STEPS, PictureBlobs

SMALL = StyleGAN2Config(
    resolution=64, z_dim=16, w_dim=16, channel_base=512, channel_max=16, mapping_layers=2
)


def small() -> Generator:
    """Return a small generator, the same at every call."""
    torch.manual_seed(4)
    return Generator(SMALL, name="small").frozen()


def tuned_file(folder: Path) -> Path:
    """Return the file of a session whose generator was tuned, with a pair of points."""
    base = small()
    weights = dict(base.named_parameters())
    name = next(name for name in weights if name.endswith("b64.torgb.bias"))
    tuned = with_changes(base, {name: torch.full_like(weights[name], 0.5).half()})
    session = DragSession(tuned, seed=3, config=MANY_STEPS)
    session.set_points([HANDLE], [TARGET])
    return session.save(folder / "tuned.dgs")


def test_equal_generators_are_kept_once() -> None:
    given, other = Given(None), small()
    with torch.no_grad():
        other.mapping.w_avg += 1
    silent = small()
    silent.noise = False
    keys = [given.key(each) for each in (small(), small(), other, silent, small())]
    assert keys[0] == keys[1] == keys[4]
    assert len(set(keys)) == len(given.loaded) == 3


def test_generators_that_do_not_tell_what_they_are_stay_apart() -> None:
    given, brighter = Given(None), PictureBlobs()
    brighter.starts = brighter.starts + 0.5
    same = PictureBlobs()
    keys = [given.key(each) for each in (same, brighter, same)]
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize("resumed", [False, True])
def test_a_tuned_session_file_is_drawn_with_its_own_weights(resumed: bool, tmp_path: Path) -> None:
    file, out = tuned_file(tmp_path), tmp_path / "out"
    by_hand = DragSession.load(file, generator=small())
    done = drag_batch([file], generator=small(), out=out)
    if resumed:
        done = drag_batch([file], generator=small(), out=out)
    by_hand.drag()
    assert np.array_equal(done.w(0), by_hand.w.numpy())
    change = np.abs(np.asarray(done.image(0)).astype(int) - np.asarray(by_hand.image))
    assert change.max() <= 1  # sums may be taken in another order
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(InputError, match=r"tuned\.dgs is gone, or another file than when it was"):
        done.image(0)
    file.unlink()
    with pytest.raises(InputError, match="put it back to draw its pictures"):
        done.contact_sheet()


def test_a_file_does_not_choose_what_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.safetensors"
    secret.write_bytes(b"secret")
    generator = small()
    generator.name = str(secret)
    session = DragSession(generator, seed=3, config=MANY_STEPS)
    session.set_points([HANDLE], [TARGET])
    file = session.save(tmp_path / "a.dgs")
    done = drag_batch([file, recipe(1, generator=str(secret))])
    for row in done:
        assert "that has a name here; give the one it was made with (its file," in str(row.error)
        assert "as generator=, or --generator" in str(row.error)
    own = drag_batch([job(1, generator=str(secret))])  # a job is the person's own
    assert "secret.safetensors cannot be read as a checkpoint" in str(own[0].error)


def test_items_of_no_end_fail_alone(tmp_path: Path) -> None:
    huge = tmp_path / "huge.dgs"
    with huge.open("wb") as stream:
        stream.truncate(1 << 34)  # takes no room on the disk
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    done = drag_batch([huge, deep, job(1)], generator=PictureBlobs())
    assert "huge.dgs has more than 1024 MB" in str(done[0].error)
    assert "deep.json" in str(done[1].error)
    assert [row.is_failed for row in done] == [True, True, False]


def test_more_processes_than_a_machine_can_hold_are_refused() -> None:
    with pytest.raises(InputError, match=r"at most \d+ on this machine, got 1000: each takes some"):
        drag_batch([job(1)], generator=PictureBlobs(), processes=1000)
    assert len(drag_batch([], generator=PictureBlobs(), processes=MOST_PROCESSES)) == 0


def test_an_unknown_generator_for_all_items_is_refused_before_any_is_done(tmp_path: Path) -> None:
    for processes, name in ((1, "nobody"), (2, "nobody"), (1, "n" * 5000), (1, "\0")):
        with pytest.raises(GeneratorError, match=r"there is no generator '.*: neither a file nor"):
            drag_batch([job(1)], generator=name, processes=processes, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_recipe_may_be_poisoned_in_any_of_its_values() -> None:
    good = recipe(1)
    values: list[object] = [None, -1, 10**30, float("nan"), "x" * 10_000, [], {}, [[[]]], True]
    items: list[object] = []
    for value in values:
        items += [replace(good, start={**good.start, name: value}) for name in ("seed", "w", "z")]
        for edit in good.edits:
            for name in edit:
                others = tuple(e for e in good.edits if e is not edit)
                items.append(replace(good, edits=({**edit, name: value}, *others)))
        items.append(good.to_json() | {"generator": value})
        items.append(good.to_json() | {"config": value})
        items.append(good.to_json() | {"edits": value})
    done = drag_batch(items, generator=PictureBlobs())  # type: ignore[arg-type]  # wrong on purpose
    assert len(done) == len(items)
    foreign = {row.error for row in done.failed if re.search(r"\w+Error\b", str(row.error))}
    assert foreign == set()
