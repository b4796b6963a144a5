"""Which rows the benchmarks give for checked settings, and what a reader of them must know."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from draggan_widget.benchmarks.drawing import frames_report
from draggan_widget.benchmarks.edit import edit_report
from draggan_widget.benchmarks.enlarged import enlarged
from draggan_widget.benchmarks.live import SETTINGS, live_report
from draggan_widget.benchmarks.memory import MemoryJob, memory_report
from draggan_widget.benchmarks.networks import (
    PIXELS_OF_CHANNELS,
    named_generator,
    random_generator,
)
from draggan_widget.benchmarks.steps import CASES, DEFAULT_SOLVERS, PLAIN_LOOPS, step_report
from draggan_widget.drag import DragConfig
from draggan_widget.drag.config import SOLVERS
from draggan_widget.errors import InputError
from draggan_widget.generator import Generator

Tables = dict[str, list[dict[str, Any]]]
"""Rows by name of the table."""

Settings = Mapping[str, Any]
"""Options of a benchmark, checked."""


def step_tables(settings: Settings, device: torch.device, progress: bool | None) -> Tables:
    """Return what steps cost, and with ``memory`` the most memory of each."""
    solvers = _chosen(settings["solver"], (*PLAIN_LOOPS, *SOLVERS)) or list(DEFAULT_SOLVERS)
    cases = list(dict.fromkeys(settings["case"] or CASES))
    rows = step_report(
        settings["sizes"],
        cases,
        solvers,
        device=device,
        channels=settings["channels"],
        rounds=settings["rounds"],
        progress=progress,
    )
    tables = {"steps": list(rows)}
    if settings["memory"]:
        jobs = [
            MemoryJob(
                size, case, solver, settings["channels"], str(device), torch.get_num_threads()
            )
            for size in settings["sizes"]
            for case in cases
            for solver in solvers
        ]
        tables["memory"] = list(memory_report(jobs, progress=progress))
    return tables


def edit_tables(settings: Settings, device: torch.device, progress: bool | None) -> Tables:
    """Return how long edits take, and what each generator costs once."""
    solvers = _chosen(settings["solver"], tuple(SOLVERS)) or [DragConfig.solver]
    rows = list(
        edit_report(
            _generators(settings, device),
            solvers,
            distance_px=settings["distance"],
            seed=settings["seed"],
            plain_steps=settings["plain_steps"],
            plain_rate=settings["plain_rate"],
            rounds=settings["rounds"],
            progress=progress,
        )
    )
    once = [row for row in rows if "seconds" not in row]
    return {"edits": [row for row in rows if "seconds" in row], "once": once}


def live_tables(settings: Settings, device: torch.device, progress: bool | None) -> Tables:
    """Return how well pictures follow a pointer."""
    names = _chosen(settings["solver"], tuple(SETTINGS)) or list(SETTINGS)
    rows = [
        row
        for generator in _named_generators(settings, device)
        for row in live_report(
            generator,
            names,
            landmark=settings["landmark"],
            seed=settings["seed"],
            pictures=settings["pictures"],
            progress=progress,
        )
    ]
    return {"live": rows}


def frames_tables(settings: Settings, device: torch.device, progress: bool | None) -> Tables:
    """Return what drawing and encoding cost."""
    generators = _generators(settings, device)
    return {"frames": list(frames_report(generators, rounds=settings["rounds"], progress=progress))}


def _generators(settings: Settings, device: torch.device) -> list[Generator]:
    """Return the generators of random weights, and the named ones."""
    channels = settings["channels"]
    random = [random_generator(size, device, channels=channels) for size in settings["sizes"]]
    return [*random, *_named_generators(settings, device)]


def _named_generators(settings: Settings, device: torch.device) -> list[Generator]:
    """Return the named generators, each followed by itself enlarged where that is wanted."""
    found: list[Generator] = []
    for generator in (named_generator(name, device) for name in settings["generator"]):
        found.append(generator)
        for size in settings.get("enlarge") or ():
            channels = settings["channels"]
            base = PIXELS_OF_CHANNELS * channels
            found.append(enlarged(generator, size, channel_base=base, channels=channels))
    return found


def _chosen(names: list[str] | None, known: tuple[str, ...]) -> list[str]:
    """Return what was chosen, each once.

    Raises:
        InputError: This benchmark does not know it.
    """
    if unknown := [name for name in names or () if name not in known]:
        raise InputError(f"--solver must be one of {list(known)} here, got {unknown[0]!r}")
    return list(dict.fromkeys(names or ()))


TABLES: Mapping[str, Callable[[Settings, torch.device, bool | None], Tables]] = {
    "step": step_tables,
    "edit": edit_tables,
    "live": live_tables,
    "frames": frames_tables,
}
"""The benchmarks by name."""

NOTES: Mapping[str, tuple[str, ...]] = {
    "step": (
        "No frame was drawn or encoded; the plain loop makes its picture at every step, because the published one does",
        "The plain loop gathers gradients of the weights as the published one does, plain-frozen does the same without",
        "Steps were taken in turn, solver by solver; medians, with the range in brackets; speedup is over the plain step before",
        "start is from nothing to after the first step, without what a generator computes once",
        "Memory, where it was measured, is the most that a fresh process held, with all that it computes once",
    ),
    "edit": (
        "Seconds from putting the point down, the making of the optimizer included; no frame was drawn or encoded",
        "≥ stands before what did not arrive, and before ratios to it",
        "The plain loop has taken a few steps of another drag before; it runs once and stops where the published one does, within 2 px of a 512-px picture and never less than 2 px",
        "On random weights tracked points leap to look-alikes, so moves until arrival mean little there; trained generators are the measure",
        "An enlarged generator (name-at-size) draws the pictures of the trained one, resampled, with all layers of a published network and its channels",
        "once per generator is not in the seconds: it is computed at the first drag and kept; kernels are measured with those of one latent, which are in the seconds too",
    ),
    "live": (
        "Every picture was drawn and encoded as the widget does",
        "The lag is from the handle, as tracked in the picture, to the pointer; lag pictures is that way in moves of the pointer",
    ),
    "frames": (
        "draw is from the features of a step to 8-bit RGB; random weights make busy pictures, which take more bytes than real ones",
    ),
}
"""What a reader must know."""
