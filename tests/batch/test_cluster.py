"""Batches over a Dask cluster of this machine, without dashboard and without any network but its own."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import torch
from distributed import Client, LocalCluster

from draggan_widget.batch import BatchError, BatchInterrupted, BatchRow, drag_batch
from draggan_widget.cli import main
from draggan_widget.drag import DragConfig
from draggan_widget.errors import InputError
from draggan_widget.processes import one_thread
from draggan_widget.session import DragSession, Recipe
from tests.batch.items import DEADLY_SEED, DeadlyBlobs, check_same, job, poisoned, recipe, session
from tests.command_line import refused, told
from tests.patience import until
from tests.picture_blobs import PictureBlobs

MANY = 200
"""Recipes of the large batch."""

POISONED = 77
"""Which of them cannot be done."""

WORKERS = 2


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A cluster of two processes with a thread each."""
    patient = {
        "distributed.scheduler.allowed-failures": 0,  # a task that kills a process is not tried on another
        "distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": "2"},  # batches have their own
        "distributed.worker.memory.terminate": False,
    }
    with (
        dask.config.set(patient),
        LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def address(client: Client) -> str:
    """Return where the scheduler of a client is."""
    return str(client.scheduler_info()["address"])


def nose_recipe(seed: int) -> Recipe:
    """Return a recipe of the embedded generator with a short drag of the nose."""
    points = {"handles": [[62.0, 74.0]], "targets": [[66.0, 73.0]], "ids": [1], "placed": [1]}
    config = DragConfig(solver=("kinematic", "paper")[seed % 2], max_steps=2)
    return Recipe(
        "animals", {"seed": seed, "truncation_psi": 0.7}, config, ({"do": "points", **points},)
    )


def test_a_cluster_does_what_one_process_does_bit_for_bit(client: Client) -> None:
    items: list[Any] = [job(1), recipe(2), session(), 3, job(4), recipe(5)]
    alone = drag_batch(items, generator=PictureBlobs())
    check_same(drag_batch(items, generator=PictureBlobs(), client=client), alone)
    check_same(drag_batch(iter(items), generator=PictureBlobs(), client=client), alone)


def test_another_generator_of_the_same_name_is_another_one(client: Client) -> None:
    brighter = PictureBlobs()
    brighter.starts = brighter.starts + 0.5
    brighter.ballast = torch.ones(3_000_000)  # Dask warns of 10 MB
    for generator in (PictureBlobs(), brighter):
        alone = drag_batch([job(1)], generator=generator)
        check_same(drag_batch([job(1)], generator=generator, client=client), alone)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_a_process_of_the_cluster_that_is_killed_fails_its_item_alone(client: Client) -> None:
    # Both processes end, and with them what waits there and the generator that was sent.
    seeds = [DEADLY_SEED, DEADLY_SEED, 1, 2, 3, 4]
    done = drag_batch([job(seed) for seed in seeds], generator=DeadlyBlobs(), client=client)
    assert [row.is_failed for row in done] == [True, True, False, False, False, False]
    assert "KilledWorker" in str(done[0].error)
    client.wait_for_workers(WORKERS)


def test_an_interruption_cancels_what_the_cluster_has(client: Client) -> None:
    def interrupt(row: BatchRow) -> None:
        raise KeyboardInterrupt

    endless = (job(seed) for seed in range(10_000))
    with pytest.raises(BatchInterrupted) as told:
        drag_batch(endless, generator=PictureBlobs(), client=client, on_result=interrupt)
    assert len(told.value.result) == 1
    deadline = time.monotonic() + 60
    while any(client.processing().values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_connection_that_is_lost_ends_the_batch_with_what_was_done(client: Client) -> None:
    own = Client(address(client))

    def close(row: BatchRow) -> None:
        own.close()

    endless = (job(seed) for seed in range(10_000))
    words = "after 1 items; its result has them.*the connection to the Dask cluster is lost; conn"
    with pytest.raises(BatchError, match=words) as told:
        drag_batch(endless, generator=PictureBlobs(), client=own, on_result=close)
    (row,) = told.value.result
    alone = drag_batch([job(row.seed or 0)], generator=PictureBlobs())
    assert np.array_equal(told.value.result.w(row.index), alone.w(0))


def test_the_command_uses_a_cluster(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "items.json").write_text(json.dumps([nose_recipe(3).to_json()]))
    files = (str(tmp_path / "items.json"), "--out", str(tmp_path / "out"))
    values = told(capsys, "batch", *files, "--dask", address(client))
    assert (values["items"], values["failed"]) == (1, [])
    both = (*files, "--dask", address(client), "--processes", "2")
    assert "processes are for this machine" in refused(capsys, "batch", *both)
    assert "no Dask scheduler answers" in refused(capsys, "batch", *files, "--dask", "nonsense://1")


def test_a_cluster_without_workers_is_told_of_and_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=":0") as cluster,
        Client(cluster) as empty,
    ):

        def begin() -> None:
            until(lambda: caplog.messages)
            cluster.scale(1)

        with ThreadPoolExecutor(1) as beside:
            begun = beside.submit(begin)
            result = drag_batch([nose_recipe(0)], client=empty)
            begun.result()
    assert len(result) == 1
    assert not result.failed
    (words,) = [each for each in caplog.messages if "Dask" in each]
    assert words.endswith(f"dask worker {cluster.scheduler_address} --nthreads 1")


def test_what_is_no_client_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"client must be a distributed\.Client, got str"):
        drag_batch([job(1)], client="tcp://127.0.0.1:1")  # type: ignore[arg-type]
    closed = Client(address(client))
    closed.close()
    with pytest.raises(InputError, match="client must be connected, but it is closed"):
        drag_batch([job(1)], client=closed)

    async def drag() -> None:
        async with Client(address(client), asynchronous=True) as asynchronous:
            drag_batch([job(1)], client=asynchronous)

    with pytest.raises(InputError, match="client must not be asynchronous"):
        asyncio.run(drag())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'draggan-widget\[dask\]'"):
        drag_batch([job(1)], client=client)
    assert main(["batch", "/", "--out", "/", "--dask", "x"]) == 2


@pytest.mark.slow
def test_two_hundred_recipes_over_two_processes_equal_the_serial_results(
    client: Client, tmp_path: Path, record_property: Any
) -> None:
    items = [nose_recipe(seed) for seed in range(MANY)]
    items[POISONED] = poisoned(items[POISONED], (1, 12, 128))
    started = time.perf_counter()
    alone = drag_batch(items, device="cpu", out=tmp_path / "alone")
    between = time.perf_counter()
    together = drag_batch(items, device="cpu", client=client, out=tmp_path / "together")
    ended = time.perf_counter()
    record_property("serial_s", round(between - started, 1))
    record_property("two_dask_workers_s", round(ended - between, 1))
    check_same(together, alone)
    with one_thread():  # and once more without any batch
        for index in (0, 1, POISONED - 1, MANY - 1):
            by_hand = DragSession.replay(items[index], device="cpu")
            by_hand.drag()
            assert np.array_equal(together.w(index), by_hand.w.numpy())
    assert [row.index for row in together.failed] == [POISONED]
    assert "w must be" in str(together.failed[0].error)
    assert len(together) == MANY
