"""Items of batches over the analytic generator, and how their results are compared."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from draggan_widget.batch import BatchResult, BatchRow, DragJob
from draggan_widget.drag import DragConfig
from draggan_widget.session import DragSession, Recipe
from draggan_widget.session.plain_values import tensor_to_json
from tests.picture_blobs import MANY_STEPS, PictureBlobs

HANDLE, TARGET = (30.0, 32.0), (33.0, 31.0)

DEADLY_SEED = 13
"""Seed whose picture kills the process that makes it."""


class DeadlyBlobs(PictureBlobs):
    """Blobs of which one seed kills the process, unless it is the first one, in which tests run."""

    def __init__(self) -> None:
        super().__init__()
        self.first_process = os.getpid()

    def sample_w(self, seed: int, truncation_psi: float = 0.7) -> Tensor:
        if seed == DEADLY_SEED and os.getpid() != self.first_process:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().sample_w(seed, truncation_psi)


class OnceDeadlyBlobs(DeadlyBlobs):
    """Blobs whose deadly seed kills one process only, and leaves a file to tell.

    Attributes:
        witness: The file.
    """

    def __init__(self, witness: Path) -> None:
        super().__init__()
        self.witness = witness

    def sample_w(self, seed: int, truncation_psi: float = 0.7) -> Tensor:
        if seed == DEADLY_SEED and os.getpid() != self.first_process:
            if self.witness.exists():
                return PictureBlobs.sample_w(self, seed, truncation_psi)
            self.witness.touch()
        return super().sample_w(seed, truncation_psi)


def job(seed: int, **changes: Any) -> DragJob:
    """Return a drag of the picture of a seed."""
    values = {"config": MANY_STEPS, "max_steps": 3, **changes}
    return DragJob(seed, [HANDLE], [TARGET], **values)


def recipe(seed: int, config: DragConfig = MANY_STEPS, generator: str = "blobs") -> Recipe:
    """Return a recipe that puts down a pair of points and drags it for some steps."""
    points = {"handles": [HANDLE], "targets": [TARGET], "ids": [1], "placed": [1]}
    drag = {"max_steps": 2, "drawn": "010", "during": [], "end": "itself"}
    edits = ({"do": "points", **points}, {"do": "drag", **drag})
    return Recipe(generator, {"seed": seed, "truncation_psi": 0.7}, config, edits)


def poisoned(good: Recipe, size: tuple[int, ...]) -> Recipe:
    """Return a recipe that begins with a latent that is not finite."""
    return replace(good, start={**good.start, "w": tensor_to_json(torch.full(size, torch.nan))})


def session(seed: int = 5) -> DragSession:
    """Return a session with a pair of points that was dragged a little already."""
    made = DragSession(PictureBlobs(), seed=seed, config=MANY_STEPS)
    made.set_points([HANDLE], [TARGET])
    made.drag(1)
    return made


def without_time(rows: Any) -> list[BatchRow]:
    """Return rows without what differs from run to run."""
    return [replace(row, seconds=0.0) for row in rows]


def check_same(one: BatchResult, other: BatchResult) -> None:
    """Find two results equal bit for bit."""
    assert without_time(one) == without_time(other)
    for row in one:
        if not row.is_failed:
            for latent in (BatchResult.w, BatchResult.start_w):
                mine, theirs = latent(one, row.index), latent(other, row.index)
                assert mine.dtype == theirs.dtype
                assert np.array_equal(mine, theirs)
