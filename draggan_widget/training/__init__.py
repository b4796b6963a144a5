"""Training of the embedded networks from nothing: render, train, export, report."""

import argparse
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

from draggan_widget.errors import InputError
from draggan_widget.interrupts import terminable
from draggan_widget.pretrained import checked_device
from draggan_widget.training.landmark_presets import (
    LANDMARK_PRESETS,
    LandmarkPreset,
    landmark_trial,
)
from draggan_widget.training.presets import PRESETS, Preset, trial

if TYPE_CHECKING:
    from draggan_widget.training.trainer import Run

LEAST_SHARE = 2
"""Pictures of a batch that a process needs to see how w spreads."""

DEFAULT_PROCESSES = 2
"""Processes of a training run on a CPU; measured best on two cores."""

STOPPED = "interrupted; the same command goes on from the last checkpoint"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``draggan-widget train`` to a parser."""
    parser.add_argument(
        "--preset", choices=sorted({**PRESETS, **LANDMARK_PRESETS}), default="animals"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        help="keeps renders, checkpoint, log and result; a stopped run goes on from it (default: cache folder)",
    )
    parser.add_argument(
        "--processes",
        type=int,
        help="processes that share the work; of landmarks, the rendering (default: 2 on a CPU, 1 on CUDA)",
    )
    parser.add_argument(
        "--trial",
        action="store_true",
        help="compress the schedule to a few minutes, to see that all of it runs on this machine",
    )
    parser.add_argument("--until", type=int, help="stop after this many training pictures")


@terminable()
def run(args: argparse.Namespace) -> dict[str, Any]:
    """Train a preset from nothing, or go on with it, and write weights and figures, and contact sheets of a generator.

    Args:
        args: What :func:`add_arguments` defines, and ``device`` (a torch device or None).

    Returns:
        ``preset``, ``weights`` (path), ``parameters`` (count), ``held_out`` (pictures) and what was measured on them.

    Raises:
        InputError: The device cannot be used here, or the number of processes does not divide the batch.
        KeyboardInterrupt: It was interrupted or terminated; the message says how to go on.
    """
    if args.device is not None:
        checked_device(args.device)
    try:
        if args.preset in LANDMARK_PRESETS:
            small = LANDMARK_PRESETS[args.preset]
            return _run_landmarks(args, landmark_trial(small) if args.trial else small)
        preset = PRESETS[args.preset]
        return _run_generator(args, trial(preset) if args.trial else preset)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(STOPPED) from None


def _run_generator(args: argparse.Namespace, preset: Preset) -> dict[str, Any]:
    """Train a generator and return its figures."""
    from draggan_widget.training.report import write_report
    from draggan_widget.training.trainer import Run

    place = _place(args, preset.batch)
    _start(_draw, place, place, preset.shards, preset.generator.resolution)
    whole = Run(
        place.name,
        preset,
        place.folder,
        place.data,
        world=place.processes,
        until=args.until,
        device=place.device,
        quiet=place.quiet,
    )
    _start(_train, place, whole, _free_port())
    return {"preset": place.name, **write_report(place.name, preset, place.folder, place.data)}


def _run_landmarks(args: argparse.Namespace, preset: LandmarkPreset) -> dict[str, Any]:
    """Train a landmark network, in this process, and return its figures."""
    from draggan_widget.evaluation.landmark_network import save_landmark_network
    from draggan_widget.training.landmark_report import write_landmark_report
    from draggan_widget.training.landmark_trainer import LandmarkRun, train_landmarks

    place = _place(args, preset.batch)
    _start(_draw, place, place, preset.shards, preset.network.resolution)
    network = train_landmarks(
        LandmarkRun(
            preset,
            place.folder,
            place.data,
            until=args.until,
            device=place.device,
            quiet=place.quiet,
        )
    )
    weights = place.folder / "landmarks.safetensors"
    save_landmark_network(network, weights)
    figures = write_landmark_report(place.name, place.folder, place.data)
    network.own_error_share = figures["sharp"]["mean"] / 100
    save_landmark_network(network, weights)
    return figures


@dataclass(frozen=True)
class _Place:
    """Where a run trains: its name, folders, processes and device, and whether progress bars are left out."""

    name: str
    folder: Path
    data: Path
    processes: int
    device: str
    quiet: bool


def _place(args: argparse.Namespace, batch: int) -> _Place:
    """Return where a run trains by its options; the folders are there then."""
    device = args.device or "cpu"
    processes = args.processes or (DEFAULT_PROCESSES if device == "cpu" else 1)
    if processes < 1 or batch % processes or batch // processes < LEAST_SHARE:
        raise InputError(
            f"--processes must divide the batch of {batch}, got {processes}; 1, 2 and 4 do, and each process needs "
            f"{LEAST_SHARE} pictures"
        )
    name = f"{args.preset}-trial" if args.trial else args.preset
    folder = args.folder or user_cache_path("draggan_widget") / "training" / name
    data = folder / "renders"
    data.mkdir(parents=True, exist_ok=True)
    return _Place(name, folder, data, processes, device, quiet=args.json)


def _start(task: Callable[..., None], place: _Place, *args: object) -> None:
    """Run a task, which is given its process's number first, in each process."""
    from torch.multiprocessing.spawn import spawn

    if place.processes == 1:
        task(0, *args)
    else:
        # Daemons end with this process, also where it alone is told to.
        spawn(_in_process, (task, *args), place.processes, daemon=True)  # type: ignore[no-untyped-call]  # torch


@terminable()
def _in_process(rank: int, task: Callable[..., None], *args: object) -> None:
    """Run a task in a process of its own, which leaves nothing behind when it is terminated."""
    task(rank, *args)


def _draw(rank: int, place: _Place, shards: int, resolution: int) -> None:
    """Render every shard that is this process's turn."""
    import torch

    from draggan_widget.progress import progress_bar
    from draggan_widget.training import dataset

    torch.set_num_threads(1)
    jobs = [(dataset.held_out_shard(place.data), (dataset.HELD_OUT_SEED, 0), dataset.HELD_OUT_SIZE)]
    for index in range(shards):
        path = dataset.training_shard(place.data, index)
        jobs.append((path, (dataset.TRAINING_SEED, index), dataset.SHARD_SIZE))
    mine = jobs[rank :: place.processes]
    shown = False if place.quiet or rank > 0 else None
    with progress_bar(len(mine), "render", shown=shown, unit="shard") as bar:
        for path, seed, count in mine:
            dataset.draw_shard(path, seed, count, resolution, place.device)
            bar.update()


def _train(rank: int, whole: "Run", port: int) -> None:
    """Take part in the training; the first process leaves the averaged generator in the folder."""
    import torch

    from draggan_widget.checkpoints import save_generator_file
    from draggan_widget.training.trainer import connect, train

    torch.set_num_threads(1 if whole.world > 1 else torch.get_num_threads())
    if whole.world > 1:
        connect(rank, whole.world, port)
    generator = train(replace(whole, rank=rank))
    if rank == 0:
        save_generator_file(generator, whole.folder / "generator.safetensors")


def _free_port() -> int:
    """Return a free TCP port of the loopback interface."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
