"""Training of the embedded generators from nothing: render, train, export, report."""

import argparse
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

from draggan_widget.errors import InputError
from draggan_widget.training.presets import PRESETS, trial

if TYPE_CHECKING:
    from draggan_widget.training.trainer import Run

DEFAULT_PROCESSES = 2
"""Processes of a training run on a CPU; measured best on two cores."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``draggan-widget train`` to a parser."""
    parser.add_argument("--preset", choices=sorted(PRESETS), default="animals")
    parser.add_argument(
        "--folder",
        type=Path,
        help="keeps renders, checkpoint, log and result; a stopped run goes on from it (default: cache folder)",
    )
    parser.add_argument(
        "--processes",
        type=int,
        help="processes that share the work (default: 2 on a CPU, 1 on CUDA)",
    )
    parser.add_argument(
        "--trial",
        action="store_true",
        help="compress the schedule to a few minutes, to see that all of it runs on this machine",
    )
    parser.add_argument("--until", type=int, help="stop after this many training pictures")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Train a preset from nothing, or go on with it, and write weights, contact sheets and figures.

    Args:
        args: What :func:`add_arguments` defines, and ``device`` (a torch device or None).

    Returns:
        ``preset``, ``weights`` (path), ``figures`` (held-out measures), ``samples`` (training pictures seen).

    Raises:
        InputError: The number of processes does not divide the batch.
    """
    from torch.multiprocessing.spawn import spawn

    from draggan_widget.training.report import write_report
    from draggan_widget.training.trainer import Run

    preset = trial(PRESETS[args.preset]) if args.trial else PRESETS[args.preset]
    device = args.device or "cpu"
    processes = args.processes or (DEFAULT_PROCESSES if device == "cpu" else 1)
    if processes < 1 or preset.batch % processes:
        raise InputError(
            f"--processes must divide the batch of {preset.batch}, got {processes}; 1, 2 and 4 do"
        )
    name = f"{args.preset}-trial" if args.trial else args.preset
    folder = args.folder or user_cache_path("draggan_widget") / "training" / name
    data = folder / "renders"
    data.mkdir(parents=True, exist_ok=True)
    whole = Run(
        name,
        preset,
        folder,
        data,
        world=processes,
        until=args.until,
        device=device,
        quiet=args.json,
    )
    port = _free_port()
    for task in (_draw, _train):
        if processes == 1:
            task(0, whole, port)
        else:
            spawn(task, args=(whole, port), nprocs=processes)  # type: ignore[no-untyped-call]  # torch
    return {"preset": name, **write_report(name, preset, folder, data)}


def _draw(rank: int, whole: "Run", port: int) -> None:
    """Render every shard that is this process's turn."""
    import torch
    from tqdm import tqdm

    from draggan_widget.training import dataset

    torch.set_num_threads(1)
    size = whole.preset.generator.resolution
    jobs = [(dataset.held_out_shard(whole.data), (dataset.HELD_OUT_SEED, 0), dataset.HELD_OUT_SIZE)]
    for index in range(whole.preset.shards):
        path = dataset.training_shard(whole.data, index)
        jobs.append((path, (dataset.TRAINING_SEED, index), dataset.SHARD_SIZE))
    mine = jobs[rank :: whole.world]
    for path, seed, count in tqdm(mine, "render", disable=whole.quiet or rank > 0, unit="shard"):
        dataset.draw_shard(path, seed, count, size, whole.device)


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
