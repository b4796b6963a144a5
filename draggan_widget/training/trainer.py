"""The training loop: regression of a generator on rendered pictures, resumable, over several processes.

Each process holds the whole generator and a share of the batch; gradients are averaged. On a CPU two processes of
one thread train faster than one process of two threads. Where the processor multiplies bfloat16 natively, the
synthesis runs in it; the weights, the mapping, the sums of RGB, the loss and the optimizers stay float32.
Everything random is a function of the sample number, so a run that was stopped and resumed sees what an uninterrupted
run would have seen.
"""

import copy
import json
import math
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

from draggan_widget.generator import Generator
from draggan_widget.progress import progress_bar
from draggan_widget.training.dataset import (
    epoch_order,
    held_out_shard,
    load_renders,
    training_shard,
)
from draggan_widget.training.muon import Muon, share_sum
from draggan_widget.training.objective import face_weights, psnr_db, regression_loss
from draggan_widget.training.presets import Preset, Stage

EVALUATION_PICTURES = 64
"""Held-out pictures that the log's figure is measured on."""

EVALUATION_EVERY = 2000
"""Training pictures between two lines of the log, each with a checkpoint."""

SCENE = "animals"
"""The scene that is rendered: the package has one."""

LEAST_LEARNING_RATE = 0.01
"""Share of the learning rate that is left at the end of the cosine."""


@dataclass(frozen=True)
class Run:
    """One process of a training run.

    Attributes:
        name: Name that the generator gets.
        preset: What is trained.
        folder: Holds the checkpoint and the log.
        data: Holds the shards.
        rank, world: This process, and the number of processes.
        until: Training pictures after which to stop early, or None for the whole schedule.
        device: Where to train.
        quiet: Whether the progress bar is left out.
    """

    name: str
    preset: Preset
    folder: Path
    data: Path
    rank: int = 0
    world: int = 1
    until: int | None = None
    device: str = "cpu"
    quiet: bool = False


class Trainer:
    """A generator with its averaged twin, optimizers and place in the schedule."""

    def __init__(self, run: Run) -> None:
        self.run = run
        preset = run.preset
        torch.manual_seed(0)
        self.generator = Generator(preset.generator).to(run.device)
        self.generator.noise = False  # renders hold nothing random that noise could explain
        self.generator.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in its stubs
        _silence_later_rgb(self.generator, preset.stages[0].resolution)
        self.average = copy.deepcopy(self.generator).frozen()
        matrices, others = _split_parameters(self.generator)
        self.muon = Muon(
            matrices.values(), preset.muon_learning_rate, rank=run.rank, world=run.world
        )
        self.adam = torch.optim.Adam(others.values(), preset.adam_learning_rate, betas=(0.9, 0.99))
        self.deviation = torch.zeros(0, device=run.device)
        self.seen = 0
        self.bfloat16 = multiplies_bfloat16(run.device.partition(":")[0])

    def state(self) -> dict[str, object]:
        """Return everything that a resumed run needs, as tensors and plain containers."""
        return {
            "generator": self.generator.state_dict(),
            "average": self.average.state_dict(),
            "muon": self.muon.state_dict(),
            "adam": self.adam.state_dict(),
            "deviation": self.deviation,
            "seen": self.seen,
            "bfloat16": self.bfloat16,
        }

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint that :meth:`save` wrote."""
        state = torch.load(path, map_location=self.run.device, weights_only=True)
        self.generator.load_state_dict(state["generator"])
        self.average.load_state_dict(state["average"])
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])
        self.deviation, self.seen = state["deviation"], state["seen"]
        self.bfloat16 = state["bfloat16"]

    def save(self, path: Path) -> None:
        """Write a checkpoint; the file appears whole or not at all."""
        partial = path.with_suffix(".partial")
        torch.save(self.state(), partial)
        partial.replace(path)

    def step(self, z: Tensor, target: Tensor, weights: Tensor, stage: Stage) -> Tensor:
        """Update the generator from one share of the batch; return its loss.

        Args:
            z: ``[B, z_dim]``.
            target: Rendered pictures ``[B, 3, r, r]`` at the stage's resolution.
            weights: ``[B, 1, r, r]``.
            stage: The stage that this step belongs to.
        """
        blocks = self.generator.mapping.w_blocks(z)
        w = self._jittered(blocks, stage)
        synthesis, device = self.generator.synthesis, self.run.device.partition(":")[0]
        with torch.autocast(device, torch.bfloat16, enabled=self.bfloat16):
            image = synthesis.image(
                synthesis.trace(w, 4, noise=False), stage.resolution, noise=False
            ).float()
        loss = regression_loss(image, target, weights)
        self.generator.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if self.run.world > 1:
            gradients = [p.grad for p in self.generator.parameters() if p.grad is not None]
            share_sum(gradients)
            for gradient in gradients:
                gradient /= self.run.world
        factor = _learning_rate_factor(self.run.preset, self.seen)
        for optimizer, rate in (
            (self.muon, self.run.preset.muon_learning_rate),
            (self.adam, self.run.preset.adam_learning_rate),
        ):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor
            optimizer.step()
        self.seen += self.run.preset.batch
        self._update_average()
        return loss.detach()

    def _jittered(self, blocks: Tensor, stage: Stage) -> Tensor:
        """Return w+ of the latent blocks with each row disturbed on its own."""
        with torch.no_grad():
            now = blocks.std(0).mean(-1)
            if self.run.world > 1:
                share_sum([now])
                now = now / self.run.world
            self.deviation = self.deviation.lerp(now, 0.05) if len(self.deviation) else now
        w = self.generator.mapping.rows(blocks)
        deviation = self.generator.mapping.rows(self.deviation[None, :, None])
        first, last = stage.jitter
        amount = first + (last - first) * min(1.0, 2 * self.run.preset.stage_progress(self.seen))
        seed = self.seen * self.run.world + self.run.rank
        rng = torch.Generator().manual_seed(seed)
        noise = torch.randn(w.shape, generator=rng).to(w.device)
        return w + noise * deviation * amount

    @torch.no_grad()
    def _update_average(self) -> None:
        """Move the averaged weights towards the trained ones; faster in the first steps."""
        step = self.seen / self.run.preset.batch
        decay = min(self.run.preset.ema_decay, step / (step + 9))
        average: list[Tensor] = list(self.average.parameters())
        torch._foreach_lerp_(average, list(self.generator.parameters()), 1 - decay)


def train(run: Run) -> Generator:
    """Train to the end of the schedule (or ``run.until``) and return the averaged generator.

    Args:
        run: This process's part. The shards must exist; a checkpoint in ``run.folder`` is continued.

    Returns:
        The averaged generator, on the CPU, frozen, with its name and the statistics of w.
    """
    trainer = Trainer(run)
    checkpoint = run.folder / "checkpoint.pt"
    if checkpoint.exists():
        trainer.resume(checkpoint)
    renders = load_renders([training_shard(run.data, i) for i in range(run.preset.shards)])
    renders = renders.to(run.device)
    shard = len(renders) // run.preset.shards
    orders = {stage: epoch_order(stage.shards * shard) for stage in run.preset.stages}
    share = run.preset.batch // run.world
    last = min(run.until or run.preset.samples, run.preset.samples)
    losses: list[Tensor] = []
    parent = multiprocessing.parent_process()
    for seen in _progress(trainer, last):
        if parent is not None and not parent.is_alive():
            raise SystemExit("the training's first process has ended")
        _, stage = run.preset.stage_at(seen)
        batch = renders.take(*orders[stage](seen + run.rank * share, share))
        target = batch.pictures(stage.resolution)
        weights = face_weights(batch.landmarks, stage.resolution)
        losses.append(trainer.step(batch.z, target, weights, stage))
        due = trainer.seen // EVALUATION_EVERY > seen // EVALUATION_EVERY
        if run.rank == 0 and (due or trainer.seen >= last):
            _log(trainer, stage, torch.stack(losses).mean().item())
            trainer.save(checkpoint)
            losses.clear()
    generator = trainer.average.cpu()
    generator.mapping.measure()
    generator.name, generator.scene = run.name, SCENE
    return generator


def multiplies_bfloat16(device_type: str) -> bool:
    """Whether a kind of device multiplies bfloat16 natively; elsewhere it is slower than float32."""
    if device_type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # Not every version of PyTorch tells it.
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return device_type == "cpu" and bool(capabilities.get("avx512_bf16"))


def evaluate(generator: Generator, data: Path, resolution: int, count: int) -> Tensor:
    """Return the PSNR of held-out pictures in decibels, ``[count]``.

    Args:
        generator: Any state of the training.
        data: Folder of the shards.
        resolution: Size at which to compare; a block that the training has reached.
        count: Number of held-out pictures.
    """
    held_out = load_renders([held_out_shard(data)])
    with torch.inference_mode():
        w = generator.mapping(held_out.z[:count].to(generator.device))
        synthesis = generator.synthesis
        image = torch.cat(
            [
                synthesis.image(synthesis.trace(part, 4, noise=False), resolution, noise=False)
                for part in torch.split(w, 16)
            ]
        ).cpu()
    return psnr_db(image, held_out.pictures(resolution)[:count])


def _progress(trainer: Trainer, last: int) -> Iterator[int]:
    """Yield the sample number of each step, with a progress bar on the first process."""
    run = trainer.run
    shown = False if run.quiet or run.rank > 0 else None
    with progress_bar(last, "train", done=trainer.seen, shown=shown, unit="picture") as bar:
        while trainer.seen < last:
            bar.set_description(f"{run.preset.stage_at(trainer.seen)[1].resolution} px")
            yield trainer.seen
            bar.update(run.preset.batch)


def _log(trainer: Trainer, stage: Stage, loss: float) -> None:
    """Append a line with the loss and the held-out PSNR to the log."""
    run = trainer.run
    figure = evaluate(trainer.average, run.data, stage.resolution, EVALUATION_PICTURES)
    line = {
        "seen": trainer.seen,
        "resolution": stage.resolution,
        "loss": round(loss, 5),
        "psnr_db": round(figure.mean().item(), 3),
        "cpu_s": round(time.process_time() * run.world),
    }
    with (run.folder / "log.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def _learning_rate_factor(preset: Preset, seen: int) -> float:
    """Return the factor on the learning rates: a warm-up, and a cosine at the end of a stage that asks for it."""
    warm = min(1.0, (seen / preset.batch + 1) / preset.warmup_steps)
    _, stage = preset.stage_at(seen)
    if not stage.cosine:
        return warm * stage.rate
    done = max(0.0, (preset.stage_progress(seen) - 1 + stage.cosine) / stage.cosine)
    return warm * stage.rate * (0.5 * (1 + math.cos(math.pi * done)) + LEAST_LEARNING_RATE)


def _split_parameters(
    generator: Generator,
) -> tuple[dict[str, nn.Parameter], dict[str, nn.Parameter]]:
    """Return the matrices that Muon updates, and the other trained parameters."""
    matrices: dict[str, nn.Parameter] = {}
    others: dict[str, nn.Parameter] = {}
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            continue
        inner = "torgb" not in name and name != "mapping.fc0.weight"
        (matrices if inner and parameter.ndim in (2, 4) else others)[name] = parameter
    return matrices, others


def _silence_later_rgb(generator: Generator, first: int) -> None:
    """Let blocks after the first stage's resolution start without any effect on the picture."""
    with torch.no_grad():
        for resolution in generator.config.blocks:
            if resolution > first:
                generator.get_parameter(f"synthesis.b{resolution}.torgb.weight").zero_()


def connect(rank: int, world: int, port: int) -> None:
    """Join the processes of a run on this machine."""
    dist.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=world)
