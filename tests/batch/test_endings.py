"""Batches that end early: nothing that was done is lost, and the message says where it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from draggan_widget.batch import BatchError, BatchRow, DragJob, drag_batch
from draggan_widget.errors import InputError
from tests.batch.items import check_same, job
from tests.picture_blobs import PictureBlobs

FULL_DISK = """
import json, resource, sys
from pathlib import Path
import draggan_widget as dg
from tests.batch.items import job
from tests.picture_blobs import PictureBlobs

folder, most = Path(sys.argv[1]), int(sys.argv[2])
def fill(row):
    if row.index == 1:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    dg.drag_batch([job(seed) for seed in range(4)], generator=PictureBlobs(), out=folder, on_result=fill)
except dg.BatchError as error:
    result = error.result
    print(json.dumps([str(error), [row.seed for row in result], result.w(1).tolist()]))
"""
"""A batch on whose disk no file gets longer than so many bytes, once two items are done."""


def test_items_that_raise_end_the_batch_with_what_was_done() -> None:
    def items() -> Iterator[DragJob]:
        yield job(1)
        raise ValueError("no more seeds")

    words = r"the batch ended after 1 items; its result has them.*: ValueError: no more seeds"
    with pytest.raises(BatchError, match=words) as told:
        drag_batch(items(), generator=PictureBlobs())
    check_same(told.value.result, drag_batch([job(1)], generator=PictureBlobs()))
    assert isinstance(told.value.__cause__, ValueError)


def test_whoever_is_told_of_rows_may_end_the_batch(tmp_path: Path) -> None:
    def look(row: BatchRow) -> None:
        raise LookupError(row.index)

    words = rf"ended after 1 of 2 items; they are in {tmp_path}, and the same .*: LookupError: 0"
    with pytest.raises(BatchError, match=words) as told:
        drag_batch([job(1), job(2)], generator=PictureBlobs(), out=tmp_path, on_result=look)
    assert told.value.result[0].seed == 1
    assert len(json.loads((tmp_path / "table.json").read_text())) == 1


@pytest.mark.skipif(os.name == "nt", reason="limits are those of POSIX")
def test_a_full_disk_ends_the_batch_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "b"), "100"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    words, seeds, w = json.loads(run.stdout)
    assert f"they are in {tmp_path / 'b'}, and the same batch goes on from there: " in words
    assert "00000002.safetensors cannot be written (File too large); make room there" in words
    assert seeds == [0, 1]
    whole = drag_batch([job(seed) for seed in range(4)], generator=PictureBlobs())
    assert w == whole.w(1).tolist()
    kept = {path.stem for path in (tmp_path / "b" / "items").glob("*.safetensors")}
    assert kept == {"00000000", "00000001"}
    items = [job(seed) for seed in range(4)]
    check_same(drag_batch(items, generator=PictureBlobs(), out=tmp_path / "b"), whole)


def test_a_folder_that_goes_away_is_told(tmp_path: Path) -> None:
    def remove(row: BatchRow) -> None:
        shutil.rmtree(tmp_path / "b")

    with pytest.raises(InputError, match=r"there is no folder .*b"):
        drag_batch([job(1), job(2)], generator=PictureBlobs(), out=tmp_path / "b", on_result=remove)


def test_results_whose_files_are_gone_are_named(tmp_path: Path) -> None:
    done = drag_batch([job(1), job(2)], generator=PictureBlobs(), out=tmp_path)
    kept = tmp_path / "items" / "00000001.safetensors"
    assert (load_file(kept)["w"] == done.w(1)).all()
    kept.write_bytes(kept.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"00000001\.safetensors is gone or damaged"):
        done.w(1)
    kept.unlink()
    with pytest.raises(InputError, match=r"is gone or damaged .*; the same batch, done again"):
        done.image(1)


def test_a_result_under_the_name_of_another_is_refused(tmp_path: Path) -> None:
    drag_batch([job(1)], generator=PictureBlobs(), out=tmp_path)
    items = tmp_path / "items"
    shutil.copy(items / "00000000.safetensors", items / "00000001.safetensors")
    with pytest.raises(InputError, match=r"00000001\.safetensors is that of item 0; remove it"):
        drag_batch([job(1), job(2)], generator=PictureBlobs(), out=tmp_path)


def test_equal_items_are_done_each_for_itself(tmp_path: Path) -> None:
    items = [job(1)] * 3
    done = drag_batch(items, generator=PictureBlobs(), out=tmp_path)
    assert [row.index for row in done] == [0, 1, 2]
    assert len({done.w(index).tobytes() for index in range(3)}) == 1
    check_same(drag_batch(items, generator=PictureBlobs(), out=tmp_path), done)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured on Linux")
@pytest.mark.parametrize("is_kept", [False, True])
def test_hundreds_of_seeds_take_no_more_memory_than_dozens(is_kept: bool, tmp_path: Path) -> None:
    used: list[float] = []

    def look(row: BatchRow) -> None:
        lines = Path("/proc/self/status").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("VmRSS"))
        used.append(int(line.split()[1]) / 1024)

    jobs = (job(seed, max_steps=1) for seed in range(200))
    out = tmp_path / "b" if is_kept else None
    drag_batch(jobs, generator=PictureBlobs(), out=out, on_result=look, progress=False)
    assert len(used) == 200
    assert used[-1] - used[40] < 8  # MB; a row takes some two thousandths
