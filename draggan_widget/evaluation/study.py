"""Runs the cases of a protocol under some settings, over processes; the outcomes are the same for any number of them.

What an outcome depends on is the plan, the case and the setting, and every trial has one thread of torch.
"""

import functools
import multiprocessing
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import torch

from draggan_widget._version import __version__
from draggan_widget.digests import weights_digest
from draggan_widget.drag import DragConfig
from draggan_widget.drag.config import SOLVERS
from draggan_widget.errors import DragganError, InputError
from draggan_widget.evaluation.cases import has_scene
from draggan_widget.evaluation.landmark_network import SMALLEST_PICTURE, load_landmark_network
from draggan_widget.evaluation.outcomes import Job, Outcome, Setting
from draggan_widget.evaluation.perceptual import load_perceptual_distance, why_not_measured
from draggan_widget.evaluation.protocols import PROTOCOLS, case_of
from draggan_widget.evaluation.trial import Bench, picture
from draggan_widget.generator import Generator as LoadedGenerator
from draggan_widget.pretrained import load_stylegan2
from draggan_widget.processes import begin_worker, one_thread, starting


@dataclass(frozen=True)
class Plan:
    """What is run.

    Attributes:
        protocol: Name of a protocol.
        generator: Name or file of a generator.
        settings: What is compared.
        first: Number of the first case.
        cases: Number of cases of each setting.
        max_steps: Most moves of the latent of one drag.
        mask: Whether a drag is told the region of the true edit.
        residual: Whether the distance to the manifold of scenes is measured.
        device: A torch device, or None for a CUDA device where there is one.
    """

    protocol: str
    generator: str
    settings: tuple[Setting, ...]
    first: int = 0
    cases: int = 20
    max_steps: int = DragConfig.max_steps
    mask: bool = False
    residual: bool = True
    device: str | None = None

    @property
    def jobs(self) -> tuple[Job, ...]:
        """What there is to do, case by case, so that a study that is stopped has cases of every setting."""
        numbers = range(self.first, self.first + self.cases)
        return tuple(Job(setting, number) for number in numbers for setting in self.settings)


def open_bench(plan: Plan) -> Bench:
    """Return what the trials of a plan are carried out with.

    Raises:
        InputError: The plan asks for what the generator cannot do, or the device cannot be used.
        GeneratorError: The generator cannot be found or read.
    """
    generator = load_stylegan2(plan.generator, device=plan.device)
    known = has_scene(generator)
    _check_pictures(generator, known)
    if plan.mask and not known and PROTOCOLS[plan.protocol].points:
        raise InputError(
            f"--mask needs a case whose true edit is known, and {generator.name} has no known scene; "
            "leave it out, or run pairs"
        )
    for setting in plan.settings:
        config = DragConfig(solver=setting.solver, space=setting.space)
        config.block_of(generator.height, generator.feature_blocks)
    measurable = not why_not_measured(generator.width, generator.height)
    return Bench(
        generator=generator,
        network=load_landmark_network(generator.device) if known else None,
        perceptual=load_perceptual_distance(generator.device) if measurable else None,
        max_steps=plan.max_steps,
        mask=plan.mask,
        residual=plan.residual and known,
    )


def _check_pictures(generator: LoadedGenerator, known: bool) -> None:
    """Refuse a generator whose pictures cannot be measured."""
    size = f"{generator.width}x{generator.height} px"
    if known and (generator.width != generator.height or generator.width < SMALLEST_PICTURE):
        raise InputError(
            f"{generator.name} makes pictures of {size}; landmarks are found in square ones from {SMALLEST_PICTURE} px"
        )
    if not picture(generator, generator.sample_w(0)).isfinite().all():
        raise InputError(
            f"{generator.name} makes pictures with NaN or infinity; its weights are damaged, or too large for float32"
        )


def fingerprint(plan: Plan, bench: Bench) -> dict[str, Any]:
    """Return, as JSON types, everything that an outcome depends on besides its job."""
    return {
        "protocol": plan.protocol,
        "seed": PROTOCOLS[plan.protocol].seed,
        "generator": bench.generator.name,
        "generator_sha256": weights_digest(bench.generator),
        "landmark_network_sha256": bench.network and weights_digest(bench.network),
        "max_steps": plan.max_steps,
        "solvers": {name: _as_json(asdict(rules)) for name, rules in SOLVERS.items()},
        "drag_config": _as_json(asdict(DragConfig())),
        "mask": plan.mask,
        "residual": bench.residual,
        "lpips": bench.perceptual is not None,
        "device": str(bench.generator.device),
        "draggan_widget": __version__,
        "torch": torch.__version__,
    }


def _as_json(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields as JSON knows them."""
    return {name: list(v) if isinstance(v, tuple) else v for name, v in fields.items()}


def outcomes(
    plan: Plan, bench: Bench, jobs: Sequence[Job], processes: int
) -> Generator[Outcome, None, None]:
    """Yield what comes out of jobs, in the order in which they end.

    Args:
        plan: What is run.
        bench: Of this plan; carries out the jobs where one process does.
        jobs: Some of the plan's.
        processes: How many work; from 1.
    """
    processes = min(processes, len(jobs))
    if processes <= 1:
        with one_thread():
            for job in jobs:
                yield carried_out(plan.protocol, bench, job)
        return
    with ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=begin_worker
    ) as pool:
        # No more than one job a process is handed out, so that an interrupted study ends soon.
        left = iter(jobs)
        running: set[Future[Outcome]] = set()
        while True:
            for job in islice(left, processes - len(running)):
                with starting():
                    running.add(pool.submit(_work, plan, job))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    yield future.result()
                except BrokenProcessPool as error:
                    raise DragganError(
                        "a process was ended from outside, most likely for want of memory; ask for fewer processes"
                    ) from error


def carried_out(protocol: str, bench: Bench, job: Job) -> Outcome:
    """Return what comes out of one case under one setting."""
    case = case_of(protocol, bench.generator, job.case, job.setting.points)
    return PROTOCOLS[protocol].carry_out(bench, case, job)


@functools.cache
def _bench(plan: Plan) -> Bench:
    """Return the bench of this worker, opened once."""
    return open_bench(plan)


def _work(plan: Plan, job: Job) -> Outcome:
    """Carry out a job in a worker."""
    return carried_out(plan.protocol, _bench(plan), job)
