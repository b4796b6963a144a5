"""Batches over processes: the same results, and what happens when a process or a person ends."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from draggan_widget.batch import BatchInterrupted, BatchRow, drag_batch
from draggan_widget.batch.folder import ITEMS_FOLDER
from draggan_widget.batch.pool import MOST_FAILED_STARTS
from draggan_widget.errors import DragganError, InputError
from draggan_widget.session import DragSession
from tests.batch.items import (
    DEADLY_SEED,
    HANDLE,
    TARGET,
    DeadlyBlobs,
    OnceDeadlyBlobs,
    check_same,
    job,
    recipe,
    session,
)
from tests.command_line import WAIT_S, check_end
from tests.picture_blobs import MANY_STEPS, PictureBlobs


class Unpicklable(PictureBlobs):
    """Blobs that cannot leave their process."""

    def __init__(self) -> None:
        super().__init__()
        self.hook = lambda: None


class Unwelcome(PictureBlobs):
    """Blobs that no other process can unpack."""

    def __setstate__(self, _: Any) -> None:
        raise OSError("no")


def test_processes_do_what_one_does_bit_for_bit() -> None:
    items: list[Any] = [job(1), recipe(2), session(), 3, job(4), recipe(5)]
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)  # those of whoever asks do not matter
        together = drag_batch(items, generator=PictureBlobs(), processes=2)
    finally:
        torch.set_num_threads(before)
    alone = drag_batch(items, generator=PictureBlobs())
    check_same(together, alone)
    assert [row.is_failed for row in alone] == [False, False, False, True, False, False]


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_an_item_that_kills_every_process_fails_alone() -> None:
    generator, seeds = DeadlyBlobs(), [1, DEADLY_SEED, 3, 4]
    done = drag_batch([job(seed) for seed in seeds], generator=generator, processes=2)
    assert [row.is_failed for row in done] == [False, True, False, False]
    assert "ended from outside (status -9)" in str(done[1].error)


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_an_item_whose_process_was_killed_by_somebody_else_is_done_all_the_same(
    tmp_path: Path,
) -> None:
    generator, jobs = OnceDeadlyBlobs(tmp_path / "killed"), [job(1), job(DEADLY_SEED), job(3)]
    done = drag_batch(jobs, generator=generator, processes=2)
    assert generator.witness.exists()
    check_same(done, drag_batch(jobs, generator=PictureBlobs()))


def test_an_interruption_ends_the_processes_and_has_what_was_done() -> None:
    def interrupt(row: BatchRow) -> None:
        raise KeyboardInterrupt

    endless = (job(seed) for seed in range(10_000))
    started = time.monotonic()
    with pytest.raises(BatchInterrupted) as told:
        drag_batch(endless, generator=PictureBlobs(), processes=2, on_result=interrupt)
    assert len(told.value.result) == 1
    assert time.monotonic() - started < WAIT_S


def test_a_generator_that_cannot_be_sent_is_named() -> None:
    with pytest.raises(InputError, match="the generator cannot be sent to other processes"):
        drag_batch([job(1)], generator=Unpicklable(), processes=2)
    done = drag_batch([job(1)], generator=Unwelcome(), processes=2)
    assert "the generator cannot be unpacked in another process" in str(done[0].error)


def test_a_session_whose_generator_cannot_be_sent_fails_alone() -> None:
    kept = DragSession(Unpicklable(), seed=5, config=MANY_STEPS)
    kept.set_points([HANDLE], [TARGET])
    items: list[Any] = [session(), kept, session()]
    done = drag_batch(items, processes=2)
    assert [row.is_failed for row in done] == [False, True, False]
    assert "the generator cannot be sent to other processes" in str(done[1].error)


def test_processes_that_never_begin_are_not_started_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert MOST_FAILED_STARTS < 10
    monkeypatch.setattr("draggan_widget.batch.pool._serve", os._exit)
    with pytest.raises(DragganError, match="no process can begin to work"):
        drag_batch([job(1)], generator=PictureBlobs(), processes=2)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_a_batch_that_is_ended(end: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "items.json").write_text(
        json.dumps([job(seed, max_steps=20).to_json() for seed in range(500)])
    )
    files = [str(tmp_path / "items.json"), "--out", str(tmp_path / "out")]
    arguments = ["batch", *files, "--device", "cpu", "--processes", "2"]
    results = tmp_path / "out" / ITEMS_FOLDER
    check_end(
        arguments,
        end,
        lambda: list(results.glob("*.safetensors")),
        f"of 500 items; they are in {tmp_path}",
    )
