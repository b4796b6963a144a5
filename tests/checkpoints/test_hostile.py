"""Hundreds of hostile checkpoints, read in a process of its own: none executes code, takes long or takes memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

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


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="memory is measured on Linux"
)
def test_hostile_files_are_refused_quickly_and_nothing_in_them_runs(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    folder, witness = tmp_path / "files", tmp_path / "witness"
    folder.mkdir()
    names = []
    for index, (name, content) in enumerate(files(published(), str(witness))):
        names.append(name)
        (folder / f"{index:04}").write_bytes(content)
    assert len(names) >= FEWEST

    run = subprocess.run(
        [sys.executable, "-c", READER, str(folder)],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(rows) == len(names), f"reading ended at {names[len(rows)]}: {run.stderr[-2000:]}"
    assert not witness.exists()
    wrong = [
        (names[int(index)], *rest)
        for index, *rest in rows
        if rest[0] != "refused" or rest[2] > MOST_S or rest[3] > MOST_MB
    ]
    assert wrong == []
    record_property("hostile_files", len(rows))
    record_property("hostile_slowest_s", round(max(row[3] for row in rows), 2))
    record_property("hostile_most_mb", round(max(row[4] for row in rows)))
