"""Hundreds of hostile checkpoints, read in a process of its own: none executes code, takes long or takes memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from draggan_widget.checkpoints import load_checkpoint
from draggan_widget.errors import GeneratorError
from tests.checkpoints import cunning
from tests.checkpoints.hostile import files
from tests.checkpoints.test_load import published

FEWEST = 200
MOST_S = 2.0
MOST_MB = 200

READER = """
import json, pathlib, resource, sys, time
from draggan_widget.checkpoints import load_checkpoint
from draggan_widget.errors import GeneratorError

def peak_mb():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024

def reset():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")

for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    reset()
    before, start = peak_mb(), time.process_time()
    try:
        load_checkpoint(path)
        ended, words = "loaded", ""
    except GeneratorError as error:
        ended, words = "refused", str(error)
    except BaseException as error:
        ended, words = "failed", repr(error)[:300]
    found = [path.name, ended, words[:300], time.process_time() - start, peak_mb() - before]
    print(json.dumps(found), flush=True)
"""


HARMLESS = "an archive"
"""Files whose name begins so may load: what was changed in them, as a date or a length, is not what counts."""

measured = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="memory is measured on Linux"
)


@measured
def test_hostile_files_are_refused_quickly_and_nothing_in_them_runs(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    witness = tmp_path / "witness"
    rows = _read(tmp_path, list(files(published(), str(witness))))
    assert not witness.exists()
    assert [row for row in rows if row[1] != "refused" or _is_costly(row)] == []
    record_property("hostile_files", len(rows))
    record_property("hostile_slowest_s", round(max(row[3] for row in rows), 2))
    record_property("hostile_most_mb", round(max(row[4] for row in rows)))


@measured
def test_files_that_know_the_reader_are_refused_quickly(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    rows = _read(tmp_path, list(cunning.files(published())))
    assert [row for row in rows if _is_costly(row)] == []
    assert [
        row
        for row in rows
        if row[1] != "refused" and (row[1] == "failed" or not row[0].startswith(HARMLESS))
    ] == []
    record_property("cunning_files", len(rows))
    record_property("cunning_slowest_s", round(max(row[3] for row in rows), 2))
    record_property("cunning_most_mb", round(max(row[4] for row in rows)))


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe, loop = tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for path in (pipe, loop, tmp_path, tmp_path / ("n" * 5000), tmp_path / "\0", Path("/dev/zero")):
        with pytest.raises(GeneratorError, match="check the path"):
            load_checkpoint(path)


def _is_costly(row: list[Any]) -> bool:
    """Whether reading a file took too long or too much memory."""
    return bool(row[3] > MOST_S or row[4] > MOST_MB)


def _read(folder: Path, hostile: list[tuple[str, bytes]]) -> list[list[Any]]:
    """Return, for each file, its name, how reading it ended, with which words, in how many seconds and MB."""
    assert len(hostile) >= FEWEST
    (folder / "files").mkdir()
    for index, (_, content) in enumerate(hostile):
        (folder / "files" / f"{index:04}").write_bytes(content)
    run = subprocess.run(
        [sys.executable, "-c", READER, str(folder / "files")],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    names = [name for name, _ in hostile]
    assert len(rows) == len(names), f"reading ended at {names[len(rows)]}: {run.stderr[-2000:]}"
    return [[names[int(index)], *rest] for index, *rest in rows]
