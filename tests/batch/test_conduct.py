"""Batches that are done in this process: what items may be, how they fail alone, how a batch goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from draggan_widget.batch import BatchInterrupted, BatchRow, DragJob, drag_batch
from draggan_widget.drag import DragConfig
from draggan_widget.errors import InputError
from draggan_widget.session import DragSession
from tests.batch.items import TARGET, check_same, job, poisoned, recipe, session
from tests.picture_blobs import MANY_STEPS, PictureBlobs


def test_a_recipe_is_done_again() -> None:
    by_hand = DragSession.replay(recipe(4), generator=PictureBlobs())
    done = drag_batch([recipe(4)], generator=PictureBlobs())
    assert torch.equal(torch.from_numpy(done.w(0)), by_hand.w)
    assert (done[0].status, done[0].steps, done[0].seed) == ("max_steps", 2, 4)
    assert (done[0].generator, done[0].item) == ("blobs", "recipe, seed 4")


def test_a_recipe_without_a_drag_is_dragged_and_one_that_ends_without_is_not() -> None:
    only_points = replace(recipe(4), edits=recipe(4).edits[:1])
    undone = replace(recipe(4), edits=(*recipe(4).edits, {"do": "undo"}))
    done = drag_batch([only_points, undone], generator=PictureBlobs())
    assert done[0].status == "arrived"
    assert (done[1].status, done[1].words) == ("idle", "done again; it does not end with a drag")


def test_a_session_is_dragged_from_where_it_is_and_stays_as_it_was(tmp_path: Path) -> None:
    mine = session()
    before, points = mine.w, mine.handle_points
    path, png = mine.save(tmp_path / "a.dgs"), mine.save_image(tmp_path / "a.png")
    done = drag_batch([mine, path, str(png)], generator=mine.generator)
    assert torch.equal(mine.w, before)
    assert [row.status for row in done] == ["arrived"] * 3
    assert [row.item for row in done] == ["session, seed 5", "a.dgs", "a.png"]
    again = DragSession(mine.generator, w=before, config=MANY_STEPS)
    again.set_points(points, [TARGET])
    again.drag()
    for index in range(3):
        assert torch.equal(torch.from_numpy(done.start_w(index)), before)
        assert torch.equal(torch.from_numpy(done.w(index)), again.w)
    with_own = drag_batch([mine])
    assert with_own.w(0).tobytes() == done.w(0).tobytes()


def test_files_of_recipes_and_jobs_are_items(tmp_path: Path) -> None:
    recipe(4).save(tmp_path / "r.json")
    (tmp_path / "j.json").write_text(json.dumps(job(4).to_json()))
    paths = [tmp_path / "r.json", tmp_path / "j.json"]
    done = drag_batch(paths, generator=PictureBlobs())
    check = drag_batch([recipe(4), job(4).to_json()], generator=PictureBlobs())
    assert [row.item for row in done] == ["r.json", "j.json"]
    assert [done.w(i).tobytes() for i in (0, 1)] == [check.w(i).tobytes() for i in (0, 1)]


def test_what_is_poisoned_fails_alone_with_its_message(tmp_path: Path) -> None:
    (tmp_path / "noise.dgs").write_bytes(b"noise")
    (tmp_path / "list.json").write_text("[3]")
    (tmp_path / "half.json").write_text("{")
    bad: list[tuple[Any, str]] = [
        (poisoned(recipe(1), (1, 4, 2)), "w must be"),
        (replace(recipe(1), edits=({"do": "undo"},)), "a drag needs at least one pair"),
        (
            replace(recipe(1), edits=({"do": "points", "handles": object()},)),
            "points must have handles, targets, ids, placed",
        ),
        ({"format": "strange"}, "a recipe must be an object"),
        ({"seed": -1, "handle_points": [[1, 1]], "target_points": [[2, 2]]}, "seed must be"),
        ({"seed": 1, "handle_points": [[1, 1]], "target_points": [[2, 900]]}, "target_points"),
        (job(1, truncation_psi="much"), "truncation_psi must be a number"),
        (job(1, config={"solver": "magic"}), "solver must be one of"),
        (job(1, config=3), "config must be a DragConfig or its fields by name, got int"),
        (tmp_path / "nowhere.dgs", "there is no file"),
        (tmp_path / "noise.dgs", "noise.dgs is no complete session file"),
        (tmp_path / "list.json", "must hold a recipe or a job"),
        (str(tmp_path / "half.json"), "half.json is no JSON: Expecting property name"),
        (replace(recipe(1), start={}), "a recipe's start must have seed and truncation_psi"),
        (replace(recipe(1), edits=({"do": {3}},)), "an edit's do must be one of"),
        (3, "an item must be a Recipe, a DragJob, a DragSession or the path of a file, got int"),
        (None, "got NoneType"),
    ]
    items: list[Any] = [job(1)]
    for item, _ in bad:
        items += [item, job(2)]
    done = drag_batch(items, generator=PictureBlobs())
    assert len(done) == len(items)
    for row, (_, message) in zip(done[1::2], bad, strict=True):
        assert row.status == "failed"
        assert message in str(row.error)
        assert row.words == f"failed: {row.error}"
    assert {row.status for row in done[::2]} == {"max_steps"}
    assert done.counts == {"max_steps": len(bad) + 1, "failed": len(bad)}
    assert done.failed == tuple(done[1::2])


def test_an_unknown_generator_fails_alone() -> None:
    done = drag_batch([job(1, generator="unicorns"), recipe(1, generator="nobody")])
    assert "there is no generator 'unicorns'" in str(done[0].error)
    assert "there is no generator 'nobody'" in str(done[1].error)
    with pytest.raises(InputError, match="nothing to show: no item was dragged"):
        done.contact_sheet()


def test_a_latent_that_is_not_finite_fails_alone() -> None:
    bad = poisoned(recipe(1), (1, *PictureBlobs().start().shape[1:]))
    done = drag_batch([recipe(1), bad, recipe(2)], generator=PictureBlobs())
    assert [row.is_failed for row in done] == [False, True, False]
    assert "w must be finite" in str(done[1].error)


def test_an_iterator_is_asked_for_an_item_when_it_is_about_to_be_dragged() -> None:
    asked, told = [], []

    def items() -> Iterator[DragJob]:
        for seed in range(4):
            asked.append(seed)
            yield job(seed)

    def on_result(row: BatchRow) -> None:
        told.append((row.index, len(asked)))

    done = drag_batch(items(), generator=PictureBlobs(), on_result=on_result)
    assert told == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert [row.seed for row in done] == [0, 1, 2, 3]
    assert len(drag_batch([])) == 0


def test_torch_has_one_thread_for_a_batch_and_its_own_number_after_it() -> None:
    before, seen = torch.get_num_threads(), []

    class Looking(PictureBlobs):
        def sample_w(self, seed: int, truncation_psi: float = 0.7) -> torch.Tensor:
            seen.append(torch.get_num_threads())
            return super().sample_w(seed, truncation_psi)

    try:
        torch.set_num_threads(2)
        drag_batch([job(1)], generator=Looking())
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {1}


# A folder


def test_a_batch_that_was_interrupted_goes_on_from_its_folder(tmp_path: Path) -> None:
    generator, items = PictureBlobs(), [job(seed) for seed in range(5)]
    whole = drag_batch(items, generator=generator)

    def interrupt(row: BatchRow) -> None:
        if row.index == 2:
            raise KeyboardInterrupt

    with pytest.raises(BatchInterrupted, match=r"after 3 of 5 items; they are in .*b, and") as told:
        drag_batch(items, generator=generator, out=tmp_path / "b", on_result=interrupt)
    assert [row.index for row in told.value.result] == [0, 1, 2]
    assert told.value.result.w(1).tobytes() == whole.w(1).tobytes()
    assert len(json.loads((tmp_path / "b" / "table.json").read_text())) == 3
    tried: list[int] = []

    class Counting(PictureBlobs):
        def sample_w(self, seed: int, truncation_psi: float = 0.7) -> torch.Tensor:
            tried.append(seed)
            return super().sample_w(seed, truncation_psi)

    more = [*items, job(9)]
    done = drag_batch(more, generator=Counting(), out=tmp_path / "b")
    assert tried == [3, 4, 9]
    check_same(done, drag_batch(more, generator=generator))
    assert len((tmp_path / "b" / "table.csv").read_text().splitlines()) == 7


def test_an_interruption_without_a_folder_has_what_was_done() -> None:
    def items() -> Iterator[DragJob]:
        yield job(1)
        raise KeyboardInterrupt

    with pytest.raises(BatchInterrupted, match="interrupted after 1 items; its result has") as told:
        drag_batch(items(), generator=PictureBlobs())
    assert told.value.result[0].seed == 1


def test_what_failed_is_tried_again(tmp_path: Path) -> None:
    late = tmp_path / "late.json"
    items: list[Any] = [job(1), late]
    assert drag_batch(items, generator=PictureBlobs(), out=tmp_path / "b")[1].is_failed
    recipe(3).save(late)
    done = drag_batch(items, generator=PictureBlobs(), out=tmp_path / "b")
    assert [row.seed for row in done] == [1, 3]


def test_a_folder_of_another_batch_is_refused(tmp_path: Path) -> None:
    generator, folder = PictureBlobs(), tmp_path / "b"
    drag_batch([job(1), job(2)], generator=generator, out=folder)
    with pytest.raises(
        InputError, match=r"its item 1 was 'seed 2' and is not the same as 'seed 3'"
    ):
        drag_batch([job(1), job(3)], generator=generator, out=folder)
    with pytest.raises(InputError, match="item 1 was 'seed 2'"):
        drag_batch([job(1), job(2, max_steps=9)], generator=generator, out=folder)
    with pytest.raises(
        InputError, match=r"holds another batch: generator '0:blobs:.*' there, None"
    ):
        drag_batch([job(1), job(2)], out=folder)
    other = PictureBlobs()
    other.brightness.add_(1)
    with pytest.raises(InputError, match="holds another batch: generator"):
        drag_batch([job(1), job(2)], generator=other, out=folder)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"items": "a.dgs"}, "items must be a list or an iterator of items, got str"),
        ({"items": Path("a.dgs")}, "put one item in a list"),
        ({"items": 3}, "got int"),
        ({"items": job(1).to_json()}, "got dict; put one item in a list"),
        ({"on_result": "print"}, "on_result must be a function or None, got str"),
        ({"processes": 0}, "processes must be a whole number from 1"),
        ({"processes": True}, "processes must be a whole number"),
        ({"generator": 3}, "generator must be a Generator or its name, got int"),
        ({"out": 3}, "out must be a folder, got 3"),
        ({"out": ""}, "out must be a folder"),
        ({"device": "abacus"}, "device 'abacus' cannot be used here"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(arguments: dict[str, Any], message: str) -> None:
    items = arguments.pop("items", [job(1)])
    with pytest.raises(InputError, match=message):
        drag_batch(items, **arguments)


def test_processes_are_for_the_cpu() -> None:
    class Elsewhere(PictureBlobs):
        @property
        def device(self) -> torch.device:
            return torch.device("cuda:0")

    with pytest.raises(InputError, match="on a CUDA device one drag follows the other"):
        drag_batch([job(1)], generator=Elsewhere(), processes=2)


def test_the_embedded_generator_is_that_of_jobs_that_name_none() -> None:
    quick = DragConfig(max_steps=1)
    done = drag_batch([DragJob(3, [(62, 74)], [(64, 74)], config=quick)], device="cpu")
    assert (done[0].generator, done[0].is_failed) == ("animals", False)
    assert np.isfinite(done.w(0)).all()


def test_dask_is_imported_only_when_it_is_used() -> None:
    code = (
        "import sys, draggan_widget as dg; assert not dg.drag_batch([3])[0].steps; "
        "raise SystemExit('dask' in sys.modules or 'distributed' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.cuda
def test_a_device_drags_one_after_the_other() -> None:
    jobs = [DragJob(seed, [(62, 74)], [(64, 74)], max_steps=2) for seed in range(3)]
    done = drag_batch(jobs, device="cuda")
    assert not done.failed
    assert all(np.isfinite(done.w(index)).all() for index in range(3))
    with pytest.raises(InputError, match="leave processes at 1, or give device='cpu'"):
        drag_batch(jobs, device="cuda", processes=2)
